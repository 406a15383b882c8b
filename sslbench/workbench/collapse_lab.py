"""A bench with one more panel: switches for what keeps a task from giving one answer to everything."""


from ..exercises.check import Result
from ..recipe import Recipe
from ..runs.run import Run
from . import widgets as w
from .background import BackgroundJobs
from .bench import Workbench
from .painter import threads_are_shown
from .switches import SWITCHES, Switch


class CollapseLab:
    """Take one part of a task away, train with it and without, and see whether the embedding collapses.

    given: what Workbench takes, such as runs, record, device.

        lab = CollapseLab(record=False)
        lab  # the last line of a cell shows it
        lab.try_out("stopped gradient", steps=20)
    """

    def __init__(self, **given):
        first = next(iter(SWITCHES.values()))
        self.bench = Workbench(first.recipe, **{"recorded": False, "name": "collapse lab", **given})
        panel = self.bench._controller.panel
        self.menu = w.listen(w.menu(list(SWITCHES), "switch"), self._chosen)
        self.press = w.button("Train with it, then without", self._pressed, "try", icon="flask")
        self.should, self.found = w.html("", "should"), w.html("", "found")
        tools = w.row([w.html("<b>What if there were no</b>"), self.menu, self.press], "tools")
        panel.insert(w.column([tools, self.should, self.found], "lab"))
        self._jobs = BackgroundJobs(self.bench._controller.failed, "sslbench-lab")
        self._chosen()

    def try_out(self, name: str, steps: int | None = None) -> Result:
        """Train with the part and without it, in this cell, and check what should happen."""
        switch = SWITCHES[name]
        runs = [self._done(recipe) or self._trained(recipe) for recipe in switch.recipes(steps)]
        return self._say(switch, runs)

    def close(self) -> None:
        self._jobs.close()
        self.bench.close()

    def _trained(self, recipe: Recipe) -> Run:
        self.bench.choose(recipe)
        return self.bench.train()

    def _chosen(self) -> None:
        w.put(self.should, value=w.escape(f"Without it: {SWITCHES[self.menu.value].should}."))
        w.put(self.found, value="")

    def _pressed(self) -> None:
        if not threads_are_shown():
            self.try_out(self.menu.value)
            return
        self._jobs.do("try", lambda check: self._try_beside(SWITCHES[self.menu.value], check))

    def _try_beside(self, switch: Switch, check) -> None:
        """The same in the background; stopped when somebody presses Stop."""
        runs = []
        for recipe in switch.recipes():
            if run := self._done(recipe):
                runs.append(run)
                continue
            self.bench.choose(recipe)
            self.bench.start()
            while self.bench.state in ("running", "paused"):
                check(0.1)
            if self.bench.state != "done":
                return
            runs.append(self.bench.run)
        self._say(switch, runs)

    def _done(self, recipe: Recipe) -> Run | None:
        """A run of this recipe that came to its end on this bench."""
        return next((run for run in self.bench.runs if run.recipe == recipe.check()
                     and run.step == recipe.steps), None)

    def _say(self, switch: Switch, runs: list[Run]) -> Result:
        result = switch.check(*runs)
        w.put(self.found, value=result._repr_html_())
        return result

    def _ipython_display_(self) -> None:
        self.bench._ipython_display_()

    def __repr__(self) -> str:
        return f"CollapseLab({', '.join(SWITCHES)})"
