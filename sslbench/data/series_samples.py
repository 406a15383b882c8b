"""Files of series -> samples of one length with their labels and splits, ready to be picked from."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import parts as shares
from . import series_files, series_paths, series_scaling, series_windows
from .described import Columns, Described, described
from .series_files import Part
from .splits import split_name
from .table import count

LIMIT = 2048  # steps of a series that are read where nobody asks for more


@dataclass(frozen=True)
class Samples:
    """x [n, C, T] as it is in the file, scaling makes [n, C, a multiple of patch] of some of it.  rows: of the splits and labels,
    numbers of samples -> rows of x.  notes: what was decided, for the reading.  unit: "series" or "windows"."""

    x: Tensor
    rows: np.ndarray
    scaling: series_scaling.Scaling
    described: Described
    patch: int
    gaps: bool
    mapped: bool
    notes: list[str]
    unit: str


@lru_cache(maxsize=2)
def kept(paths: tuple[Path, ...], changed: tuple[int, ...], *how) -> Samples:
    """The files are read again only when they, or how to read them, have changed."""
    return read(list(paths), *how)


def read(paths: list[Path], layout: str, length: int, label: str, group: str, split: str, beside: tuple[str, ...]) -> Samples:
    keys = series_paths.keys(paths)
    given = series_paths.given(paths)
    columns, (label, group, split) = of_paths(keys, label, group, split)
    asked = {name.strip() for what in (label, group, split) for name in (what, *what.split(","))} - {"", "none"}
    found = [series_files.read(path, layout, asked, given is not None) for path in paths]
    alike(found, keys, paths[0].parents[keys[0].count("/")])
    for part, i in zip(found, range(len(found))):
        part.about |= {name: [values[i]] * len(part) for name, values in columns.items() if name not in part.about}
    notes = list(beside) + said(found)
    name = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
    reader = of_recordings if found[0].x.ndim == 2 else of_series
    return reader(found, keys, given, name, length, {"label": label, "group": group, "split": split}, notes)


def of_paths(keys: list[str], label: str, group: str, split: str) -> tuple[dict[str, list], list[str]]:
    """Columns, one value for each file, that folder levels, patterns on names and the files themselves give; and what was asked for,
    with the names of these columns."""
    known = Columns(keys, {}, True)
    out = []
    for what, parameter in ((label, "data.label"), (group, "data.group"), (split, "data.split")):
        by_name = "{" in what or (what.strip().lstrip("-").isdigit() and any("/" in key for key in keys))
        out.append(",".join(known.asked(what, parameter, several=True)) if by_name else what)
    columns = dict(known.columns)
    folders = [key.rpartition("/")[0].rpartition("/")[2] for key in keys]
    classes = set(folders)
    if 1 < len(classes) <= len(keys) // 2 and not any(map(split_name, classes)):
        columns.setdefault("folder", folders)
    return columns, out


def alike(found: list[Part], keys: list[str], folder: Path) -> None:
    """ValueError where files do not hold the same channels."""
    kinds = [(part.x.ndim, part.x.shape[-2]) for part in found]
    common = Counter(kinds).most_common(2)
    if len(common) > 1:
        what = {2: "a recording", 3: "series"}
        shown = [f"{keys[kinds.index(kind)]} holds {what[kind[0]]} of {count(kind[1], 'channel')}" for kind, _ in common]
        best = max(kinds, key=lambda kind: (kinds.count(kind), kind))
        name = keys[kinds.index(best)].rpartition("/")[2]
        raise ValueError(f"the files differ: {' and '.join(shown)}; set data.file to those that are alike, "
                         f"such as {str(folder / '*' / name)!r}")


def said(found: list[Part]) -> list[str]:
    """The remarks on all files, each once."""
    counted = Counter(note for part in found for note in dict.fromkeys(part.notes))
    few = [(note, n) for note, n in counted.items()][:8]
    return [note if n == len(found) else f"{note} ({count(n, 'file')})" for note, n in few]


def of_series(found: list[Part], keys: list[str], given: list | None, name: str, length: int, asked: dict[str, str],
              notes: list[str]) -> Samples:
    """Each series a sample, cut after `length` steps (0: the longest, LIMIT at most) and padded to it."""
    longest = max(part.x.shape[2] for part in found)
    T = min(length or LIMIT, longest)
    x = found[0].x[..., :T] if len(found) == 1 else joined([part.x for part in found], T)
    if longest > T:
        cut = sum(longer_than(part.x, T) for part in found)
        notes.append(f"{cut:,} of {sum(map(len, found)):,} series are longer than {T:,} steps (up to {longest:,}) and cut there; "
                     f"set data.length to read more" if cut else f"{T:,} steps hold every series")
    mapped = len(found) == 1 and isinstance(x, np.memmap)
    x = series_scaling.as_tensor(x)
    rows = filled(x)
    notes += [f"{len(x) - len(rows):,} series without any value left out"] if len(rows) < len(x) else []
    names = [f"{key}:" * (len(keys) > 1) + str(i) for key, part in zip(keys, found) for i in range(len(part))]
    about = {key: picked(values, rows) for key, values in series_windows.together(found).items()}
    given = picked([g for g, part in zip(given, found) for _ in range(len(part))], rows) if given else None
    shares.enough(len(rows), "series", name)
    return finished(x, rows, [names[i] for i in rows], about, found, asked, notes, "series", given, None, mapped, keys)


def of_recordings(found: list[Part], keys: list[str], given: list | None, name: str, length: int, asked: dict[str, str],
                  notes: list[str]) -> Samples:
    """Windows of recordings. Those of a file stay together where there are several files and nothing else says what does."""
    likely = {label for part in found for label in part.likely}
    windows = series_windows.cut(found, length, name, likely | {name.strip() for name in asked["label"].split(",")})
    x, about = windows.x, windows.about
    if len(found) > 1:
        about.setdefault("file", [keys[i] for i in windows.file])
    total = windows.last.max()
    group = asked["group"] or next((part.group for part in found if part.group), "")
    if not group and len(found) > 2 and not given:
        group = "file"
        notes.append("each file is kept in one split (data.group none: do not)")
    own = about.get(group, windows.file)
    given = [given[i] for i in windows.file] if given else None
    column = asked["split"] or next((b for part in found for b in part.borders if b not in part.likely and is_split(about[b])), "")
    if column in about and is_split(about[column]):
        given, asked = [split_name(word) for word in about[column]], asked | {"split": ""}
        notes.append(f"splits from column {column!r}")
        about = {key: values for key, values in about.items() if key != column}
    keep = np.ones(len(windows.first), bool)
    if given:
        given, keep = series_windows.cut_by_time(given, windows.first, windows.last, np.array(own, object).astype(str))
        notes += [f"{count((~keep).sum(), 'window')} over the border of two splits left out"] if not keep.all() else []
    there = np.isin(windows.first, filled(x, windows.first))
    notes += [f"{count((~there).sum(), 'window')} without any value left out"] if not there.all() else []
    rows = np.flatnonzero(keep & there)
    about = {key: picked(values, rows) for key, values in about.items()}
    shares.enough(len(rows), "windows", name)
    names = [f"{keys[windows.file[i]]}:{windows.first[i]}" for i in rows]
    time = np.stack([windows.first[rows], windows.last[rows]], 1) / total
    return finished(x, windows.first[rows], names, about, found, asked | {"group": group}, notes + windows.notes, "windows",
                    picked(given, rows) if given else None, time, False, keys)


def is_split(words: list) -> bool:
    """Whether a column holds names of splits, two at least, and nothing else."""
    names = {split_name(word) for word in set(words)}
    return None not in names and len(names) > 1


def finished(x: Tensor, rows: np.ndarray, names: list[str], about: dict, found: list[Part], asked: dict[str, str], notes: list[str],
             unit: str, given: list | None, time: np.ndarray | None, mapped: bool, keys: list[str]) -> Samples:
    """The samples with their splits, their labels, and what brings each channel to mean 0 and deviation 1."""
    likely = [name for name in dict.fromkeys(name for part in found for name in part.likely) if name in about]
    likely += ["folder"] if "folder" in about and not likely and asked["label"] != "none" else []
    group = asked["group"] or next((part.group for part in found if part.group), "")
    group = "" if asked["group"] == "none" or group == asked["label"] else group
    split = asked["split"] or next((part.given for part in found if part.given), "")
    known = described(names, about, label=asked["label"], group=group, split=split, likely=likely, given=given, time=time)
    train = torch.zeros(len(rows), dtype=torch.bool)
    train[known.splits.rows["train"]] = True
    seen = series_scaling.looked_at(x, torch.from_numpy(rows), train)
    patch = shares.patch_of_series(x.shape[2])
    length = -(-x.shape[2] // patch) * patch
    notes = notes + seen.said(found[0].channels) + known.said + classes_missing(known)
    return Samples(x, rows, seen.scaling(length), known, patch, seen.absent or length > x.shape[2], mapped, notes, unit)


def classes_missing(known: Described) -> list[str]:
    """Classes that a split does not show, in words."""
    name, y = next(iter(known.labels.items()), ("", None))
    if y is None or y.is_floating_point() or y.ndim > 1:
        return []
    missing = {split: sorted({*range(len(known.classes[name]))} - set(y[rows].tolist())) for split, rows in known.splits.rows.items()}
    return [f"no {', '.join(known.classes[name][i] for i in gone[:3])}{' ...' * (len(gone) > 3)} in the {split} split"
            for split, gone in missing.items() if gone and len(gone) < len(known.classes[name])]


def joined(xs: list[np.ndarray], T: int) -> np.ndarray:
    """Series of several files, padded to T steps."""
    out = np.full((sum(map(len, xs)), xs[0].shape[1], T), np.nan, np.float32)
    at = 0
    for x in xs:
        out[at:at + len(x), :, : x.shape[2]] = x[..., :T]
        at += len(x)
    return out


def longer_than(x: np.ndarray, T: int) -> int:
    """How many series have a value after T steps."""
    if x.dtype.kind != "f" or isinstance(x, np.memmap):
        return len(x) if x.shape[2] > T else 0
    return int((~np.isnan(x[..., T:])).any((1, 2)).sum())


def filled(x: Tensor, rows: np.ndarray | None = None) -> np.ndarray:
    """The numbers of the rows that hold any value."""
    rows = np.arange(len(x)) if rows is None else rows
    if not x.is_floating_point():
        return rows
    size = max(1, series_scaling.PIECE // max(1, x[:1].nbytes))
    pieces = np.split(rows, range(size, len(rows), size))
    return np.concatenate([r[x[torch.from_numpy(r)].isfinite().flatten(1).any(1).numpy()] for r in pieces])


def picked(values, rows: np.ndarray):
    return values[rows] if isinstance(values, np.ndarray) else [values[i] for i in rows]
