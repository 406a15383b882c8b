"""Columns that tell the time or count the rows. Plain functions."""

import numpy as np

from ..tables import cells
from ..tables.table import Table

PARTS = ("year", "month", "day", "hour", "minute", "second")  # of a date that stands in several columns
NUMBERS = {"no", "nr", "index", "row", "rows", "unnamed"}  # names of a running number, which no series has


def counts(values: np.ndarray) -> bool:
    """Whether the numbers count the rows, from any number on."""
    return len(values) > 1 and bool((np.diff(values) == 1).all())


def counts_again(values: np.ndarray) -> bool:
    """Whether the numbers count on and begin again now and then, always at the same number: the steps of
    several recordings."""
    again = np.flatnonzero(np.diff(values) != 1) + 1
    return 0 < len(again) <= 0.1 * len(values) and bool((values[again] == values[0]).all())


def mostly_rising(values: np.ndarray) -> bool:
    """Whether the numbers never fall but where a new recording begins."""
    steps = np.diff(values)
    return len(steps) > 0 and bool((steps < 0).sum() <= 0.1 * len(steps) and (steps > 0).any())


def date_in_parts(table: Table) -> tuple[list[str], np.ndarray | None]:
    """The columns year, month, day ..., two at least, that together are a time that goes on from row to row,
    and that time as one number for each row [rows]; [] and None where there are none."""
    lower = {name.strip().lower(): name for name in reversed(table.names)}
    names = [lower[part] for part in PARTS if part in lower]
    time = np.zeros(len(table))
    for name in names:
        numbers = table.numbers(name)
        if numbers is None or not cells.whole(numbers.values):
            return [], None
        time = time * (np.nanmax(numbers.values) + 1) + numbers.values
    return (names, time) if len(names) > 1 and mostly_rising(time) else ([], None)


def in_order(table: Table, name: str) -> bool:
    """Whether a column of time rises from row to row; dates are told by their words, so day first is not
    seen."""
    numbers = table.numbers(name)
    words = table.words(name) if numbers is None else []
    return mostly_rising(numbers.values) if numbers is not None else words == sorted(words)
