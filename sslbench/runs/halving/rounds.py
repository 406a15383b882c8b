"""How a time budget is divided: rounds with half as many each, every round the same time. Plain numbers."""

import math
from dataclasses import dataclass

FINAL = 2  # that are trained to the end


@dataclass(frozen=True)
class Rounds:
    """sizes: how many enter each round.  seconds: that each of them is given in it.  units: how far each of
    them is trained by the end of it; the last is the whole run."""

    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    units: tuple[int, ...]


def divided(candidates: int, seconds: float, workers: int) -> Rounds:
    """Successive halving (Jamieson and Talwalkar 2016): every round takes as long, side by side on so many
    workers, and the better half goes on. A unit is what fits into the first round."""
    sizes = [candidates]
    while sizes[-1] > FINAL:
        sizes.append(max(FINAL, math.ceil(sizes[-1] / 2)))
    each = [seconds / len(sizes) / math.ceil(size / workers) for size in sizes]
    after = [sum(each[:i + 1]) for i in range(len(each))]
    units = [max(1, round(t / each[0])) for t in after]
    for i in range(1, len(units)):  # each round goes on
        units[i] = max(units[i], units[i - 1] + 1)
    return Rounds(tuple(sizes), tuple(each), tuple(units))
