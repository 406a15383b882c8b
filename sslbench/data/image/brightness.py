"""How dark and how bright a folder of pictures is whose numbers do not say it themselves: 16 bits, 32 bits,
floats.

One range for the whole folder, found once, so that pictures can be compared: the same whether they are held
or streamed.
"""

import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from .decoding import numbers_of
from .to_square import FAR, Range

LOOKED_AT = 256  # pictures, spread over the folder
PIXELS = 4096  # of each, for what nearly all of them lie between
NEARLY_ALL = (0.001, 0.999)
FARTHER = 4.0  # the whole range is used where it is at most so many times that of nearly all pixels


def range_of(root: Path, names: list[str], in_threads: Callable[..., Iterator]) -> Range:
    """The darkest and the brightest number of pictures of one kind; where few pixels are far outside of all
    others, these are cut."""
    some = names[:: max(1, -(-len(names) // LOOKED_AT))]
    return range_of_files(root, tuple((name, identity(root / name)) for name in some), in_threads)


@lru_cache(maxsize=8)  # once for the same files, whatever becomes of the pictures
def range_of_files(root: Path, files: tuple[tuple, ...], in_threads: Callable[..., Iterator]) -> Range:
    found = in_threads(statistics, [root / name for name, _ in files])
    return spread([one for one in found if one is not None])


def identity(file: Path) -> tuple[int, int]:
    try:
        status = os.stat(file)
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def statistics(file: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Lowest, highest and some of the numbers of one picture, by band; None where it cannot be read or holds
    no number."""
    found = numbers_of(file)
    return found and statistics_of(*found)


def statistics_of(x: np.ndarray, colours: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """The same of numbers [H, W, C]."""
    x = (x[..., :x.shape[2] - (x.shape[2] in (2, 4))].reshape(-1, 1)
         if colours else x.reshape(-1, x.shape[2]))
    few = x[:: max(1, len(x) // PIXELS)].astype(np.float64)
    if x.dtype.kind != "f":
        return x.min(0).astype(np.float64), x.max(0).astype(np.float64), few
    there = np.isfinite(x)
    if not there.any(0).all():
        return None
    low, high = np.where(there, x, np.inf).min(0), np.where(there, x, -np.inf).max(0)
    return low.astype(np.float64), high.astype(np.float64), np.where(np.isfinite(few), few, np.nan)


def spread(found: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Range:
    """The range of all, without those from 0 to 1 among far larger ones, which keep that range (see
    of_its_own)."""
    if not found:
        return np.zeros(1), np.ones(1), 0
    shares = [low.min() >= 0 and 0.5 < high.max() <= 1 for low, high, _ in found]
    larger = [f for f, share in zip(found, shares) if not share]
    if (larger and (np.max([high for _, high, _ in larger], 0)
                    - np.min([low for low, _, _ in larger], 0) > FAR).any()):
        return (*spread(larger)[:2], int(sum(shares))) if any(shares) else of_all(found)
    return of_all(found)


def of_all(found: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Range:
    low, high = np.min([low for low, _, _ in found], 0), np.max([high for _, high, _ in found], 0)
    near = np.nanquantile(np.concatenate([few for _, _, few in found]), NEARLY_ALL, 0)
    cut = (high - low > FARTHER * (near[1] - near[0])) & (near[1] > near[0])
    return np.where(cut, near[0], low), np.where(cut, near[1], high), 0
