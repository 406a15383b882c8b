"""Which rows a step trains on, where they lie and how they get to the step: functions of the seed and the
number of the step; where rows lie in blocks, such as shards, of the number of processes, too."""

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

AT_ONCE = 8  # blocks whose rows are mixed
EVEN = 0.8  # of its share of the rows, that a process must have at least if nothing is to be said


def mix(*numbers: int) -> int:
    """One seed from several numbers, the same in every process and version."""
    state = 0x9E3779B97F4A7C15
    for n in numbers:
        state = ((state ^ (n + 0x9E3779B97F4A7C15)) * 0xBF58476D1CE4E5B9) % 2**64
        state ^= state >> 31
    return state >> 1


class Order:
    """Row numbers that this process reads: every epoch its own order, a function of (seed, epoch).

    Each process takes its contiguous part of a batch that is drawn from all rows. Where rows lie in blocks
    [n], it takes as many rows from blocks of its own, the same in every epoch: their order is drawn, then
    that of the rows within AT_ONCE blocks, so few of them are open at a time. A process whose blocks hold
    fewer rows than an epoch asks of it begins with them again.
    """

    def __init__(self, n: int, batch_size: int, seed: int, hardware: Hardware, blocks: Tensor | None = None):
        self.n, self.batch_size, self.seed, self.hardware = n, batch_size, seed, hardware
        self.blocks, self.least, self.kept = None, n // hardware.world, (-1, torch.empty(0))
        if blocks is not None:
            self.deal(blocks)

    def deal(self, blocks: Tensor) -> None:
        """Blocks of its own to each process. `least`: the rows that every process has at least."""
        sizes, world = torch.bincount(blocks), self.hardware.world
        if (held := int((sizes > 0).sum())) < world:
            note(f"the rows lie in {held} shard{'s' * (held != 1)}, fewer than there are processes, so every "
                 "process reads all of them")
            return
        owner = owners(sizes, world)
        self.least = int(torch.bincount(owner, sizes, world).min())
        if self.least < EVEN * self.n / world:
            note(f"the shards differ much in size: of {self.n} rows one of {world} processes has "
                 f"{self.least}, which it reads again and again; smaller shards can be shared evenly")
        rows = (owner[blocks.long()] == self.hardware.rank).nonzero().flatten()
        self.rows = rows[blocks[rows].argsort(stable=True)]  # this process's, block by block
        self.blocks = blocks[self.rows].unique_consecutive(return_inverse=True)[1]  # 0, 1, ... for these

    def __call__(self, step: int) -> Tensor:
        """Those of one step."""
        epoch, i = divmod(step, self.n // self.batch_size)
        if self.blocks is None:
            whole = order_of(self.n, self.seed, epoch)[i * self.batch_size:(i + 1) * self.batch_size]
            return self.hardware.share(whole)
        share, order = self.batch_size // self.hardware.world, self.of_epoch(epoch)
        return order[torch.arange(i * share, (i + 1) * share) % len(order)]

    def of_epoch(self, epoch: int) -> Tensor:
        """All rows of this process's blocks, in the order of that epoch."""
        known, order = self.kept
        if known != epoch:
            drawn = torch.Generator().manual_seed(mix(self.seed, epoch, self.hardware.rank))
            turn = torch.randperm(int(self.blocks[-1]) + 1, generator=drawn) // AT_ONCE  # of each block
            within = torch.rand(len(self.rows), generator=drawn, dtype=torch.float64)
            order = self.rows[(turn[self.blocks] + within).argsort()]
            self.kept = epoch, order
        return order

    def every(self) -> Tensor:
        """This process's rows in their own order, as many as every other process has."""
        if self.blocks is None:
            return self.hardware.share(torch.arange(self.least * self.hardware.world))
        return self.rows[:self.least]


def owners(sizes: Tensor, processes: int) -> Tensor:
    """[blocks] -> the process that reads each: from the largest on to the one that has fewest rows so far."""
    owner, held = torch.zeros(len(sizes), dtype=torch.long), [0] * processes
    for block in sizes.argsort(descending=True, stable=True).tolist():
        owner[block] = least = held.index(min(held))
        held[least] += int(sizes[block])
    return owner


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


def stored(rows: dict[str, Any], order: Order, hardware: Hardware, step: int) -> dict[str, Tensor]:
    """This process's rows of one step as they are stored: a function of the step alone, so they may be read
    ahead."""
    index = order(step)
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
    """The training rows in their order, decoded; of several processes each has a contiguous share, or its own
    blocks. Rows that do not divide among the processes are left out."""

    def __init__(self, data: Data, rows: dict[str, Any], hardware: Hardware,
                 check: Callable[[], None] = lambda: None, size: int = 250, order: Order | None = None):
        self.data, self.rows, self.hardware, self.check, self.size = data, rows, hardware, check, size
        self.order = order or Order(size_of(rows), hardware.world, 0, hardware)

    def __iter__(self) -> Iterator[Batch]:
        for index in self.order.every().split(self.size):
            self.check()
            yield decode(self.data.fields, self.rows, index, self.hardware.device)


class BatchDoesNotFit(ValueError):
    """The batch that somebody chose does not fit the data. fits: the largest that does."""

    def __init__(self, words: str, fits: int):
        super().__init__(words)
        self.fits = fits
