"""What the bench finds out before and beside training: pictures of the task, and how long it would take. No widgets."""

from collections.abc import Callable

import torch

from ..hardware import Hardware
from ..recipe import Recipe
from ..training import look_at, mix
from .aside import Aside
from .estimate import Estimate, estimate
from .loaded import Loaded, key_of
from .seen import Look, name_of
from .session import Session

IDLE = 1.0  # seconds without a change before the estimate is measured
SAMPLES = 8


class Preview:
    """`look`: the newest pictures drawn by hand or before training; `estimate`: the newest words about time and memory."""

    def __init__(self, wake: Callable[[], None], failed: Callable[[Exception], None]):
        self._wake, self._failed, self._aside, self._rolls = wake, failed, Aside(failed), 0
        self.look: Look | None = None
        self.loaded = Loaded()
        self.estimate = ""
        self._read = (None, "")  # which data, and what was read of it

    def prepare(self, recipe: Recipe, device: str, measure: bool) -> None:
        """Beside everything else: the task's pictures of an untrained network, then the estimate."""
        self._aside.do("look", lambda check: self._look_at_untrained(recipe, check))
        if measure:
            self._aside.do("estimate", lambda check: self._measure(recipe, device, check))

    def forget(self) -> None:
        """What was chosen has changed: the estimate is no longer true."""
        self.estimate = ""

    def reading(self, recipe: Recipe) -> str:
        """What was read of this recipe's data, or "" until it has been read."""
        key, said = self._read
        return said if key == key_of(recipe) else ""

    def reroll(self, recipe: Recipe, session: Session | None) -> None:
        """Other samples and other random views: of the network that trains, else of an untrained one."""
        self._rolls += 1
        if session is None:
            self._aside.do("look", lambda check: self._look_at_untrained(recipe, check))
            return

        def look():
            if t := session.training:  # else the data is being loaded; pictures come with the first evaluation
                self._roll(t.task, t.data, t.hardware, f"Other samples, after {session.run.step} steps")

        answer = session.player.ask(look)
        answer.add_done_callback(lambda done: self._failed(done.exception()) if done.exception() else None)

    def clear(self, wait: bool = True) -> None:
        """End what is under way: training is about to begin."""
        self._aside.clear(wait)

    def _look_at_untrained(self, recipe: Recipe, check) -> None:
        check(0.1)
        data, task = recipe.build(self.loaded.for_a_look(recipe))
        self._read = key_of(recipe), data.reading()
        self._wake()
        check()
        hardware = Hardware("cpu")
        self._roll(hardware.place(task), data, hardware, f"Before training: {name_of(recipe)}")

    def _roll(self, task, data, hardware, words: str) -> None:
        n = len(next(iter(data.loaded("validation")[0].values())))
        seed = mix(self._rolls)
        rows = torch.randperm(n, generator=torch.Generator().manual_seed(seed))[:SAMPLES] if self._rolls else None
        self.look = Look(look_at(task, data, hardware, hardware.generator(seed), rows), data, words)
        self._wake()

    def _measure(self, recipe: Recipe, device: str, check) -> None:
        check(IDLE)
        self.estimate = "measuring how long this takes …"
        self._wake()
        found: Estimate | str = ""
        try:
            found = estimate(recipe, device, check, self.loaded.for_a_look(recipe))
        finally:
            self.estimate = str(found)
            self._wake()
