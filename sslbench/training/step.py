"""The moving parts of one training run: the optimiser, one step, the state to go on from, pictures."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from .. import arguments
from ..backbones.starting import without_start
from ..data import Data
from ..data.as_stored import plain_range
from ..data.digest import digest_of
from ..data.rows import kinds_of
from ..field import Batch, decode, size_of
from ..machine.hardware import Hardware
from ..machine.optimisers import AdamW
from ..machine.random_numbers import draws
from ..machine.torch_settings import own_settings
from ..messages import in_words, quoted
from ..pretexts import Pretext, evaluating
from ..recipe import WANTED, Recipe
from ..shown import Shown, as_shown
from .batches import EveryBatch, Order, batch_for, mix, placed, stored
from .muon import Muon, are_matrices
from .read_ahead import ReadAhead
from .restoring import conditions, restored, same_recipe, under


def made(recipe: Recipe, resume: dict | None = None, device: str = "auto", precision: str = "auto",
         data: Data | None = None) -> "Training":
    """The moving parts of a new run, or of one that goes on from a checkpoint's state: on what it had before,
    unless somebody says otherwise. ValueError when the state is of another recipe."""
    arguments.one_of(recipe, Recipe, "recipe", WANTED)
    arguments.one_of(data, (Data, type(None)), "data", "a data source, as recipe.make_data() gives it (to "
                                                       "name one: Recipe(data=\"waves\"))")
    if state_of(resume) is None:
        return Training(recipe, Hardware(device, precision), data)
    same_recipe(recipe, resume["recipe"])
    return Training(recipe, under(resume.get("about", {}), device, precision), data, restoring=True)


def state_of(resume: dict | None) -> dict | None:
    """The state to go on from, if any; ValueError in one line for what is none."""
    needed = {"recipe", "step", "task", "optimiser", "scaler", "seconds"}
    if resume is not None and not (isinstance(resume, dict) and needed <= resume.keys()
                                   and isinstance(resume["recipe"], dict)
                                   and isinstance(resume.get("about", {}), dict)):
        raise ValueError(f"resume must be the state of a Checkpoint, not {quoted(resume)}; a recorded run "
                         "goes on with resume(folder)")
    return resume


class Training:
    """The moving parts of one training run on one process. data: the recipe's, where somebody has it already.
    restoring: weights are put back afterwards, so those that the recipe's init names are not read."""

    @own_settings()
    def __init__(self, recipe: Recipe, hardware: Hardware, data: Data | None = None, restoring: bool = False):
        self.recipe, self.hardware = recipe.check(), hardware
        self.data, task = (without_start(recipe) if restoring else recipe).build(data)
        rows, _ = self.data.loaded("train")  # the labels stay behind
        n = size_of(rows)
        self.batch_size = batch_for(n, recipe, hardware.world)
        self.rows, at_hand = placed(rows, hardware)
        self.order = Order(n, self.batch_size, recipe.seed, hardware, self.data.blocks("train"))
        # it does not hold this object, so both end at once
        read = partial(stored, self.rows, self.order, hardware)
        self.read, self.stored = read, read if at_hand else ReadAhead(read, recipe.steps)
        self.task = hardware.place(task)
        self.draws = draws(self.task)  # dropout in somebody's network
        self.optimiser = make_optimiser(self.task, recipe, hardware.device, hardware.dtype)
        self.wrapped, self.seconds = hardware.wrap(self.task), 0.0
        # called between the parts of an evaluation; what it raises ends it
        self.check: Callable[[], None] = lambda: None
        self.rate = rate_at  # (step, steps) -> share of the peak learning rate

    @cached_property
    def first(self) -> dict[str, Tensor]:
        """The rows of the first step, for chance levels."""
        return self.read(0)

    def batch(self, step: int) -> Batch:
        return decode(self.data.fields, self.stored(step), device=self.hardware.device)

    def generator(self, *what: int) -> torch.Generator:
        return self.hardware.generator(mix(self.recipe.seed, *what))

    def before_epoch(self, epoch: int) -> None:
        """The task looks at all training rows; its randomness comes from (seed, epoch), the same in every
        process."""
        with torch.no_grad(), evaluating(self.task), self.hardware.seeded(mix(self.recipe.seed, epoch)):
            self.task.before_epoch(EveryBatch(self.data, self.rows, self.hardware, self.check,
                                             order=self.order))

    def step(self, step: int) -> dict[str, Tensor]:
        """One optimiser step; all its randomness comes from (seed, step, rank)."""
        epoch, within = divmod(step, size_of(self.rows) // self.batch_size)
        if within == 0 and type(self.task).before_epoch is not Pretext.before_epoch:
            self.before_epoch(epoch)
        r, seed = self.recipe, mix(self.recipe.seed, step, self.hardware.rank)
        for group in self.optimiser.param_groups:
            group["lr"] = r.lr * self.rate(step, r.steps)
        with self.hardware.own_settings(), self.hardware.seeded(seed) if self.draws else nullcontext():
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

    @cached_property
    def reading(self) -> str:
        """What was read; it goes through all rows, so once."""
        return self.data.reading()

    def state(self, step: int) -> dict[str, Any]:
        return {"recipe": asdict(self.recipe), "step": step, "task": self.task.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "scaler": self.hardware.scaler.state_dict(), "seconds": self.seconds}

    @own_settings()
    def restore(self, state: dict[str, Any], changed_data: bool = False) -> int:
        """Put a checkpoint's state back; returns the step it was taken after. ValueError in one line when it
        does not fit, or when the training data is not that of the run, unless `changed_data`."""
        then = state.get("about", {})
        if "data" in then and not changed_data and then["data"] != self.digest:
            raise ValueError(f"the training data of {self.recipe.data} is not what this run learned from "
                             f"({then.get('rows')} samples then, {size_of(self.rows)} now); give it the "
                             "same data, or go on with the new with --changed-data (changed_data=True)")
        try:
            restored(self.task, self.optimiser, state)
            if state["scaler"]:
                self.hardware.scaler.load_state_dict(state["scaler"])
            self.seconds, step = float(state["seconds"]), state["step"]
        except (RuntimeError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(
                f"the checkpoint does not fit its recipe ({in_words(error)}); train again") from None
        if not 0 <= step <= self.recipe.steps:
            raise ValueError(f"the checkpoint is of step {step} and the recipe has {self.recipe.steps}; "
                             "train again")
        return step

    @cached_property
    def digest(self) -> str:
        """Of the training rows and labels."""
        return digest_of(*self.data.loaded("train"))

    @own_settings()
    def about(self, **more: Any) -> dict[str, Any]:
        """What decides the numbers beside the recipe, and what the data looks like, as plain values."""
        return {**conditions(self.hardware), "batch_size": self.batch_size, "data": self.digest,
                "rows": size_of(self.rows),
                "reading": self.reading, "unit": self.data.unit,
                "fields": {name: asdict(f) for name, f in self.data.fields.items()},
                "stored": kinds_of(self.data.loaded("train")[0]),
                "as_stored": {name: how.plain() for name, how in self.data.as_stored.items()},
                "ranges": {kind: plain_range(*found) for kind, found in self.data.ranges.items()},
                "classes": self.data.classes, "probe_on": list(self.data.probe_on), "alike": self.data.alike,
                "label_field": self.data.label_field, "target": self.data.target, **more}

    def look(self) -> tuple[float | None, Shown]:
        """The task's chance-level loss on the first training batch, and its pictures of a few validation
        samples."""
        with torch.no_grad():
            batch = decode(self.data.fields, self.first, device=self.hardware.device)
            chance = self.task.chance(self.task.inputs(batch, self.generator(-1)))
        return chance, look_at(self.task, self.data, self.hardware, self.generator(-2))


def rate_at(step: int, steps: int) -> float:
    """Share of the peak learning rate: linear over the first twentieth, then cosine to 0."""
    warmup = max(1, steps // 20)
    return ((step + 1) / warmup
            if step < warmup else 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))))


