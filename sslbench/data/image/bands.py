"""Pictures that Pillow reads in part only: TIFF with many bands or 16 bits a colour, 16-bit colour PNG, NumPy
arrays.

Each reader gives (bands, dtype, pixels): `bands` is 3 for what a screen shows, else how many numbers a pixel
has, and pixels() reads them as [H, W, C]; where bands is 3 and C is 2 or 4, the last is transparency.
"""

import logging
import math
import zipfile
from collections.abc import Callable
from functools import partial
from typing import IO, NamedTuple

import numpy as np

from ..arrays import npz_members
from ..arrays.shapes import colors_last

LIMIT = 180_000_000  # numbers of one picture
BITS, SAMPLES, NODATA = 258, 277, 42113  # tags of TIFF
SILENT = logging.NullHandler()


class Unread(ValueError):
    """A picture is left out though it is not damaged; the message says why and is the same for all of its
    kind."""


class Pixels(NamedTuple):
    bands: int
    dtype: np.dtype
    read: Callable[[], np.ndarray]
    count: int  # numbers in it
    missing: float | None = None  # the value that stands for no measurement


def bounded(shape) -> int:
    """How many numbers these are, where they are not too many."""
    if (n := math.prod(map(int, shape))) > LIMIT:
        raise Unread(f"more than {LIMIT // 10**6} million numbers")
    return n


# NumPy

def of_array(f: IO[bytes]) -> Pixels:
    """A picture saved with numpy.save or savez: [H, W], [H, W, C] or [C, H, W]; of several arrays the first
    that fits."""
    if f.read(2) == b"PK":
        archive = zipfile.ZipFile(f)
        for name in archive.namelist():
            with archive.open(name) as part:
                found = npz_members.header(part, name.removesuffix(".npy"))
            if len(found.shape) in (2, 3):
                return shaped(found.shape, found.dtype, partial(npz_members.unpacked, archive, found))
        raise Unread("no array [H, W] or [H, W, C] in the file")
    f.seek(0)
    found = npz_members.header(f, "")
    return shaped(found.shape, found.dtype, lambda: read_array(f))


def read_array(f: IO[bytes]) -> np.ndarray:
    f.seek(0)
    return np.lib.format.read_array(f, allow_pickle=False)


def shaped(shape: tuple[int, ...], dtype: np.dtype, read: Callable[[], np.ndarray]) -> Pixels:
    n = bounded(shape)
    if len(shape) not in (2, 3) or 0 in shape or dtype.kind not in "buif":
        raise Unread("no array [H, W] or [H, W, C] of numbers")
    if len(shape) == 2:
        return Pixels(3, dtype, lambda: read()[..., None], n)
    if colors_last(*shape):
        return Pixels(colours(shape[-1]), dtype, read, n)
    return Pixels(colours(shape[0]), dtype, lambda: np.moveaxis(read(), 0, -1), n)


def colours(bands: int) -> int:
    """One band is shown as grey."""
    return 3 if bands == 1 else bands


# PNG

def of_png(f: IO[bytes], size: tuple[int, int]) -> Pixels:
    """A PNG with 16 bits a colour, of which Pillow keeps 8."""
    def read() -> np.ndarray:
        import torch
        from torchvision.io import ImageReadMode, decode_png
        f.seek(0)
        data = torch.frombuffer(bytearray(f.read()), dtype=torch.uint8)
        return decode_png(data, ImageReadMode.UNCHANGED).permute(1, 2, 0).numpy()
    return Pixels(3, np.dtype(np.uint16), read, bounded((*size, 4)))


# TIFF

def of_tiff(f: IO[bytes]) -> Pixels:
    """The first page of a TIFF with any number of bands."""
    try:
        import tifffile
    except ImportError:
        raise Unread("a TIFF with more bands than Pillow reads; pip install tifffile imagecodecs") from None
    logging.getLogger("tifffile").addHandler(SILENT)  # damage is said by us, once
    f.seek(0)
    page = tifffile.TiffFile(f).pages.first
    n = bounded((page.imagelength, page.imagewidth, page.samplesperpixel))
    if page.dtype is None or page.dtype.kind not in "uif" or len(page.shape) > 3 or not n:
        raise Unread("a TIFF of a kind that is not read")
    bands, missing = page.samplesperpixel, number(page.tags.valueof(NODATA))
    transparent = page.extrasamples[:1] in ((1,), (2,)) and page.photometric < 3 and bands in (2, 4)
    return Pixels(3 if transparent else colours(bands), page.dtype,
                  lambda: bands_last(page.asarray(), page.axes), n, missing)


def bands_last(x: np.ndarray, axes: str) -> np.ndarray:
    """axes: what tifffile calls them, with S for the bands."""
    return x[..., None] if x.ndim == 2 else np.moveaxis(x, axes.index("S"), -1)


def many(f: IO[bytes]) -> bool:
    """Whether a file is a TIFF with more bands than Pillow knows, about which it would complain in a log."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2
    start = f.read(8)
    f.seek(0)
    if start[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return False
    tags = ImageFileDirectory_v2(f.read(16 if b"+" in start[:4] else 8))
    f.seek(tags.next)
    tags.load(f)
    return int(tags.get(SAMPLES, 1)) > 4


def number(text: str | bytes | None) -> float | None:
    """The value that GDAL wrote for "nothing was measured here"."""
    try:
        return float(str(text).strip("\0 "))
    except ValueError:
        return None
