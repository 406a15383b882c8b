"""Files of the UCR/UEA archive of time series: .ts, and .arff."""

import re
from pathlib import Path

import numpy as np

from ..tables import cells


def read(path: Path) -> tuple[list[np.ndarray], list[str]]:
    """[C, T] of each series, its channels padded with NaN to the longest, and its label ([]: without labels).

    ValueError in one line where a line is no numbers.
    """
    series, words = (arff if path.suffix.lower() == ".arff" else ts)(path)
    if not series:
        raise ValueError(f"{path.name} has no series below a line @data")
    if len({s.shape[0] for s in series}) > 1:
        raise ValueError(f"{path.name} has series with different numbers of channels; they must have the "
                         "same")
    return series, words


def lines(path: Path) -> tuple[dict[str, str], list[tuple[int, str]], list[str]]:
    """The header's words -> what follows them, the numbered lines of data, and the header's attributes (of
    .arff)."""
    header: dict[str, str] = {}
    data, attributes = [], []
    for number, line in enumerate(path.read_text("utf-8-sig", "replace").split("\n"), 1):
        line = line.strip()
        if not line or line[0] in "#%":
            continue
        if line.startswith("@") and "@data" not in header:
            word, _, rest = line.partition(" ")
            header[word.lower()] = rest.strip()
            attributes += [rest.strip()] * (word.lower() == "@attribute")
        elif "@data" in header:
            data.append((number, line))
    return header, data, attributes


def ts(path: Path) -> tuple[list[np.ndarray], list[str]]:
    header, data, _ = lines(path)
    if header.get("@timestamps", "false").lower().startswith("true"):
        raise ValueError(f"{path.name} has time stamps, which are not read; save the series as plain "
                         "numbers (@timeStamps false)")
    labelled = any(header.get(word, "").lower().startswith("true")
                   for word in ("@classlabel", "@targetlabel"))
    series, words = [], []
    for number, line in data:
        *channels, label = line.split(":") if labelled else [*line.split(":"), ""]
        if not channels:
            raise ValueError(f"line {number} of {path.name} is broken: it has a label and no numbers")
        series.append(padded([numbers(c.split(","), path, number) for c in channels]))
        words += [label.strip()] if labelled else []
    return series, words


def arff(path: Path) -> tuple[list[np.ndarray], list[str]]:
    """One series a line, the class last; several channels stand in quotes, separated by a written \\n."""
    _, data, attributes = lines(path)
    labelled = bool(attributes) and "{" in attributes[-1]
    series, words = [], []
    for number, line in data:
        found = re.fullmatch(r"(['\"])(.*)\1\s*,?\s*(.*)", line)
        channels = re.split(r"\\n", found[2]) if found else [line]
        values = channels[0].split(",")
        if found:
            label = found[3]
        elif labelled:
            values, label = values[:-1], values[-1]
            channels = [",".join(values)]
        series.append(padded([numbers(c.split(","), path, number) for c in channels]))
        words += [label.strip().strip("'\"")] if labelled else []
    return series, words


def numbers(values: list[str], path: Path, number: int) -> np.ndarray:
    try:
        return np.array([cells.number(v) for v in values], np.float64)
    except ValueError:
        raise ValueError(
            f"line {number} of {path.name} is not numbers; series with time stamps are not read") from None


def padded(channels: list[np.ndarray]) -> np.ndarray:
    T = max(len(c) for c in channels)
    return np.stack([np.pad(c, (0, T - len(c)), constant_values=np.nan) for c in channels])