def make_optimiser(task: Pretext, recipe: Recipe, device: torch.device,
                   dtype: torch.dtype = torch.float32) -> torch.optim.Optimizer:
    """The recipe's; biases, norms and single vectors are not decayed. dtype: of the network's numbers."""
    weights = [p for p in task.parameters() if p.requires_grad]
    matrices = are_matrices(task) if recipe.optimiser == "muon" else set()
    groups = [{"params": [p for p in weights if p.ndim > 1 and p not in matrices],
               "weight_decay": recipe.weight_decay},
              {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0}]
    fused = device.type in ("cpu", "cuda")
    if recipe.optimiser == "adamw":
        return AdamW(groups, lr=recipe.lr, fused=fused)
    first = {"params": [p for p in weights if p in matrices], "weight_decay": recipe.weight_decay}
    return Muon([first, *groups], recipe.lr, dtype if dtype is torch.bfloat16 else torch.float32, fused)


def look_at(task: Pretext, data: Data, hardware: Hardware, generator: torch.Generator,
            rows: Tensor | None = None) -> Shown:
    """What the task shows of a few validation samples (the first ones, or those with these row numbers), on
    the CPU."""
    stored, _ = data.loaded("validation")
    rows = torch.arange(min(task.shows, size_of(stored))) if rows is None else rows
    few = decode(data.fields, stored, rows, hardware.device)
    with torch.no_grad(), evaluating(task):
        inputs = task.inputs(few, generator)
        with hardware.autocast():
            shown = as_shown(task.show(inputs))
    return to_cpu(shown)


def to_cpu(shown: Any) -> Any:
    """The same with tensors on the CPU, numbers in float32."""
    if isinstance(shown, Tensor):
        return shown.detach().float().cpu() if shown.is_floating_point() else shown.detach().cpu()
    if isinstance(shown, dict):
        return {name: to_cpu(value) for name, value in shown.items()}
    if isinstance(shown, tuple):
        return type(shown)(*map(to_cpu, shown))
    return [to_cpu(value) for value in shown] if isinstance(shown, list) else shown
