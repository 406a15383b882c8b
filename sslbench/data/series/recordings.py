"""Channels of whole numbers that count recordings or say something of each, and so are no channels. Plain
functions."""

import numpy as np

from ..metadata import SPLIT_COLUMNS
from ..tables import cells
from .columns import shown
from .files import Part

RARELY = 10  # rows or more for each change of a value that counts recordings


def settle(found: list[Part], grouped: bool) -> None:
    """Takes columns that are the same within every recording from the channels; windows do not cross from one
    value to the next.

    A recording is a file, or what columns and time that begins again have told. Where nothing has, a column's
    own values may count recordings; not grouped (data.group is "none"): then they do not, and it stays a
    channel.
    """
    names = list(found[0].channels)
    if any(part.x.ndim != 2 or part.channels != names for part in found):
        return
    recordings = [codes(part) for part in found]
    several = len(found) > 1 or recordings[0].max() > 0
    same, counting = [], []
    for i, name in enumerate(names):
        rows = [row_of(part, name, i) for part in found]
        if (not all(cells.whole(row[:1000]) and cells.whole(row) for row in rows)
            or len(set().union(*map(values_of, rows))) < 2):
            continue
        if several and all(map(same_within, rows, recordings)):
            same.append(name)
        elif (grouped and any(map(counts_recordings, rows))
              and all(counts_recordings(row) or len(values_of(row)) == 1 for row in rows)):
            counting.append(name)
    if (same or counting) and len(same) + len(counting) < len(names):
        move(found, [*same, *counting])
        say(found, names, same, counting)


def row_of(part: Part, name: str, i: int) -> np.ndarray:
    """[T] a channel, exactly as it was in the file."""
    return part.long.get(name, part.x[i])


def values_of(row: np.ndarray) -> set[float]:
    """The different numbers that are there."""
    return set(np.unique(row[np.isfinite(row)]).tolist())


def codes(part: Part) -> np.ndarray:
    """[T] the number of the recording of each step, as columns of persons and recordings tell."""
    known = [name for name in part.borders if name.lower() not in SPLIT_COLUMNS]
    out = np.zeros(len(part), np.int64)
    for name in known:
        own = np.unique(np.array(part.about[name], object).astype(str), return_inverse=True)[1]
        out = np.unique(out * (own.max() + 1) + own, return_inverse=True)[1]
    return out


def same_within(values: np.ndarray, recording: np.ndarray) -> bool:
    """Whether each recording has one value; recordings of a few steps tell nothing."""
    if (recording.max() + 1) * RARELY > len(values):
        return False
    there = np.flatnonzero(np.isfinite(values))
    there = there[np.argsort(recording[there], kind="stable")]
    ordered, own = values[there], recording[there]
    return not (np.diff(ordered) != 0)[np.diff(own) == 0].any()


def counts_recordings(values: np.ndarray) -> bool:
    """Whether three or more values stay for long, and each stands together, counts up again from the first,
    or changes only at multiples of some number of rows; states of a sensor mostly come back when they
    like."""
    values = values[np.isfinite(values)]
    changes = np.flatnonzero(np.diff(values)) + 1
    runs = values[[0, *changes]]
    different = len(np.unique(runs))
    if different < 3 or len(changes) * RARELY > len(values):
        return False
    up = np.diff(runs)
    again = bool(((up == 1) | (runs[1:] == runs[0])).all())
    return len(runs) < 1.5 * different or again or int(np.gcd.reduce(changes)) >= RARELY


def move(found: list[Part], names: list[str]) -> None:
    """These channels become columns about the steps, borders, and where nothing better is known the group."""
    at = [found[0].channels.index(name) for name in names]
    rows = {name: [row_of(part, name, i) for part in found] for name, i in zip(names, at)}
    values = {name: np.concatenate([row[np.isfinite(row)] for row in own]) for name, own in rows.items()}
    many = [name for name in names if len(np.unique(values[name])) > 2
            # several of a file: the file is kept
            and (len(found) < 3 or all(len(values_of(row)) == 1 for row in rows[name]))]
    group = min(many, key=lambda name: order_of(values[name]), default="")
    for n, part in enumerate(found):
        part.about |= {name: [cells.written(v) for v in rows[name][n].tolist()] for name in names}
        part.borders += names
        part.x = np.delete(part.x, at, 0)
        part.channels = [name for name in part.channels if name not in names]
        if part.group not in part.names:  # none, or time that begins again: a column is better
            part.group = group or part.group


def order_of(values: np.ndarray) -> tuple[bool, int]:
    """First the values that do not come back, and of those the fewest: persons before their recordings."""
    different = len(np.unique(values))
    return bool(np.count_nonzero(np.diff(values)) >= 1.5 * different), different


def say(found: list[Part], before: list[str], same: list[str], counting: list[str]) -> None:
    """Remarks on the columns that were channels before, and the right channels in the remark on the
    layout."""
    notes = [f"{name!r} is the same within each recording: no channel" for name in same]
    notes += [f"{name!r} counts recordings: no channel (data.group none: it is one)" for name in counting]
    named = [f"a channel per column: {shown(names, 4)}" for names in (before, found[0].channels)]
    many = [f"a channel per column, {len(names)} of them" for names in (before, found[0].channels)]
    for part in found:
        part.notes = [note.replace(*named).replace(*many) for note in part.notes] + notes
