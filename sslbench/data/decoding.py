"""One picture file of any kind as a square uint8 image, and what its first bytes say about it.

A file is data of unknown origin: only decoders that run no other program are tried, what is decoded at once is bounded, and
whatever a damaged file makes a decoder raise means that it cannot be read.
"""

import errno
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, Any, NamedTuple

import numpy as np

from . import bands
from .bands import LIMIT, Pixels, Unread
from .listing import ARRAYS, HEIF, ending

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "DIB", "PPM", "TIFF", "WEBP", "JPEG2000", "AVIF", "HEIF", "QOI", "PSD")  # EPS starts a program
AT_ONCE = 60_000_000  # pixels that all threads together decode: a larger picture waits until it is alone
SMALL = 1_000_000  # pixels that need not wait
FAR = 100.0  # brighter than 1 by so much, a folder is not one of pictures from 0 to 1
STRIPS = 16_000_000  # pixels from which a picture is made smaller strip by strip, without a second copy of it
DEEP = {"I;16": "16 bits", "I;16L": "16 bits", "I;16B": "16 bits", "I;16N": "16 bits", "I": "32 bits", "F": "decimals"}
DAMAGED, CLOSED = "cannot be read", "cannot be opened"
GONE = {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENOTDIR, errno.EISDIR}

Range = tuple[np.ndarray, np.ndarray, int]  # darkest and brightest number, [bands] or [1] for colours; pictures from 0 to 1 beside them


class Header(NamedTuple):
    """bands: numbers of a pixel, 3 for all that a screen shows.  depth: "" for eight bits, else the kind of its numbers.
    animated: there are more pictures in the file than the first."""

    bands: int = 3
    depth: str = ""
    animated: bool = False


class Opened(NamedTuple):
    """image: Pillow's, for what a screen shows.  pixels: the numbers of others, as they are in the file."""

    header: Header
    image: Any = None
    pixels: Pixels | None = None
    size: int = 0  # pixels that are decoded


@dataclass(frozen=True)
class Form:
    """What pictures become: uint8 [bands, size, size].  ranges: depth -> the range of the whole folder."""

    size: int
    bands: int = 3
    ranges: Mapping[str, Range] = field(default_factory=dict)


def square(file: os.PathLike, form: Form) -> np.ndarray | None:
    """The middle square of a picture as uint8 [bands, size, size], transparency on white; None when it cannot be read.
    What the system says (it is gone, too many files are open) is raised: another picture in its place would hide it."""
    try:
        with open(file, "rb", opener=regular) as f:
            found = look(f, os.fspath(file), form.size)
            return made(found, form) if found.header.bands == form.bands else None
    except OSError as error:
        if error.errno is not None:
            raise
    except MemoryError:
        raise
    except Exception:  # decoders raise whatever a damaged file makes them stumble over
        pass
    return None


def begun(file: os.PathLike, form: Form, decode: bool) -> tuple[Header | str, np.ndarray | None]:
    """The header of a picture, or why it is left out; and the picture, where eight bits say how bright it is."""
    try:
        with open(file, "rb", opener=regular) as f:
            found = look(f, os.fspath(file), form.size)
            ready = decode and not found.header.depth and found.header.bands == form.bands
            return found.header, made(found, form) if ready else None
    except Unread as reason:
        return str(reason), None
    except OSError as error:
        if error.errno is not None and error.errno not in GONE:
            raise
        return (CLOSED if error.errno else DAMAGED), None
    except MemoryError:
        raise
    except Exception:
        return DAMAGED, None


def numbers_of(file: os.PathLike) -> tuple[np.ndarray, bool] | None:
    """All numbers of a picture beyond eight bits [H, W, C] and whether they are colours; None when it cannot be read."""
    try:
        with open(file, "rb", opener=regular) as f:
            found = look(f, os.fspath(file), 1)
            with room(found.size):
                return values(found.pixels), found.header.bands == 3
    except MemoryError:
        raise
    except Exception:
        return None


def look(f: IO[bytes], name: str, size: int) -> Opened:
    """A picture of which the header is read; a JPEG for a small square is going to be decoded small."""
    if ending(name) in ARRAYS:
        return of_pixels(bands.of_array(f))
    try:
        image = identified(f, name)
    except SyntaxError:  # Pillow knows the kind but not this many bands
        return of_pixels(bands.of_tiff(f))
    return looked_at(image, f, size)


