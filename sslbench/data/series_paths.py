"""data.file of series -> files: one, several, a pattern or a folder; and the splits that their names give."""

import glob
import os
import re
from collections import Counter
from pathlib import Path

from . import places, tables
from .names import split_name

KINDS = (*tables.KINDS, ".npy", ".npz", ".ts", ".arff")
MOST = 100_000  # files


def files(file: str) -> tuple[list[Path], list[str]]:
    """The files of series, in order, and remarks on those that were left out or found beside them.

    FileNotFoundError or ValueError in one line where there is none.
    """
    one = places.absolute(file)
    if one.is_file():
        return beside(one)
    if one.is_dir():
        return within(one)
    parts = [p for p in re.split(rf"[,{os.pathsep}]" if os.name == "posix" else ",|;", file) if p.strip()]
    found: list[Path] = []
    for part in parts:
        path = places.absolute(part.strip())
        matched = [path] if path.is_file() else [Path(p) for p in sorted(glob.glob(str(path), recursive=True)) if Path(p).is_file()]
        if not matched and path.is_dir():
            matched = within(path)[0]
        if not matched and not any(c in part for c in "*?["):
            places.existing(part.strip(), "file", "data.file")
        found += matched
    found = [path for path in dict.fromkeys(found) if not partner(path, "y", "x")]
    if not found:
        raise FileNotFoundError(f"there is no file that fits {file[:200]!r}; check data.file")
    return sorted(found, key=natural) if len(parts) == 1 else found, []


def beside(path: Path) -> tuple[list[Path], list[str]]:
    """The file, and those beside it that hold the other splits of the same data: NAME_TRAIN and NAME_TEST, train and val."""
    if split_of(path.stem) != "train":
        return [path], []
    others = [other for other in sorted(path.parent.iterdir()) if other != path and other.suffix.lower() == path.suffix.lower()
              and without_split(other) == without_split(path) and split_of(other.stem) not in (None, "train") and other.is_file()]
    return [path, *others], [f"{', '.join(other.name for other in others)} beside it read too"] if others else []


def within(folder: Path) -> tuple[list[Path], list[str]]:
    """All files of series below a folder, of the kind that most of them are."""
    every = [path for path in sorted(folder.rglob("*"), key=natural) if path.suffix.lower() in KINDS and path.is_file()
             and not any(part.startswith(".") for part in path.relative_to(folder).parts)][:MOST]
    if not every:
        raise ValueError(f"{str(folder)!r} is a folder without files of series; those end in {', '.join(KINDS)}")
    kind = Counter(path.suffix.lower() for path in every).most_common(1)[0][0]
    taken = [path for path in every if path.suffix.lower() == kind and not partner(path, "y", "x")]
    other = sum(path.suffix.lower() != kind for path in every)
    notes = [f"{other} files that do not end in {kind} left out"] if other else []
    return taken, notes + [f"only the first {MOST:,} files read"] * (len(every) == MOST)


def natural(path: Path) -> list:
    """2 before 10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", str(path)) if part]


def split_of(name: str) -> str | None:
    """The split that a name tells; None where there is none, or two."""
    words = re.split(r"[^A-Za-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))
    found = {split_name(word) for word in words} - {None}
    return found.pop() if len(found) == 1 else None


def without_split(path: Path) -> str:
    """A file's name without the word for its split."""
    words = re.split(r"([^A-Za-z]+)", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", path.stem))
    return "".join(w for w in words if split_name(w) is None)


def given(paths: list[Path], folders: list[str | None]) -> list[str | None] | None:
    """The split of each file by its folder, else by its name, where these tell training from other files; else None."""
    if len(set(folders) - {None}) > 1:
        return folders
    found = [split_of(path.stem) for path in paths]
    return found if "train" in found and len(set(found) - {None}) > 1 else None


def partner(path: Path, mine: str, other: str) -> Path | None:
    """Beside x_train.npy the file y_train.npy, or the other way round."""
    rest = path.stem[1:].lower()
    if path.stem[:1].lower() != mine or not (not rest or rest.startswith(("_", "-", ".", "train", "test", "val"))):
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


def classes(words: list[str | None], long: bool) -> bool:
    """Whether folders are classes: there are several, and of recordings not one for each, as runs have."""
    there = [word for word in words if word is not None]
    return len(set(there)) > 1 and (not long or len(set(there)) <= len(there) // 2)
