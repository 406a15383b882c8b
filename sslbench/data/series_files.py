"""Files of series -> samples: CSV tables in two layouts, .npy and .npz arrays, and the UCR/UEA archive's .ts.

Everything is float32 [n, C, T]; shorter series end in NaN, missing values are NaN.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from . import cells, tables

WIDE = 20  # more columns of numbers than this are time steps, fewer are channels


@dataclass(frozen=True)
class Samples:
    """x [n, C, T].  words: label of each, or [].  tests: how many at the end are the given test split.
    starts: at which share of the whole time each begins and ends, so that splits can be stretches of time; or None."""

    x: np.ndarray
    words: list[str] = field(default_factory=list)
    label: str = "label"
    tests: int = 0
    starts: np.ndarray | None = None  # [n, 2]


def read(path: Path, layout: str, length: int, label_column: str) -> Samples:
    """The samples of a file; ValueError in one line when its contents are not series."""
    kind = path.suffix.lower()
    if kind in (".csv", ".tsv"):
        return read_csv(path, layout, length, label_column)
    if kind in (".npy", ".npz"):
        return read_arrays(path, length)
    if kind == ".ts":
        return read_ts(path, length)
    raise ValueError(f"{path.name} is of a kind that is not read; data.file must end in .csv, .tsv, .npy, .npz or .ts")


def padded(series: list[np.ndarray], length: int) -> np.ndarray:
    """Series [C, T_i] of different lengths -> [n, C, T] with T the longest, at most `length`; the rest is NaN."""
    T = min(length, max(s.shape[1] for s in series))
    out = np.full((len(series), series[0].shape[0], T), np.nan, np.float32)
    for row, s in zip(out, series):
        row[:, : s.shape[1]] = s[:, :T]
    return out


def read_csv(path: Path, layout: str, length: int, label_column: str) -> Samples:
    table = tables.read(path)
    names, rows = table.names, list(zip(*(table.words(name) for name in table.names)))
    label = label_of(path, names, rows, label_column)
    numbers = [i for i in range(len(names)) if i != label and cells.numeric([row[i] for row in rows])]
    if not numbers:
        raise ValueError(f"{path.name} has no column of numbers; its columns are {', '.join(names[:12])}")
    values = np.array([[cells.number(row[i]) for i in numbers] for row in rows], np.float32)  # [rows, columns]
    words = [row[label].strip() or "(none)" for row in rows] if label is not None else []
    key = names[label] if label is not None else "label"
    if layout == "rows" or (layout == "auto" and len(numbers) > WIDE):
        there = np.flatnonzero(~np.isnan(values).all(0))
        return Samples(values[:, None, : min(length, there[-1] + 1)], words, key)
    return windows(path, values, words, key, length)


def windows(path: Path, values: np.ndarray, words: list[str], key: str, length: int) -> Samples:
    """One long series [T, C] -> windows that overlap by 7/8; the label of a window is the one most of its rows have."""
    if len(values) < 10 * length:
        raise ValueError(f"{path.name} has {len(values)} rows, too few for windows of {length}; set data.length"
                         f" to {len(values) // 10} or less, or data.layout to 'rows' if each row is one series")
    starts = np.arange(0, len(values) - length + 1, max(1, length // 8))
    x = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(values, length, 0)[starts])  # [n, C, length]
    labels = [Counter(words[s:s + length]).most_common(1)[0][0] for s in starts] if words else []
    return Samples(x, labels, key, starts=np.stack([starts, starts + length], 1) / len(values))


def label_of(path: Path, names: list[str], rows: list[list[str]], label_column: str) -> int | None:
    """Position of the label: the named column, one called label or class, or the only column of words in wide tables."""
    if label_column:
        table = tables.read(path)
        table.column(label_column, "data.label_column")
        return names.index(label_column)
    if likely := [i for i, name in enumerate(names) if name.lower() in ("label", "class", "target", "category", "y")]:
        return likely[0]
    words = [i for i in range(len(names)) if not cells.numeric([row[i] for row in rows[:200]])]
    few = [i for i in words if len({row[i] for row in rows}) <= max(2, len(rows) // 10)]  # dates and ids have many values
    return few[0] if len(few) == 1 else None


def read_arrays(path: Path, length: int) -> Samples:
    """[n, T] or [n, C, T]; in an .npz the array x (or X, data, else the first of that shape) and labels y (or labels)."""
    try:
        loaded = np.load(path, allow_pickle=False)
        held = {"x": loaded} if isinstance(loaded, np.ndarray) else {k: loaded[k] for k in loaded.files}
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{path.name} cannot be read as plain arrays ({str(error).splitlines()[0]}); "
                         "save numbers with numpy.save or numpy.savez, padded with NaN where lengths differ") from None
    named = [held[k] for k in ("x", "X", "data") if k in held]
    x = next((a for a in [*named, *held.values()] if a.ndim in (2, 3) and a.dtype.kind in "fiub"), None)
    if x is None:
        raise ValueError(f"{path.name} has no array of shape [n, T] or [n, C, T]; it has " + (", ".join(
            f"{k} {list(a.shape)}" for k, a in held.items()) or "nothing"))
    y = next((held[k] for k in ("y", "labels", "label", "Y") if k in held), [])
    if len(y) not in (0, len(x)):
        raise ValueError(f"{path.name} has {len(x)} series and {len(y)} labels; they must be as many")
    x = x[:, None] if x.ndim == 2 else x
    words = [str(v) for v in np.asarray(y).reshape(len(y), -1)[:, 0]] if len(y) else []
    return Samples(np.ascontiguousarray(x[..., :length], np.float32), words)


def read_ts(path: Path, length: int) -> Samples:
    """A .ts file; beside NAME_TRAIN.ts, NAME_TEST.ts is read too and stays the test split."""
    series, words = parse_ts(path)
    other = path.with_name(path.name.replace("_TRAIN", "_TEST"))
    tests = 0
    if other != path and other.is_file():
        more, more_words = parse_ts(other)
        series, words, tests = series + more, words + more_words, len(more)
    if len({s.shape[0] for s in series}) > 1:
        raise ValueError(f"{path.name} has series with different numbers of channels; they must have the same")
    return Samples(padded(series, length), words, "class", tests)


def parse_ts(path: Path) -> tuple[list[np.ndarray], list[str]]:
    """[C, T] of each line, and its label where the header says that there are labels."""
    series, words, labelled, begun = [], [], False, False
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        line = line.strip()
        if line.startswith("@") and not begun:
            labelled |= line.lower().startswith(("@classlabel true", "@targetlabel true"))
            begun = line.lower() == "@data"
        elif begun and line:
            *channels, label = line.split(":") if labelled else [*line.split(":"), ""]
            try:
                channels = [np.array([cells.number(v) for v in c.split(",")], np.float32) for c in channels]
            except ValueError:
                raise ValueError(f"line {number} of {path.name} is not numbers; .ts with time stamps is not read") from None
            if not channels:
                raise ValueError(f"line {number} of {path.name} is broken: it has a label and no numbers")
            series.append(padded_channels(channels))
            words += [label.strip()] if labelled else []
    if not series:
        raise ValueError(f"{path.name} has no series below a line @data")
    return series, words


def padded_channels(channels: list[np.ndarray]) -> np.ndarray:
    T = max(len(c) for c in channels)
    return np.stack([np.pad(c, (0, T - len(c)), constant_values=np.nan) for c in channels])
