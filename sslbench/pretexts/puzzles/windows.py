"""What puzzles of windows share: equal cells of a sample, and a window at a random place in each of them."""

import torch
from torch import Generator, Tensor

from ...data import randint
from ...field import Batch, Field
from ..parts import reads_windows


class Cells:
    """A sample cut into `cells` equal parts along every axis; in each lies a window of whole patches, smaller
    where there is room, so that lines which go on over the border give nothing away."""

    def __init__(self, field: Field, cells: int):
        self.field = field
        self.cell = tuple(s // cells for s in field.size)
        self.size = tuple(max(p, (c - 1) // p * p) for c, p in zip(self.cell, field.patch))
        self.slack = [c - w for c, w in zip(self.cell, self.size)]

    def windows(self, x: Tensor, cell: Tensor, generator: Generator) -> Tensor:
        """x [B, ...], the place [B, rank] of a cell for each sample, in cells -> a window in each."""
        jitter = torch.stack([randint(generator, s + 1, len(x)) for s in self.slack], 1)
        start = cell.to(x.device) * torch.tensor(self.cell, device=x.device) + jitter
        return self.field.window(x, start, self.size)


def unfit(cls, backbone, data, cells: int) -> str:
    """Why a sample cannot be cut into so many cells along every axis for this backbone to read, or ""."""
    fields = list(cls.reads(data).values())
    if len(fields) != 1 or min(fields[0].grid) < cells:
        return f"cuts one field into {cells} parts along every axis; masked and simclr fit"
    return reads_windows(backbone)


def one_field(batch: Batch) -> tuple[str, Tensor]:
    ((name, x),) = batch.items()
    return name, x
