"""Records of any width -> columns of equal length: nothing is lost, what is missing becomes a missing cell.
Plain functions."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice, repeat, zip_longest

import numpy as np

from . import cells

CELLS = 2**18  # held as strings at a time
TEXTS = ("text", "review", "comment", "sentence", "message", "content", "title", "caption", "description")
Rows = Iterator[list[str]]


def fitted(first: list[str] | None, sample: list[list[str]], comma: str,
           delimiter: str) -> tuple[list[str], Callable[[Rows, Counter], Rows]]:
    """The names of the columns, and what brings the records below to their width.

    first: the names in the file, or None.  sample: some records below them. One more cell than names in every
    record is a delimiter at the end of each line where it is empty, else the names of the rows, as R writes
    them.
    """
    widths = Counter(map(len, sample))
    common = max(widths.items(), key=lambda item: (item[1], item[0]))[0]
    names = [c.strip() for c in first] if first else [""] * common
    trailing = common > 1 and all(not row[-1].strip() for row in sample if len(row) == common)
    if first and common == len(names) + 1 and not trailing and widths[common] >= 0.95 * len(sample):
        if text_column(sample, common, comma) is None:
            names = ["", *names]
    width = len(names) - (trailing and not names[-1])
    text = text_column([row for row in sample if len(row) == width], width, comma)
    # every record holds delimiters in its text: the names tell, else the last column is the text
    if text is None:
        named = [i for i, name in enumerate(names[:width]) if name.lower() in TEXTS]
        longer = [[delimiter.join(row[width - 1:])] for row in sample if len(row) > width]
        text = named[0] if named else width - 1 if text_column(longer, 1, comma) == 0 else None

    def straight(rows: Rows, tally: Counter) -> Rows:
        empty: list[list[str]] = []
        for row in rows:
            if len(row) != width:
                row = changed(row, width, text, delimiter, tally)
            if any(row):
                yield from empty
                empty.clear()
                yield row
            else:  # missing, unless nothing follows
                empty.append(row)
        tally["empty"] += len(empty)
    return names[:width], straight


def changed(row: list[str], width: int, text: int | None, delimiter: str, tally: Counter) -> list[str]:
    """A record of another width: cells of a text that holds delimiters come together again, empty ones at the
    end go."""
    more = len(row) - width
    if more > 0 and not any(c.strip() for c in row[width:]):
        return row[:width]
    if more > 0 and text is not None:
        tally["joined"] += 1
        return [*row[:text], delimiter.join(row[text:text + more + 1]), *row[text + more + 1:]]
    tally["long" if more > 0 else "short"] += 1
    return row


def text_column(rows: list[list[str]], width: int, comma: str) -> int | None:
    """The column that holds texts, if one does: the one with most words in a cell, two or more on average."""
    best, chosen = 1.0, None
    for i in range(width):
        column = [row[i] for row in rows if i < len(row)]
        spaces = sum(c.strip().count(" ") for c in column) / max(1, len(column))
        if spaces >= best and not cells.numeric(column, comma):
            best, chosen = spaces, i
    return chosen


def columns(rows: Rows) -> list[list[np.ndarray | str | list[str]]]:
    """The pieces of each column, as in `cells.Column`."""
    found: list[list] = []
    n = 0
    while chunk := list(islice(rows, 1)):
        chunk += islice(rows, CELLS // max(1, len(chunk[0])))
        turned = list(zip_longest(*chunk, fillvalue=""))
        while len(found) < len(turned):  # a column that begins late
            found.append([np.full(n, np.nan)] if n else [])
        for i, pieces in enumerate(found):
            pieces.append(cells.piece(turned[i]) if i < len(turned) else np.full(len(chunk), np.nan))
        n += len(chunk)
    return found if n else []


def unique(names: list[str], n: int) -> tuple[list[str], set[str], list[str]]:
    """n names that differ, those of them that were made, and remarks on names that are there twice."""
    out: dict[str, None] = {}
    made, times = set(), Counter()
    for i, name in enumerate(islice(chain(names, repeat("")), n), 1):
        times[name] += 1
        own = name if name and times[name] == 1 else f"{name} ({times[name]})" if name else f"column {i}"
        while own in out:
            own += "'"
        out[own] = None
        made |= set() if name else {own}
    return list(out), made, [f"{k} columns are called {name!r}"
                             for name, k in times.items() if k > 1 and name]
