"""CSV files of unknown origin as columns of strings, with errors that name what there is."""

import csv
from pathlib import Path

MISSING = {"", "nan", "na", "n/a", "null", "none", "?"}
LABELS = ("label", "class", "target", "category", "y")  # names a label column often has


def header(file: Path) -> tuple[list[str], str]:
    """Column names and the delimiter, which is the likeliest of , ; and tab in the first line."""
    with open(file, newline="", encoding="utf-8-sig", errors="replace") as f:
        line = f.readline()
    if not line.strip():
        raise ValueError(f"{str(file)!r} has no first line with column names")
    delimiter = max(",;\t", key=line.count)
    return next(csv.reader([line], delimiter=delimiter)), delimiter


def column(file: Path, name: str, parameter: str, names: list[str]) -> int:
    """Position of the column called `name`; ValueError that lists the columns there are."""
    if name not in names:
        shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        raise ValueError(f"{file.name} has no column {name!r}; set {parameter} to one of: {shown}")
    return names.index(name)


def rows(file: Path) -> list[list[str]]:
    """All lines below the header that are as wide as the header; ValueError when there is none."""
    names, delimiter = header(file)
    csv.field_size_limit(2**31 - 1)
    with open(file, newline="", encoding="utf-8-sig", errors="replace") as f:
        found = [row for row in csv.reader(f, delimiter=delimiter) if len(row) == len(names)][1:]
    if not found:
        raise ValueError(f"{str(file)!r} has no lines below its column names")
    return found


def number(cell: str) -> float:
    """A cell as a number, NaN where it is missing; ValueError when it is a word."""
    cell = cell.strip()
    return float("nan") if cell.lower() in MISSING else float(cell)


def numeric(cells) -> bool:
    """Whether all these cells are numbers or missing, and at least one is a number."""
    try:
        return any(value == value for value in [number(c) for c in cells])
    except ValueError:
        return False
