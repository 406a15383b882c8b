"""Recordings -> windows of one length that overlap and never cross from one recording, person or given split
to the next."""

from dataclasses import dataclass
from itertools import pairwise
from operator import sub

import numpy as np
import torch
from torch import Tensor

from .. import labels as meaning
from ..parts import Reads
from ..splits import SPLITS, shares_of
from ..tables.table import count
from .files import Part

USUAL, SHORTEST = 128, 8  # steps of a window
# a window is at most this part of a short recording, so that each stretch that is a split holds several
SHARE = 20
STRIDES = 8  # windows begin an eighth of their length apart


@dataclass
class Windows:
    """x [m, C, length], a view of all recordings one after the other.  first, last [m]: its steps, among all.
    file [m]: the number of the recording's file.  share [m, 2]: where it begins and ends as a share of its
    stretch.
    row [m]: the row of its file that each begins with.  about: name -> one value for each window.  one:
    columns of several values -> the only one that is the commonest of any window."""

    x: Tensor
    row: np.ndarray
    first: np.ndarray
    last: np.ndarray
    file: np.ndarray
    share: np.ndarray
    about: dict[str, list | np.ndarray]
    notes: list[str]
    one: dict[str, str]


def stretches(part: Part) -> tuple[np.ndarray, list[tuple[int, int]], list[str]]:
    """The order of the steps of a recording, where each stretch begins and ends in it, and remarks.

    A stretch ends where a column of persons, recordings or splits changes; where these change all the time
    (several recordings side by side) the steps of each are put together first.
    """
    n, order = len(part), np.arange(len(part))
    codes = np.zeros(n, np.int64)
    for name in part.borders:
        codes = (codes * (len(set(part.about[name])) + 1)
                 + np.unique(np.array(part.about[name], object).astype(str), return_inverse=True)[1])
        codes = np.unique(codes, return_inverse=True)[1]
    cuts = np.flatnonzero(np.diff(codes)) + 1
    notes = []
    if len(cuts) > n // SHORTEST and len(cuts) > 2 * (codes.max() + 1):
        order = np.argsort(codes, kind="stable")
        cuts = np.flatnonzero(np.diff(codes[order])) + 1
        notes = [f"steps put in order of {', '.join(map(repr, part.borders))}"]
    edges = [0, *cuts.tolist(), n]
    return order, list(pairwise(edges)), notes


def in_blocks(values: list, length: int) -> bool:
    """Whether each of few classes stands together, as in a table that was sorted by them: then no stretch of
    time shows all.
    length: of a window, of which each block must hold ten."""
    edges = changes_of(values)
    return stands_together(values) and min(map(sub, edges[1:], edges)) >= 10 * (length or SHORTEST)


def stands_together(values: list) -> bool:
    """Whether each of few classes stands together, in blocks of any length."""
    different = len(set(values))
    return 2 <= different <= 100 and len(changes_of(values)) - 1 <= 1.5 * different


def changes_of(values: list) -> list[int]:
    """Where each block of the same value begins, and the end."""
    return [0, *(i for i, (a, b) in enumerate(pairwise(values), 1) if a != b), len(values)]


