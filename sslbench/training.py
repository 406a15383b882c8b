"""The moving parts of one training run: which rows when, the optimiser, one step, the state to go on from, pictures."""

import math
from dataclasses import asdict
from functools import cached_property, lru_cache, partial
from typing import Any

import torch
from torch import Tensor

from .ahead import Ahead
from .data import Data
from .data.rows import in_memory, nbytes
from .field import Batch, decode, picked, size_of
from .hardware import Hardware
from .optimisers import AdamW
from .pretexts import Pretext
from .recipe import Recipe
from .settings import own_settings

SHOWN = 8  # samples in the task's pictures


class Training:
    """The moving parts of one training run on one process. data: the recipe's, where somebody has it already."""

    @own_settings()
    def __init__(self, recipe: Recipe, hardware: Hardware, data: Data | None = None):
        self.recipe, self.hardware = recipe.check(), hardware
        self.data, task = recipe.build(data)
        rows, _ = self.data.loaded("train")  # the labels stay behind
        n = size_of(rows)
        if recipe.batch_size > n:
            raise ValueError(f"batch_size {recipe.batch_size} is larger than the {n} training samples of {recipe.data}; "
                             f"set batch_size to {n} or less")
        if recipe.batch_size % hardware.world:
            raise ValueError(f"batch_size {recipe.batch_size} does not divide among {hardware.world} processes; use a multiple")
        self.rows, at_hand = placed(rows, hardware)
        read = partial(stored, self.rows, n, recipe, hardware)  # step -> its rows; it does not hold this object, so both end at once
        self.read, self.stored = read, read if at_hand else Ahead(read, recipe.steps)
        self.task = hardware.place(task)
        self.optimiser = make_optimiser(self.task, recipe, hardware.device)
        self.wrapped, self.seconds = hardware.wrap(self.task), 0.0
        self.rate = rate_at  # (step, steps) -> share of the peak learning rate

    @cached_property
    def first(self) -> dict[str, Tensor]:
        """The rows of the first step, for chance levels."""
        return self.read(0)

    def batch(self, step: int) -> Batch:
        return decode(self.data.fields, self.stored(step), device=self.hardware.device)

    def generator(self, *what: int) -> torch.Generator:
        return self.hardware.generator(mix(self.recipe.seed, *what))

    def step(self, step: int) -> dict[str, Tensor]:
        """One optimiser step; all its randomness comes from (seed, step, rank)."""
        r, seed = self.recipe, mix(self.recipe.seed, step, self.hardware.rank)
        for group in self.optimiser.param_groups:
            group["lr"] = r.lr * self.rate(step, r.steps)
        with self.hardware.own_settings(), self.hardware.seeded(seed):  # seeded: for dropout in somebody's network
            with torch.no_grad():
                inputs = self.task.inputs(self.batch(step), self.hardware.generator(seed))
            with self.hardware.autocast():
                scalars = self.wrapped(inputs)
            self.hardware.scaler.scale(scalars["loss"]).backward()
            self.hardware.scaler.step(self.optimiser)
            self.hardware.scaler.update()
            self.optimiser.zero_grad(set_to_none=True)
            self.task.after_step((step + 1) / r.steps)
            return {name: value.detach() for name, value in scalars.items()}

    def state(self, step: int) -> dict[str, Any]:
        return {"recipe": asdict(self.recipe), "step": step, "task": self.task.state_dict(), "optimiser": self.optimiser.state_dict(),
                "scaler": self.hardware.scaler.state_dict(), "seconds": self.seconds}

    @own_settings()
    def restore(self, state: dict[str, Any]) -> int:
        """Put a checkpoint's state back; returns the step it was taken after."""
        self.task.load_state_dict(state["task"])
        self.optimiser.load_state_dict(state["optimiser"])
        for p, moments in self.optimiser.state.items():  # fused kernels assume that moments are laid out like their parameter
            for name, value in moments.items():
                if torch.is_tensor(value) and value.shape == p.shape:
                    moments[name] = torch.empty_like(p).copy_(value)
        if state["scaler"]:
            self.hardware.scaler.load_state_dict(state["scaler"])
        self.seconds = state["seconds"]
        return state["step"]

    def look(self) -> tuple[float | None, dict[str, Any]]:
        """The task's chance-level loss on the first training batch, and its pictures of a few validation samples."""
        with torch.no_grad():
            batch = decode(self.data.fields, self.first, device=self.hardware.device)
            chance = self.task.chance(self.task.inputs(batch, self.generator(-1)))
        return chance, look_at(self.task, self.data, self.hardware, self.generator(-2))


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


def rate_at(step: int, steps: int) -> float:
    """Share of the peak learning rate: linear over the first twentieth, then cosine to 0."""
    warmup = max(1, steps // 20)
    return (step + 1) / warmup if step < warmup else 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def make_optimiser(task: Pretext, recipe: Recipe, device: torch.device) -> torch.optim.Optimizer:
    """AdamW; biases, norms and single vectors are not decayed."""
    weights = [p for p in task.parameters() if p.requires_grad]
    groups = [{"params": [p for p in weights if p.ndim > 1], "weight_decay": recipe.weight_decay},
              {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0}]
    return AdamW(groups, lr=recipe.lr, fused=device.type in ("cpu", "cuda"))


def placed(rows: dict[str, Any], hardware: Hardware) -> tuple[dict[str, Any], bool]:
    """Rows in memory go to a GPU once where they fit; memory maps and lazy folders stay where they are. The second: whether
    the rows are at hand now, or have to be fetched for every step."""
    held, on_cpu = all(map(in_memory, rows.values())), hardware.device.type == "cpu"
    if on_cpu or not (held and hardware.fits(sum(map(nbytes, rows.values())))):
        return rows, held and on_cpu
    return {name: x[:].to(hardware.device) for name, x in rows.items()}, True


def stored(rows: dict[str, Any], n: int, recipe: Recipe, hardware: Hardware, step: int) -> dict[str, Tensor]:
    """This process's rows of one step as they are stored: a function of the step alone, so they may be read ahead."""
    index = hardware.share(rows_of(n, recipe.batch_size, recipe.seed, step))
    return {name: hardware.pinned(torch.as_tensor(picked(x, index))) for name, x in rows.items()}


def look_at(task: Pretext, data: Data, hardware: Hardware, generator: torch.Generator, rows: Tensor | None = None) -> dict[str, Any]:
    """What the task shows of a few validation samples (the first ones, or those with these row numbers), on the CPU."""
    stored, _ = data.loaded("validation")
    few = decode(data.fields, stored, torch.arange(min(SHOWN, size_of(stored))) if rows is None else rows, hardware.device)
    training = task.training
    task.eval()
    with torch.no_grad():
        inputs = task.inputs(few, generator)
        with hardware.autocast():
            pictures = task.show(inputs)
    task.train(training)
    return to_cpu(pictures)


def to_cpu(pictures: Any) -> Any:
    if isinstance(pictures, Tensor):
        return pictures.detach().float().cpu() if pictures.is_floating_point() else pictures.detach().cpu()
    if isinstance(pictures, dict):
        return {name: to_cpu(value) for name, value in pictures.items()}
    return pictures
