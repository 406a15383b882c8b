"""A table as a value: named columns of cells, with remarks on what was decided, made from records of
strings."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import cells, headers, rectangle
from .cells import Column, Numbers

REMARKS = {  # what was done to lines -> noun, sentence
    "quotes": ("line", "{} with quotes that do not balance read as they stand"),
    "several": ("cell", "{} of several lines"),
    "comments": ("comment line", "{} left out"),
    "above": ("line", "{} above the table left out"),
    "blank": ("blank line", "{} left out"),
    "empty": ("empty row", "{} at the end left out"),
    "NUL": ("line", "NUL bytes left out of {}"),
    "short": ("row", "{} shorter than the others (missing there)"),
    "long": ("row", "{} longer than the others (further columns made)"),
    "joined": ("row", "{} with delimiters inside the text put together again"),
}


@dataclass(frozen=True)
class Table:
    """columns: name -> its cells, in the order of the file.  made: names that the file does not give.  notes:
    what was decided or left out, in numbers, for the reading."""

    file: Path
    columns: dict[str, Column]
    made: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values()), ()))

    @property
    def names(self) -> list[str]:
        return list(self.columns)

    @property
    def headed(self) -> bool:
        return len(self.made) < len(self.columns)

    def column(self, name: str, parameter: str) -> Column:
        """The column called `name`; ValueError that lists the columns there are."""
        if name not in self.columns:
            shown = (", ".join(self.names[:12])
                     + (f" and {len(self.names) - 12} more" if len(self.names) > 12 else ""))
            raise ValueError(f"{self.file.name} has no column {name!r}; set {parameter} to one of: {shown}")
        return self.columns[name]

    def words(self, name: str) -> list[str]:
        """The cells of a column as they are written; "" for what counts as missing in a column of numbers."""
        return self.columns[name].words()

    def numbers(self, name: str) -> Numbers | None:
        """The cells of a column as numbers, where nearly all of them are; else None."""
        return self.columns[name].numbers()


def assemble(path: Path, rows: Iterable[list[str]], sample: list[list[str]], first: list[str] | None,
             likely: str,
             delimiter: str, tally: Counter) -> Table:
    """Records of strings as a table.

    sample: its first records.  first: the names where they stand above it, or None: the first record may hold
    them.
    likely: what a comma in a number means where both would do.  tally: what was done to the lines so far.
    """
    rows = iter(rows)
    comma = cells.comma_of([c for row in sample for c in row], likely)
    if first is None and headers.headed(sample[0], sample[1:], comma):
        first, sample = next(rows), sample[1:]
    if not sample:
        raise ValueError(f"{str(path)!r} has no lines below its column names")
    names, straight = rectangle.fitted(first, sample, comma, delimiter)
    pieces = rectangle.columns(straight(rows, tally))
    named, made, notes = rectangle.unique(names, len(pieces))
    columns = {name: Column(name, p, comma) for name, p in zip(named, pieces)}
    empty = [name for name in (named[-1], *made) if name in made and not any(columns[name].words())]
    if len(empty) < len(columns):
        columns = {name: c for name, c in columns.items() if name not in empty}
        notes += ([f"{len(set(empty))} empty columns without a name left out"]
                  if set(empty) - {named[-1]} else [])
    return Table(path, columns, frozenset(made & set(columns)),
                 remarks(tally, comma, first is not None) + notes)


def remarks(tally: Counter, comma: str, headed: bool) -> list[str]:
    """What was decided while reading, in numbers."""
    said = [] if headed else ["no line of column names"]
    said += {"decimal": ["decimal commas read as points"], "thousands": ["commas between thousands left out "
                                                                         "of numbers"]}.get(comma, [])
    return (said + [text.format(count(tally[what], noun))
                    for what, (noun, text) in REMARKS.items() if tally[what]])


def count(n: int, noun: str) -> str:
    """"1 row", "2 rows"."""
    return f"{n:,} {noun}{'s' * int(n != 1)}"


def most_common(values: list[int]) -> int:
    return max(Counter(values).items(), key=lambda item: (item[1], item[0]))[0]
