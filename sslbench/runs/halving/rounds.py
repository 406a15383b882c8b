"""How a time budget is divided: rounds with half as many each, every round the same time of training; and how
many there is time for. Plain numbers."""

import math
from dataclasses import dataclass

FINAL = 2  # that are trained to the end
# seconds, beyond reading the data: a run's start in a round with its evaluation; its training in the first
# round, without which its place would say nothing; the start of other processes; the test of the winner
START, LEAST, PROCESSES, TEST = 3.0, 2.0, 6.0, 12.0


@dataclass(frozen=True)
class Rounds:
    """sizes: how many enter each round.  seconds: that each of them trains in it.  units: how far each of
    them is trained by the end of it; the last is the whole run.  start: seconds of each run in each round
    before it trains."""

    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    units: tuple[int, ...]
    start: float = 0.0


def divided(candidates: int, seconds: float, workers: int, start: float = 0.0) -> Rounds:
    """Successive halving (Jamieson and Talwalkar 2016): every round trains as long, side by side on so many
    workers, and the better half goes on. A unit is what fits into the first round. start: seconds that every
    run takes in every round before it trains."""
    sizes = halved(candidates)
    left = seconds - start * sum(turns(sizes, workers))
    each = [left / len(sizes) / turn for turn in turns(sizes, workers)]
    after = [sum(each[:i + 1]) for i in range(len(each))]
    units = [max(1, round(t / each[0])) for t in after]
    for i in range(1, len(units)):  # each round goes on
        units[i] = max(units[i], units[i - 1] + 1)
    return Rounds(tuple(sizes), tuple(each), tuple(units), start)


def halved(candidates: int) -> list[int]:
    """How many are in each round."""
    sizes = [candidates]
    while sizes[-1] > FINAL:
        sizes.append(max(FINAL, math.ceil(sizes[-1] / 2)))
    return sizes


def turns(sizes: list[int], workers: int) -> list[int]:
    """How many come one after the other in each round."""
    return [math.ceil(size / workers) for size in sizes]


def around(workers: int) -> float:
    """Seconds of a tournament in which no round is played."""
    return TEST + PROCESSES * (workers > 1)


def needed(candidates: int, workers: int, start: float) -> float:
    """Seconds within which each of so many trains at least LEAST in the first round."""
    ones = turns(halved(candidates), workers)
    return around(workers) + start * sum(ones) + LEAST * ones[0] * len(ones)


def room(candidates: int, seconds: float, workers: int, start: float) -> int:
    """How many of the candidates there is time for; 0 where there is none for a final."""
    least = min(FINAL, candidates)
    return next((n for n in range(candidates, least - 1, -1) if needed(n, workers, start) <= seconds), 0)
