"""Several rows of one thing: captions of a picture, sentences of a person. Drawn row by row, what is tested
on has been seen in training. Plain functions."""

from collections.abc import Collection
from typing import Any

import numpy as np

from .column_names import GROUPS
from .labels import NO_LABEL

# names of columns that say what a row is about
THINGS = {*GROUPS, *"""id image images img picture photo file files filename file_name path filepath url name
          key video document doc article author recording clip case sample title page""".split()}
ENDINGS = "_id", "_name", "_file", "_path"
FEWEST = 10  # things that can be split
SHARE = 0.05  # of the rows that are further ones of a thing; fewer are chance


def repeated(columns: dict[str, Any], taken: Collection[str]) -> list[str]:
    """A remark on the first column that names things and names them more than once; [] where none does.
    taken: columns that are labels."""
    for name, values in columns.items():
        word = str(name).strip().lower()
        if name in taken or not (word in THINGS or word.endswith(ENDINGS)) or np.ndim(values) != 1:
            continue
        there = [str(v) for v in values if v is not None and str(v).strip() not in NO_LABEL]
        things = len(set(there))
        if things >= FEWEST and len(there) - things > SHARE * len(there):
            return [f"column {name!r} repeats, {len(there):,} rows of {things:,}: data.group {name} keeps "
                    "them together"]
    return []
