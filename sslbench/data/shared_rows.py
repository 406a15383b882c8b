"""Samples that are in two splits: a test sample that was trained on is no test."""

from collections.abc import Iterator
from typing import Any

import torch

from .rows import in_memory, nbytes

MOST = 2**29  # bytes that are looked through
AT_ONCE = 2**24


def shared_with_training(loaded: dict[str, tuple[dict[str, Any], dict]]) -> str:
    """How many samples of the other splits are in training too, number by number, in words; or "". loaded:
    split -> rows and labels. Rows that are not in memory are not looked at, which is said."""
    every = [x for rows, _ in loaded.values() for x in rows.values()]
    if not all(map(len, every)):
        return ""
    if not all(map(in_memory, every)) or sum(map(nbytes, every)) > MOST:
        return "whether some samples are in two splits was not looked at: there are too many for the memory"
    trained = set(digests(loaded["train"][0]))
    counts = {split: sum(one in trained for one in digests(rows))
              for split, (rows, _) in loaded.items() if split != "train"}
    said = [f"{n:,} of {len(next(iter(loaded[split][0].values()))):,} {split} samples"
            for split, n in counts.items() if n]
    return f"{' and '.join(said)} are in training too, number by number" if said else ""


def digests(rows: dict[str, Any]) -> Iterator[int]:
    """A number for each sample, the same for the same numbers in all fields."""
    n = len(next(iter(rows.values())))
    step = max(1, AT_ONCE * n // max(1, sum(nbytes(x) for x in rows.values())))
    for part in torch.arange(n).split(step):
        fields = [torch.as_tensor(x[part]).contiguous().flatten(1).cpu().numpy() for x in rows.values()]
        yield from (hash(tuple(x[i].tobytes() for x in fields)) for i in range(len(part)))
