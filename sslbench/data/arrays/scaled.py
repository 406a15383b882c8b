"""What is learned from all samples once, scale and gaps, and how the rows that are asked for are brought to
their stored form.

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
FEW = 2**21  # numbers that tell the scale of pictures
# how several bands are stored: each with mean 128 and deviation 64
BANDS = {"scale": 1 / 64, "offset": 128.0}


@dataclass
class Learned:
    """found: keywords of the Field.  stored: some samples -> as they are stored, None: as they are.  notes:
    in words."""

    found: dict[str, Any]
    stored: Callable[[Tensor], Tensor] | None = None
    notes: list[str] = field(default_factory=list)


def pieces(x: list) -> Iterator[Tensor]:
    """All samples of some pieces, some megabytes at a time."""
    for piece in x:
        step = max(1, NUMBERS // max(1, piece[:1].numel()))
        for at in range(0, len(piece), step):
            yield piece[at:at + step]


def of_images(x: list, training: np.ndarray) -> Learned:
    """Stored as 0..255: one scale for grey and colours, one for each band where there are others."""
    if x[0].shape[1] not in (1, 3):
        seen = looked_at(x, training)
        return Learned(BANDS, AsStored(seen.mean, seen.deviation, 64.0, 128.0, 128.0), seen.absent)
    few = torch.cat([some_of(p) for p in x])
    if x[0].dtype == torch.uint8:
        return Learned(standard(few.float()))
    seen = looked_at(x, training)
    ends = torch.tensor([[seen.low], [(seen.high - seen.low) or 1.0]], dtype=torch.float64)
    stretch = AsStored(*ends, 255.0, clean=True)
    found = standard(stretch(few[:, None])[:, 0])
    return Learned(found, replace(stretch, absent=found["offset"], clean=not seen.absent), seen.absent)


def of_series(x: list, training: np.ndarray) -> Learned:
    """Stored as float32, each channel with mean 0 and deviation 1 over the training samples; padded to whole
    patches with NaN."""
    T = x[0].shape[2]
    patch = parts.patch_of_series(T)
    seen = looked_at(x, training)
    stored = AsStored(seen.mean, seen.deviation, length=-(-T // patch) * patch, clean=not seen.infinite)
    return Learned({"gaps": bool(seen.absent or T % patch)}, stored, seen.absent)


def of_symbols(x: list, training: np.ndarray) -> Learned:
    """Stored as int64, absent ones as the extra id."""
    ends = [piece.long().aminmax() for piece in pieces(x)]  # not every kind of whole number has it
    low, high = int(min(e.min for e in ends)), int(max(e.max for e in ends))
    if low < -1 or high < 0 or high >= MOST_SYMBOLS:
        raise ValueError(f"symbols must be numbered from 0 to at most {MOST_SYMBOLS - 1:,} (-1: absent), "
                         f"not from {low:,} to {high:,}; number them with numpy.unique(x, "
                         "return_inverse=True), or choose kind='series'")
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


@dataclass
class Seen:
    """What one pass finds. low, high: of the finite numbers of all samples; nan, infinite: how many are.
    mean, deviation [C, 1]: of each channel over finite training numbers; a constant one has 1."""

    mean: Tensor
    deviation: Tensor
    low: float = math.inf
    high: float = -math.inf
    nan: int = 0
    infinite: int = 0

    @property
    def absent(self) -> list[str]:
        return [f"{self.nan:,} numbers are absent"] * (self.nan > 0) + \
            [f"{self.infinite:,} infinite numbers count as absent"] * (self.infinite > 0)


def looked_at(x: list, training: np.ndarray) -> Seen:
    """ValueError where the samples, or those for training, hold no finite number."""
    C, start = x[0].shape[1], 0
    count, squares, mean = torch.zeros(3, C, dtype=torch.float64)
    seen = Seen(mean, mean)
    for piece in pieces(x):
        keep, start = torch.from_numpy(training[start:start + len(piece)]), start + len(piece)
        piece = exact(piece).flatten(2)
        some = piece
        if not finite(piece):
            seen.nan += int(piece.isnan().sum())
            seen.infinite += int(piece.isinf().sum())
            some, piece = piece[piece.isfinite()], piece.where(piece.isfinite(), torch.nan)
        if some.numel():
            seen.low, seen.high = min(seen.low, float(some.min())), max(seen.high, float(some.max()))
        if keep.any():
            n, own, around = moments_of(piece if keep.all() else piece[keep])
            apart, total = own - mean, (count + n).clamp(min=1)
            squares += around + apart**2 * count * n / total  # Chan et al. 1979
            mean += apart * n / total
            count += n
    if not count.sum():
        raise ValueError("x holds no finite number" if seen.low > seen.high else
                         "the training samples hold no finite number")
    deviation = (squares / count.clamp(min=1)).sqrt()
    deviation = torch.where(deviation > 1e-12 * mean.abs(), deviation, 1.0)
    return replace(seen, mean=mean[:, None], deviation=deviation[:, None])


def moments_of(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of floats [b, C, n], NaN for none: how many, their mean, the sum of squares around it, [C] each."""
    n = (~x.isnan()).sum((0, 2)).double()
    mean = x.nansum((0, 2), dtype=torch.float64) / n.clamp(min=1)
    return n, mean, (x - mean.to(x.dtype)[:, None]).square_().nansum((0, 2), dtype=torch.float64)


def finite(x: Tensor) -> bool:
    """Whether all numbers are finite, by their sum: ten times as fast as looking at each. False may be
    wrong."""
    return not x.is_floating_point() or math.isfinite(x.sum(dtype=torch.float64))