def length_of(lengths: list[int], asked: int, name: str, blocks: bool, reads: Reads | None = None) -> int:
    """Steps of a window: what was asked for, else 128, or less where the recordings are short: never more
    than the longest.
    blocks: each of the recordings is divided into splits.  reads: the run that reads them, at its own
    length."""
    if reads:
        return of_a_run(min(lengths), asked or reads.steps, name, reads.gaps)
    total, longest = min(lengths) if blocks else sum(lengths), max(lengths)
    few = len(lengths) < 10 or blocks
    length = asked or min(USUAL, longest, max(SHORTEST, total // SHARE) if few else longest)
    if few and total < 10 * length:
        raise ValueError(f"{name} has {total} rows, too few for windows of {length}; set data.length to "
                         f"{max(1, total // 10)} or less, or data.layout to 'rows' if each row is one series")
    return length


def of_a_run(shortest: int, length: int, name: str, gaps: bool) -> int:
    """The steps of a run's windows; ValueError where a recording would have to be padded and none was when it
    learned."""
    if shortest < length and not gaps:
        raise ValueError(f"{name} holds a recording of {count(shortest, 'row')}, and this run reads windows "
                         f"of {length} and learned from none that was padded; leave out what is shorter")
    return length


def cut(parts: list[Part], asked: int, name: str, wanted: set[str], blocks: bool,
        reads: Reads | None = None) -> Windows:
    """The windows of all recordings. asked: their length, 0 leaves it open.  wanted: columns whose values
    over the window count, not those at its first step.  blocks: each stretch of a recording is divided into
    splits.  reads: the run that reads them."""
    plans = [stretches(part) for part in parts]
    lengths = [b - a for _, edges, _ in plans for a, b in edges]
    length = length_of(lengths, asked, name, blocks, reads)
    step = max(1, length // STRIDES)
    total = sum(max(n, length) for n in lengths)
    held = np.full((parts[0].x.shape[0], total), np.nan, np.float32)  # [C, all steps]
    source = np.zeros(total, np.int64)  # which step of all files stands here
    firsts, ends, files, shares = [], [], [], []
    at = before = 0
    for number, (part, (order, edges, _)) in enumerate(zip(parts, plans)):
        for a, b in edges:
            held[:, at:at + b - a] = part.x[:, order[a:b]]
            source[at:at + max(b - a, length)] = (before
                + order[np.minimum(np.arange(a, a + max(b - a, length)), b - 1)])
            starts = np.arange(0, max(1, b - a - length + 1), step)
            firsts.append(at + starts)
            ends.append(np.minimum(at + starts + length, at + b - a))
            files.append(np.full(len(starts), number))
            shares.append(np.stack([starts, np.minimum(starts + length, b - a)], 1) / (b - a))
            at += max(b - a, length)
        before += len(part)
    first, last = np.concatenate(firsts), np.concatenate(ends)
    notes = [f"windows of {length} steps, {step} apart"]
    short = sum(n < length for n in lengths)
    notes += [f"{count(short, 'recording')} shorter than a window padded"] if short else []
    notes += dict.fromkeys(note for _, _, own in plans for note in own)
    x = torch.from_numpy(held).unfold(1, length, 1).transpose(0, 1)  # [starts, C, length]
    about = {key: over(values, source, first, last, key in wanted) for key, values in together(parts).items()}
    asked = {key: values for key, values in together(parts).items() if key in wanted}
    notes += [why for key, values in asked.items() if (why := mixed(key, values, source, first, last))]
    one = {key: str(there.pop()) for key, values in asked.items()
           if len(valued(values)) > 1 and len(there := valued(about[key])) == 1}
    file = np.concatenate(files)
    row = source[first] - np.cumsum([0, *map(len, parts)])[file]
    return Windows(x, row, first, last, file, np.concatenate(shares), about, notes, one)


def valued(values: list | np.ndarray) -> set:
    """The different values that are a label."""
    return {value for value in values if value is not None and str(value) not in meaning.NO_LABEL}


def together(parts: list[Part]) -> dict[str, list]:
    """The columns of all files, one after the other; None where a file has no such column."""
    names = dict.fromkeys(name for part in parts for name in part.about)
    return {name: [v for part in parts for v in part.about.get(name, [None] * len(part))] for name in names}


def over(values: list, source: np.ndarray, first: np.ndarray, last: np.ndarray,
         count_all: bool) -> list | np.ndarray:
    """One value for each window: that of its first step, or the commonest of its steps, of a quantity the
    mean."""
    if not count_all:
        return [values[i] for i in source[first]]
    label, _ = meaning.label_of(values)
    if label is not None and label.values.is_floating_point():
        numbers = label.values.numpy()[source].astype(np.float64)
        return np.array([np.nan if np.isnan(w := numbers[a:b]).all() else np.nanmean(w)
                         for a, b in zip(first, last)])
    different = list(dict.fromkeys(values))
    code = {v: i for i, v in enumerate(different)}
    codes = np.array([code[v] for v in values])[source]
    return [different[np.bincount(codes[a:b]).argmax()] for a, b in zip(first, last)]


def mixed(name: str, values: list, source: np.ndarray, first: np.ndarray, last: np.ndarray) -> str:
    """How many windows hold more than one class."""
    label, _ = meaning.label_of(values)
    if label is None or label.values.is_floating_point():
        return ""
    changes = np.concatenate([[0], np.cumsum(np.diff(label.values.numpy()[source]) != 0)])
    several = int((changes[first] != changes[last - 1]).sum())
    return (f"{several:,} of {len(first):,} windows hold more than one {name!r} and count as the commonest"
            if several else "")


def cut_by_time(given: list[str | None], first: np.ndarray, last: np.ndarray,
                own: np.ndarray) -> tuple[list[str | None], np.ndarray]:
    """Missing splits cut from the training windows as stretches of time, because windows overlap; which
    windows stay.
    own [m]: what stays together anyway; with three or more of them nothing is cut here."""
    train = np.array([g == "train" or g is None for g in given])
    missing = [name for name in SPLITS if name not in set(given)]
    if not missing or not train.any() or len(set(own[train])) >= 1 + len(missing):
        return given, np.ones(len(given), bool)
    low, high = first[train].min(), last[train].max()
    given, keep = [g or "train" for g in given], np.ones(len(given), bool)
    for i in np.flatnonzero(train):
        begins, ends = ((p - low) / (high - low) for p in (first[i], last[i]))
        name = next((name for name, (a, b) in shares_of(["train", *missing]).items()
                     if begins >= a - 1e-9 and ends <= b + 1e-9), None)
        given[i], keep[i] = name or "train", name is not None
    return given, keep
