"""What somebody holds in memory, whatever its kind, as pieces of plain arrays and columns: the first step of
`arrays`.

Nothing is copied that can be shared: arrays, tensors on the CPU, memory maps and the numbers of a table stay
where they are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..column_names import GROUPS, split_name
from .items import LABEL_KEYS, X_KEYS, Taken, array_of, is_dataset, is_numbers, of_items, renamed, taken
from .npz import differ
from .pandas_frames import is_frame, is_series, of_frame
from .unequal import filled


@dataclass
class Handed:
    """pieces: arrays [n_i, ...], one after the other.  columns: name -> values of all samples.  label: names
    of columns.
    group: name of a column or "".  given: the split of each sample, or None.  notes: what was decided or not
    used."""

    pieces: list[np.ndarray]
    columns: dict[str, Any] = field(default_factory=dict)
    label: list[str] = field(default_factory=list)
    group: str = ""
    given: list[str | None] | None = None
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, self.pieces))


def handed(x: Any, labels: Any = None, groups: Any = None, splits: Any = None) -> Handed:
    """x as `arrays` takes it, and the labels, groups and splits given beside it."""
    if x is None or isinstance(x, (str, bytes, int, float)):
        raise ValueError(f"x is {type(x).__name__}; give an array, a tensor or a dataset (files are read by "
                         "the sources images, series and text)")
    if isinstance(x, Mapping) and x and all(split_name(key) for key in x):
        return beside(by_split(x), labels, groups, splits)
    notes: list[str] = []
    if is_frame(x):
        x, labels, groups, splits, notes = of_frame(x, labels, groups, splits)
    found = whole(x)
    label = [found.label] if found.label else []
    one = Handed([filled(found)], found.columns, label, notes=notes + found.notes)
    return beside(one, labels, groups, splits)


def whole(x: Any) -> Taken:
    """All samples, not yet one array where they are unequal."""
    return renamed(of_arrays(x) if isinstance(x, Mapping) else taken(x) if is_dataset(x) else of_plain(x))


def of_arrays(x: Mapping) -> Taken:
    """{"x": samples, "y": labels, ...}, each for all samples."""
    key = next((k for k in X_KEYS if k in x), None)
    if key is None:
        raise ValueError(f"x is a dict with the keys {', '.join(map(str, list(x)[:8]))}; give one of its "
                         "arrays, or {'train': (x, y), 'test': (x, y)}")
    found = whole(x[key])
    label = next((k for k in LABEL_KEYS if k in x), "")
    found.columns |= {str(k): v for k, v in x.items()
                      if k != key and (k == label or np.shape(v)[:1] == (len(found.x),))}
    found.label = found.label or label
    return found


def of_plain(x: Any) -> Taken:
    """An array or what is like one, a pair (x, y), a list of samples or of numbers."""
    if isinstance(x, Iterator):
        raise ValueError("x is an iterator, which can be read once and has no length; give list(x)")
    if type(x).__module__.partition(".")[0] == "scipy":
        raise ValueError("x is a sparse matrix; give x.toarray()")
    if is_series(x) or (isinstance(x, np.ndarray) and x.dtype == object and x.ndim == 1):
        return of_items(list(x))
    if not isinstance(x, (list, tuple)):
        return Taken(x)
    if not is_numbers(x):
        pair = isinstance(x, tuple) and len(x) == 2 and len(x[0]) == len(x[1]) > 2
        return of_pair(x) if pair else of_items(x)
    try:
        return Taken(np.asarray(x))
    except ValueError:  # of rows of unequal length NumPy makes no array
        return Taken([np.asarray(row) for row in x])


def by_split(x: Mapping) -> Handed:
    """{"train": x or (x, y) or a dataset, "test": ...}: one piece for each."""
    out = Handed([], given=[])
    found = {key: of_pair(value) if isinstance(value, tuple) and len(value) in (2, 3) else whole(value)
             for key, value in x.items()}
    for name in dict.fromkeys(name for t in found.values() for name in t.columns):
        out.columns[name] = [v for t in found.values() for v in (
            sized(t.columns[name], len(t.x), name) if name in t.columns else [None] * len(t.x))]
    for key, t in found.items():
        out.pieces.append(filled(t))
        out.given += [split_name(key)] * len(t.x)
        out.label = out.label or ([t.label] if t.label else [])
        out.notes += t.notes
    kinds = {(p.shape[1:], p.dtype) for p in out.pieces}
    if len(kinds) > 1:
        raise ValueError("the splits must be alike in all but their number of samples: "
                         + ", ".join(f"{key} is {p.dtype} {list(p.shape)}" for key, p in zip(x, out.pieces)))
    return out


def of_pair(pair: tuple) -> Taken:
    """(x, y), or (x, y, groups)."""
    found, y = whole(pair[0]), pair[1]
    columns = dict(y) if isinstance(y, Mapping) else {} if y is None else {"label": y}
    groups = {"group": pair[2]} if len(pair) == 3 and pair[2] is not None else {}
    return Taken(found.x, columns | groups, next(iter(columns), ""), found.notes)


def values_of(values: Any) -> Any:
    """Labels as an array or a list; what pandas calls absent is None."""
    if is_frame(values):
        values = values.to_numpy()
    if is_series(values):
        return [None if gone else v for v, gone in zip(values.tolist(), values.isna().tolist())]
    return array_of(values) if not isinstance(values, (list, tuple, np.ma.MaskedArray)) else values


def beside(found: Handed, labels: Any, groups: Any, splits: Any) -> Handed:
    """With the labels, groups and splits that were given as arguments; they win over those that x brought."""
    n = len(found)
    if labels is not None:
        labels = {name: labels[name] for name in labels.columns} if is_frame(labels) else labels
        given = labels if isinstance(labels, Mapping) else {"label": labels}
        found.columns |= {str(name): sized(values, n, "labels") for name, values in given.items()}
        found.label = [str(name) for name in given]
    groups, splits = (found.columns.get(what, what) if isinstance(what, str) else what
                      for what in (groups, splits))
    if groups is not None:
        found.columns["group"], found.group = sized(groups, n, "groups"), "group"
    else:
        found.group = next((name
                            for name in found.columns if name.lower() in GROUPS and name not in found.label
                            and differ(found.columns[name])), "")
    if splits is not None:
        found.given = (of_rows(splits, n)
                       if isinstance(splits, Mapping) else named_splits(sized(splits, n, "splits")))
    if found.given and len(set(found.given)) == 1:
        found.notes.append("all samples are given as one split, so the splits are drawn")
    return found


def sized(values: Any, n: int, what: str) -> Any:
    """The values; ValueError when they are not one for each sample."""
    values = [] if isinstance(values, (str, bytes)) else values_of(values)
    if np.ndim(values) == 0 or len(values) != n:
        raise ValueError(f"{what} must have the shape [{n}], one for each sample, not "
                         f"{list(np.shape(values))}")
    return values


def of_rows(splits: Mapping, n: int) -> list[str | None]:
    """{"train": row numbers or a mask, "test": ...} as the split of each sample; those of no split train."""
    given: list[str | None] = [None] * n
    for key, rows in splits.items():
        rows = np.asarray(values_of(rows))
        rows = np.flatnonzero(rows) if rows.dtype == bool and rows.shape == (n,) else rows
        there = (rows.ndim == 1 and rows.dtype.kind in "iu"
                 and (not len(rows) or 0 <= rows.min() <= rows.max() < n))
        if split_name(key) is None or not there:
            raise ValueError(f"splits[{key!r}] must be train, validation or test and hold row numbers from "
                             f"0 to {n - 1}, or a mask of {n}")
        for i in rows.tolist():
            if given[i] not in (None, split_name(key)):
                raise ValueError(f"sample {i} is in two splits, {given[i]} and {split_name(key)}")
            given[i] = split_name(key)
    return given


def named_splits(words: Any) -> list[str | None]:
    """"train", "validation", "test" or None for each word; ValueError for other words."""
    words = [None if w is None or w != w or w == "" else str(w)
             for w in np.asarray(words, object).reshape(-1).tolist()]
    unknown = sorted({w for w in words if w is not None and split_name(w) is None})
    if unknown:
        raise ValueError(f"splits holds {unknown[0][:40]!r}; its words must be train, validation (or val) "
                         "and test")
    return [None if w is None else split_name(w) for w in words]
