"""Ways to play a recipe to its end: in this process with a progress bar, on from a checkpoint, or in several processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from . import store
from .catalog import Listed
from .engine import Done, Evaluation, Event, Step, train
from .hardware import cpu_limit
from .probes import leading
from .recipe import Recipe
from .run import Run, load_run
from .runs import last_checkpoint, read_recipe, record, replay
from .yardstick import folder_of, supervised_twin


def fit(recipe: Recipe, folder: str | Path | None = None, *, supervised: bool = False, progress: bool = True, **options) -> Run:
    """Train to the end with a progress bar and return the run; recorded in `folder` when one is given.

    supervised: put the same backbone, trained on all labels with the same budget, beside the baselines; it is trained once
    and kept. options: device, precision, evaluations, test, checkpoint_every, as in train(). An interrupt leaves a recorded
    run resumable. When the loss stops being a number, the FloatingPointError's `run` is the run so far with its last good
    weights.
    """
    events, run = train(recipe, **options), Run(recipe, folder)
    try:
        for event in bar(record(events, recipe, folder) if folder else events, recipe, progress):
            run.add(event)
    except FloatingPointError as error:
        error.run = run
        raise
    if supervised:
        run.beside["supervised"] = supervised_run(recipe, progress=progress, **options).scores
    return run


def supervised_run(recipe: Recipe, **options) -> Run:
    """The run of the supervised twin of `recipe`: from the cache, or trained now and kept there."""
    twin = supervised_twin(recipe)
    folder = folder_of(twin)
    kept = load_run(folder) if (folder / "recipe.json").exists() else None
    return kept if kept and kept.done else fit(twin, folder, **options)


def resume(folder: str | Path, *, progress: bool = True, **options) -> Run:
    """Go on with a recorded run from its last good checkpoint to its end; bit for bit what it would have been."""
    recipe, state = read_recipe(folder), last_checkpoint(folder)
    events = record(train(recipe, resume=state, **options), recipe, folder, resumed=state["step"])
    for _ in bar(events, recipe, progress, state["step"]):
        pass
    return load_run(folder)


def bar(events: Iterator[Event], recipe: Recipe, shown: bool = True, start: int = 0) -> Iterator[Event]:
    """Pass events through, with a progress bar on standard error: steps, ETA, loss, the leading probe."""
    from tqdm import tqdm

    with tqdm(total=recipe.steps, initial=start, disable=not shown, leave=False, mininterval=0.5,
              desc=f"{recipe.pretext} on {recipe.data}", unit=" steps") as line:
        said = {}
        for event in events:
            if isinstance(event, Step):
                said |= {k: f"{v:.3f}" for k, v in event.scalars.items() if k == "loss"}
                line.set_postfix(said, refresh=False)
                line.update()
            elif isinstance(event, Evaluation):
                said |= {k: f"{v:.3f}" for k, v in event.scores.items() if k == leading(event.scores)}
            yield event


def launch(recipe: Recipe, folder: str | Path, processes: int = 2, *, device: str = "auto") -> Iterator[Event]:
    """Train in `processes` processes under torchrun and yield the same events by following the run folder.

    Works from a notebook too: nothing is forked. Closing the generator stops the processes. RuntimeError with the last
    line they wrote when they fail; ValueError for classes typed in a notebook, which new processes cannot see.
    """
    folder = Path(folder)
    recipe.check()
    for _, cls in recipe.classes():
        if not importable(cls):
            raise ValueError(f"{cls.name} is defined in this Python process, and new processes cannot see it; put it into a file of "
                             f"sslbench/ or train in this process with fit()")
    store.write_bytes(folder / "recipe.json", recipe.to_json().encode())
    (folder / "events.jsonl").unlink(missing_ok=True)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes),
               "-m", "sslbench", "train", "--recipe", str(folder / "recipe.json"), "--out", str(folder), "--device", device, "--quiet"]
    with open(folder / "output.log", "wb") as output:
        job = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                               env={**os.environ, "OMP_NUM_THREADS": str(max(1, cpu_limit() // processes))})
    try:
        finished = False
        for event in replay(folder, follow=True, alive=lambda: job.poll() is None):
            finished = isinstance(event, Done)
            yield event
        if not finished or job.wait(60):
            raise RuntimeError(f"the processes ended early: {last_error(folder / 'output.log')} (all of it: {folder / 'output.log'})")
    finally:
        if job.poll() is None:
            os.killpg(job.pid, signal.SIGTERM)
            job.wait(30)


def importable(cls: type[Listed]) -> bool:
    """Whether a new process finds it: not what was typed in a cell, nor what arrays() and adopt() made."""
    return cls.__module__.split(".")[0] == __package__ and getattr(sys.modules[cls.__module__], cls.__name__, None) is cls


def last_error(log: Path) -> str:
    """The line that says what went wrong: our own, else the last one that names an error."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    said = [line.removeprefix("sslbench: ") for line in lines if line.startswith("sslbench: ")]
    errors = said or [line for line in lines if "Error" in line and "ChildFailedError" not in line]
    return (errors or lines or ["no output"])[-1].split("]: ")[-1]
