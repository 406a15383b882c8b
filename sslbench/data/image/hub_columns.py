"""The columns of a data set of the Hugging Face Hub that can be labels or groups, over all of its splits:
each may name its classes in an order of its own, or have no such column."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...catalog import nearest
from ...messages import quoted
from ..column_names import likely


def said_columns(splits: dict[str, Any]) -> dict[str, list[str]]:
    """Columns that can be labels or groups -> names of their values in any split, [] where they have none."""
    from datasets import ClassLabel, Value
    found: dict[str, list[str]] = {}
    for data in splits.values():
        for name, kind in data.features.items():
            if isinstance(getattr(kind, "feature", kind), ClassLabel):
                found[name] = list(dict.fromkeys([*found.get(name, []), *classes_of(data, name)]))
            elif isinstance(kind, Value) and "binary" not in kind.dtype:
                found.setdefault(name, [])
    return found


def classes_of(data: Any, name: str) -> list[str]:
    """The names of a column's classes in one split; [] where it has none there."""
    kind = data.features[name]
    return list(getattr(getattr(kind, "feature", kind), "names", None) or [])


def label_in(columns: dict[str, list[str]]) -> str:
    """The likely label: one with named classes, or called so; "none" where there is none."""
    return next((name for name, words in columns.items() if words), "") or likely(columns) or "none"


def wanted(columns: dict[str, list[str]], label: str, group: str) -> list[str]:
    """The columns that are read for label and group; ValueError in one line where one is not there."""
    asked = [("data.label", [label] if label in columns else re.split("[,+]", label)),
             ("data.group", [group] if group else [])]
    found = []
    for parameter, names in asked:
        for name in map(str.strip, names):
            if name not in columns and name != "none":
                raise ValueError(f"{parameter}: {nearest('column', name[:60], columns)}")
            found += [name] if name in columns else []
    return list(dict.fromkeys(found))


def values_of(data: Any, name: str, words: Sequence[str], several: bool) -> list | np.ndarray:
    """A column of one split: [n] words or numbers, None where there is none; lists of classes as [n, k] of 0
    and 1, -1 where there is none. words: the names of its classes in all splits, which their numbers stand
    for.  several: these are lists of classes, in a split that has them."""
    if name not in data.features:
        return np.full((len(data), len(words)), -1, np.int64) if several else [None] * len(data)
    values, own = list(data.select_columns([name])[:][name]), classes_of(data, name)
    number = {word: i for i, word in enumerate(words)}
    place = {i: number[word] for i, word in enumerate(own)} if own else number
    if several:
        rows = np.zeros((len(values), len(words)), np.int64)
        for row, classes in zip(rows, values):
            row[[place[c] for c in as_list(classes) if c in place]] = 1
            row[:] = -1 if classes is None else row
        return rows
    values = [place.get(v, v) for v in values] if words else values
    return values if any(v is None or isinstance(v, str) for v in values) else np.asarray(values)


def as_list(classes: Any) -> list:
    return classes if isinstance(classes, list) else [] if classes is None else [classes]


def lists_of_classes(splits: dict[str, Any], name: str) -> bool:
    """Whether any split has several classes for each picture in this column."""
    return any(hasattr(data.features.get(name), "feature") for data in splits.values())


def missing(splits: dict[str, Any], columns: Sequence[str]) -> list[str]:
    """A remark for each split that has not all of these columns."""
    gone = {word: [name for name in columns if name not in data.features] for word, data in splits.items()}
    return [f"split {quoted(word)} of {len(splits[word]):,} pictures has no column "
            f"{', '.join(map(quoted, names))}, so they have none" for word, names in gone.items() if names]
