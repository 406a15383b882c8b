"""Delimited text of unknown origin -> records: its encoding, its delimiter, quotes that do not balance,
comments."""

import codecs
import csv
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from . import cells

# the first of equals is taken
DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "spaces"}
SAMPLE = 200, 2**22  # lines, characters
MOST_LINES, MOST_CHARACTERS = 2000, 2**20  # of one quoted cell
SEP = re.compile(r"[\"']?sep=.[\"']?\s*", re.IGNORECASE)  # what Excel writes and reads above a table
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
        codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def encoding_of(path: Path) -> tuple[str, str]:
    """The encoding of a text file, and a remark where it is not UTF-8."""
    with open(path, "rb") as f:
        head = f.read(4096)
        for bom, name in BOMS.items():
            if head.startswith(bom):
                return name, "" if name == "utf-8-sig" else f"read as {name.upper()}"
        even, odd = head[::2].count(0), head[1::2].count(0)
        if max(even, odd) > len(head) // 5 and min(even, odd) < len(head) // 50 + 1:
            name = "utf-16-be" if even > odd else "utf-16-le"
            return name, f"read as {name.upper()}"
        f.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := f.read(2**20):
                decoder.decode(block)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            text = block.decode("utf-8", "replace") if block else "\ufffd"
            wrong = text.count("\ufffd")
            if sum(c > "\x7f" for c in text) - wrong > 10 * wrong:
                return "utf-8", "some characters are no UTF-8 and shown as \ufffd"
            return "cp1252", "not UTF-8, read as Windows-1252"
    return "utf-8", ""


class Lines:
    """The lines of a file without their ends, with some read ahead; NUL bytes are left out and counted in
    `tally`."""

    def __init__(self, lines: Iterable[str], tally: Counter):
        self.lines, self.tally, self.ahead = iter(lines), tally, deque()
        self.end = ""  # a second delimiter that stands at the end of each line

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.ahead.popleft() if self.ahead else self.fresh()
        return line.rstrip().removesuffix(self.end) if self.end else line

    def fresh(self) -> str:
        line = next(self.lines)
        line = line[:-1] if line.endswith("\n") else line
        if "\0" in line:
            self.tally["NUL"] += 1
            line = line.replace("\0", "")
        return line

    def sample(self) -> list[str]:
        """The first lines; they are read again afterwards."""
        most, characters = SAMPLE
        taken: list[str] = []
        for line in self:
            taken.append(line)
            characters -= len(line)
            if len(taken) == most or (characters < 0 and len(taken) > 10):
                break
        self.ahead.extendleft(reversed(taken))
        return taken


def end_of(lines: list[str], delimiter: str) -> str:
    """Another delimiter with which nearly all lines end, "" where there is none."""
    ends = Counter(line.rstrip()[-1:] for line in lines)
    return (next((end for end in ";|," if end != delimiter and ends[end] > 0.9 * len(lines)), "")
            if delimiter else "")


def splitter(delimiter: str) -> Callable[[str], list[str]]:
    """A line without quotes -> its cells."""
    if delimiter in ("", " "):
        return str.split if delimiter else lambda line: [line]
    return lambda line: line.split(delimiter)


def delimiter_of(lines: list[str]) -> str:
    """The delimiter of these lines; "" where each is a single cell."""
    best, chosen = (0.0, 0), ""
    for delimiter in DELIMITERS:
        found = list(records(Lines(lines, Counter()), delimiter, 0, Counter()))
        if len(found) > 1 and len(found) * 2 < len(lines):
            continue
        score = fit(found, delimiter)
        if score > best:
            best, chosen = score, delimiter
    return chosen


