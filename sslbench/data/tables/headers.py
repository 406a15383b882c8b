"""Whether the first line of a table holds the names of its columns, or is a row like the others."""

import re

import numpy as np

from ..column_names import GROUPS, LABELS, SPLIT_COLUMNS
from . import cells

NAME = re.compile(r"[^\W\d][\w .:/()%\[\]#-]{0,60}")
KNOWN = frozenset((*LABELS, *GROUPS, *SPLIT_COLUMNS, *"""
    id idx index name text review comment sentence message content title time date datetime timestamp value
    values file path image caption sequence smiles score""".split()))


def headed(first: list[str], below: list[list[str]], comma: str) -> bool:
    """Whether the first line of a table holds names; below: some of the lines under it."""
    first = [c.strip() for c in first]
    columns = [[row[i].strip() for row in below if i < len(row)] for i in range(len(first))]
    numbers = [i for i, column in enumerate(columns) if cells.numeric(column, comma)]
    words = [i for i in range(len(first)) if i not in set(numbers)]
    known = any(first[i].lower() in KNOWN and first[i] not in columns[i] for i in words)
    if not numbers:
        return all_words_headed(first, columns, known)
    over = [i for i in numbers
            if not cells.numeric([first[i]], comma) and first[i].lower() not in cells.MISSING]
    if 2 * len(over) >= len(numbers):
        return True
    values = [cells.number(first[i], comma) if i not in set(over) else float("nan") for i in numbers]
    return known or steps_of(values, [columns[i][0] for i in numbers], first[0] == "", comma)


def steps_of(values: list[float], row: list[str], nameless: bool, comma: str) -> bool:
    """Whether numbers in the first line are the names of time steps: evenly spaced, unlike the numbers of the
    next line."""
    if nameless and values and values[0] != values[0]:  # the nameless column of an index
        values, row = values[1:], row[1:]
        if values in (list(range(len(values))), list(range(1, len(values) + 1))):
            return True
    if not cells.evenly(np.array(values)):
        return False
    try:
        return not cells.evenly(np.array([cells.number(c, comma) for c in row]))
    except ValueError:
        return True


def all_words_headed(first: list[str], columns: list[list[str]], known: bool) -> bool:
    if not any(columns):
        return not all(cells.numeric([c]) for c in first)
    if any(c and c in set(column) for c, column in zip(first, columns)) or len(set(first)) < len(first):
        return False
    if known or not all(NAME.fullmatch(c) for c in first):
        return known
    if any(2 * len(set(column)) <= len(column) for column in columns):
        return True
    return 2 * sum(map(len, first)) * len(columns[0]) < sum(len(c) for column in columns for c in column)
