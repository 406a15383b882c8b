"""Series of several files as one array, and what of it holds a value."""

import numpy as np
import torch
from torch import Tensor

from . import scaling


def joined(xs: list[np.ndarray], T: int) -> np.ndarray:
    """Series of several files, padded to T steps."""
    out = np.full((sum(map(len, xs)), xs[0].shape[1], T), np.nan, np.float32)
    at = 0
    for x in xs:
        out[at:at + len(x), :, : x.shape[2]] = x[..., :T]
        at += len(x)
    return out


def longer_than(x: np.ndarray, T: int) -> int:
    """How many series have a value after T steps."""
    if x.dtype.kind != "f" or isinstance(x, np.memmap):
        return len(x) if x.shape[2] > T else 0
    return int((~np.isnan(x[..., T:])).any((1, 2)).sum())


def filled(x: Tensor, rows: np.ndarray) -> np.ndarray:
    """For each of these rows of x, whether it holds any value."""
    if not x.is_floating_point():
        return np.ones(len(rows), bool)
    pieces = torch.from_numpy(rows).split(max(1, scaling.PIECE // max(1, x[0].nbytes)))
    return torch.cat([x[piece].isfinite().flatten(1).any(1) for piece in pieces]).numpy()


def picked(values, rows: np.ndarray):
    return values[rows] if isinstance(values, np.ndarray) else [values[i] for i in rows]
