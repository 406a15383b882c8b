"""Series as they are stored -> as they are trained on: float32, each channel at mean 0 and deviation 1, what
is absent NaN."""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..as_stored import AsStored

PIECE = 2**21  # bytes looked at together: some copies of them are made


@dataclass(frozen=True)
class Scaling:
    """mean, deviation [C, 1] of each channel over the training samples.  length: steps of a sample, a
    multiple of the patch."""

    mean: Tensor
    deviation: Tensor
    length: int

    def __call__(self, x: Tensor) -> Tensor:
        """[n, C, T] of any kind of number -> float32 [n, C, length]; infinite numbers and the padding are
        NaN."""
        x = finite(x).sub_(self.mean).div_(self.deviation)
        return F.pad(x, (0, self.length - x.shape[2]), value=torch.nan) if self.length > x.shape[2] else x

    def remembered(self, steps: int) -> AsStored:
        """The same, for rows that somebody gives later. steps: of a sample in the file."""
        return AsStored(self.mean[:, 0], self.deviation[:, 0], length=self.length, single=True, steps=steps)


@dataclass(frozen=True)
class Found:
    """What a pass over all samples finds. count, mean, deviation [C] over the training samples.  there [C]:
    numbers in all samples.  absent, infinite: whether and how many."""

    count: Tensor
    mean: Tensor
    deviation: Tensor
    there: Tensor
    absent: bool
    infinite: int

    def scaling(self, length: int) -> Scaling:
        deviation = torch.where(self.deviation > 1e-7 * self.mean.abs(), self.deviation, 1.0)
        return Scaling(self.mean[:, None].float(), deviation[:, None].float(), length)

    def said(self, names: list[str]) -> list[str]:
        """Channels that hold nothing, or one number, and infinite numbers, in words."""
        gone = [names[i] for i in (self.there == 0).nonzero().flatten()]
        constant = [names[i] for i in ((self.count > 0) & ~(self.deviation > 1e-7
                                                            * self.mean.abs())).nonzero().flatten()]
        said = ([f"{self.infinite:,} infinite value{'s' * (self.infinite > 1)} counted as missing"]
                if self.infinite else [])
        said += [f"no value in {listed(gone)}"] if gone else []
        return said + ([f"the same value everywhere in {listed(constant)}"] if constant else [])


def listed(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"channel{'s' * (len(names) > 1)} {shown}"


def finite(x: Tensor) -> Tensor:
    """A float32 copy, NaN where a number is infinite, or too large for float32."""
    x = x.to(torch.float32, copy=True)
    return x.masked_fill_(x.isinf(), torch.nan)


def looked_at(x: Tensor, rows: Tensor, train: Tensor) -> Found:
    """One pass over the samples, these rows of x [., C, T], in pieces. train: [rows], True for those whose
    mean and deviation count."""
    C = x.shape[1]
    count, mean, squares, there = (torch.zeros(C, dtype=torch.float64) for _ in range(4))
    absent, infinite = False, 0
    for part, counts in zip(*(t.split(max(1, PIECE // max(1, 4 * x[0].numel()))) for t in (rows, train))):
        stored = x[part]
        infinite += int(stored.isinf().sum()) if stored.is_floating_point() else 0
        piece = finite(stored)
        gone = piece.isnan()
        absent = absent or bool(gone.any())
        there += (~gone).sum((0, 2))
        piece, gone = piece[counts].double(), gone[counts]
        n = (~gone).sum((0, 2)).double()
        own = torch.where(gone, 0.0, piece).sum((0, 2)) / n.clamp(min=1)
        spread = torch.where(gone, 0.0, piece - own[:, None]).square().sum((0, 2))
        # Chan, Golub and LeVeque (1979)
        squares += spread + (own - mean).square() * count * n / (count + n).clamp(min=1)
        mean += (own - mean) * n / (count + n).clamp(min=1)
        count += n
    return Found(count, mean, (squares / count.clamp(min=1)).sqrt(), there, absent, infinite)


def as_tensor(x: np.ndarray) -> Tensor:
    """The array without a copy where torch knows its kind of number."""
    if x.dtype.kind == "c":
        raise ValueError("complex numbers are not read; save the real and the imaginary part as two channels")
    if x.dtype.kind == "b":
        x = x.view(np.uint8)
    if x.dtype.kind in "iuf" and x.dtype.itemsize <= 8 and x.dtype.isnative and x.dtype not in (np.uint16,
        np.uint32, np.uint64) \
            and all(s >= 0 for s in x.strides):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nobody writes
            return torch.from_numpy(x)
    return torch.from_numpy(x.astype(np.float32))
