"""data.file of series -> files: one, several, a pattern or a folder; and the splits that their names give."""

import os
import re
from collections import Counter
from pathlib import Path

from .. import locations
from ..file_kinds import about_the_data, otherwise
from ..folders import parted, without_split
from ..metadata import Columns
from ..tables import reading

KINDS = (*reading.KINDS, ".npy", ".npz", ".ts", ".arff")
MOST = 100_000  # files


def files(file: str) -> tuple[list[Path], list[str]]:
    """The files of series, in order, and remarks on those that were left out or found beside them.

    FileNotFoundError or ValueError in one line where there is none.
    """
    one = locations.absolute(file)
    if one.is_file():
        return beside(one)
    if one.is_dir():
        return within(one)
    parts = locations.several(file, "data.file")
    found = dict.fromkeys(one for path, fitting in parts for one in fitting or within(path)[0])
    found = [path for path in found if not partner(path, "y", "x")]
    if not found:
        raise FileNotFoundError(f"there is no file of series among {file[:200]!r}; check data.file")
    return sorted(found, key=natural) if len(parts) == 1 else found, []


def beside(path: Path) -> tuple[list[Path], list[str]]:
    """The file, and those beside it that hold the other splits of the same data: NAME_TRAIN and NAME_TEST,
    train and val."""
    if split_of(path.stem) != "train":
        return [path], []
    others = [other for other in sorted(path.parent.iterdir())
              if other != path and other.suffix.lower() == path.suffix.lower()
              and without_split(other.stem) == without_split(path.stem)
              and split_of(other.stem) not in (None, "train") and other.is_file()]
    return [path, *others], [
        f"{', '.join(other.name for other in others)} beside it read too"] if others else []


def within(folder: Path) -> tuple[list[Path], list[str]]:
    """All files of series below a folder, of the kind that most of them are."""
    there = [path for path in sorted(folder.rglob("*"), key=natural)
             if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    every = [path for path in there if path.suffix.lower() in KINDS and not about_the_data(path)][:MOST]
    if other := otherwise(there, len(every)):
        raise ValueError(f"{str(folder)!r} holds {other}")
    if not every:
        raise ValueError(f"{str(folder)!r} is a folder without files of series; those end in "
                         f"{', '.join(KINDS)}")
    kind = Counter(path.suffix.lower() for path in every).most_common(1)[0][0]
    taken = [path for path in every if path.suffix.lower() == kind and not partner(path, "y", "x")]
    other = sum(path.suffix.lower() != kind for path in every)
    notes = [f"{other} files that do not end in {kind} left out"] if other else []
    return taken, notes + [f"only the first {MOST:,} files read"] * (len(every) == MOST)


def natural(path: Path) -> list:
    """2 before 10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part)
            for part in re.split(r"(\d+)", str(path)) if part]


def split_of(name: str) -> str | None:
    """The split that a name tells; None where there is none, or two."""
    return (parted(name) or (None,))[0]


def given(paths: list[Path], folders: list[str | None]) -> list[str | None] | None:
    """The split of each file by its folder, else by its name, where these tell training from other files;
    else None."""
    if len(set(folders) - {None}) > 1:
        return folders
    found = [split_of(path.stem) for path in paths]
    return found if "train" in found and len(set(found) - {None}) > 1 else None


def partner(path: Path, mine: str, other: str) -> Path | None:
    """Beside x_train.npy the file y_train.npy, or the other way round."""
    rest = path.stem[1:].lower()
    if (path.stem[:1].lower() != mine
        or not (not rest or rest.startswith(("_", "-", ".", "train", "test", "val")))):
        return None
    for letter in (other, other.upper()):
        found = path.with_name(letter + path.name[1:])
        if found.is_file():
            return found
    return None


def keys(paths: list[Path]) -> list[str]:
    """A name for each file: its path below the folder that holds them all."""
    if len(paths) == 1:
        return [paths[0].name]
    root = os.path.commonpath([str(p.parent) for p in paths])
    return [Path(os.path.relpath(p, root)).as_posix() for p in paths]


def columns(keys: list[str], folders: list[str | None], label: str, group: str,
            split: str) -> tuple[dict[str, list], list[str]]:
    """Columns, one value for each file, that folder levels, patterns on names and the files themselves give;
    and what was asked for, with the names of these columns."""
    known = Columns(keys, {}, True)
    out = []
    for what, parameter in ((label, "data.label"), (group, "data.group"), (split, "data.split")):
        by_name = "{" in what or (what.strip().lstrip("-").isdigit() and any("/" in key for key in keys))
        out.append(",".join(known.asked(what, parameter, several=True)) if by_name else what)
    found = dict(known.columns)
    if any(folders):
        found.setdefault("folder", folders)
    return found, out


def classes(words: list[str | None], long: bool) -> bool:
    """Whether folders are classes: there are several, and of recordings not one for each, as runs have."""
    there = [word for word in words if word is not None]
    return len(set(there)) > 1 and (not long or len(set(there)) <= len(there) // 2)
