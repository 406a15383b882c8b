"""Samples that stay where they are: on the disk, in several pieces; what is asked for is read."""

from typing import Any

import numpy as np
import torch
from torch import Tensor


def on_disk(x: Any) -> bool:
    while isinstance(x, np.ndarray) and not isinstance(x, np.memmap):
        x = x.base
    return isinstance(x, np.memmap)


class OnDisk:
    """A memory map that torch cannot share, read where it is asked for."""

    def __init__(self, x: np.ndarray):
        self.x, self.shape, self.dtype = x, x.shape, readable(x[:1]).dtype

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows) -> Tensor:
        return readable(self.x[rows.numpy() if isinstance(rows, Tensor) else rows])

    def is_floating_point(self) -> bool:
        return self.dtype.is_floating_point


class Joined:
    """Several pieces one after the other, without a copy."""

    def __init__(self, x: list):
        self.x, self.ends = x, torch.tensor([len(piece) for piece in x]).cumsum(0)

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, rows: Tensor) -> Tensor:
        of = torch.searchsorted(self.ends, rows, right=True)
        starts = [int(end) - len(piece) for end, piece in zip(self.ends, self.x)]
        found = [torch.as_tensor(piece[rows[of == i] - starts[i]]) for i, piece in enumerate(self.x)]
        return torch.cat(found)[of.argsort(stable=True).argsort()]  # in the order of the rows


def piece_of(x: list, rows: Tensor) -> tuple[Any, Tensor]:
    """The piece that holds all these rows, and their numbers in it; else all pieces."""
    start = 0
    for piece in x:
        if len(rows) and start <= int(rows.min()) and int(rows.max()) < start + len(piece):
            return piece, rows - start
        start += len(piece)
    return (x[0] if len(x) == 1 else Joined(x)), rows


def readable(x: np.ndarray) -> Tensor:
    """A copy that torch can read."""
    dtype = np.dtype(np.float32) if x.dtype.itemsize > 8 else x.dtype.newbyteorder("=")
    return torch.from_numpy(np.array(x, dtype, order="C"))