def regular(path: str, flags: int) -> int:
    """Opens a file and nothing else: a pipe or a device would wait or never end."""
    opened = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return opened
    os.close(opened)
    raise Unread("no file but a pipe, a device or a folder")


def identified(f: IO[bytes], name: str):
    """Pillow's image, by its first bytes. Image.open would warn of large ones, which have their own bound here."""
    from PIL import Image
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
    image.draft("RGB", (2 * size, 2 * size))  # a large JPEG is decoded small
    if (pixels := numbers(image, f)) is not None:
        return Opened(Header(pixels.bands, kind(pixels.dtype), animated), image, pixels, pixels.count)
    decoded = image.width * image.height
    if decoded > LIMIT:
        raise Unread(f"more than {LIMIT // 10**6} million pixels")
    return Opened(Header(3, "", animated), image, None, full if image.info.get("progressive") else decoded)


def of_pixels(pixels: Pixels) -> Opened:
    return Opened(Header(pixels.bands, kind(pixels.dtype)), None, pixels, pixels.count)


def numbers(image, f: IO[bytes]) -> Pixels | None:
    """The reader of a picture's numbers where eight bits would not hold them, or Pillow would leave out bands."""
    tags = getattr(image, "tag_v2", {})
    if image.mode in DEEP:
        count = bands.bounded(image.size)
        kind = {"16 bits": np.uint16, "32 bits": np.int32, "decimals": np.float32}[DEEP[image.mode]]
        return Pixels(3, np.dtype(kind), lambda: np.asarray(image)[..., None], count, bands.nodata(tags))
    cut = bool(image.tile) and ";16" in str(image.tile[0][3])
    if image.format == "PNG" and cut:
        return bands.of_png(f, image.size)
    if image.format == "TIFF" and image.mode != "CMYK" and (cut or len(tags.get(bands.BITS, ())) > 4 or image.mode == "RGBX"):
        try:
            return bands.of_tiff(f)
        except Unread:
            if not cut or image.mode == "RGBX":
                raise
    return None


def kind(dtype: np.dtype) -> str:
    if dtype in (np.uint8, np.bool_):
        return ""
    return "decimals" if dtype.kind == "f" else "16 bits" if dtype.itemsize <= 2 else "32 bits"


# From numbers to what is seen

def made(found: Opened, form: Form) -> np.ndarray:
    if found.size <= SMALL:
        return seen(found, form)
    with room(found.size):
        return seen(found, form)


def seen(found: Opened, form: Form) -> np.ndarray:
    """uint8 [bands, size, size]"""
    if found.pixels is None:
        return fitted(shrunk(found.image, form.size), form.size)
    x = values(found.pixels)
    ranges = of_its_own(x, form.ranges.get(found.header.depth))
    if found.header.bands != 3:
        x = in_eight_bits(x, ranges)
        return np.concatenate([fitted(band(x[..., i]), form.size) for i in range(x.shape[2])])
    return fitted(shrunk(upright(coloured(x, found, ranges), found.image), form.size), form.size)


def of_its_own(x: np.ndarray, ranges: Range | None) -> Range | None:
    """Numbers from 0 to 1 in a folder of far larger ones are another way to write a picture: they keep their own range."""
    if ranges is None or x.dtype.kind != "f" or not (ranges[1] - ranges[0] > FAR).any() or not is_share(x):
        return ranges
    return np.zeros(1), np.ones(1), 0


def is_share(x: np.ndarray) -> bool:
    """Whether these numbers are shares of the brightest, from 0 to 1."""
    there = x[np.isfinite(x)]
    return bool(len(there) and there.min() >= 0 and 0.5 < there.max() <= 1)


@contextmanager
def room(pixels: int) -> Iterator[None]:
    """Waits until this many pixels may be decoded beside those of other threads."""
    pixels = min(pixels, AT_ONCE)
    with _free:
        _free.wait_for(lambda: _taken[0] + pixels <= AT_ONCE)
        _taken[0] += pixels
    try:
        yield
    finally:
        with _free:
            _taken[0] -= pixels
            _free.notify_all()


