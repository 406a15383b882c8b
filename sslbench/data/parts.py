"""What several sources share: deterministic splits, labels from words, and patches that divide a size. Plain functions."""

from collections.abc import Iterable
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

SHARES = {"train": (0.0, 0.7), "validation": (0.7, 0.8), "test": (0.8, 1.0)}


def part(keys: list[str], split: str, labels: list | None = None) -> list[int]:
    """Row numbers of one split: 70, 10 and 20 % in an order that depends on the keys alone, within each label if given.

    They come mixed, so that the first rows of a split show every label.
    """
    groups: dict = {}
    for i, label in enumerate(labels or []):
        groups.setdefault(label, []).append(i)
    low, high = SHARES[split]
    place, rows = checksums(keys), []
    for group in groups.values() if labels else [range(len(keys))]:
        group = np.array(group, np.int64)
        order = group[np.argsort(place[group], kind="stable")]
        rows += order[round(low * len(order)):round(high * len(order))].tolist()
    return mixed(keys, rows)


def mixed(keys: list[str], rows: list[int]) -> list[int]:
    """The same rows in an order that depends on their keys alone."""
    rows = np.array(rows, np.int64)
    return rows[np.lexsort((rows, checksums(f"row {keys[i]}" for i in rows)))].tolist()


def checksums(keys: Iterable[str]) -> np.ndarray:
    """Numbers that are the same on every machine, as an array: a million pairs would be slow to sort and large in memory."""
    return np.fromiter((crc32(str(key).encode(errors="backslashreplace")) for key in keys), np.uint32)  # not all file names are UTF-8


def stretch(n: int, split: str) -> slice:
    """One split of n consecutive pieces: first the training ones, last the test ones; the past never sees the future."""
    low, high = SHARES[split]
    return slice(round(low * n), round(high * n))


def numbered(words: list) -> tuple[Tensor, list[str]]:
    """Labels as int64 [n] and the sorted names of their values; whole numbers are sorted as numbers."""
    words = [str(w) for w in words]
    try:
        names = sorted(set(words), key=int)
    except ValueError:
        names = sorted(set(words))
    number = {w: i for i, w in enumerate(names)}
    return torch.tensor([number[w] for w in words], dtype=torch.long), names


def patch_for(size: int) -> int:
    """Side of a patch so that about 8 fit along `size` pixels; one that divides it where such a number is near."""
    side = max(1, round(size / 8))
    return next((p for p in (side, side + 1, max(1, side - 1)) if p > 1 and size % p == 0), side)


def patch_of_series(length: int) -> int:
    """At most 8 steps and at least 8 pieces; a number that divides the length where there is one, else it is padded."""
    most = max(1, min(8, length // 8))
    return next((p for p in range(most, max(1, most // 2), -1) if length % p == 0), most)


def enough(n: int, what: str, name: str) -> None:
    """ValueError when there are too few samples to split."""
    if n < 10:
        raise ValueError(f"{name} has {n} {what}; 10 are the least that can be split into training, validation and test")
