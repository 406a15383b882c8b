"""Tables beside pictures: a table of which one column holds their names gives labels, groups and splits."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from .. import column_names as known
from ..folders import parted, plain, shown
from ..tables import reading
from ..tables.table import count
from .listing import ARRAYS, HEIF, PILLOW, TABLES, Listing, ending

# bytes of a table that is looked at; of one that has to be read for that
LARGEST, LARGEST_FRAME = 200 * 2**20, 32 * 2**20
FRAMES = (".xlsx", ".parquet", ".feather")  # no text
PROSE = (".txt", ".dat", ".data", ".tab")  # which may be anything, so nothing is said of them
NO_NAMES = "names no pictures of this folder"
HEAD = 2**16  # bytes that show whether a table speaks of these pictures
FIRST = 500  # rows that show which columns may name them


@dataclass(frozen=True)
class Beside:
    """columns: name -> a word for each picture, None where the table has none.  likely: the one that looks
    like the label, or "".
    notes: what was read and what has no counterpart, in numbers.  unused: tables in the folder that name no
    pictures of it."""

    columns: dict[str, list[str | None]] = field(default_factory=dict)
    likely: str = ""
    notes: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


class Names:
    """Finds the picture that a cell names: by file name with or without ending, and by as much of the path as
    both have."""

    def __init__(self, root: Path, names: list[str]):
        self.paths = [(root.name, *name.split("/")) for name in names]
        self.numbers = True  # whether a number alone can be the name of a picture
        self.by_name, self.by_stem = defaultdict(list), defaultdict(list)
        for i, path in enumerate(self.paths):
            self.by_name[path[-1]].append(i)
            self.by_stem[path[-1].rpartition(".")[0]].append(i)

    def find(self, cell: str) -> tuple[int, int] | None:
        """(number of the picture, how many of its folders the cell names), or None where it is none of them
        or several."""
        parts = [p for p in cell.strip().replace("\\", "/").split("/") if p not in ("", ".", "..")]
        if not parts or (parts[-1].isdigit() and not self.numbers):
            return None
        stem = parts[-1].rpartition(".")[0] if ending(parts[-1]) in PILLOW | HEIF | ARRAYS else parts[-1]
        found = self.by_name.get(parts[-1]) or self.by_stem.get(stem, [])
        fits = sorted(((self.agreeing(i, parts[:-1]), i) for i in found), reverse=True)
        if not fits or (len(fits) > 1 and fits[0][0] == fits[1][0]):
            return None
        return fits[0][1], fits[0][0]

    def agreeing(self, i: int, folders: list[str]) -> int:
        own = self.paths[i][:-1]
        from_the_end = zip(reversed(own), reversed(folders))
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], from_the_end))

    def named_by(self, cells: list[str]) -> list[int | None]:
        """The picture of each cell; where most name their folder, those of another folder are none of
        them."""
        found = [self.find(cell) for cell in cells]
        counts = Counter(f[1] for f in found if f)
        least = next((n for n in sorted(counts, reverse=True)
                      if sum(c for m, c in counts.items() if m >= n) >= counts.total() / 2), 0)
        return [f[0] if f and f[1] >= least else None for f in found]


@dataclass(frozen=True)
class Matched:
    """One table that names pictures: cells: column -> a word for each picture; covers: the pictures that it
    names."""

    cells: dict[str, list[str | None]]
    covers: set[int]
    note: str


def beside(root: Path, listing: Listing) -> Beside:
    """What the tables in a folder of pictures say, or where there is none, those in the folder above."""
    names = Names(root.resolve(), listing.names)
    unused: dict[str, list[str]] = defaultdict(list)  # why -> names of tables
    tables: dict[Path, Matched] = {}
    inside = [root / name for name in sorted(listing.tables)]
    for above, files in enumerate((inside, tables_in(root.resolve().parent))):
        names.numbers = not above  # anything may be numbered: 17 is a name only in the folder's own table
        for file in files if not tables else []:
            found = matched(file, names)
            if isinstance(found, Matched):
                tables[file] = found
            elif (ending(file.name) not in PROSE and not (above and found == NO_NAMES)
                  and not tells_boxes(file)):
                unused[found].append(file.name)
    columns = together(tables, len(listing.names))
    label = likely(columns)
    columns = {name: values for name, values in columns.items() if any(values)}
    notes = [found.note for found in tables.values()][:5]
    if columns:
        offered = ", ".join(map(plain, list(columns)[:12]))
        notes.append(f"columns for data.label, data.group and data.split: {offered}")
    notes += [f"not used: {shown(some)} ({why})" for why, some in list(unused.items())[:3]]
    return Beside(columns, label if label in columns else "", notes, unused[NO_NAMES])


def tables_in(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir()
                      if ending(file.name) in TABLES and not file.name.startswith("."))
    except OSError:
        return []


def matched(file: Path, names: Names) -> Matched | str:
    """The table if it names at least half of the pictures, or half of its names are pictures; else why it is
    not used."""
    if "submission" in file.name.lower():
        return "a form to be handed in"
    if not promising(file, names):
        return NO_NAMES
    try:
        table = reading.read(file)
        columns = {name: table.words(name) for name in table.names}
    except (ValueError, OSError) as error:
        return " ".join(str(error).split())[:200]
    if columns.keys() >= {"name", "e0", "e1"}:  # what export() wrote of these pictures is no news of them
        return "embeddings that were exported"
    first = {name: sum(names.find(cell) is not None for cell in cells[:FIRST])
             for name, cells in columns.items()}
    found = {name: names.named_by(columns[name]) for name, n in first.items() if n > max(first.values()) / 2}
    if not found:
        return NO_NAMES
    key = max(found, key=lambda name: len(set(found[name]) - {None}))
    covers, total = set(found[key]) - {None}, len(names.paths)
    if len(covers) < max(2, min(total, len(set(columns[key]))) / 2):
        return NO_NAMES
    missing = len({cell for cell, i in zip(columns[key], found[key]) if i is None})
    lacking = [(total - len(covers), "picture", "row"), (missing, "row", "picture")]
    lacking = ", ".join(f"{count(n, what)} without a {other}" for n, what, other in lacking if n)
    cells, lost = {}, []
    for name in (name for name in columns if name != key):
        cells[name], several = agreed(columns[name], found[key], total)
        if several:
            lost.append(f"{count(several, 'picture')} with several {plain(name)!r} count as without one")
    note = f"the table {plain(file.name)} names the pictures in column {plain(key)!r}"
    return Matched(cells, covers,
                   "; ".join([note + f" ({lacking})" * bool(lacking), *sorted(lost)[:5]]))


def promising(file: Path, names: Names) -> bool:
    """Whether the first lines of a table name two pictures, so that no other large table is read."""
    try:
        frame = ending(file.name) in FRAMES
        if not 0 < file.stat().st_size <= (LARGEST_FRAME if frame else LARGEST) or not file.is_file():
            return False
        if frame:
            return True
        with open(file, "rb") as f:
            head = f.read(HEAD)
    except OSError:
        return False
    text = head.replace(b"\0", b"").decode("utf-8", "replace")
    return len({found for cell in re.split(r"[,;\t\r\n\"]+", text) if (found := names.find(cell))}) > 1


def tells_boxes(file: Path) -> bool:
    """Whether a .json is COCO's: boxes.py reads it."""
    try:
        return ending(file.name) == ".json" and b'"bbox"' in file.read_bytes()
    except OSError:
        return False


