"""One training of the bench: the run, the player that plays it, and the network it is about. No widgets."""

import contextlib
import itertools
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from ..notes import heard_by, note
from ..recipe import Recipe
from ..runs.on_disk import play
from ..runs.run import Run
from ..training.loop import Checkpoint, Event, Step
from ..training.player import Player
from ..training.step import Training
from .choosing.loaded import Loaded
from .estimate import duration

LONGEST = 100  # letters of a folder's name
_given: set[Path] = set()  # two benches may ask in the same second


class Session:
    """A run that is being made. It leaves the test split alone: whoever tries one thing after the other would
    use it up.

    new_folder() is called once everything else has been checked; None records nothing.
    `training` is there once the data is loaded; look at it only through `player.ask`."""

    def __init__(self, recipe: Recipe, new_folder: Callable[[], Path] | None, device: str, evaluations: int,
                 tell: Callable[[bool], None],
                 before: Callable[[], None] = lambda: None, loaded: Loaded | None = None,
                 noted: Callable[[str], None] = note):
        self.recipe, self._new_folder = recipe.check(), new_folder
        self.run = Run(self.recipe)
        self.training: Training | None = None
        self._noted = noted
        self.spent = 0.0  # seconds since the first step, pauses not counted
        self._device, self._evaluations, self._before = device, evaluations, before
        self._loaded = loaded or Loaded()
        self.player = Player(self._events(),
                             keep=lambda event: None if isinstance(event, Checkpoint) else event, tell=tell)

    def _events(self):
        self._before()
        self.run.folder = self._new_folder() if self._new_folder else None
        with heard_by(self._noted):
            data = self._loaded.for_training(self.recipe)
        events = play(self.recipe, self.run.folder, ready=self._ready, data=data, device=self._device,
                      evaluations=self._evaluations,
                      test=False)
        with contextlib.closing(events):
            while True:
                began = time.perf_counter()
                with heard_by(self._noted):
                    event: Event | None = next(events, None)
                if event is None:
                    return
                if self.run.steps or isinstance(event, Step):
                    self.spent += time.perf_counter() - began
                self.run.add(event)
                yield event

    def _ready(self, training: Training) -> None:
        self.training = training
        training.check = self.player.check
        self.run.data = training.data  # loaded once

    @property
    def share(self) -> float:
        return self.run.step / self.recipe.steps

    @property
    def seconds_left(self) -> float | None:
        """Until the last step, evaluations on the way included."""
        done = self.run.step
        return self.spent / done * (self.recipe.steps - done) if done >= 3 else None

    @property
    def samples_per_second(self) -> float | None:
        last = self.run.steps[-20:]
        seconds = last[-1].seconds - last[0].seconds if len(last) > 1 else 0
        training = self.training
        return (len(last) - 1) * training.batch_size / seconds if seconds and training else None

    def release(self) -> None:
        """Let go of network and data; the run stays."""
        self.training, self._loaded = None, Loaded()

    def words(self, state: str) -> str:
        """What is going on, in one line."""
        step, total = self.run.step, self.recipe.steps
        if state in ("running", "pausing") and not self.run.evaluations:
            return "loading the data and looking at the untrained network"
        if state == "running" and step == total:
            return "trained; looking at what was learned"
        said = f"step {step} of {total}"
        if state == "running" and self.seconds_left is not None:
            said += f", {duration(self.seconds_left)} left"
        if state in ("running", "paused") and self.samples_per_second:
            said += f", {count(self.samples_per_second)} samples a second"
        if state == "done":
            said = f"{total} steps in {duration(self.run.seconds)}"
        return said


def count(x: float) -> str:
    return f"{x:.0f}" if x < 1000 else f"{x / 1000:.1f} thousand"


def folder_for(runs: str | Path, name: str) -> Path:
    """A folder that is not there yet: time and name. It is made when the run begins to write. OSError in one
    line where `runs` can be no folder, a link that leads nowhere for example."""
    if os.path.lexists(runs) and not Path(runs).is_dir():
        raise NotADirectoryError(f"{str(runs)!r} is no folder that runs could be kept in; give the bench "
                                 "another one with runs=, or record=False")
    name = re.sub(r"[^\w.-]+", "_", f"{time.strftime('%Y%m%d-%H%M%S')}-{name}")[:LONGEST]
    paths = (Path(runs, name if n == 1 else f"{name}-{n}") for n in itertools.count(1))
    path = next(path for path in paths if not os.path.lexists(path) and path.absolute() not in _given)
    _given.add(path.absolute())
    return path
