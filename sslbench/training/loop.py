"""The loop, once: a generator of events. Whoever holds it is in control: pause = do not ask for the next
event, stop = close it. (Not called train.py: a module of that name would stand in the way of the function
`sslbench.train`.)"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from .. import arguments
from ..backbones.starting import from_scratch
from ..machine.openmp import release_workers
from ..recipe import Recipe
from ..shown import Shown
from . import evaluate
from .step import Training, made, state_of

OPTIONS = {"evaluations": 8, "test": True, "checkpoint_every": 100, "probe_rows": evaluate.PROBE_ROWS}
GPU_READS_EVERY = 8  # steps; reading a scalar from a GPU at every step would stall it


@dataclass(frozen=True)
class Step:
    """One optimiser step is done. scalars: "loss" and what else the task reports (empty between two reads of
    a GPU)."""

    step: int
    scalars: dict[str, float]
    seconds: float  # of training so far, evaluation not counted


@dataclass(frozen=True)
class Evaluation:
    """Scores of the network after `step` steps on `split` (validation while training, test once at the
    end)."""

    step: int
    split: str
    scores: dict[str, float]
    baselines: dict[str, dict[str, float]]  # chance, raw input, untrained
    chance_loss: float | None = None
    embedding: Tensor | None = None  # [n, D] of the map's points, on the CPU
    pictures: Shown = field(default_factory=list)  # what the task's show() returned, on the CPU
    samples: dict[str, int] = field(default_factory=dict)  # score -> how many samples it was read from
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)  # of the test: score -> 95 %
    rows: dict[str, tuple[int, int]] = field(default_factory=dict)  # split -> rows read, rows that it has
    confusion: Tensor | None = None  # of the test: [classes, classes], rows the class, columns what was said


@dataclass(frozen=True)
class Checkpoint:
    """Everything needed to go on after `step` steps. Live references: write before asking for the next event.

    about: () -> what else decides the numbers (precision, device, threads, a digest of the data ...) and what
    the data looks like."""

    step: int
    state: dict[str, Any]
    about: Callable[[], dict[str, Any]] = dict


@dataclass(frozen=True)
class Done:
    """The run is over after `step` steps and `seconds` of training."""

    step: int
    seconds: float


Event = Step | Evaluation | Checkpoint | Done


def train(recipe: Recipe, resume: dict | None = None, *, device: str = "auto", precision: str = "auto",
          evaluations: int | None = None, test: bool | None = None, checkpoint_every: int | None = None,
          probe_rows: int | None = None, changed_data: bool = False,
          training: Training | None = None) -> Iterator[Event]:
    """Train `recipe` and yield what happens: Evaluation at step 0, then Step after every step, Evaluation
    `evaluations` times on the way (8) and, with `test` (True), on the test split at the end, Checkpoint
    before the first step, every `checkpoint_every` steps (100) and at the end, Done.

    probe_rows: at the end probes are fitted on at most so many training rows and judged on at most so many
    test rows (10,000; half of it for validation); 0: on all of them.

    resume: the state of a Checkpoint of the same recipe; the run goes on bit for bit as if it had not been
    interrupted. What is not given here is then as it was there; what cannot be as it was is said, and changed
    data is refused unless `changed_data`.
    training: the moving parts, made by the caller, who may look at them between two events.
    Close the generator to stop. Under torchrun every process must exhaust it together; only rank 0 evaluates.
    Raises ValueError when the recipe cannot be built, FloatingPointError when the loss stops being a number.

        for event in train(Recipe(data="waves", steps=20)):
            print(event.step, getattr(event, "scores", ""))
    """
    arguments.yes_or_no(changed_data, "changed_data")
    options = chosen(resume, evaluations=evaluations, test=test, checkpoint_every=checkpoint_every,
                     probe_rows=probe_rows)
    run = training or made(recipe, resume, device, precision)
    try:
        with run.hardware.memory_kept():
            yield from played(run, resume, changed_data, **options)
    finally:
        release_workers()  # the next training may be in another thread
    run.hardware.close()


def chosen(resume: dict | None, **asked: Any) -> dict[str, Any]:
    """What was given, else what the run had before, else the defaults. ValueError in one line for what cannot
    be used."""
    before = (state_of(resume) or {}).get("about", {}).get("options")
    before = before if isinstance(before, dict) else {}
    known = {name: before[name] for name, value in OPTIONS.items() if type(before.get(name)) is type(value)}
    options = {**OPTIONS, **known, **{name: value for name, value in asked.items() if value is not None}}
    return {**options, "evaluations": arguments.whole(options["evaluations"], "evaluations", 0),
            "test": arguments.yes_or_no(options["test"], "test"),
            "checkpoint_every": arguments.whole(options["checkpoint_every"], "checkpoint_every", 1),
            "probe_rows": arguments.whole(options["probe_rows"], "probe_rows", 0)}


def played(run: Training, resume: dict | None, changed_data: bool, *, evaluations: int, test: bool,
           checkpoint_every: int, probe_rows: int) -> Iterator[Event]:
    """The events of `train`."""
    recipe, hardware = run.recipe, run.hardware
    about = partial(run.about, options={"evaluations": evaluations, "test": test,
                                        "checkpoint_every": checkpoint_every, "probe_rows": probe_rows})
    run.seconds = 0.0
    start = run.restore(resume, changed_data) if resume else 0
    good = start  # the step of the last checkpoint
    if start == 0:
        yield from evaluated(run, 0)
        yield Checkpoint(0, run.state(0), about)
    for step in range(start, recipe.steps):
        run.task.train()
        began = time.perf_counter()
        scalars = run.step(step)
        done, last = step + 1, step + 1 == recipe.steps
        # evenly, the last one at the end
        looks = last or done * evaluations // recipe.steps > step * evaluations // recipe.steps
        keeps = last or done % checkpoint_every == 0
        # its time counts as training
        reads = looks or keeps or hardware.device.type == "cpu" or step % GPU_READS_EVERY == 0
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
            yield Checkpoint(good, run.state(good), about)
    if test:
        yield from tested(run, probe_rows)
    yield Done(recipe.steps, run.seconds)


def diverged(what: str, step: int, good: int, recipe: Recipe) -> FloatingPointError:
    return FloatingPointError(f"{what} at step {step}; the last good weights, of step {good}, are kept; "
                              "train again with a "
                              f"smaller lr (it was {recipe.lr:g})")


def evaluated(run: Training, step: int) -> Iterator[Evaluation]:
    """Evaluation on validation; on rank 0 only."""
    if run.hardware.rank == 0:
        with run.hardware.own_settings():
            scores, embedding = evaluate.quick(run.task, run.data, run.hardware, run.generator(-3), run.check)
            baselines = evaluate.quick_baselines(run.data, run.hardware, run.check) if step == 0 else {}
            chance, pictures = run.look()
        rows = evaluate.read(run.data, "validation", evaluate.QUICK["validation"])
        samples = evaluate.judged(rows, scores)
        yield Evaluation(step, "validation", scores, baselines, chance, embedding.cpu(), pictures, samples)


def tested(run: Training, probe_rows: int) -> Iterator[Evaluation]:
    """Evaluation on the test split, with the untrained network built anew beside it; on rank 0 only."""
    if run.hardware.rank == 0:
        _, untrained = from_scratch(run.recipe).build(run.data)
        with run.hardware.own_settings():
            said = evaluate.final(run.task, run.hardware.place(untrained), run.data, run.hardware, run.check,
                                  probe_rows)
        yield of_the_test(run.recipe.steps, said)


def of_the_test(step: int, said: evaluate.Final) -> Evaluation:
    return Evaluation(step, "test", said.scores, said.baselines, samples=said.samples,
                      intervals=said.beside.intervals, rows=said.rows, confusion=said.beside.confusion)


def read_scalars(scalars: dict[str, Tensor]) -> dict[str, float]:
    """All scalars in one transfer."""
    return dict(zip(scalars, torch.stack([v.float() for v in scalars.values()]).tolist()))
