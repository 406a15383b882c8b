"""What the bench finds out before and beside training: pictures of the task, and how long it would take. No
widgets."""

from collections.abc import Callable
from dataclasses import replace

import torch

from ..machine.hardware import Hardware
from ..notes import heard_by, note
from ..recipe import Recipe
from ..training.batches import mix
from ..training.step import look_at
from .background import BackgroundJobs
from .choosing.loaded import Loaded, key_of
from .estimate import Estimate, differs, estimate, pulse
from .session import Session
from .shown_run import Look, name_of

IDLE = 1.0  # seconds without a change before the estimate is measured
WATCH = 10.0  # seconds after which it is looked whether the machine is still as fast
MEASURING = "measuring how long this takes …"
SAMPLES, BEFORE = 8, "Before training"


class Preview:
    """`look`: the newest pictures drawn by hand or before training; `estimate`: the newest words about time
    and memory."""

    def __init__(self, wake: Callable[[], None], failed: Callable[[Exception], None],
                 noted: Callable[[str], None] = note):
        self._wake, self._failed, self._noted = wake, failed, noted
        self._jobs, self._rolls = BackgroundJobs(failed), 0
        self.look: Look | None = None
        self.loaded = Loaded()
        self.estimate = ""
        # of what; a measurement of something else is not written
        self._asked: tuple[Recipe, str] | None = None
        self._read = (None, "")  # which data, and what was read of it
        # of the machine when the estimate was measured; whether it differed at the last look
        self._pulse, self._other = 0.0, False

    def prepare(self, recipe: Recipe, device: str, measure: bool) -> None:
        """Beside everything else: the task's pictures of an untrained network, then the estimate."""
        self._jobs.do("look", lambda check: self._look_at_untrained(recipe, check))
        if measure:
            self.estimate, self._asked = MEASURING, (recipe, device)
            self._jobs.do("estimate", lambda check: self._measure(recipe, device, check), IDLE)

    def watch(self, recipe: Recipe, device: str) -> None:
        """From time to time look whether the machine is as fast as it was; measure the estimate when it is
        not, or when there is none."""
        self._asked = recipe, device
        if self.estimate in ("", MEASURING):
            self.estimate = MEASURING
            self._jobs.do("estimate", lambda check: self._measure(recipe, device, check), IDLE)
        else:
            self._jobs.do("watch", lambda check: self._look_at_machine(recipe, device, check), WATCH)

    def begin(self, recipe: Recipe) -> None:
        """A run of this recipe begins: its own pictures come first as soon as there are any; those of another
        are taken away."""
        look = self.look
        self.look = (replace(look, first=False)
                     if look and look.recipe == recipe and look.words.startswith(BEFORE) else None)

    def forget(self) -> None:
        """What was chosen has changed: the estimate is no longer true."""
        self._jobs.drop("estimate")
        self._jobs.drop("watch")
        self.estimate, self._asked = "", None

    def reading(self, recipe: Recipe) -> str:
        """What was read of this recipe's data, or "" until it has been read."""
        key, said = self._read
        return said if key == key_of(recipe) else ""

    def reroll(self, recipe: Recipe, session: Session | None) -> None:
        """Other samples and other random views: of the network that trains, else of an untrained one."""
        self._rolls += 1
        if session is None:
            self._jobs.do("look", lambda check: self._look_at_untrained(recipe, check))
            return

        def look():
            # else the data is being loaded; pictures come with the first evaluation
            if t := session.training:
                self._roll(t.task, t.data, t.hardware, f"Other samples, after {session.run.step} steps",
                           session.recipe)

        answer = session.player.ask(look)
        answer.add_done_callback(lambda done: self._failed(done.exception()) if done.exception() else None)

    def clear(self, wait: bool = True) -> None:
        """End what is under way: training is about to begin."""
        self._jobs.clear(wait)

    def close(self) -> None:
        """End what is under way, and let go of pictures and data."""
        self._jobs.close()
        self.look, self.loaded = None, Loaded()

    def _look_at_untrained(self, recipe: Recipe, check) -> None:
        check(0.1)
        with heard_by(self._noted):
            data, task = recipe.build(self.loaded.for_a_look(recipe))
            self._read = key_of(recipe), data.reading()
        self._wake()
        check()
        hardware = Hardware("cpu")
        self._roll(hardware.place(task), data, hardware, f"{BEFORE}: {name_of(recipe)}", recipe, check)

    def _roll(self, task, data, hardware, words: str, recipe: Recipe, check=lambda: None) -> None:
        """check: raises where nobody waits for these pictures any more, such as those before training once
        there is a run."""
        n = len(next(iter(data.loaded("validation")[0].values())))
        seed = mix(self._rolls)
        rows = (torch.randperm(n, generator=torch.Generator().manual_seed(seed))[:SAMPLES]
                if self._rolls else None)
        look = Look(look_at(task, data, hardware, hardware.generator(seed), rows), data, words, recipe)
        check()
        self.look = look
        self._wake()

    def _measure(self, recipe: Recipe, device: str, check) -> None:
        check()
        found: Estimate | str = ""
        try:
            with heard_by(self._noted):
                found = estimate(recipe, device, check, self.loaded.for_a_look(recipe))
            self._pulse, self._other = pulse(), False
        finally:
            wanted = self._asked == (recipe, device)
            if wanted:
                self.estimate = str(found)
                self._wake()
        if wanted:
            self.watch(recipe, device)

    def _look_at_machine(self, recipe: Recipe, device: str, check) -> None:
        """One look may meet a stumble: two in a row that differ count."""
        before, self._other = self._other, differs(self._pulse, pulse())
        if self._other and before:
            self.estimate = MEASURING
            self._wake()
            self._measure(recipe, device, check)
        else:
            self.watch(recipe, device)