def fit(found: list[list[str]], delimiter: str) -> tuple[float, int]:
    """How well a delimiter explains the lines; (0, 0) where it does not."""
    widths = Counter(map(len, found))
    if not found or max(widths) < 2:
        return 0.0, 0
    width, n = max(widths.items(), key=lambda item: (item[1], item[0]))
    if delimiter == " ":
        numbers = [sum(is_number(c) for c in row) for row in found[1:] or found]
        if sum(2 * n > len(row) for n, row in zip(numbers, found[1:] or found)) < 0.9 * len(numbers):
            return 0.0, 0
    alike = n / len(found)
    if width > 1 and alike >= 0.9:
        columns = [any(c.strip() for c in column)
                   for column in zip(*(row for row in found if len(row) == width))]
        hollow = not all(columns[1:-1]) or sum(columns) < 2
        return 2.0 + (alike == 1) - hollow * 0.5 - (delimiter == " ") * 0.25, 0
    if (delimiter != " " and sum(k for w, k in widths.items() if w > 1) >= 0.9 * len(found)
        and (len(found[0]) > 1 or len(found) > 20)):
        return 1.0, min(width, 2)  # unequal lengths, or delimiters inside a text
    if delimiter == " " and 1 not in widths:
        return 1.0, 1
    return 0.0, 0


def is_number(cell: str) -> bool:
    try:
        cells.number(cell, "decimal")
    except ValueError:
        return False
    return True


def records(lines: Lines, delimiter: str, width: int, tally: Counter,
            comments: bool = False) -> Iterator[list[str]]:
    """The cells of each record. tally counts what was done: blank, comments, quotes, several (lines in one
    cell).

    width: cells that a record should have, or 0; a quoted cell that holds whole records is a quote that was
    never closed.
    """
    split, blank = splitter(delimiter), 0
    for line in lines:
        if delimiter and (not line or (line.isspace() and (delimiter == " " or delimiter not in line))):
            blank += 1
        elif comments and line.startswith("#"):
            tally["comments"] += 1
        else:
            tally["blank"] += blank  # those at the end of the file are not worth a word
            blank = 0
            yield split(line) if '"' not in line else quoted(line, lines, delimiter, width,
                                                             tally) or split(line)


def quoted(line: str, lines: Lines, delimiter: str, width: int, tally: Counter) -> list[str] | None:
    """The cells of a record with quotes, which may go on in the next lines; None where its quotes do not
    balance."""
    found, open_ = parsed(line, delimiter)
    taken, length = [line], len(line)
    while open_ and len(taken) < MOST_LINES and length < MOST_CHARACTERS:
        following = next(lines, None)
        if following is None:
            break
        taken.append(following)
        length += len(following)
        if '"' in following:
            found, open_ = parsed("\n".join(taken), delimiter)
    if found is not None and len(taken) > 1 and swallowed(taken, delimiter, width):
        found = None
    if found is None:
        lines.ahead.extendleft(reversed(taken[1:]))
        tally["quotes"] += 1
    elif len(taken) > 1:
        tally["several"] += 1
    return found


def swallowed(taken: list[str], delimiter: str, width: int) -> bool:
    """Whether a quoted cell over these lines holds whole records: then its quote was never meant to be closed
    there."""
    least = 2 if delimiter == "\t" else 5 if width == 2 else 3  # a comma in each line of a text is not rare
    return width > 1 and len(taken) >= least and all(line.count(delimiter) == width - 1 for line in taken)


def parsed(text: str, delimiter: str) -> tuple[list[str] | None, bool]:
    """The cells of a record with quotes, or None; and whether a quote is still open at its end."""
    csv.field_size_limit(2**31 - 1)
    still_open = False
    for options in ({}, {"doublequote": False, "escapechar": "\\"}) if "\\" in text else ({},):
        try:
            rows = list(csv.reader([text], delimiter=delimiter or "\x1f", strict=True, skipinitialspace=True,
                                   **options))
            if len(rows) == 1:
                return [c for c in rows[0] if c] if delimiter == " " else rows[0], False
        except csv.Error as error:
            still_open |= "unexpected end" in str(error)
    return None, still_open


def above(lines: list[str], delimiter: str, width: int) -> tuple[int, bool]:
    """How many lines at the top are no part of the table (comments, a title), and whether the last of them
    holds the names."""
    split = splitter(delimiter)
    n = 0
    while n < len(lines) and (lines[n].startswith("#") or not lines[n].strip() or SEP.fullmatch(lines[n])):
        n += 1
    marked = n
    while width > 2 and n < min(len(lines) - 2, 20) and len(split(lines[n])) == 1:
        n += 1
    names = (marked and n == marked and lines[n - 1].startswith("#")
             and len(split(lines[n - 1].lstrip("# "))) == width)
    return n, bool(names)
