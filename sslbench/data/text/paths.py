"""data.file of text -> files: one, several with commas, a pattern or a folder; and what their names say of
splits and labels."""

from collections import Counter
from pathlib import Path

from .. import locations
from ..file_kinds import about_the_data, otherwise
from ..folders import parted
from ..tables import reading, table
from .line_formats import FASTA

TABLES = tuple(kind for kind in reading.KINDS if kind != ".txt")
PLAIN = (".txt", ".md", ".text", ".rst")
KINDS = (*TABLES, *FASTA, *PLAIN)


def files(file: str) -> tuple[list[Path], Path, list[str]]:
    """The files, the folder that they are named from, and what was left out."""
    one = locations.absolute(file)
    if one.is_dir():
        return within(one)
    if one.is_file():
        return [one], one.parent, beside(one)
    parts = locations.several(file, "data.file")
    if folder := next((path for path, fitting in parts if not fitting), None):
        raise ValueError(f"{str(folder)!r} is a folder; several folders are not read together, give the one "
                         "above them")
    found = list(dict.fromkeys(path for _, fitting in parts for path in fitting))
    return found, Path(*common(found)), []


def common(paths: list[Path]) -> tuple[str, ...]:
    """The folders that all these files have in common."""
    parents = [p.parent.parts for p in paths]
    n = 0
    while all(len(p) > n for p in parents) and len({p[n] for p in parents}) == 1:
        n += 1
    return parents[0][:n]


def within(folder: Path) -> tuple[list[Path], Path, list[str]]:
    """All files of text below a folder, of the kind that most of them are; files about the data are not the
    data."""
    every = [p for p in sorted(folder.rglob("*"))
             if p.is_file() and not any(part.startswith((".", "__MACOSX")) for part in
                                                                             p.relative_to(folder).parts)]
    able = [p for p in every if p.suffix.lower() in KINDS and not about_the_data(p)]
    # pictures beside a table of their captions are text all the same; beside a few notes they are not
    plain = all(group(p) == "plain" for p in able)
    if plain and (other := otherwise(every, len(able))):
        raise ValueError(f"{str(folder)!r} holds {other}")
    if not able:
        raise ValueError(f"{str(folder)!r} holds no files of text; they end in {', '.join(KINDS[:8])} ...")
    kinds = Counter(group(p) for p in able)
    kind = max(kinds, key=lambda k: (kinds[k], k != "plain"))
    taken = [p for p in able if group(p) == kind]
    chosen = set(taken)
    other = Counter(p.suffix.lower() or p.name for p in every if p not in chosen)
    shown = ", ".join(f"{n:,} {ending}" for ending, n in other.most_common(3))
    return taken, folder, [f"{table.count(other.total(), 'other file')} left out ({shown})"] if other else []


def group(path: Path) -> str:
    ending = path.suffix.lower()
    return "table" if ending in (*TABLES, ".json") else "fasta" if ending in FASTA else "plain"


def beside(path: Path) -> list[str]:
    """A remark where the other splits lie beside the file."""
    mine = parted(path.stem)
    if not mine or path.suffix.lower() not in KINDS:
        return []
    other = [p.name for p in sorted(path.parent.iterdir())
             if p.suffix == path.suffix and p != path and p.is_file()
             and (found := parted(p.stem)) and found[1] == mine[1] and found[0] != mine[0]]
    return ([f"beside it {', '.join(other[:3])} not read: data.file takes several, with commas"]
            if other else [])


def names_of(paths: list[Path], root: Path) -> list[str]:
    return [p.relative_to(root).as_posix() if root in p.parents else p.name for p in paths]


def by_name(paths: list[Path]) -> tuple[list[str | None] | None, list[str]]:
    """The split of each file by its name, where they tell at least two, and what else tells the files apart
    ("" where nothing)."""
    found = [parted(p.stem) for p in paths]
    given = [f and f[0] for f in found]
    if len(set(given)) < 2:
        given, rests = None, [p.stem for p in paths]
    else:
        rests = [p.stem if f is None else f[1] for f, p in zip(found, paths)]
    return given, apart(rests)


def apart(words: list[str]) -> list[str]:
    """What is left of names without the beginning and the end that all of them have in common, in whole
    words."""
    split = [w.replace("-", "_").replace(" ", "_").split("_") for w in words]
    split = [[part for part in w if part] for w in split]
    for at in (0, -1):
        while all(len(w) > 1 for w in split) and len({w[at] for w in split}) == 1:
            split = [w[1:] if at == 0 else w[:-1] for w in split]
    out = ["_".join(w) for w in split]
    return out if len(set(out)) > 1 else [""] * len(out)
