"""Cells of a table as numbers: what counts as missing, decimal commas, and columns that keep numbers small in
memory."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

MISSING = {"", *("na n/a n.a. nan <na> null none nil ? - -- . err error missing undefined "
                 "#n/a #na #div/0! #value! #ref! #num! #name? \\n").split()}
DIGITS = frozenset("0123456789")
SHORT = 32  # characters: longer words are held one by one
NUMERALS = re.compile(r"\s*[+-]?[\d.,]+(?:[eE][+-]?\d+)?\s*")
DECIMAL = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?|[+-]?\d{1,3}(?:\.\d{3})+,\d+")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
MOST_BAD = 0.05  # of the cells of a column of numbers that may be words, which are missing then


def comma_of(cells: Sequence[str], likely: str) -> str:
    """What a comma inside these cells means: "decimal", "thousands" or "" where no number has one. likely:
    where both would do."""
    held = [c.strip() for c in cells if "," in c and NUMERALS.fullmatch(c)]
    decimal, thousands = ([bool(form.fullmatch(c)) for c in held] for form in (DECIMAL, THOUSANDS))
    either = [a or b for a, b in zip(decimal, thousands)]
    if not held or sum(either) < 0.9 * len(held):
        return ""
    leading = any(re.match(r"[+-]?0,", c) for c in held)  # nobody writes 0,123 for 123
    if leading or not all(t or not e for t, e in zip(thousands, either)):
        return "decimal"
    return "thousands" if not all(d or not e for d, e in zip(decimal, either)) else likely


def number(cell: str, comma: str = "") -> float:
    """A cell as a number, NaN where it is missing; ValueError when it is a word."""
    cell = cell.strip()
    try:
        if "_" not in cell:
            return float(cell)
    except ValueError:
        pass
    if cell.lower() in MISSING:
        return float("nan")
    cell = cell.replace("\u2212", "-")
    if comma == "decimal" and DECIMAL.fullmatch(cell):
        return float(cell.replace(".", "").replace(",", "."))
    if comma == "thousands" and THOUSANDS.fullmatch(cell):
        return float(cell.replace(",", ""))
    if "\u2212" in cell or "_" in cell:
        raise ValueError(f"{cell!r} is no number")
    return float(cell)


def numeric(cells: Sequence[str], comma: str = "") -> bool:
    """Whether nearly all of these cells that are not missing are numbers, and at least one is."""
    found, bad = 0, 0
    for cell in cells:
        try:
            value = number(cell, comma)
        except ValueError:
            bad += 1
        else:
            found += value == value
    return few(bad, found)


def few(bad: int, found: int) -> bool:
    """Whether so many words are mistakes in a column with so many numbers."""
    return found > 0 and (not bad or (bad <= max(1, MOST_BAD * found) and found >= 8 * bad))


def piece(cells: Sequence[str]) -> str | list[str]:
    """Some cells of one column as they are written, small in memory: short ones one after the other in one
    string."""
    words = list(map(str.strip, cells))
    text = "\n".join(words)
    # one byte for each character
    if text.isascii() and len(text) < SHORT * len(words) and text.count("\n") == len(words) - 1:
        return text
    seen: dict[str, str] = {}
    return [shared(w, seen) for w in words]


def shared(word: str, seen: dict[str, str]) -> str:
    """The word; of equal ones the first, while there are few different ones, so that each is held once."""
    return seen.setdefault(word, word) if len(seen) < 4096 else seen.get(word, word)


@dataclass(frozen=True)
class Numbers:
    """float64 [n] with NaN where missing.  bad: cells that were words, each once.  bad_cells, infinite: how
    many of them."""

    values: np.ndarray
    bad: list[str] = field(default_factory=list)
    bad_cells: int = 0
    infinite: int = 0


@dataclass(frozen=True)
class Column:
    """One column of a table. pieces: float64 arrays of files that hold numbers, and words as `piece` makes
    them, one after the other."""

    name: str
    pieces: list[np.ndarray | str | list[str]]
    comma: str = ""

    def __len__(self) -> int:
        return sum(part.count("\n") + 1 if isinstance(part, str) else len(part) for part in self.pieces)

    def __iter__(self) -> Iterator[str]:
        for part in self.pieces:
            yield from map(written, part.tolist()) if isinstance(part, np.ndarray) else split(part)

    def words(self) -> list[str]:
        """The cells as they are written; "" for what counts as missing in a column of numbers."""
        seen: dict[str, str] = {}
        if self.numbers() is None:
            return [shared(w, seen) for w in self]
        return [shared("" if w[-1:] not in DIGITS and w.lower() in MISSING else w, seen) for w in self]

    def numbers(self) -> Numbers | None:
        """The cells as numbers where nearly all of them are (the others count as missing); else None."""
        return self.as_numbers

    @cached_property
    def as_numbers(self) -> Numbers | None:
        out, bad, at = np.full(len(self), np.nan), [], 0
        for part in self.pieces:
            if isinstance(part, np.ndarray):
                out[at:at + len(part)] = part
                at += len(part)
                continue
            cells = split(part)
            bad += fill(out[at:at + len(cells)], cells, self.comma)
            at += len(cells)
            if len(bad) > 1000 and len(bad) > 2 * MOST_BAD * at:
                return None  # words
        infinite = np.isinf(out)
        if not few(len(bad), int(np.isfinite(out).sum())):
            return None
        out[infinite] = np.nan
        return Numbers(out, sorted(set(bad)), len(bad), int(infinite.sum()))


def split(part: str | list[str]) -> list[str]:
    return part.split("\n") if isinstance(part, str) else part


def fill(out: np.ndarray, cells: list[str], comma: str) -> list[str]:
    """Writes the cells that are numbers; returns those that are words."""
    if "_" not in "".join(cells):  # float() would take 1_2 for 12
        try:
            out[:] = np.fromiter(map(float, cells), np.float64, len(cells))
            return []
        except ValueError:
            pass
    bad = []
    for i, cell in enumerate(cells):
        try:
            out[i] = number(cell, comma)
        except ValueError:
            bad.append(cell)
    return bad


def written(value: float) -> str:
    """A number as short as it can be written; "" for NaN."""
    if value != value:
        return ""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e16 else repr(value)


def evenly(values: np.ndarray) -> bool:
    """Whether the numbers go up in equal steps: a count, time, or names of time steps."""
    if len(values) < 3 or not np.isfinite(values).all():
        return False
    steps = np.diff(values)
    return bool(steps[0] > 0 and (abs(steps - steps[0]) <= 1e-6 * steps[0] + 1e-9 * abs(values[1:])).all())


def whole(values: np.ndarray) -> bool:
    """Whether all numbers that are there are whole, and there are some."""
    there = values[np.isfinite(values)]
    return len(there) > 0 and bool((there == np.round(there)).all())
