"""Whether the rows of a table are series, or the time of one recording whose channels are the columns."""

import re
import warnings
from collections import Counter
from itertools import pairwise

import numpy as np

from ..tables import cells
from ..tables.table import Table

WIDE = 20  # more columns of numbers than this are time steps, unless their names are different words
# what stands before the number of a time step
STEPS = {"", "t", "time", "step", "ts", "timestep", "time_step", "tick", "sample", "frame"}
Columns = dict[str, np.ndarray]  # name -> float64 [rows]


def likely_layout(table: Table, found, parts: bool) -> str:
    """A series per row where the columns are called like time steps, or are many without names of their own,
    unless a clock says that the rows are time. found: the roles of the columns so far."""
    numbers, about = found.numbers, found.about
    names = [name for name in numbers if name not in table.made]
    n, rows = len(numbers), len(table)
    if not n or "recording" in about:
        return "columns"
    if not names or (parts and not table.headed):
        turned = (n > WIDE or (parts and n > 4)) and not flows(numbers)
        return "rows" if turned or (n >= 8 and shuffled(numbers, about)) else "columns"
    stem, alike = Counter(map(stem_of, names)).most_common(1)[0]
    if found.clock and alike < 0.8 * n:
        return "columns"
    if n > WIDE:
        return ("rows" if (alike >= 0.8 * n and (stem.lower() in STEPS or not flows(numbers))) or rows < 80
                else "columns")
    steps = stem.lower() in STEPS and alike >= 0.8 * n and n >= 8
    return "rows" if steps or (n >= 8 and (rows < 80 or shuffled(numbers, about))) else "columns"


def flows(numbers: Columns) -> bool:
    """Whether numbers go on smoothly from row to row and not from column to column: then the rows are
    time."""
    x = np.stack([values[:2000] for values in numbers.values()], 1)  # [rows, columns]
    if len(x) < 80:
        return False
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # columns without numbers
        down, along = (np.nanmean(np.diff(x, axis=i) ** 2, i) / np.nanvar(x, i) for i in (0, 1))
        return bool(np.nanmedian(down) < 0.25 * np.nanmedian(along))


def shuffled(numbers: Columns, about: dict[str, list[str]]) -> bool:
    """Whether a label changes from row to row, as that of a series in each row does; in time it stays for a
    while."""
    ends = [values for values in (list(numbers.values())[i] for i in (0, -1)) if cells.whole(values)]
    labels = ([words for words in about.values() if few_words(words)]
              + [v.tolist() for v in ends if few_words(v.tolist())])
    return any(3 * sum(a != b for a, b in pairwise(words)) > len(words) for words in labels[:1])


def stem_of(name: str) -> str:
    """A name without the number at its end."""
    return re.sub(r"[\W_]*\d+([.,]\d+)?$", "", name.strip())


def few_words(words: list) -> bool:
    """Whether values come again often enough to be classes."""
    different = set(words) - {""}
    return 1 < len(different) <= max(2, sum(map(bool, words)) // 2)
