"""Pictures of a folder as square uint8 images: all of them in one tensor, or decoded when they are asked for.

Threads decode, not processes: Pillow lets other threads run while it decodes and scales. Measured on one core, a photograph
of 500 x 375 pixels takes 2.4 ms to 128 pixels, of which Python itself needs about 0.1 ms: by that ratio threads keep some twenty
cores busy; a small PNG takes 0.1 ms, nearly all of it Python's. A worker process would hold 280 MB of its own (memory is
what is short when a folder is streamed), would take seconds to start, would cost this process 0.03 to 0.1 ms for every picture
that it receives, and fails in scripts without `if __name__ == "__main__"`.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..hardware import cpu_limit

ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm"}
HIDDEN = (".", "__MACOSX")
AT_ONCE = 1000  # pictures on their way: a large folder is not decoded into a list first


class Folder:
    """Pictures that are decoded when they are asked for, the same as `held` would hold: [LongTensor] -> uint8 [B, 3, size, size].

    One that turns out to be damaged is replaced by the next that can be read, of the same sub-folder where there is one.
    """

    def __init__(self, root: Path, names: list[str], size: int):
        self.root, self.names, self.size = root, names, size
        self.instead: dict[int, int] = {}  # damaged row -> the row that takes its place

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, rows: Tensor) -> Tensor:
        rows = [self.instead.get(i, i) for i in rows.tolist()]
        images = in_threads(partial(open_square, size=self.size), self.root, [self.names[i] for i in rows])
        images = [self.replace(i) if image is None else image for i, image in zip(rows, images)]
        return torch.from_numpy(np.stack(images)) if images else torch.empty(0, 3, self.size, self.size, dtype=torch.uint8)

    def replace(self, row: int) -> np.ndarray:
        """The picture that stands in for a damaged one: always the same, so that a run stays a function of its recipe."""
        parent, n = self.names[row].rpartition("/")[0], len(self.names)
        others = [(row + i) % n for i in range(1, n)]
        others.sort(key=lambda i: self.names[i].rpartition("/")[0] != parent)  # keeps the label right; the sort is stable
        for i in others:
            image = open_square(self.root / self.names[i], self.size)
            if image is not None:
                if row not in self.instead:
                    warnings.warn(f"{self.names[row]} cannot be read; {self.names[i]} takes its place", stacklevel=3)
                self.instead[row] = i
                return image
        raise ValueError(f"no image in {str(self.root)!r} can be read any more")


def listed(root: Path) -> list[str]:
    """Paths below `root` of all files that are called like images; ValueError when there are none."""
    names = []
    for place, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith(HIDDEN)]
        names += [os.path.join(place, f) for f in files if os.path.splitext(f)[1].lower() in ENDINGS and not f.startswith(HIDDEN)]
    names = [os.path.relpath(name, root).replace(os.sep, "/") for name in names if os.path.isfile(name)]
    if not names:
        raise ValueError(f"there is no image in {str(root)!r}; data.folder must hold files such as .png or .jpg")
    return sorted(names, key=lambda name: name.split("/"))


def held(root: Path, names: list[str], size: int) -> tuple[Tensor, list[bool]]:
    """Every picture as uint8 [n, 3, size, size], and which of them can be read."""
    images, readable = np.zeros((len(names), 3, size, size), np.uint8), []
    for i, image in enumerate(in_threads(partial(open_square, size=size), root, names)):
        readable.append(image is not None)
        if image is not None:
            images[i] = image
    return torch.from_numpy(images), readable


def headers(root: Path, names: list[str]) -> list[bool]:
    """Which files begin like a picture: 0.05 ms each, nothing is decoded."""
    return list(in_threads(begins_well, root, names))


def in_threads(function: Callable, root: Path, names: list[str]) -> Iterator:
    with ThreadPoolExecutor(max(2, min(16, cpu_limit()))) as pool:  # at least two: one may wait for the disk
        for start in range(0, len(names), AT_ONCE):
            yield from pool.map(function, [root / name for name in names[start:start + AT_ONCE]])


@contextmanager
def damage_is_none():
    """Leaves quietly when Pillow finds a file damaged. What the system says of a file (it is gone, too many are open) is
    raised: another picture in its place would hide it."""
    from PIL import Image
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise
    except (ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        pass


def begins_well(file: Path) -> bool:
    from PIL import Image
    with damage_is_none(), Image.open(file):
        return True
    return False


def open_square(file: Path, size: int) -> np.ndarray | None:
    """One image as uint8 [3, size, size]: the middle square, transparency on white; None when it cannot be read."""
    from PIL import Image, ImageOps
    with damage_is_none(), Image.open(file) as image:
        image.draft("RGB", (2 * size, 2 * size))  # a large JPEG is decoded small
        image = ImageOps.exif_transpose(image)
        if image.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa"):
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        if image.mode.startswith("I") or image.mode == "F":
            image = Image.fromarray(eight_bits(np.asarray(image, np.float32)))
        image = ImageOps.fit(image.convert("RGB"), (size, size))
        return np.asarray(image).transpose(2, 0, 1)
    return None


def eight_bits(x: np.ndarray) -> np.ndarray:
    """Grey values of 16 or 32 bits or floats as uint8: 16 bits by their range, others by their own lowest and highest."""
    low, high = (0, 65535) if 255 < x.max() <= 65535 and x.min() >= 0 else (x.min(), x.max())
    return (255 * (x - low) / max(high - low, 1e-9)).astype(np.uint8)
