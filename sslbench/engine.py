"""The loop, once: a generator of events. Whoever holds it is in control: pause = do not ask for the next event, stop =
close it. (Not called train.py: a module of that name would stand in the way of the function `sslbench.train`.)"""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache, partial
from typing import Any

import torch
from torch import Tensor

from . import evaluate
from .ahead import Ahead
from .data import Data
from .data.rows import in_memory, nbytes
from .field import Batch, decode, picked, size_of
from .hardware import Hardware
from .openmp import release_workers
from .optimisers import AdamW
from .pretexts import Pretext
from .recipe import Recipe

GPU_READS_EVERY = 8  # steps; reading a scalar from a GPU at every step would stall it
SHOWN = 8  # samples in the task's pictures


@dataclass(frozen=True)
class Step:
    """One optimiser step is done. scalars: "loss" and what else the task reports (empty between two reads of a GPU)."""

    step: int
    scalars: dict[str, float]
    seconds: float  # of training so far, evaluation not counted


@dataclass(frozen=True)
class Evaluation:
    """Scores of the network after `step` steps on `split` (validation while training, test once at the end)."""

    step: int
    split: str
    scores: dict[str, float]
    baselines: dict[str, dict[str, float]]  # chance, raw input, untrained
    chance_loss: float | None = None
    embedding: Tensor | None = None  # [n, D] of the map's points, on the CPU
    pictures: dict[str, Any] = field(default_factory=dict)  # what the task's show() returned, on the CPU


@dataclass(frozen=True)
class Checkpoint:
    """Everything needed to go on after `step` steps. Live references: write before asking for the next event."""

    step: int
    state: dict[str, Any]


@dataclass(frozen=True)
class Done:
    """The run is over after `step` steps and `seconds` of training."""

    step: int
    seconds: float


Event = Step | Evaluation | Checkpoint | Done


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


def restore(task, optimiser, scaler, state) -> int:
    """Put a checkpoint's state back; returns the step it was taken after."""
    task.load_state_dict(state["task"])
    optimiser.load_state_dict(state["optimiser"])
    for p, moments in optimiser.state.items():  # fused kernels assume that moments are laid out like their parameter
        for name, value in moments.items():
            if torch.is_tensor(value) and value.shape == p.shape:
                moments[name] = torch.empty_like(p).copy_(value)
    if state["scaler"]:
        scaler.load_state_dict(state["scaler"])
    return state["step"]


class Training:
    """The moving parts of one training run on one process. data: the recipe's, where somebody has it already."""

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
        with self.hardware.seeded(seed):  # for dropout in somebody's network
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

    def look(self, step: int) -> tuple[float | None, dict[str, Any]]:
        """The task's chance-level loss on the first training batch, and its pictures of a few validation samples."""
        with torch.no_grad():
            batch = decode(self.data.fields, self.first, device=self.hardware.device)
            chance = self.task.chance(self.task.inputs(batch, self.generator(-1)))
        return chance, look_at(self.task, self.data, self.hardware, self.generator(-2))


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


def train(recipe: Recipe, resume: dict | None = None, *, device: str = "auto", precision: str = "auto",
          evaluations: int = 8, test: bool = True, checkpoint_every: int = 100,
          training: Training | None = None) -> Iterator[Event]:
    """Train `recipe` and yield what happens: Evaluation at step 0, then Step after every step, Evaluation `evaluations`
    times on the way and, with `test`, on the test split at the end, Checkpoint before the first step, every
    `checkpoint_every` steps and at the end, Done.

    resume: the state of a Checkpoint of the same recipe; the run goes on bit for bit as if it had not been interrupted.
    training: the moving parts, made by the caller, who may look at them between two events.
    Close the generator to stop. Under torchrun every process must exhaust it together; only rank 0 evaluates.
    Raises ValueError when the recipe cannot be built, FloatingPointError when the loss stops being a number.
    """
    if resume:
        same_recipe(recipe, resume["recipe"])
    run = training or Training(recipe, Hardware(device, precision))
    try:
        with run.hardware.memory_kept():
            yield from played(run, resume, evaluations, test, checkpoint_every)
    finally:
        release_workers()  # the next training may be in another thread
    run.hardware.close()


