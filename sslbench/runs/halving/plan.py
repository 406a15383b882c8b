"""Who trains how long in the minutes there are: all that fit, a narrower field, or none."""

import math

from ...messages import named
from ...recipe import Recipe
from .candidates import narrowed
from .rounds import FINAL, Rounds, around, divided, needed, room
from .standing import called


def planned(entrants: list[Recipe], first: str, minutes: float, workers: int,
            start: float) -> tuple[list[Recipe], Rounds, str]:
    """Who enters, the rounds, and a line about who is left out ("" where nobody is). first: the task that
    goes before others of its kind.  start: seconds of a run before it trains. ValueError in one line where
    there is no time for two."""
    all_of_them = in_minutes(needed(len(entrants), workers, start))
    size = room(len(entrants), 60 * minutes, workers, start)
    if not size:
        least = in_minutes(needed(min(FINAL, len(entrants)), workers, start))
        raise ValueError(f"{minutes:g} minutes are too few to start, train and test even the smallest field "
                         f"here; give {least:g} minutes, or {all_of_them:g} for all {len(entrants)} runs")
    chosen, left_out = narrowed(entrants, size, first)
    words = (f"in {minutes:g} min there is time for {size} of {len(entrants)} runs (all would take "
             f"{all_of_them:g} min); left out: {named(map(called, left_out), 100)}" if left_out else "")
    return chosen, divided(size, 60 * minutes - around(workers), workers, start), words


def in_minutes(seconds: float) -> float:
    """Upwards, in tenths; from ten on whole ones."""
    return math.ceil(seconds / 60) if seconds > 600 else math.ceil(seconds / 6) / 10
