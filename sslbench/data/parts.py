"""What several sources share: shares of the splits, an order by hash, and patches that divide a size. Plain
functions."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from zlib import crc32

import numpy as np

LEAST = 10  # samples that can be split into three parts
SHARES = {"train": (0.0, 0.7), "validation": (0.7, 0.8), "test": (0.8, 1.0)}


@dataclass(frozen=True)
class Reads:
    """What a trained run reads: samples of this unit, "" where nobody knows, its series of so many steps (0:
    any).  gaps: some were padded when it learned."""

    unit: str = ""
    steps: int = 0
    gaps: bool = False


_reads: ContextVar[Reads | None] = ContextVar("reads", default=None)


def mixed(keys: list[str], rows: list[int]) -> list[int]:
    """The same rows in an order that depends on their keys alone."""
    rows = np.array(rows, np.int64)
    return rows[np.lexsort((rows, checksums(f"row {keys[i]}" for i in rows)))].tolist()


def checksums(keys: Iterable[str]) -> np.ndarray:
    """Numbers that are the same on every machine, as an array: a million pairs would be slow to sort and
    large in memory."""
    # not all file names are UTF-8
    return np.fromiter((crc32(str(key).encode(errors="backslashreplace")) for key in keys), np.uint32)


def patch_for(size: int) -> int:
    """Side of a patch so that about 8 fit along `size` pixels; one that divides it where such a number is
    near."""
    side = max(1, round(size / 8))
    return next((p for p in (side, side + 1, max(1, side - 1)) if p > 1 and size % p == 0), side)


def patch_of_series(length: int) -> int:
    """At most 8 steps and at least 8 pieces; a number that divides the length where there is one, else it is
    padded."""
    most = max(1, min(8, length // 8))
    return next((p for p in range(most, max(1, most // 2), -1) if length % p == 0), most)


@contextmanager
def for_a_run(reads: Reads) -> Iterator[None]:
    """Within it, files are read for a run that is trained already: nobody splits them, so they may be few."""
    token = _reads.set(reads)
    try:
        yield
    finally:
        _reads.reset(token)


def run_reads() -> Reads | None:
    """What the run reads for which files are read now; None where they are read to learn from."""
    return _reads.get()


def enough(n: int, what: str, name: str) -> None:
    """ValueError when there are too few samples to split."""
    if n < (1 if run_reads() else LEAST):
        raise ValueError(f"{name} has {n} {what}; 10 are the least that can be split into training, "
                         "validation and test")