def agreed(values: list[str], pictures: list[int | None], n: int) -> tuple[list[str | None], int]:
    """One word for each picture, None where it has none or its rows do not agree; how many do not."""
    of: list[set[str]] = [set() for _ in range(n)]
    for word, i in zip(values, pictures):
        if i is not None and word != "":
            of[i].add(word)
    return ([next(iter(words)) if len(words) == 1 else None for words in of],
            sum(len(words) > 1 for words in of))


def together(tables: dict[Path, Matched], n: int) -> dict[str, list[str | None]]:
    """The columns of several tables, the first that has a word for a picture counts; files called train and
    test give splits."""
    columns: dict[str, list[str | None]] = {}
    for table in tables.values():
        for name, values in table.cells.items():
            columns[name] = [b if a is None else a for a, b in zip(columns.get(name, [None] * n), values)]
    splits: list[str | None] = [None] * n
    for file, table in tables.items():
        for i in table.covers:
            splits[i] = splits[i] or (parted(file.stem) or (None,))[0]
    if "split" not in columns and len(set(splits) - {None}) > 1:
        columns["split"] = splits
    return columns


def likely(columns: dict[str, list[str | None]]) -> str:
    """The column that is called like a label, or the only one there is."""
    rest = [name for name in columns if name.strip().lower() not in known.SPLIT_COLUMNS]
    return known.likely(columns) or (rest[0] if len(rest) == 1 else "")
