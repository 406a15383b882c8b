"""From the numbers of a picture file to the square that is seen: brightness, transparency, rotation, size.

How many pixels are decoded at once is bounded, over all threads: pictures just below the limit come one after
the other.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

import numpy as np

from .bands import Pixels
from .opening import Opened

AT_ONCE = 60_000_000  # pixels that all threads together decode: a larger picture waits until it is alone
SMALL = 1_000_000  # pixels that need not wait
STRIPS = 16_000_000  # pixels from which a picture is made smaller strip by strip, without a second copy of it
TURNED = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # what EXIF says -> one of Pillow's Image.Transpose
FAR = 100.0  # brighter than 1 by so much, a folder is not one of pictures from 0 to 1
# darkest and brightest number, [bands] or [1] for colours; pictures from 0 to 1 beside them
Range = tuple[np.ndarray, np.ndarray, int]


@dataclass(frozen=True)
class Form:
    """What pictures become: uint8 [bands, size, size].  ranges: depth -> the range of the whole folder."""

    size: int
    bands: int = 3
    ranges: Mapping[str, Range] = field(default_factory=dict)


def made(found: Opened, form: Form) -> np.ndarray:
    """uint8 [bands, size, size]"""
    with room(found.size) if found.size > SMALL else nullcontext():
        return seen(found, form)


def seen(found: Opened, form: Form) -> np.ndarray:
    if found.pixels is None:
        return fitted(shrunk(found.image, form.size), form.size)
    x = values(found.pixels)
    from PIL import Image
    ranges = of_its_own(x, form.ranges.get(found.header.depth))
    if found.header.bands != 3:
        x = in_eight_bits(x, ranges)
        bands = np.ascontiguousarray(np.moveaxis(x, 2, 0))
        return np.concatenate([fitted(Image.fromarray(band), form.size) for band in bands])
    return fitted(shrunk(upright(coloured(x, found, ranges), found.image), form.size), form.size)


def of_its_own(x: np.ndarray, ranges: Range | None) -> Range | None:
    """Numbers from 0 to 1 in a folder of far larger ones are another way to write a picture: they keep their
    own range."""
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
    if pixels.missing is None or not (gone := x == pixels.missing).any():
        return x
    return np.where(gone, np.nan, x)


def coloured(x: np.ndarray, found: Opened, ranges: Range | None):
    """Numbers [H, W, C] of one or three colours as Pillow's image; a transparency in the last place, or one
    value that stands for it."""
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


def in_eight_bits(x: np.ndarray, ranges: Range | None) -> np.ndarray:
    """Numbers [H, W, C] as uint8: from the folder's darkest to its brightest; what is missing is dark and
    changes nothing else."""
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
        turn = said_by.getexif().get(0x0112)
    except Exception:  # damage of any kind, or no image of Pillow's
        turn = None
    return image.transpose(TURNED[turn]) if turn in TURNED else image


def flat(image):
    """RGB of an image in any mode, transparency on white."""
    if image.has_transparency_data:
        from PIL import Image
        image = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def fitted(image, size: int) -> np.ndarray:
    """The middle square, [3, size, size], or [1, size, size] of grey."""
    from PIL import ImageOps
    x = np.asarray(ImageOps.fit(image, (size, size)))
    return x[None] if x.ndim == 2 else x.transpose(2, 0, 1)
