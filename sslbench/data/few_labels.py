"""So many labelled samples of each class, and no others: what somebody has who labels a few by hand."""

import torch
from torch import Generator, Tensor

from . import Data, Labelled
from .labels import labelled


class FewLabelled(Labelled, listed=False):
    """Another data source with the label as its last field, whose training rows are chosen: row numbers [m]
    of its train split. They come again and again, so often that they fill `least` rows."""

    def __init__(self, data: Data, rows: Tensor, least: int = 1):
        super().__init__(data)
        self.chosen = rows.repeat(-(-least // len(rows)))

    def picked(self, split):
        return self.chosen if split == "train" else None


def of_each_class(y: Tensor, count: int | None, seed: int) -> Tensor:
    """Row numbers of `count` labelled samples of each class of y [n] (all of a class that has fewer; None:
    all samples with a label), in ascending order. With one seed a larger count adds to a smaller one's
    rows."""
    rows = labelled(y).nonzero().flatten()
    if count is None:
        return rows
    rows = rows[torch.randperm(len(rows), generator=Generator().manual_seed(seed))]
    return torch.cat([rows[y[rows] == k][:count] for k in y[rows].unique()]).sort().values