_free, _taken = threading.Condition(), [0]


def values(pixels: Pixels) -> np.ndarray:
    """[H, W, C]; what was not measured is NaN."""
    x = pixels.read()
    if pixels.missing is None or x.dtype.kind not in "iuf":
        return x
    return np.where(x == x.dtype.type(pixels.missing), np.nan, x) if fits(pixels.missing, x.dtype) else x


def fits(value: float, dtype: np.dtype) -> bool:
    if dtype.kind == "f":
        return True
    return value == int(value) and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max if np.isfinite(value) else False


def coloured(x: np.ndarray, found: Opened, ranges: Range | None):
    """Numbers [H, W, C] of one or three colours as Pillow's image; a transparency in the last place, or one value that stands for it."""
    from PIL import Image
    C = x.shape[2]
    seen = in_eight_bits(x[..., :C - 1] if C in (2, 4) else x, ranges)
    clear = found.image.info.get("transparency") if found.image is not None else None
    if C in (2, 4):
        top = 255 if x.dtype.kind in "fb" or x.dtype.itemsize == 1 else np.iinfo(x.dtype).max
        seen = np.concatenate([seen, (x[..., -1:] * (255 / top)).astype(np.uint8)], 2)
    elif isinstance(clear, (int, tuple)):
        seen = np.where((x == np.asarray(clear)).all(2, keepdims=True), np.uint8(255), seen)
    seen = np.ascontiguousarray(seen)
    return Image.fromarray(seen[..., 0] if seen.shape[2] == 1 else seen)


def band(x: np.ndarray):
    from PIL import Image
    return Image.fromarray(np.ascontiguousarray(x))


def in_eight_bits(x: np.ndarray, ranges: Range | None) -> np.ndarray:
    """Numbers [H, W, C] as uint8: from the folder's darkest to its brightest; what is missing is dark and changes nothing else."""
    if ranges is None:
        return x * np.uint8(255) if x.dtype == np.bool_ else x.astype(np.uint8, copy=False)
    low, high, _ = ranges
    seen, step = np.empty(x.shape, np.uint8), max(1, SMALL // max(1, x[0].size))
    for top in range(0, len(x), step):
        part = x[top:top + step].astype(np.float64)
        part[~np.isfinite(part)] = np.nan
        part = (part - low) * (255 / np.maximum(high - low, 1e-300)) + 0.5
        seen[top:top + step] = np.nan_to_num(part).clip(0, 255)
    return seen


def shrunk(image, size: int):
    """An image in RGB; of a very large one the middle square, made smaller strip by strip."""
    image.load()  # Pillow turns a TIFF while it loads
    if image.width * image.height < STRIPS:
        return flat(upright(image, image))
    from PIL import Image
    side = min(image.size)
    left, top = ((n - side) // 2 for n in image.size)
    factor = max(1, side // (2 * size))
    small = Image.new("RGB", (-(-side // factor),) * 2)
    rows = factor * max(1, SMALL // (side * factor))
    for y in range(0, side, rows):
        strip = image.crop((left, top + y, left + side, top + min(side, y + rows)))
        small.paste(flat(strip).reduce(factor), (0, y // factor))
    return upright(small, image)


def upright(image, said_by):
    """Turned as its camera says. A damaged note of the camera costs no picture."""
    try:
        turn = said_by.getexif().get(0x0112, 1) if said_by is not None else 1
        if turn == 1:
            return image
        from PIL import Image, ImageOps
        exif = Image.Exif()
        exif[0x0112] = turn
        image.info["exif"] = exif.tobytes()
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def flat(image):
    """RGB of an image in any mode, transparency on white."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    from PIL import Image
    if image.mode == "LAB":
        return from_lab(image)
    if image.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("LA") if image.mode == "La" else image
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def from_lab(image):
    from PIL import ImageCms
    return ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB")


def fitted(image, size: int) -> np.ndarray:
    """The middle square, [3, size, size], or [1, size, size] of grey."""
    from PIL import ImageOps
    x = np.asarray(ImageOps.fit(image, (size, size)))
    return x[None] if x.ndim == 2 else x.transpose(2, 0, 1)
