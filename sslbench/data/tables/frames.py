"""Tables that are no delimited text: Excel, Parquet and Feather (with pandas, the extra sslbench[tables]) and
JSON lines."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from . import delimited, table
from .cells import Column
from .table import Table

NEEDS = {".parquet": "pandas pyarrow", ".feather": "pandas pyarrow", ".xlsx": "pandas openpyxl"}


def read(path: Path) -> Table:
    """The table in the file; ValueError in one line where it is damaged or a library is missing."""
    kind = path.suffix.lower()
    if kind not in NEEDS:
        return of_columns(path, json_lines(path), [])
    try:
        import pandas
        if kind == ".xlsx":
            return sheet(path, pandas.read_excel(path, sheet_name=None, header=None, dtype=object))
        frame = (pandas.read_parquet if kind == ".parquet" else pandas.read_feather)(path)
    except ImportError:
        raise ValueError(f"reading {path.name} needs {NEEDS[kind]}: pip install 'sslbench[tables]'") from None
    except Exception as error:  # each engine has its own kinds
        raise ValueError(f"{path.name} cannot be read ({' '.join(str(error).split())[:150]})") from None
    if frame.index.name is not None:
        frame = frame.reset_index()
    return of_columns(path, {str(name): frame[name] for name in frame.columns}, [])


def sheet(path: Path, sheets: dict) -> Table:
    """The first sheet of an Excel file, read like a file of delimited text: whether it has names is seen from
    its rows."""
    rows = [[cell(v) for v in row] for row in next(iter(sheets.values())).to_numpy().tolist()]
    if not rows:
        raise ValueError("its first sheet is empty")
    read = table.assemble(path, rows, rows[:delimited.SAMPLE[0]], None, "decimal", ",", Counter())
    other = len(sheets) - 1
    return replace(read, notes=read.notes + [f"{other} further sheets left out"] * (other > 0))


def json_lines(path: Path) -> dict[str, list]:
    """The values of each key, None where a line has none; a single list of objects is read, too."""
    text = path.read_text(delimited.encoding_of(path)[0], "replace").strip()
    try:
        if path.suffix.lower() == ".json" and not text.startswith("[") and (columns := of_object(text)):
            return columns
        rows = (json.loads(text)
                if text.startswith("[") else [json.loads(line) for line in text.split("\n") if line.strip()])
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not one JSON object per line ({str(error)[:100]})") from None
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{path.name} must hold one JSON object per line, its keys the names of the columns")
    return {key: [row.get(key) for row in rows] for key in dict.fromkeys(key for row in rows for key in row)}


def of_object(text: str) -> dict[str, list] | None:
    """The columns of {name: word}, {name: {column: word}}, {column: [words]} or {column: {row number: word}};
    else None."""
    try:
        held = json.loads(text)
    except ValueError:
        return None  # one object per line
    inside = list(held.values()) if isinstance(held, dict) else []
    if len(inside) > 1 and not any(isinstance(v, (dict, list)) for v in inside):
        return {"name": list(held), "label": inside}
    if inside and all(isinstance(v, list) for v in inside) and len(set(map(len, inside))) == 1:
        return held
    if inside and all(isinstance(v, dict) for v in inside):
        keys = list(dict.fromkeys(key for v in inside for key in v))
        if keys == [str(i) for i in range(len(keys))]:
            return {name: [v.get(key) for key in keys] for name, v in held.items()}
        return {"name": list(held)} | {key: [v.get(key) for v in inside] for key in keys if key != "name"}
    return None


def of_columns(path: Path, values: dict[str, Any], notes: list[str]) -> Table:
    """Columns of values: cells that hold vectors of one length become a column for each of their numbers."""
    columns: dict[str, Column] = {}
    for name, column in values.items():
        if (getattr(column, "dtype", None) is not None and column.dtype.kind in "iuf"
            and small(column.to_numpy())):
            columns[name] = Column(name, [column.to_numpy(np.float64)])
            continue
        held = list(column)
        some = [v for v in held if v is not None]
        if some and all(isinstance(v, (list, tuple, np.ndarray)) for v in some):
            columns |= vectors(name, held, notes)
        elif any(isinstance(v, (dict, bytes, list, np.ndarray)) for v in some):
            notes.append(f"column {name!r} left out: its cells are no numbers or words")
        else:
            columns[name] = Column(name, [[cell(v) for v in held]])
    if not columns or not len(next(iter(columns.values()))):
        raise ValueError(f"{path.name} has no rows")
    return Table(path, columns, frozenset(), notes)


def vectors(name: str, held: list, notes: list[str]) -> dict[str, Column]:
    """name -> "name.0", "name.1" ... where each cell is a vector of the same length."""
    lengths = {len(v) for v in held if v is not None}
    try:
        if len(lengths) != 1:
            raise ValueError
        width = lengths.pop()
        # [rows, width]
        x = np.stack([np.full(width, np.nan) if v is None else np.asarray(v, np.float64) for v in held])
        if x.ndim != 2:
            raise ValueError
    except (TypeError, ValueError):
        notes.append(f"column {name!r} left out: its cells are no vectors of one length")
        return {}
    return {f"{name}.{i}": Column(f"{name}.{i}", [np.ascontiguousarray(x[:, i])]) for i in range(width)}


def small(numbers: np.ndarray) -> bool:
    """Whether float64 holds these numbers exactly."""
    return (numbers.dtype.kind == "f" or not len(numbers)
            or max(abs(int(numbers.min())), abs(int(numbers.max()))) < 2**53)


def cell(value: Any) -> str:
    """A value as it would stand in a file; "" where there is none."""
    if value is None or value != value or str(value) in ("NaT", "<NA>"):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