def played(run: Training, resume: dict | None, evaluations: int, test: bool, checkpoint_every: int) -> Iterator[Event]:
    """The events of `train`."""
    recipe, hardware = run.recipe, run.hardware
    start = restore(run.task, run.optimiser, hardware.scaler, resume) if resume else 0
    run.seconds = resume["seconds"] if resume else 0.0
    good = start  # the step of the last checkpoint
    if start == 0:
        yield from evaluated(run, 0)
        yield Checkpoint(0, run.state(0))
    for step in range(start, recipe.steps):
        run.task.train()
        began = time.perf_counter()
        scalars = run.step(step)
        done, last = step + 1, step + 1 == recipe.steps
        looks = last or done * evaluations // recipe.steps > step * evaluations // recipe.steps  # evenly, the last one at the end
        keeps = last or done % checkpoint_every == 0
        reads = looks or keeps or hardware.device.type == "cpu" or step % GPU_READS_EVERY == 0  # its time counts as training
        values = read_scalars(scalars) if reads else {}
        run.seconds += time.perf_counter() - began
        if not math.isfinite(values.get("loss", 0.0)):
            raise diverged(f"the loss became {values['loss']}", done, good, recipe)
        yield Step(done, values, run.seconds)
        if (looks or keeps) and not all(p.isfinite().all() for p in run.task.parameters()):
            raise diverged("a weight is no longer a number", done, good, recipe)
        if looks:
            yield from evaluated(run, done)
        if keeps:
            good = done
            yield Checkpoint(good, run.state(good))
    if test:
        yield from tested(run)
    yield Done(recipe.steps, run.seconds)


def diverged(what: str, step: int, good: int, recipe: Recipe) -> FloatingPointError:
    return FloatingPointError(f"{what} at step {step}; the last good weights, of step {good}, are kept; train again with a "
                              f"smaller lr (it was {recipe.lr:g})")


def evaluated(run: Training, step: int) -> Iterator[Evaluation]:
    """Evaluation on validation; on rank 0 only."""
    if run.hardware.rank == 0:
        scores, embedding = evaluate.quick(run.task, run.data, run.hardware, run.generator(-3))
        baselines = evaluate.quick_baselines(run.data, run.hardware) if step == 0 else {}
        chance, pictures = run.look(step)
        yield Evaluation(step, "validation", scores, baselines, chance, embedding.cpu(), pictures)


def tested(run: Training) -> Iterator[Evaluation]:
    """Evaluation on the test split, with the untrained network built anew beside it; on rank 0 only."""
    if run.hardware.rank == 0:
        _, untrained = replace(run.recipe, init="").build(run.data)
        scores, baselines = evaluate.final(run.task, run.hardware.place(untrained), run.data, run.hardware)
        yield Evaluation(run.recipe.steps, "test", scores, baselines)


def same_recipe(recipe: Recipe, other: dict[str, Any]) -> None:
    """ValueError naming what differs when a checkpoint belongs to another recipe."""
    mine = asdict(recipe.check())
    differs = [f"{name} {other.get(name)!r} there, {value!r} here" for name, value in mine.items() if other.get(name) != value]
    if differs:
        raise ValueError(f"the checkpoint is of another recipe ({'; '.join(differs)}); resume with the recipe it was made with")


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


def read_scalars(scalars: dict[str, Tensor]) -> dict[str, float]:
    """All scalars in one transfer."""
    return dict(zip(scalars, torch.stack([v.float() for v in scalars.values()]).tolist()))


def to_cpu(pictures: Any) -> Any:
    if isinstance(pictures, Tensor):
        return pictures.detach().float().cpu() if pictures.is_floating_point() else pictures.detach().cpu()
    if isinstance(pictures, dict):
        return {name: to_cpu(value) for name, value in pictures.items()}
    return pictures
