"""A table of unknown origin (delimited text, Excel, Parquet, JSON lines) as named columns, with remarks on
what was decided."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from . import cells, delimited, frames
from .table import Table, assemble, most_common

TEXT = (".csv", ".tsv", ".tab", ".txt", ".data", ".dat")
# read with the extra sslbench[tables], JSON lines without
FRAMES = ".parquet", ".feather", ".xlsx", ".jsonl", ".ndjson"
KINDS = TEXT + FRAMES


def read(path: Path) -> Table:
    """The table in a file; ValueError in one line where there is none. All cells are kept: short rows end in
    missing cells."""
    if not path.is_file():
        raise ValueError(f"{str(path)!r} is no file that can be read as a table")
    if path.suffix.lower() in (*FRAMES, ".json"):
        return frames.read(path)
    encoding, remark = delimited.encoding_of(path)
    tally: Counter = Counter()
    with open(path, encoding=encoding, errors="replace", newline=None) as f:
        table = read_lines(path, delimited.Lines(f, tally), tally)
    return replace(table, notes=[remark] * bool(remark) + table.notes)


def read_lines(path: Path, lines: delimited.Lines, tally: Counter) -> Table:
    """Delimited text: what the delimiter is, where the table begins and whether it has names is read from its
    first lines."""
    sample = lines.sample()
    body = ([line for line in sample if line.strip() and not line.startswith("#")]
            or [line for line in sample if line.strip()])
    if not body:
        raise ValueError(f"{str(path)!r} has no first line: it is empty")
    delimiter = delimited.delimiter_of(body)
    lines.end = delimited.end_of(body, delimiter)
    body, sample = ([line.rstrip().removesuffix(lines.end) for line in some] if lines.end else some
                    for some in (body, sample))
    found = list(delimited.records(delimited.Lines(body, Counter()), delimiter, 0, Counter()))
    width = most_common([len(row) for row in found[1:]] or [len(found[0])])
    top, names = delimited.above(sample, delimiter, width)
    skipped = [next(lines) for _ in range(top)]
    first = delimited.splitter(delimiter)(skipped.pop().lstrip("# ")) if names else None
    tally["comments"] += sum(line.startswith("#") for line in skipped)
    tally["above"] += sum(bool(line.strip()) and not line.startswith("#") for line in skipped)
    comments = cells.numeric([row[0] for row in found[1:]], "decimal")
    rows = delimited.records(lines, delimiter, width, tally, comments)
    found = list(delimited.records(delimited.Lines(sample[top:], Counter()), delimiter, width, Counter(),
                                   comments))
    likely = "thousands" if delimiter == "," else "decimal"
    return assemble(path, rows, found, first, likely, delimiter, tally)


__all__ = ["FRAMES", "KINDS", "TEXT", "Table", "read"]
