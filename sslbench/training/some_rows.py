"""Some rows of a split with their labels and pairs, as evaluations read them: always the same ones."""

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ..data import Data, labelled
from ..data.rows import evenly, in_memory, nbytes
from ..field import decode, size_of
from ..machine.hardware import memory_limit
from ..machine.torch_settings import own_settings

KEPT = 1 / 16  # of the memory, for evaluated rows of a map or a streamed folder
_kept: WeakKeyDictionary[Data, dict] = WeakKeyDictionary()  # as long as the data lives


@dataclass
class Split:
    """Some rows of one split, their labels, and pairs of them [p, 3]: two places in `index`, and 1 where both
    belong together. index: where they stand in `rows`.  numbers: which rows of the split they are.  there:
    how many rows the split has.  every: their labels."""

    rows: dict
    labels: dict[str, Tensor]
    index: Tensor
    numbers: Tensor | None = None
    pairs: Tensor | None = None
    there: int = 0
    every: dict[str, Tensor] = field(default_factory=dict)

    def __len__(self):
        return len(self.index)

    @property
    def seen(self) -> dict[str, Tensor]:
        """Label -> the classes of all rows: a rare one may have none among those that are read."""
        return {name: y[labelled(y)].unique() for name, y in self.every.items()
                if y.ndim == 1 and not y.is_floating_point()}


@own_settings()
def read(data: Data, split: str, most: int) -> Split:
    """At most `most` rows, evenly spread, always the same ones; where there are more, and pairs of them,
    those that the first pairs are made of."""
    rows, labels = data.loaded(split)
    n, pairs = size_of(rows), None if split == "train" else data.pairs(split)
    if pairs is None or not len(pairs) or n <= most:
        index = evenly(n, most)
    else:
        index = pairs[:most // 2, :2].unique()
    every = labels
    labels = {name: y[index] for name, y in labels.items()}
    pairs = among(pairs, index, n)
    if not all(map(in_memory, rows.values())) and (kept := once(data, (split, most), rows, index)):
        return Split(kept, labels, torch.arange(len(index)), index, pairs, n, every)
    return Split(rows, labels, index, index, pairs, n, every)


def among(pairs: Tensor | None, index: Tensor, n: int) -> Tensor | None:
    """The pairs [p, 3] of n rows whose rows are both in `index`, by their places there; None for none."""
    if pairs is None:
        return None
    place = torch.full((n,), -1).scatter(0, index, torch.arange(len(index)))
    found = torch.cat([place[pairs[:, :2]], pairs[:, 2:]], 1)
    found = found[(found[:, :2] >= 0).all(1)]
    return found if len(found) else None


def once(data: Data, key: tuple[str, int], rows: dict, index: Tensor) -> dict[str, Tensor] | None:
    """These rows in memory, so that the next evaluation does not decode or read them again; None when they
    are too large."""
    kept = _kept.setdefault(data, {})
    if key not in kept:
        size = sum(nbytes(x) * len(index) // len(x) for x in rows.values())
        # lists: another thread may add to them
        held = [rows for splits in list(_kept.values()) for rows in list(splits.values())]
        if size + sum(x.nbytes for rows in held for x in rows.values()) > KEPT * memory_limit():
            return None
        kept[key] = {name: x[index] for name, x in rows.items()}
    return kept[key]


def visible(data: Data) -> tuple[str, ...]:
    """The fields a probe may see."""
    return data.probe_on or tuple(data.fields)


def batches(data: Data, split: Split, device=None, size: int = 250):
    """Decoded batches of the fields that a probe may see."""
    rows = {name: split.rows[name] for name in visible(data)}
    for index in split.index.split(size):
        yield decode(data.fields, rows, index, device)
