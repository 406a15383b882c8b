"""Which rows a step trains on, where they lie and how they get to the step: functions of the seed and the
number of the step."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ..data import Data
from ..data.rows import in_memory, nbytes
from ..field import Batch, decode, picked, size_of
from ..machine.hardware import Hardware
from ..notes import note
from ..recipe import Recipe


def mix(*numbers: int) -> int:
    """One seed from several numbers, the same in every process and version."""
    state = 0x9E3779B97F4A7C15
    for n in numbers:
        state = ((state ^ (n + 0x9E3779B97F4A7C15)) * 0xBF58476D1CE4E5B9) % 2**64
        state ^= state >> 31
    return state >> 1


def rows_of(n: int, batch_size: int, seed: int, step: int) -> Tensor:
    """Row numbers of the batch of one step: every epoch its own order, a function of (seed, epoch) only."""
    epoch, i = divmod(step, n // batch_size)
    return order_of(n, seed, epoch)[i * batch_size:(i + 1) * batch_size]


@lru_cache(maxsize=2)  # drawn once per epoch: at a million samples it takes as long as a GPU's step
def order_of(n: int, seed: int, epoch: int) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(mix(seed, epoch)))


def placed(rows: dict[str, Any], hardware: Hardware) -> tuple[dict[str, Any], bool]:
    """Rows in memory go to a GPU once where they fit; memory maps and lazy folders stay where they are. The
    second: whether the rows are at hand now, or have to be fetched for every step."""
    held, on_cpu = all(map(in_memory, rows.values())), hardware.device.type == "cpu"
    if on_cpu or not (held and hardware.fits(sum(map(nbytes, rows.values())))):
        return rows, held and on_cpu
    return {name: x[:].to(hardware.device) for name, x in rows.items()}, True


def stored(rows: dict[str, Any], n: int, batch_size: int, seed: int, hardware: Hardware,
           step: int) -> dict[str, Tensor]:
    """This process's rows of one step as they are stored: a function of the step alone, so they may be read
    ahead."""
    index = hardware.share(rows_of(n, batch_size, seed, step))
    return {name: hardware.pinned(torch.as_tensor(picked(x, index))) for name, x in rows.items()}


def batch_for(n: int, recipe: Recipe, processes: int) -> int:
    """The batch size for n training samples. ValueError in one line, with the number to type, when the one
    that somebody chose does not fit; where it is the default, a smaller one is taken and a note says so."""
    size, fits = recipe.batch_size, min(n, recipe.batch_size) // processes * processes
    if size == fits:
        return size
    if fits < max(2, processes):
        raise ValueError(f"{recipe.data} has {n} training samples, too few for a batch on {processes} "
                         f"process{'es' * (processes > 1)}")
    if size == Recipe.batch_size:
        note(f"{recipe.data} has {n} training samples and there are {processes} processes: a batch has "
             f"{fits} instead of {size}"
             if processes > 1 else f"{recipe.data} has {n} training samples: a batch has {fits} instead of "
                                   f"{size}")
        return fits
    if size > n:
        raise BatchDoesNotFit(f"batch_size {size} is larger than the {n} training samples of {recipe.data}; "
                              f"set batch_size to {fits} or less", fits)
    raise BatchDoesNotFit(f"batch_size {size} does not divide among {processes} processes; set batch_size "
                          f"to {fits}", fits)


class EveryBatch:
    """The training rows in their order, decoded; of several processes each has a contiguous share. Rows that
    do not divide among the processes, fewer than there are of these, are left out."""

    def __init__(self, data: Data, rows: dict[str, Any], hardware: Hardware,
                 check: Callable[[], None] = lambda: None, size: int = 250):
        self.data, self.rows, self.hardware, self.check, self.size = data, rows, hardware, check, size

    def __iter__(self) -> Iterator[Batch]:
        n = size_of(self.rows) // self.hardware.world * self.hardware.world
        for index in self.hardware.share(torch.arange(n)).split(self.size):
            self.check()
            yield decode(self.data.fields, self.rows, index, self.hardware.device)


class BatchDoesNotFit(ValueError):
    """The batch that somebody chose does not fit the data. fits: the largest that does."""

    def __init__(self, words: str, fits: int):
        super().__init__(words)
        self.fits = fits
