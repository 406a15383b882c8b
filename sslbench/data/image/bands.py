"""Pictures that Pillow reads in part only: TIFF with many bands or 16 bits a colour, 16-bit colour PNG, NumPy arrays.

Each reader gives (bands, dtype, pixels): `bands` is 3 for what a screen shows, else how many numbers a pixel has, and pixels()
reads them as [H, W, C]; where bands is 3 and C is 2 or 4, the last is transparency.
"""

import math
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from typing import IO, Any, NamedTuple

import numpy as np

from ..arrays.shapes import colors_last

LIMIT = 180_000_000  # numbers of one picture


class Unread(ValueError):
    """A picture is left out though it is not damaged; the message says why and is the same for all of its kind."""


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
    """A picture saved with numpy.save or savez: [H, W], [H, W, C] or [C, H, W]; of several arrays the first that fits."""
    if f.read(2) == b"PK":
        archive = zipfile.ZipFile(f)
        for member in archive.namelist():
            with archive.open(member) as part:
                shape, dtype = array_header(part)
            if len(shape) in (2, 3):
                return shaped(shape, dtype, partial(read_member, archive, member))
        raise Unread("no array [H, W] or [H, W, C] in the file")
    f.seek(0)
    return shaped(*array_header(f), lambda: read_array(f))


def array_header(f: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(f)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(f)
    return shape, dtype


def read_member(archive: zipfile.ZipFile, member: str) -> np.ndarray:
    with archive.open(member) as part:
        return np.lib.format.read_array(part, allow_pickle=False)


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

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS, SAMPLES, ROWS, COUNTS = 256, 257, 258, 259, 262, 273, 277, 278, 279
PLANAR, PREDICTOR, TILE_W, TILE_H, TILE_OFFSETS, TILE_COUNTS, EXTRA, FORMAT, NODATA = 284, 317, 322, 323, 324, 325, 338, 339, 42113
KINDS = {1: "u", 2: "i", 3: "f"}
NONE, DEFLATE = (1,), (8, 32946)


def of_tiff(f: IO[bytes]) -> Pixels:
    """The first page of a TIFF with any number of bands. Uncompressed and deflated ones are read here, others by tifffile."""
    found, order = directory(f)
    tags = {tag: value if isinstance(value, (tuple, str, bytes)) else (value,) for tag, value in found.items()}
    bands, bits = first(tags, SAMPLES, 1), tags.get(BITS, (1,))
    kind = KINDS.get(first(tags, FORMAT, 1))
    shape = (first(tags, HEIGHT), first(tags, WIDTH), bands)
    n = bounded(shape)
    if kind is None or len(set(bits)) > 1 or bits[0] not in (8, 16, 32, 64) or min(shape) < 1:
        raise Unread("a TIFF of a kind that is not read")
    dtype = np.dtype(f"{order}{kind}{bits[0] // 8}")
    alpha = first(tags, EXTRA, 0) in (1, 2) and first(tags, PHOTOMETRIC, 1) < 3 and bands in (2, 4)
    own = first(tags, COMPRESSION, 1) in NONE + DEFLATE and first(tags, PREDICTOR, 1) in (1, 2) and first(tags, PHOTOMETRIC, 1) != 6
    if not own:
        other_reader()
    read = (lambda: blocks(f, tags, shape, dtype)) if own else (lambda: by_tifffile(f, bands))
    return Pixels(3 if alpha else colours(bands), dtype, read, n, nodata(tags))


def many(f: IO[bytes]) -> bool:
    """Whether a file is a TIFF with more bands than Pillow knows, about which it would complain in a log."""
    start = f.read(4)
    f.seek(0)
    return start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") and int(directory(f)[0].get(SAMPLES, 1)) > 4


def directory(f: IO[bytes]) -> tuple[Any, str]:
    """Tags of the first page as Pillow's mapping, and the order of bytes."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2
    f.seek(0)
    start = f.read(8)
    start += f.read(8) if start[2:3] == b"\x2b" or start[3:4] == b"\x2b" else b""
    found = ImageFileDirectory_v2(start)
    f.seek(found.next)
    found.load(f)
    return found, ">" if start[:1] == b"M" else "<"


def first(tags: dict[int, Any], tag: int, default: int | None = None) -> int:
    if tag not in tags and default is None:
        raise ValueError(f"a TIFF without tag {tag}")
    return int(tags[tag][0]) if tag in tags else default


def nodata(tags: dict[int, Any]) -> float | None:
    """The value that GDAL wrote for "nothing was measured here"."""
    value = tags.get(NODATA)
    try:
        return float(str(value[0] if isinstance(value, tuple) else value).strip("\0 ")) if value else None
    except ValueError:
        return None


def other_reader() -> None:
    from importlib.util import find_spec
    if find_spec("tifffile") is None:
        raise Unread("a TIFF with more bands than Pillow reads; pip install tifffile imagecodecs")


def by_tifffile(f: IO[bytes], bands: int) -> np.ndarray:
    import tifffile
    f.seek(0)
    with tifffile.TiffFile(f) as pages:
        x = pages.pages[0].asarray()
    x = x[..., None] if x.ndim == 2 else x
    return np.moveaxis(x, 0, -1) if x.shape[-1] != bands and x.shape[0] == bands else x


def blocks(f: IO[bytes], tags: dict[int, Any], shape: tuple[int, int, int], dtype: np.dtype) -> np.ndarray:
    """Strips or tiles put together, [H, W, C]; what a cut file lacks raises ValueError."""
    H, W, C = shape
    tiled = TILE_OFFSETS in tags
    h, w = (first(tags, TILE_H), first(tags, TILE_W)) if tiled else (min(H, first(tags, ROWS, H)), W)
    bounded((h, w, C))
    planes = C if first(tags, PLANAR, 1) == 2 else 1
    down, across = -(-H // h), -(-W // w)
    offsets, counts = tags[TILE_OFFSETS if tiled else OFFSETS], tags[TILE_COUNTS if tiled else COUNTS]
    if min(len(offsets), len(counts)) < planes * down * across:
        raise ValueError("a TIFF with too few strips")
    x = np.zeros((H, W, C), dtype.newbyteorder("="))
    for i in range(planes * down * across):
        plane, place = divmod(i, down * across)
        top, left = place // across * h, place % across * w
        rows = h if tiled else min(h, H - top)
        block = unpacked(f, offsets[i], counts[i], (rows, w, C // planes), dtype, tags)
        part = x[top:top + h, left:left + w, plane:plane + 1] if planes > 1 else x[top:top + h, left:left + w]
        part[:] = block[: part.shape[0], : part.shape[1]]
    return x


def unpacked(f: IO[bytes], offset: int, count: int, shape: tuple[int, int, int], dtype: np.dtype, tags: dict[int, Any]) -> np.ndarray:
    n = int(np.prod(shape)) * dtype.itemsize
    f.seek(offset)
    data = f.read(min(count, n + n // 100 + 1000))  # deflated noise is hardly longer than itself
    if first(tags, COMPRESSION, 1) in DEFLATE:
        data = zlib.decompressobj().decompress(data, n)
    if len(data) < n:
        raise ValueError("a TIFF that ends early")
    x = np.frombuffer(data[:n], dtype).reshape(shape)
    return np.cumsum(x, 1, dtype=dtype.newbyteorder("=")) if first(tags, PREDICTOR, 1) == 2 else x


