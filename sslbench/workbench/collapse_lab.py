"""A bench with one more panel: switches for what keeps a task from giving one answer to everything."""

from collections.abc import Callable
from functools import partial

from .. import plots
from ..exercises.check import Result
from ..recipe import Recipe
from ..runs.run import Run
from .background import BackgroundJobs
from .bench import Workbench
from .error_line import safely
from .lab_panel import LabPanel
from .painter import threads_are_shown
from .switches import SWITCHES, Switch

LIVE = ("running", "paused")
EARLIER = "A run is going on: wait for its end or press Stop, then press again."
HALF = "Stopped before there were two runs to compare; press again for those that are missing."


class CollapseLab:
    """Take one part of a task away, train with it and without, and see whether the embedding collapses.

    Choosing a part sets the bench to its recipe; what is then changed in Settings counts for both runs.
    given: what Workbench takes, such as runs, record, device.

        lab = CollapseLab(record=False)
        lab  # the last line of a cell shows it
        lab.try_out("stopped gradient", steps=20)
    """

    def __init__(self, **given):
        first = next(iter(SWITCHES.values()))
        self.bench = Workbench(first.recipe, **{"recorded": False, "name": "collapse lab", **given})
        self._controller = self.bench._controller
        safe = safely(self._controller.failed)
        self.panel = LabPanel(list(SWITCHES), safe(self._chosen), safe(self._pressed))
        self._controller.panel.insert(self.panel.widget)
        self._controller.page.words, self._controller.page.figure = self.__repr__, self.figure
        self._jobs = BackgroundJobs(self._controller.failed, "sslbench-lab")
        self._busy, self._set_for = False, first.name
        self._pairs: dict[str, list[Run]] = {}  # by switch, as far as they have come
        self._found: dict[str, Result] = {}

    def try_out(self, name: str, steps: int | None = None) -> Result:
        """Train with the part and without it, in this cell, and check what should happen."""
        self._unless_live()
        self.panel.menu.value = name
        switch = SWITCHES[name]
        asked = self._asked(switch)
        return self._both(switch, asked, switch.recipes(steps, asked), self._trained)

    def figure(self):
        """Deviation and effective rank of the pair that is chosen, over each other; else what the bench
        shows."""
        pair = self._pairs.get(self.panel.menu.value)
        return plots.pair(pair) if pair else self._controller.figure()

    def close(self) -> None:
        self._jobs.close()
        self.bench.close()

    def _unless_live(self) -> None:
        if self.bench.state in LIVE:
            raise RuntimeError("a run is going on; stop() it or wait() for it")

    def _chosen(self) -> None:
        """Another part: the bench says its recipe, and what was found without it stands there again."""
        name = self.panel.menu.value
        if self.bench.state not in LIVE:
            self.bench.choose(SWITCHES[name].recipe)
            self._set_for = name
        self.panel.ask()
        if name in self._found:
            self._say(name)
        self._draw(name)

    def _asked(self, switch: Switch) -> Recipe:
        """The switch's recipe as Settings have it, unless somebody has chosen another task meanwhile."""
        said = self.bench.recipe
        same = (self._set_for, said.pretext) == (switch.name, switch.recipe.pretext)
        return said if same else switch.recipe

    def _pressed(self) -> None:
        if self._busy:  # the click was on its way when the button was locked
            return
        if self.bench.state in LIVE:
            self.panel.say(EARLIER)
            return
        switch = SWITCHES[self.panel.menu.value]
        asked = self._asked(switch)
        self._hold(True)
        if threads_are_shown():
            self._jobs.do("try", lambda check: self._both(switch, asked, switch.recipes(like=asked),
                                                          partial(self._watched, check)))
        else:
            self._both(switch, asked, switch.recipes(like=asked), self._trained)

    def _hold(self, busy: bool) -> None:
        """While a pair is trained nobody can ask for another."""
        self._busy = busy
        self.panel.lock(busy)

    def _both(self, switch: Switch, asked: Recipe, recipes: tuple[Recipe, Recipe],
              train: Callable[[Recipe, str], Run | None]) -> Result | None:
        """Train what is not there yet, and say what was found; None where somebody pressed Stop. asked: what
        Settings say afterwards again."""
        self._hold(True)
        pair = self._pairs[switch.name] = []
        self._found.pop(switch.name, None)
        try:
            for i, recipe in enumerate(recipes):
                self.panel.say(f"<b>{i + 1} of 2</b>, {'without' if i else 'with'} {switch.name}")
                done = self._done(recipe) or train(recipe, switch.name)
                if done is None:
                    self.panel.say(HALF)
                    return None
                pair[i:] = [done]
            self.bench.choose(asked)
            self._found[switch.name] = switch.check(*pair)
            self._say(switch.name)
            self._draw(switch.name)
            self._controller.page.keep()
            return self._found[switch.name]
        except BaseException:  # whoever trained says what it was
            self.panel.say("")
            raise
        finally:
            self._hold(False)

    def _trained(self, recipe: Recipe, name: str) -> Run:
        self.bench.choose(recipe)
        return self.bench.train()

    def _watched(self, check: Callable, recipe: Recipe, name: str) -> Run | None:
        """Trained in the background, while both curves are drawn; None when somebody presses Stop."""
        self.bench.choose(recipe)
        self._controller.panel.leave_task_tab(before=self.bench.run)
        self.bench.start()
        self._pairs[name].append(self.bench.run)
        while self.bench.state in LIVE:
            check(0.5)
            self._draw(name)
        return self.bench.run if self.bench.state == "done" else None

    def _done(self, recipe: Recipe) -> Run | None:
        """A run of this recipe that came to its end on this bench."""
        return next((run for run in self.bench.runs if run.recipe == recipe.check()
                     and run.step == recipe.steps), None)

    def _say(self, name: str) -> None:
        self.panel.answer(self._found[name], self._pairs[name])

    def _draw(self, name: str) -> None:
        self.panel.draw(self._pairs.get(name, ()), self._controller.panel.embedding.dark)

    def _ipython_display_(self) -> None:
        self.bench._ipython_display_()

    def __repr__(self) -> str:
        return f"CollapseLab({', '.join(SWITCHES)})"
