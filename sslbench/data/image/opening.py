"""What a picture file is: its kind, its size and how its numbers are read. Nothing is decoded.

A file is data of unknown origin: only decoders that run no other program are tried, and nothing but a file is
opened.
"""

import os
import stat
from functools import lru_cache
from typing import IO, Any, NamedTuple

import numpy as np

from . import bands
from .bands import LIMIT, Pixels, Unread
from .listing import ARRAYS, HEIF, ending

# EPS starts a program
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "PPM", "TIFF", "WEBP", "JPEG2000", "AVIF", "HEIF", "QOI",
           "PSD")
DEEP = {"I": np.int32, "F": np.float32} | dict.fromkeys(["I;16", "I;16L", "I;16B", "I;16N"], np.uint16)



class Header(NamedTuple):
    """bands: numbers of a pixel, 3 for all that a screen shows.  depth: "" for eight bits, else the kind of
    its numbers.
    animated: there are more pictures in the file than the first.  cut: it has 16 bits a colour, of which 8
    are read."""

    bands: int = 3
    depth: str = ""
    animated: bool = False
    cut: bool = False


class Opened(NamedTuple):
    """image: Pillow's, for what a screen shows.  pixels: the numbers of others, as they are in the file."""

    header: Header
    image: Any = None
    pixels: Pixels | None = None
    size: int = 0  # pixels that are decoded


def regular(path: str, flags: int) -> int:
    """Opens a file and nothing else: a pipe or a device would wait or never end."""
    opened = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return opened
    os.close(opened)
    raise Unread("no file but a pipe, a device or a folder")


def look(f: IO[bytes], name: str, size: int) -> Opened:
    """A picture of which the header is read; a JPEG for a small square is going to be decoded small."""
    if ending(name) in ARRAYS:
        return of_pixels(bands.of_array(f))
    if bands.many(f):
        return of_pixels(bands.of_tiff(f))
    try:
        image = identified(f, name)
    except SyntaxError:  # Pillow knows the kind but not these bands
        return of_pixels(bands.of_tiff(f))
    return looked_at(image, f, size)


def identified(f: IO[bytes], name: str):
    """Pillow's image, by its first bytes. Image.open would warn of large ones, which have their own bound
    here."""
    from PIL import Image
    f.seek(0)
    start, end = f.read(16), ending(name)
    if end in HEIF:
        with_heif()
    for load in (Image.preinit, Image.init):
        load()
        for kind in ("TGA",) if end == ".tga" else FORMATS:
            factory, accepts = Image.OPEN.get(kind, (None, None))
            if factory and (accepts is None or accepts(start) is True):
                f.seek(0)
                return factory(f, name)
    raise ValueError("no picture")


@lru_cache(maxsize=1)
def with_heif() -> None:
    import pillow_heif
    pillow_heif.register_heif_opener()


def looked_at(image, f: IO[bytes], size: int) -> Opened:
    animated = image.format in ("GIF", "WEBP", "PNG", "TIFF", "AVIF") and getattr(image, "is_animated", False)
    full = image.width * image.height
    # a large JPEG is decoded at a half, a quarter or an eighth of its sides, not below `size`: half the time
    # of a photograph of 640 x 480 at 224 pixels, and edges that are 3 % softer
    image.draft("RGB", (size, size))
    if (pixels := numbers(image, f)) is not None:
        return of_pixels(pixels, image, animated)
    decoded = image.width * image.height
    if decoded > LIMIT:
        raise Unread(f"more than {LIMIT // 10**6} million pixels")
    return Opened(Header(3, "", animated, cut(image)), image, None,
                  full if image.info.get("progressive") else decoded)


def of_pixels(pixels: Pixels, image: Any = None, animated: bool = False) -> Opened:
    return Opened(Header(pixels.bands, kind(pixels.dtype), animated), image, pixels, pixels.count)


def numbers(image, f: IO[bytes]) -> Pixels | None:
    """The reader of a picture's numbers where eight bits would not hold them, or Pillow would leave out
    bands."""
    tags = getattr(image, "tag_v2", {})
    if image.mode in DEEP:
        count, missing = bands.bounded(image.size), bands.number(tags.get(bands.NODATA))
        return Pixels(3, np.dtype(DEEP[image.mode]), lambda: np.asarray(image)[..., None], count, missing)
    if image.format == "PNG" and cut(image):
        return bands.of_png(f, image.size)
    if (image.format == "TIFF" and image.mode != "CMYK"
        and (cut(image) or len(tags.get(bands.BITS, ())) > 4 or image.mode == "RGBX")):
        try:
            return bands.of_tiff(f)
        except Unread:
            if not cut(image) or image.mode == "RGBX":
                raise
    return None


def cut(image) -> bool:
    """Whether Pillow keeps the upper 8 of 16 bits."""
    return image.mode not in DEEP and bool(image.tile) and ";16" in str(image.tile[0][3])


def kind(dtype: np.dtype) -> str:
    if dtype in (np.uint8, np.bool_):
        return ""
    return "decimals" if dtype.kind == "f" else "16 bits" if dtype.itemsize <= 2 else "32 bits"
