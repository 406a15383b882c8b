"""Workbench: the widget panel. Its buttons call its public methods, and a notebook or a script can call them
as well."""

from pathlib import Path

from ..recipe import Recipe
from ..runs.run import Run
from . import open_benches
from .arguments import check, recipe_of
from .controller import Controller
from .estimate import Estimate, estimate


class Workbench:
    """Pick data, a pretext task and a backbone, press Train, and see what was learned.

    recipe: a Recipe, a share string ("ssl2..."), or nothing; entries of a recipe (data="waves", steps=200)
    can be given too.
    runs: folder in which each run gets a folder of its own; record=False keeps nothing on disk.
    name: a second bench of the same name closes the first.  ValueError when the recipe cannot be built or
    there is no such device; a bench that is open then stays as it is.

        bench = Workbench(data="waves", pretext="masked", steps=20)
        bench  # the last line of a cell shows it
        bench.train().scores
    """

    def __init__(self, recipe: Recipe | str | None = None, *, runs: str | Path = "runs", record: bool = True,
                 device: str = "auto",
                 evaluations: int = 6, recorded: bool = True, name: str = "bench", **entries):
        start = recipe_of(recipe, entries)
        check(runs=runs, record=record, device=device, evaluations=evaluations, recorded=recorded, name=name)
        self._controller = Controller(self, start, runs, record, device, evaluations, recorded)
        open_benches.replace(name, self)  # last: what could not be made has closed nothing

    @property
    def recipe(self) -> Recipe:
        """The recipe that the menus and controls say; ValueError in one line when it cannot be built."""
        return self._controller.choices.recipe

    @property
    def run(self) -> Run | None:
        """The last run made on this bench, finished or not."""
        return self._controller.session.run if self._controller.session else None

    @property
    def runs(self) -> list[Run]:
        """The runs made on this bench and the recorded ones shown in it, the newest first."""
        return [entry.run for entry in self._controller.run_list.every]

    @property
    def selected(self) -> list[int]:
        """Rows chosen with the lasso in the embedding tab."""
        return self._controller.panel.embedding.selected

    @property
    def state(self) -> str:
        """ready, running, paused, stopped, done or failed."""
        return (self._controller.session.player.state
                if self._controller.session else self._controller.ended or "ready")

    @property
    def root(self):
        """The widget itself, for Voila and for a layout of one's own."""
        return self._controller.panel.root

    def choose(self, recipe: Recipe | str) -> None:
        """Make menus and controls say this recipe, or share string. ValueError when it cannot be built,
        RuntimeError while a run goes on."""
        if self.state in ("running", "paused"):
            raise RuntimeError("a run is going on; stop() it or wait() for it")
        self._controller.choices.choose(recipe_of(recipe, {}))

    def start(self) -> None:
        """Train in the background; the call returns at once. Resumes a run that is paused."""
        with self._controller.lock:
            if self.state in ("running", "paused"):
                self.resume()
                return
            self._controller.begin().player.start()

    def train(self, steps: int | None = None) -> Run:
        """Train in this cell to the end and return the run: the same events as with `start`, painted as they
        come.

        Interrupt the cell to pause; `train()` or `resume()` then go on. Raises what the training raises.
        """
        painter = self._controller.page.painter
        with self._controller.lock:
            if steps is not None:
                self._controller.choices.set_steps(int(steps))
            if self.state != "paused" or self._controller.session.player.alive:
                if self.state in ("running", "paused"):
                    raise RuntimeError("the bench is training in the background; stop() it or wait() for it")
                self._controller.begin()
        run, painter.here = self.run, True
        try:
            self._controller.session.player.run(after=painter.turn)
        finally:
            painter.here = False
            painter.paint()
        return run

    def pause(self) -> None:
        """Hold after the step that is being made."""
        if session := self._controller.session:
            session.player.pause()
            self._controller.wake()

    def toggle(self) -> None:
        """Pause or resume; a pause that is still to come is taken back."""
        session = self._controller.session
        waits = self.state == "paused" or (session is not None and session.player.pausing)
        (self.resume if waits else self.pause)()

    def resume(self) -> None:
        """Go on with a run that is paused."""
        if session := self._controller.session:
            session.player.resume()
            self._controller.wake()

    def stop(self) -> None:
        """End the run after the step that is being made; what was learned stays."""
        if session := self._controller.session:
            session.player.stop()
            self._controller.stopping()

    def wait(self, timeout: float | None = None) -> Run | None:
        """Wait until the training in the background has ended; raises what it raised."""
        if session := self._controller.session:
            try:
                session.player.wait(timeout)
            finally:
                self._controller.page.painter.paint()
        return self.run

    def estimate(self) -> Estimate:
        """Seconds of training and bytes of memory that the chosen recipe needs here, from a few measured
        steps."""
        return estimate(self.recipe, self._controller.choices.now.device)

    def reroll(self) -> None:
        """Draw other samples for the task's pictures."""
        try:
            self._controller.reroll()
        except ValueError as error:
            self._controller.failed(error)

    def show(self, run: Run) -> None:
        """Show this run in the tabs."""
        self._controller.show(run)

    def load(self, folder: str | Path) -> Run:
        """Add the recorded run in this folder to those that are compared, and show it."""
        return self._controller.load(folder)

    def figure(self):
        """Loss, scores and the task's pictures of the run that is shown, as one matplotlib Figure."""
        figure = self._controller.figure()
        if figure is None:
            raise ValueError("there is nothing to show yet; press Train or call train()")
        return figure

    def close(self) -> None:
        """Stop what runs and take the widgets away."""
        self._controller.close()

    def look_again(self) -> None:
        """Put classes that were written in a cell into the menus; where there is an IPython this happens by
        itself."""
        self._controller.look_again()

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return self._controller.display()

    def _ipython_display_(self) -> None:
        self._controller.page.display.write(self._repr_mimebundle_())

    def __repr__(self) -> str:
        return (f"Workbench({self.run!r}, {self.state})"
                if self.run else f"Workbench({self._controller.choices.now.name})")
