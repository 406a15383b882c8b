"""One candidate for one round, in a process of its own: an ordinary run that is begun, or gone on with."""

import time
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from ...data import Data
from ...machine.hardware import Hardware
from ...messages import in_words
from ...probes import leading
from ...recipe import Recipe
from ...storage import run_folder
from ...training.loop import Checkpoint, Done, Evaluation
from ...training.step import Training
from ..on_disk import finished, last_checkpoint, play, read_recipe
from ..run import load_run
from .measures import measured

WARM, TIMED, TRAINS = 2, 6, 0.6  # steps by which the pace is taken; the share of its time that is for steps


@dataclass(frozen=True)
class Job:
    """recipe: without its number of steps.  units: of the whole run; until: which of them is this round's
    end.  seconds: for this round and its start, unit_seconds: of training for one unit.  threads: of this
    process, 0: as it is."""

    recipe: Recipe
    folder: str
    units: int
    until: int
    seconds: float
    unit_seconds: float
    threads: int = 0
    test: bool = False


@dataclass
class Reached:
    """How far one candidate is. score: the leading probe on validation, from so many samples; None without
    labels.  failed: why it came to no end, in words."""

    recipe: Recipe
    folder: str
    step: int = 0
    seconds: float = 0.0
    key: str = ""
    score: float | None = None
    untrained: float | None = None
    samples: int = 0
    measures: dict[str, float] = field(default_factory=dict)
    failed: str = ""
    rounds: int = 0

    def plain(self) -> dict:
        return {**asdict(self), "recipe": asdict(self.recipe)}

    @classmethod
    def of(cls, said: dict) -> "Reached":
        return cls(**{**said, "recipe": Recipe.from_dict(said["recipe"])})


def played(job: Job) -> Reached:
    """Train until the end of the round, or its time is over, and say how far it came. Whatever goes wrong
    with one candidate is said of it, and the others go on."""
    threads = torch.get_num_threads()
    if job.threads:
        torch.set_num_threads(min(threads, job.threads))
    try:
        return reached(*trained(job))
    except (ValueError, OSError, RuntimeError, FloatingPointError, LookupError, TypeError) as error:
        recipe = read_recipe(job.folder) if (Path(job.folder) / "recipe.json").is_file() else job.recipe
        return Reached(recipe, job.folder, failed=in_words(error))
    finally:
        torch.set_num_threads(threads)


def trained(job: Job):
    """The run as it stands on the disk after this round."""
    folder, began, data = Path(job.folder), time.perf_counter(), job.recipe.make_data()
    if (folder / "recipe.json").is_file() and finished(folder):
        return read_recipe(folder), load_run(folder)  # it has been tested, once
    if (folder / "recipe.json").is_file() and run_folder.checkpoints(folder):
        recipe, state = read_recipe(folder), last_checkpoint(folder)
    else:
        recipe, state = timed(job, data), None
    unit = max(1, recipe.steps // job.units)
    step = state["step"] if state else 0
    if step < unit * job.until or job.test:
        events = play(recipe, folder, overwrite=state is None, resume=state, evaluations=job.units,
                      test=job.test, checkpoint_every=unit, data=data)
        with closing(events):
            for event in events:
                if isinstance(event, Done) or (not job.test and over(event, unit * job.until, job, began)):
                    break
    run = load_run(folder)
    run.data = data  # read once
    return recipe, run


def over(event, target: int, job: Job, began: float) -> bool:
    """Whether this round ends here: only where a checkpoint has just been kept."""
    late = time.perf_counter() - began > job.seconds
    return isinstance(event, Checkpoint) and event.step > 0 and (event.step >= target or late)


def timed(job: Job, data: Data) -> Recipe:
    """The recipe with as many steps as fit into its time on this machine, a multiple of its units."""
    training = Training(job.recipe, Hardware(), data)
    training.task.train()
    with training.hardware.memory_kept():
        for step in range(WARM + TIMED):
            if step == WARM:
                began = time.perf_counter()
            training.step(step)
    pace = (time.perf_counter() - began) / TIMED
    return replace(job.recipe, steps=job.units * max(1, int(TRAINS * job.unit_seconds / pace)))


def reached(recipe: Recipe, run) -> Reached:
    """What the run's last evaluation on validation says."""
    looks = [e for e in run.evaluations if isinstance(e, Evaluation) and e.split == "validation"]
    last, key = looks[-1], leading(looks[-1].scores) or ""
    return Reached(recipe, str(run.folder), last.step, run.seconds, key, last.scores.get(key),
                   looks[0].scores.get(key), last.samples.get(key, 0), measured(last.scores))
