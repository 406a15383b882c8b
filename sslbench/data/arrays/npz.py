"""What the arrays of an .npy or .npz file are: the samples, and columns of labels, groups and splits, told by
their names."""

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..column_names import GROUPS, SPLIT_COLUMNS, SPLIT_WORDS, split_name
from ..column_names import LABELS as NAMED
from .npz_members import (
    Member,
    Refused,
    damage_in_one_line,
    mapped,
    members,
    plain,
    read,
    short,
    within_memory,
)

SAMPLES = ("x", "data", "images", "image", "imgs", "pixels", "signals", "signal", "series", "waveforms",
           "features", "sequences",
           "inputs", "input", "samples", "sample", "array", "arr_0")
LABELS = ("y", *NAMED, "arr_1")


@dataclass(frozen=True)
class Arrays:
    """x: the samples [n, ...]; of an .npy a memory map.  columns: name -> one value for each sample, array
    [n], [n, k] or list, with None where there is none.  label, group, split: which of the columns these are
    by their names, or "".
    names: of each sample, its array and its number there, where there are several arrays; else none.
    notes: what was taken and what was left out."""

    x: np.ndarray
    columns: dict[str, np.ndarray | list] = field(default_factory=dict)
    label: str = ""
    group: str = ""
    split: str = ""
    notes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def load(path: Path, axes: tuple[int, ...] = (2, 3, 4), parameter: str = "data.file") -> Arrays:
    """What an .npy or .npz file holds. axes: how many axes the samples may have, the first one counts them.

    In an .npz the samples are called x, X, data, images, signals ..., the labels y, labels, target ..., the
    groups subject, person ...; each for all samples, or for each split: train_images, X_test, y_val.
    ValueError in one line for a file that is damaged, is of another kind, holds Python objects, or claims
    more than it can hold or memory can take.
    """
    if not path.is_file():
        raise ValueError(f"{short(str(path))} is no file; {parameter} must be an .npy or .npz file")
    with damage_in_one_line(path):
        if path.suffix.lower() == ".npy":
            found, x = mapped(path)
            samples_of(path, [found], axes)
            return Arrays(x)
        with zipfile.ZipFile(path) as archive:
            return arranged(path, archive, members(path, archive), axes)


def header_of_samples(path: Path, axes: tuple[int, ...]) -> Member:
    """What the samples are, and none of them is read; of several parts the first."""
    with damage_in_one_line(path):
        if path.suffix.lower() == ".npy":
            found = [mapped(path)[0]]
        else:
            with zipfile.ZipFile(path) as archive:
                found = members(path, archive)
        return next(iter(samples_of(path, found, axes).values()))


def arranged(path: Path, archive: zipfile.ZipFile, found: list[Member], axes: tuple[int, ...]) -> Arrays:
    """Which member is what; these are read, and no others."""
    xs = samples_of(path, found, axes)
    columns = columns_of(path, found, xs)
    used = [m for parts in columns.values() for m in parts.values()]
    within_memory(path, [*xs.values(), *used])
    values = {title: column(archive, xs, parts) for title, parts in columns.items()}
    if any(xs):
        values["split"] = [SPLIT_WORDS.get(part, "train")
                           for part, m in xs.items() for _ in range(m.shape[0])]
    split = next((k for k in SPLIT_COLUMNS if k in values and are_splits(values[k])), "")
    group = next((k for k in GROUPS if k in values and differ(values[k])), "")
    rest = [k for k in values if k not in (*GROUPS, *SPLIT_COLUMNS)]
    label = "label" if "label" in values else rest[0] if len(rest) == 1 else ""
    said = notes(found, xs, used) + [f"{k} names no splits, so none are taken from it" for k in SPLIT_COLUMNS
                                     if k in values and not any(xs) and k != split]
    names = [f"{m.name}:{i}" for m in xs.values() for i in range(m.shape[0])] if len(xs) > 1 else []
    return Arrays(read(archive, list(xs.values())), values, label, group, split, said, names)


