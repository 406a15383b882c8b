"""One file of series -> what it holds: series, or one long recording; and what is said about them."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import npz
from ..arrays.shapes import steps_first
from ..file_kinds import otherwise
from ..tables import reading
from ..tables.table import Table, count
from . import columns, paths, ts_files

OTHERWISE = " (data.layout can say otherwise)"


@dataclass
class Part:
    """What a file holds.

    x: series [n, C, T], or one recording [C, T] over time; shorter series end in NaN.  about: name -> one
    value for each series, or for each step of the recording.  likely, group, borders: of these columns, as in
    `columns.Roles`.
    given: the column of given splits, or "".  channels: their names.  names: of all columns of the file.
    long: channels of a recording whose numbers float32 does not tell apart -> float64 [T].
    """

    x: np.ndarray
    about: dict[str, Any] = field(default_factory=dict)
    likely: list[str] = field(default_factory=list)
    group: str = ""
    borders: list[str] = field(default_factory=list)
    given: str = ""
    channels: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    long: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)  # a name of each series, where it is not its number

    def __len__(self) -> int:
        """The number of series, or of steps of the recording."""
        return self.x.shape[0 if self.x.ndim == 3 else 1]


def read(path: Path, layout: str, asked: set[str], parts: bool, unit: str = "") -> Part:
    """What is in the file. layout: "rows", "columns" or "auto".  asked: columns that somebody named.  parts:
    there is a file of training and one of test series.  unit: what a trained run makes of such files,
    "series" or "windows", "" where nobody knows. ValueError in one line when these are no series."""
    kind = path.suffix.lower()
    if kind in (*reading.KINDS, ".npy", ".npz"):
        part = (of_table(path, as_before(layout, unit), asked, parts) if kind in reading.KINDS
                else of_arrays(path, layout, unit))
        if other := paths.partner(path, "x", "y"):
            labels_beside(part, path, other)
        return part
    if kind in (".ts", ".arff"):
        series, words = ts_files.read(path)
        return Part(padded(series), {"class": words} if words else {}, ["class"] if words else [],
                    channels=numbered(series[0].shape[0]))
    other = otherwise([path], 0).removeprefix("1 ")
    raise ValueError(f"{path.name} is a {other}" if other else f"{path.name} is of a kind that is not read; "
                     f"data.file must end in {', '.join(paths.KINDS)}")


def as_before(layout: str, unit: str) -> str:
    """The layout that is meant where a run is trained already: few rows must not look like another."""
    return {"windows": "columns", "series": "rows"}.get(unit, layout) if layout == "auto" else layout


def read_all(paths: list[Path], layout: str, names: set[str], parts: bool, unit: str = "") -> list[Part]:
    """What the files hold; where some look like series and some like recordings, all are read as most of them
    are."""
    try:
        found = [read(path, layout, names, parts, unit) for path in paths]
    except NoChannel as error:
        raise ValueError(f"{error}{such_as(paths, error.path)}") from None
    kinds = Counter(part.x.ndim for part in found)
    if layout != "auto" or len(kinds) < 2:
        return found
    most = kinds.most_common(1)[0][0]
    how = "columns" if most == 2 else "rows"
    return [part if part.x.ndim == most else read(path, how, names, parts)
            for part, path in zip(found, paths)]


class NoChannel(ValueError):
    """A table at `path` in which no column is a channel or a time step."""

    def __init__(self, path: Path, table: Table):
        super().__init__(without_channel(table, path.name))
        self.path = path


def without_channel(table: Table, name: str) -> str:
    """Why there are no series in a table, in words: it has no numbers, or they are counts, times, labels."""
    if not any(table.numbers(one) for one in table.names):
        return f"{name} has no column of numbers; its columns are {', '.join(table.names[:12])}"
    kinds = {"about": "a label or a name", "channel": "asked for as label, group or split"}
    of = [(one, columns.kind_of(table, one, table.numbers(one), columns.tokens(one)))
          for one in table.names[:6]]
    said = [f"{one!r} ({kinds.get(kind, kind)})" for one, kind in of]
    return f"{name} holds no series: its columns are {', '.join(said)}"


def such_as(paths: list[Path], not_this: Path) -> str:
    """Which files to name instead: those whose names differ by a number only, in words, or ""."""
    names = Counter(pattern_of(path) for path in paths if pattern_of(path) != pattern_of(not_this))
    name, n = names.most_common(1)[0] if names else ("", 0)
    return (f"; set data.file to the series alone, such as {str(paths[0].parent / name)!r} "
            f"({count(n, 'file')})" if n > 1 else "")


def pattern_of(path: Path) -> str:
    """What fits the name with any numbers; * alone may fit others too."""
    return re.sub(r"\d+", "[0-9]*", path.name)


def numbered(n: int) -> list[str]:
    return [f"channel {i}" for i in range(1, n + 1)]


def padded(series: list[np.ndarray]) -> np.ndarray:
    """Series [C, T_i] of different lengths -> float32 [n, C, T] with T the longest; the rest is NaN."""
    out = np.full((len(series), series[0].shape[0], max(s.shape[1] for s in series)), np.nan, np.float32)
    for row, s in zip(out, series):
        row[:, : s.shape[1]] = s
    return out


def of_table(path: Path, layout: str, asked: set[str], parts: bool) -> Part:
    table = reading.read(path)
    found = columns.roles(table, asked, layout, parts)
    if not found.numbers:
        raise NoChannel(path, table)
    x = np.empty((len(found.numbers), len(table)), np.float32)
    for row, name in zip(x, list(found.numbers)):
        with np.errstate(over="ignore"):
            row[:] = found.numbers[name]
    names = list(found.numbers)
    part = Part(x, found.about, found.likely, found.group, found.borders, channels=names, names=table.names,
                notes=table.notes + found.notes)
    if found.layout == "columns":
        part.long = {name: values for name, values in found.numbers.items() if (abs(values) > 2**24).any()}
        how = ("a channel per column"
               + (f": {columns.shown(names, 4)}" if table.headed else f", {len(names)} of them"))
    else:
        there = np.flatnonzero(~np.isnan(x).all(1))
        x = x[: there[-1] + 1] if len(there) else x[:1]
        part.x, part.channels = np.ascontiguousarray(x.T)[:, None], ["the series"]  # [n, 1, T]
        how = f"a series per row of {len(x)} steps"
    part.notes.insert(0, how + OTHERWISE * (layout == "auto"))
    return part


def labels_beside(part: Part, path: Path, other: Path) -> None:
    """The labels of x_train.npy or X_train.txt from y_train beside it."""
    if other.suffix.lower() in reading.KINDS:
        table = reading.read(other)
        values = table.words(table.names[-1])
    else:
        values = npz.load(other, (1, 2)).x
    if len(values) != len(part):
        raise ValueError(f"{path.name} has {len(part)} series and {other.name} {len(values)} labels; they "
                         "must be as many")
    part.about["label"], part.likely = values, ["label"]
    part.notes.append("labels from the files y beside it")


def without_labels(found: list[Part], paths: list[Path]) -> list[str]:
    """Files without the column of labels that others have."""
    names = dict.fromkeys(name for part in found for name in part.likely)
    lacking = [(path.name, len(part), gone)
               for path, part in zip(paths, found) if (gone := [n for n in names if n not in part.about])]
    return [f"no column {', '.join(map(repr, gone[:4]))} in {name}, so its {count(n, 'row')} have none"
            for name, n, gone in lacking[:3]]


def of_arrays(path: Path, layout: str, unit: str) -> Part:
    """[n, T], [n, C, T] or [n, T, C] with more steps than channels; [T] or, few columns wide or where a run
    reads windows, [T, C]: one recording."""
    held = npz.load(path, (1, 2, 3))
    x, notes, about = held.x, list(held.notes), dict(held.columns)
    flat = as_before(layout, unit)  # of [n, T]: three axes are series, however a run reads its files
    part = Part(x, about, [held.label] if held.label else [], held.group, given=held.split, notes=notes,
                called=held.names)
    if x.ndim == 3:
        last = layout == "columns" or (layout == "auto" and steps_first(*x.shape[1:]))
        part.x = x = x.swapaxes(1, 2) if last else x
        part.notes.insert(0, f"channels {'last' if last else 'first'}: {count(x.shape[1], 'channel')} of "
                             f"{count(x.shape[2], 'step')}"
                          + OTHERWISE * (layout == "auto"))
    elif (x.ndim == 1 or flat == "columns"
          or (flat == "auto" and not about and x.shape[1] < 8 and len(x) >= 80)):
        part.x = x = x.reshape(len(x), -1).T
        part.notes.insert(0, f"one recording of {x.shape[1]:,} steps")
    else:
        part.x = x = x[:, None]
    part.channels = numbered(x.shape[-2])
    return part
