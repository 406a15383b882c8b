"""A folder of the user's own pictures: any tree, any sizes and modes. Sub-folder names are labels when there are any."""

import warnings
from typing import Annotated

from ..catalog import Hyperparameter
from ..hardware import memory_limit
from . import SPLITS, Data, Field, parts, places
from .folder import Folder, headers, held, listed
from .image_augment import Color, Crop, Flip, Rotation, color, geometry
from .rows import Picked

SPLIT_NAMES = {"train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
               "test": "test", "testing": "test"}


class Images(Data):
    """Your own folder of pictures, of any sizes and kinds; the names of sub-folders become labels.

    Each picture is cut to a square and scaled. Folders called train, validation (or val) and test are taken as the splits;
    otherwise 70, 10 and 20 % are drawn by the hash of the file's path. Where all pictures fit in a share of the `memory`
    they are held there; a larger folder is streamed: its files are decoded whenever they are needed. Batches are
    the same, unless a file turns out to be damaged behind a good beginning: held ones are skipped, streamed ones replaced.
    """

    name = "images"

    def __init__(self, *, folder: Annotated[str, Hyperparameter("folder of images; names of sub-folders are labels")] = "",
                 size: Annotated[int, Hyperparameter("width and height in pixels", choices=(32, 48, 64, 96, 128, 224))] = 32,
                 memory: Annotated[float, Hyperparameter("share of memory for decoded pictures; more are streamed", 0, 1)] = 0.25,
                 crop: Crop = 0.4,
                 color: Color = 0.5,
                 rotation: Rotation = 5.0,
                 flip: Flip = True):
        self.folder, self.size, self.memory = folder, size, memory
        self.crop, self.color, self.rotation, self.flip = crop, color, rotation, flip
        self.fields = {"image": Field((size, size), (size // 8, size // 8), 3, scale=1 / 64, offset=128)}
        self.root = places.existing(folder or places.sample("shapes"), "folder", "data.folder")
        if not self.root.is_dir():
            raise NotADirectoryError(f"{str(self.root)!r} is a file; data.folder must be the folder that holds the images")
        self.found: tuple[list[str], Picked | None] | None = None

    def load(self, split):
        if self.found is None:
            self.found = self.find_images()
        names, images = self.found
        words, given = labels_of(names)
        own = [i for i, g in enumerate(given) if g == split]
        rows = parts.mixed(names, own) if given else parts.part(names, split, words)
        labels = {}
        if words:
            y, self.classes = parts.numbered(words)[0], {"folder": parts.numbered(words)[1]}
            labels = {"folder": y[rows]}
        streamed = Folder(self.root, [names[i] for i in rows], self.size)
        return {"image": Picked(images, rows) if images else streamed}, labels

    def find_images(self) -> tuple[list[str], Picked | None]:
        """Paths of the readable pictures, and all of them decoded where they fit; unreadable ones are listed once."""
        names, images = listed(self.root), None
        if 3 * self.size ** 2 * len(names) <= self.memory * memory_limit():
            images, readable = held(self.root, names, self.size)
        else:
            readable = headers(self.root, names)
        broken = [name.rpartition("/")[2] for name, ok in zip(names, readable) if not ok]
        if broken:
            shown = ", ".join(broken[:5]) + (", ..." if len(broken) > 5 else "")
            warnings.warn(f"{len(broken)} of {len(names)} images cannot be read and are skipped: {shown}", stacklevel=3)
        rows = [i for i, ok in enumerate(readable) if ok]
        parts.enough(len(rows), "readable images", str(self.root))
        return [names[i] for i in rows], None if images is None else Picked(images, rows)

    def augment(self, batch, generator):
        x = geometry(batch["image"], generator, self.crop, self.rotation, self.flip)
        return {"image": color(x, generator, self.color)}

    def cite(self):
        return f"pictures in {self.folder}" if self.folder else "generated shapes, shipped with sslbench (CC0)"


def labels_of(names: list[str]) -> tuple[list[str], list[str]]:
    """(label of each path, split of each path); [] where folders do not say. One folder alone is no label."""
    folders = [name.split("/")[:-1] for name in names]
    given = [SPLIT_NAMES.get(f[0].lower()) if f else None for f in folders]
    given = given if all(given) and set(given) == set(SPLITS) else []
    words = [(f[1:] if given else f)[:1] for f in folders]
    labels = [w[0] for w in words] if all(words) else []
    return (labels if len(set(labels)) > 1 else []), given
