"""A folder of the user's own pictures: any tree, any sizes and modes. Sub-folder names are labels when there are any."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import numpy as np
import torch

from ..catalog import Hyperparameter
from . import SPLITS, Data, Field, parts, places
from .image_augment import Color, Crop, Flip, Rotation, color, geometry

ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm"}
SPLIT_NAMES = {"train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
               "test": "test", "testing": "test"}


class Images(Data):
    """Your own folder of pictures, of any sizes and kinds; the names of sub-folders become labels.

    Each picture is cut to a square and scaled. Folders called train, validation (or val) and test are taken as the splits;
    otherwise 70, 10 and 20 % are drawn by the hash of the file's path.
    """

    name = "images"

    def __init__(self, *, folder: Annotated[str, Hyperparameter("folder of images; names of sub-folders are labels")] = "",
                 size: Annotated[int, Hyperparameter("width and height in pixels", choices=(32, 48, 64, 96, 128, 224))] = 32,
                 crop: Crop = 0.4,
                 color: Color = 0.5,
                 rotation: Rotation = 5.0,
                 flip: Flip = True):
        self.folder, self.size, self.crop, self.color, self.rotation, self.flip = folder, size, crop, color, rotation, flip
        self.fields = {"image": Field((size, size), (size // 8, size // 8), 3, scale=1 / 64, offset=128)}
        self.root = places.existing(folder or places.sample("shapes"), "folder", "data.folder")
        if not self.root.is_dir():
            raise NotADirectoryError(f"{str(self.root)!r} is a file; data.folder must be the folder that holds the images")
        self.read = None

    def load(self, split):
        if self.read is None:
            self.read = read(self.root, self.size)
        images, names = self.read
        words, given = labels_of(names)
        own = [i for i, g in enumerate(given) if g == split]
        rows = parts.mixed(names, own) if given else parts.part(names, split, words)
        labels = {}
        if words:
            y, self.classes = parts.numbered(words)[0], {"folder": parts.numbered(words)[1]}
            labels = {"folder": y[rows]}
        return {"image": images[rows]}, labels

    def augment(self, batch, generator):
        x = geometry(batch["image"], generator, self.crop, self.rotation, self.flip)
        return {"image": color(x, generator, self.color)}

    def cite(self):
        return f"pictures in {self.folder}" if self.folder else "generated shapes, shipped with sslbench (CC0)"


def read(root: Path, size: int) -> tuple[torch.Tensor, list[str]]:
    """Every readable image below `root` as uint8 [n, 3, size, size], and its path; unreadable ones are listed once."""
    files = sorted(f for f in root.rglob("*") if f.suffix.lower() in ENDINGS and f.is_file()
                   and not any(p.startswith((".", "__MACOSX")) for p in f.relative_to(root).parts))
    if not files:
        raise ValueError(f"there is no image in {str(root)!r}; data.folder must hold files such as .png or .jpg")
    with ThreadPoolExecutor(8) as pool:
        images = list(pool.map(lambda f: open_square(f, size), files))
    broken = [f.name for f, image in zip(files, images) if image is None]
    if broken:
        shown = ", ".join(broken[:5]) + (", ..." if len(broken) > 5 else "")
        warnings.warn(f"{len(broken)} of {len(files)} images cannot be read and are skipped: {shown}", stacklevel=2)
    names = [f.relative_to(root).as_posix() for f, image in zip(files, images) if image is not None]
    parts.enough(len(names), "readable images", str(root))
    return torch.from_numpy(np.stack([i for i in images if i is not None])), names


def open_square(file: Path, size: int) -> np.ndarray | None:
    """One image as uint8 [3, size, size]: the middle square, transparency on white; None when it cannot be read."""
    from PIL import Image, ImageOps
    try:
        with Image.open(file) as image:
            image.draft("RGB", (2 * size, 2 * size))  # a large JPEG is decoded small
            image = ImageOps.exif_transpose(image)
            if image.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa"):
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            if image.mode.startswith("I") or image.mode == "F":
                image = Image.fromarray(eight_bits(np.asarray(image, np.float32)))
            image = ImageOps.fit(image.convert("RGB"), (size, size))
            return np.asarray(image).transpose(2, 0, 1)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):  # what Pillow raises on damage
        return None


def eight_bits(x: np.ndarray) -> np.ndarray:
    """Grey values of 16 or 32 bits or floats as uint8: 16 bits by their range, others by their own lowest and highest."""
    low, high = (0, 65535) if 255 < x.max() <= 65535 and x.min() >= 0 else (x.min(), x.max())
    return (255 * (x - low) / max(high - low, 1e-9)).astype(np.uint8)


def labels_of(names: list[str]) -> tuple[list[str], list[str]]:
    """(label of each path, split of each path); [] where folders do not say. One folder alone is no label."""
    folders = [name.split("/")[:-1] for name in names]
    given = [SPLIT_NAMES.get(f[0].lower()) if f else None for f in folders]
    given = given if all(given) and set(given) == set(SPLITS) else []
    words = [(f[1:] if given else f)[:1] for f in folders]
    labels = [w[0] for w in words] if all(words) else []
    return (labels if len(set(labels)) > 1 else []), given