def samples_of(path: Path, found: list[Member], axes: tuple[int, ...]) -> dict[str, Member]:
    """The samples: split word -> member, "" for one without; ValueError for none, or unlike ones."""
    able = [m for m in found if len(m.shape) in axes and m.dtype.kind in "fiubc"]
    able = able or [plain(path, m) for m in found if m.dtype.kind in "OV"]
    if not able:
        raise Refused(f"{path.name} has no array of numbers with {' or '.join(map(str, axes))} axes, the "
                      "first of which counts the samples; it has "
                      f"{', '.join(map(str, found[:8])) or 'nothing'}")
    bases = [parted(m.name)[0] for m in able]
    largest = max(able, key=lambda m: (len(m.shape), m.nbytes))
    base = next((b for b in SAMPLES if b in bases), parted(largest.name)[0])
    xs = {parted(m.name)[1]: m for m in reversed(able) if parted(m.name)[0] == base}  # the first counts
    # all samples beside their parts: the parts say more
    if "" in xs and "train" in {SPLIT_WORDS.get(part) for part in xs}:
        del xs[""]
    if len({m.shape[1:] for m in xs.values()}) > 1:
        raise Refused(f"the splits in {path.name} differ in more than the number of samples: "
                      + ", ".join(str(xs[part]) for part in ("", *SPLIT_WORDS) if part in xs))
    return {part: plain(path, xs[part]) for part in ("", *SPLIT_WORDS) if part in xs}


def columns_of(path: Path, found: list[Member], xs: dict[str, Member]) -> dict[str, dict[str, Member]]:
    """Title -> split word -> member for what has one value, or one row of values, for each sample."""
    columns: dict[str, dict[str, Member]] = {}
    order = {name: i for i, name in enumerate(LABELS)}
    for m in sorted(found, key=lambda m: order.get(parted(m.name)[0], len(order))):
        base, part = parted(m.name)
        if (m in xs.values() or part not in xs or len(m.shape) not in (1, 2)
            or m.shape[0] != xs[part].shape[0]):
            continue
        if m.dtype.kind in "OVc" and base not in (*LABELS, *GROUPS, *SPLIT_COLUMNS):
            continue  # it is said that it is not used
        title = "label" if base in LABELS and part not in columns.get("label", {}) else base
        if part not in columns.setdefault(title, {}):
            columns[title][part] = plain(path, m)
    return columns


def column(archive: zipfile.ZipFile, xs: dict[str, Member], parts: dict[str, Member]) -> np.ndarray | list:
    """One column over all splits; None for the samples of a split that does not have it."""
    found = {part: read(archive, [m]) for part, m in parts.items()}
    found = {part: v[:, 0] if v.ndim == 2 and v.shape[1] == 1 else v for part, v in found.items()}
    if len(found) == len(xs) and len({(v.shape[1:], v.dtype.kind) for v in found.values()}) == 1:
        return np.concatenate([found[part] for part in xs])
    return [v for part, x in xs.items() for v in (found[part] if part in found else [None] * x.shape[0])]


def parted(name: str) -> tuple[str, str]:
    """("images", "train") of train_images, images_train and trainImages; (name, "") where it names no
    split."""
    words = [w for w in re.split(r"[_\-. /]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) if w]
    for at in (0, -1):
        if len(words) > 1 and words[at] in SPLIT_WORDS:
            return "_".join(words[1:] if at == 0 else words[:-1]), words[at]
    if len(words) == 1 and words[0] in SPLIT_WORDS:
        return "x", words[0]
    run_together = re.fullmatch(rf"([xy])({'|'.join(SPLIT_WORDS)})", name.lower())
    return (run_together[1], run_together[2]) if run_together else (name.lower(), "")


def differ(values: np.ndarray | list) -> bool:
    """Whether there is more than one value, one for each sample."""
    return np.ndim(values) == 1 and len(np.unique(np.asarray(values).astype(str))) > 1


def are_splits(values: np.ndarray | list) -> bool:
    """Whether all values are names of splits, of two at least."""
    found = ({split_name(v) for v in np.unique(np.asarray(values, str)).tolist()}
             if np.ndim(values) == 1 else {None})
    return None not in found and len(found) > 1


def notes(found: list[Member], xs: dict[str, Member], used: list[Member]) -> list[str]:
    """What a reader should know of the choice: positional or unknown names that were taken, and arrays that
    were not."""
    said = []
    guessed = [m for m in xs.values() if parted(m.name)[0] not in SAMPLES]
    if guessed:
        said.append(f"{', '.join(map(str, guessed))} taken for the samples")
    said += [f"{m} taken for the labels" for m in used if m.name == "arr_1"]
    left = [m for m in found if m not in used and m not in xs.values()]
    if left:
        said.append(f"{len(left)} arrays not used: " + ", ".join(map(str, left[:5]))
                    + (", ..." if len(left) > 5 else ""))
    return said
