"""What is learned from all samples once, scale and gaps, and how the rows that are asked for are brought to their stored form.

Samples are read a few at a time: a memory map stays on the disk, and nothing is as large as all of them.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import parts
from ..as_stored import AsStored, exact
from .shapes import MOST_SYMBOLS

NUMBERS = 2**21  # read at once
FEW = 2**23  # numbers that tell the scale of pictures
BANDS = {"scale": 1 / 64, "offset": 128.0}  # how several bands are stored: each with mean 128 and deviation 64


@dataclass
class Learned:
    """found: keywords of the Field.  stored: some samples -> as they are stored, None: as they are.  notes: in words."""

    found: dict[str, Any]
    stored: Callable[[Tensor], Tensor] | None = None
    notes: list[str] = field(default_factory=list)


def pieces(x: list, training: np.ndarray | None = None) -> Iterator[Tensor]:
    """All samples of some pieces, or those for training, some megabytes at a time."""
    start = 0
    for piece in x:
        step = max(1, NUMBERS // max(1, piece[:1].numel()))
        for at in range(0, len(piece), step):
            some = piece[at:at + step]
            keep = torch.ones(len(some), dtype=torch.bool) if training is None else torch.from_numpy(training[start + at:][:len(some)])
            if keep.any():
                yield some if keep.all() else some[keep]
        start += len(piece)


def of_images(x: list, training: np.ndarray) -> Learned:
    """Stored as 0..255: one scale for grey and colours, one for each band where there are others."""
    if x[0].shape[1] not in (1, 3):
        mean, deviation, absent = moments(x, training)
        return Learned(BANDS, AsStored(mean, deviation, 64.0, 128.0, 128.0), said_absent(absent))
    few = torch.cat([some_of(p) for p in x])
    if x[0].dtype == torch.uint8:
        return Learned(standard(few.float()))
    low, high, absent = range_of(x)
    ends = torch.tensor([[low], [(high - low) or 1.0]], dtype=torch.float64)
    stretch = AsStored(*ends, 255.0, clean=True)
    found = standard(stretch(few[:, None])[:, 0])
    return Learned(found, replace(stretch, absent=found["offset"], clean=not sum(absent)), said_absent(absent))


def of_series(x: list, training: np.ndarray) -> Learned:
    """Stored as float32, each channel with mean 0 and deviation 1 over the training samples; padded to whole patches with NaN."""
    T = x[0].shape[2]
    patch = parts.patch_of_series(T)
    mean, deviation, absent = moments(x, training)
    stored = AsStored(mean, deviation, length=-(-T // patch) * patch, clean=not absent[1])
    return Learned({"gaps": bool(sum(absent) or T % patch)}, stored, said_absent(absent))


def of_symbols(x: list, training: np.ndarray) -> Learned:
    """Stored as int64, absent ones as the extra id."""
    ends = [piece.long().aminmax() for piece in pieces(x)]  # not every kind of whole number has it
    low, high = int(min(e.min for e in ends)), int(max(e.max for e in ends))
    if low < -1 or high < 0 or high >= MOST_SYMBOLS:
        raise ValueError(f"symbols must be numbered from 0 to at most {MOST_SYMBOLS - 1:,} (-1: absent), not from {low:,} to {high:,}; "
                         "number them with numpy.unique(x, return_inverse=True), or choose kind='series'")
    return Learned({"vocab": high + 1, "gaps": low < 0}, partial(numbered_from_0, vocab=high + 1))


LEARNED = {"image": of_images, "series": of_series, "symbols": of_symbols}


def some_of(x: Any) -> Tensor:
    """Some samples, evenly taken: [n, numbers]."""
    return x[:: max(1, len(x) * x[:1].numel() // FEW)].flatten(1)


def numbered_from_0(x: Tensor, vocab: int) -> Tensor:
    x = x.long()
    return torch.where(x < 0, vocab, x)


def standard(x: Tensor) -> dict[str, float]:
    """scale and offset that bring these numbers to mean 0 and deviation 1."""
    x = x[x.isfinite()]
    return {"scale": 1 / max(float(x.std(correction=0)), 1e-6), "offset": float(x.mean())}


def range_of(x: list) -> tuple[float, float, tuple[int, int]]:
    """The lowest and highest finite number, and how many are NaN and infinite."""
    low, high, nan, infinite = float("inf"), -float("inf"), 0, 0
    for piece in pieces(x):
        piece = exact(piece)
        if not finite(piece):
            nan, infinite = nan + int(piece.isnan().sum()), infinite + int(piece.isinf().sum())
            piece = piece[piece.isfinite()]
        if piece.numel():
            low, high = min(low, float(piece.min())), max(high, float(piece.max()))
    if low > high:
        raise ValueError("x holds no finite number")
    return low, high, (nan, infinite)


def moments(x: list, training: np.ndarray) -> tuple[Tensor, Tensor, tuple[int, int]]:
    """Mean and deviation [C, 1] of each channel over the finite numbers of the training samples; a constant channel has 1. How many
    numbers of all samples are NaN and infinite."""
    C = x[0].shape[1]
    count, mean, squares = (torch.zeros(C, dtype=torch.float64) for _ in range(3))
    for piece in pieces(x, training):
        n, here, around = moments_of(exact(piece).flatten(2))
        apart, total = here - mean, (count + n).clamp(min=1)
        squares += around + apart**2 * count * n / total  # Chan et al. 1979
        mean += apart * n / total
        count += n
    if not count.sum():
        raise ValueError("the training samples hold no finite number")
    deviation = (squares / count.clamp(min=1)).sqrt()
    deviation = torch.where(deviation > 1e-12 * mean.abs(), deviation, 1.0)
    return mean[:, None], deviation[:, None], absent_of(x)


def moments_of(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of floats [b, C, numbers]: how many are finite, their mean, and the sum of squares around it, for each channel."""
    if finite(x):
        n = torch.full((x.shape[1],), x.shape[0] * x.shape[2], dtype=torch.float64)
        mean = x.mean((0, 2), dtype=torch.float64)
        return n, mean, (x - mean.to(x.dtype)[:, None]).square_().sum((0, 2), dtype=torch.float64)
    there = x.isfinite()
    n = there.sum((0, 2)).double()
    mean = x.masked_fill(~there, 0).sum((0, 2), dtype=torch.float64) / n.clamp(min=1)
    return n, mean, (x - mean.to(x.dtype)[:, None]).masked_fill_(~there, 0).square_().sum((0, 2), dtype=torch.float64)


def finite(x: Tensor) -> bool:
    """Whether all numbers are finite, by their sum: ten times as fast as looking at each. False may be wrong."""
    return not x.is_floating_point() or math.isfinite(x.sum(dtype=torch.float64))


def absent_of(x: list) -> tuple[int, int]:
    """How many numbers of all samples are NaN and infinite."""
    nan = infinite = 0
    if x[0].is_floating_point():
        for piece in pieces(x):
            if not finite(piece):
                nan, infinite = nan + int(piece.isnan().sum()), infinite + int(piece.isinf().sum())
    return nan, infinite


def said_absent(absent: tuple[int, int]) -> list[str]:
    nan, infinite = absent
    return [f"{nan:,} numbers are absent"] * (nan > 0) + [f"{infinite:,} infinite numbers count as absent"] * (infinite > 0)
