"""Workbench: the widget panel. Its buttons call its public methods, and a notebook or a script can call them as well."""

import threading
import weakref
from dataclasses import replace
from pathlib import Path

from .. import plots
from ..recipe import Recipe
from ..run import Run
from .arguments import check, recipe_of
from .choices import Choices
from .display import Display
from .estimate import Estimate, estimate
from .kept import Kept, recorded_in
from .panel import Panel, State
from .preview import Preview
from .pump import Pump, threads_are_shown
from .seen import name_of, one_line
from .session import Session, folder_for

RECORDED = Path(__file__).parents[1] / "recorded"
_open = weakref.WeakValueDictionary()  # name -> the bench of that name: running its cell again replaces it


class Workbench:
    """Pick data, a pretext task and a backbone, press Train, and see what was learned.

    recipe: a Recipe, a share string ("ssl1..."), or nothing; entries of a recipe (data="waves", steps=200) can be given too.
    runs: folder in which each run gets a folder of its own; record=False keeps nothing on disk.
    name: a second bench of the same name closes the first.
    """

    def __init__(self, recipe: Recipe | str | None = None, *, runs: str | Path = "runs", record: bool = True, device: str = "auto",
                 evaluations: int = 6, recorded: bool = True, name: str = "bench", **entries):
        start = recipe_of(recipe, entries)
        check(runs=runs, record=record, device=device, evaluations=evaluations, recorded=recorded, name=name)
        self._folder, self._record, self._evaluations = runs, record, evaluations
        self._lock = threading.RLock()
        self._session: Session | None = None
        self._kept = Kept(runs)
        self._error = self._note = ""
        self._ran_last = self._stopping = False
        self._display, self._refreshed = Display(), True
        self._pump = Pump(self._paint_lines, self._paint_pictures)
        self._preview = Preview(self.wake, self.failed)
        self._choices = Choices(start, device, self._look_anew)
        self._panel = Panel(self, self._choices)
        self._error = self._choices.problem
        for folder in recorded_in(RECORDED) if recorded else ():
            self._kept.load(folder)
        if name in _open:
            _open[name].close()
        _open[name] = self  # last: what could not be made has closed nothing
        self._pump.paint()

    # what is chosen and what has been made

    @property
    def recipe(self) -> Recipe:
        """The recipe that the menus and controls say; ValueError in one line when it cannot be built."""
        return self._choices.recipe

    @property
    def run(self) -> Run | None:
        """The last run made on this bench, finished or not."""
        return self._session.run if self._session else None

    @property
    def runs(self) -> list[Run]:
        """The runs made on this bench and the recorded ones shown in it, the newest first."""
        return [run for run, _ in self._kept.every]

    @property
    def selected(self) -> list[int]:
        """Rows chosen with the lasso in the embedding tab."""
        return self._panel.embedding.selected

    @property
    def state(self) -> str:
        """ready, running, paused, stopped, done or failed."""
        return self._session.player.snapshot().state if self._session else "ready"

    @property
    def root(self):
        """The widget itself, for Voila and for a layout of one's own."""
        return self._panel.root

    # what can be done

    def start(self) -> None:
        """Train in the background; the call returns at once. Resumes a run that is paused."""
        with self._lock:
            if self.state in ("running", "paused"):
                self.resume()
                return
            self._begin()
            self._session.player.start()

    def train(self, steps: int | None = None) -> Run:
        """Train in this cell to the end and return the run: the same events as with `start`, painted as they come.

        Interrupt the cell to pause; `train()` or `resume()` then go on. Raises what the training raises.
        """
        if steps is not None:
            self._choices.set_steps(int(steps))
        if self.state != "paused" or self._session.player.alive:
            if self.state in ("running", "paused"):
                raise RuntimeError("the bench is training in the background; stop() it or wait() for it")
            self._begin()
        self._pump.here = True
        try:
            self._session.player.run(after=self._pump.turn)
        finally:
            self._pump.here = False
            self._pump.paint()
        return self.run

    def pause(self) -> None:
        """Hold after the step that is being made."""
        if self._session:
            self._session.player.pause()

    def toggle(self) -> None:
        """Pause or resume."""
        (self.resume if self.state == "paused" else self.pause)()

    def resume(self) -> None:
        if self._session:
            self._session.player.resume()

    def stop(self) -> None:
        """End the run after the step that is being made; what was learned stays."""
        if self._session:
            self._stopping = True
            self._session.player.stop()
            self.wake()

    def wait(self, timeout: float | None = None) -> Run | None:
        """Wait until the training in the background has ended; raises what it raised."""
        if self._session:
            try:
                self._session.player.wait(timeout)
            finally:
                self._pump.paint()
        return self.run

    def estimate(self) -> Estimate:
        """Seconds of training and bytes of memory that the chosen recipe needs here, from a few measured steps."""
        return estimate(self.recipe, self._choices.device)

    def reroll(self) -> None:
        """Draw other samples for the task's pictures."""
        try:
            self._preview.reroll(self.recipe, self._session if self._ran_last else None)
        except ValueError as error:
            self.failed(error)

    def show(self, run: Run) -> None:
        """Show this run in the tabs."""
        self._kept.show(run)
        self._preview.look = None
        self.wake()

    def load(self, folder: str | Path) -> Run:
        """Add the recorded run in this folder to those that are compared, and show it."""
        run = self._kept.load(folder)
        self.wake()
        return run

    def figure(self):
        """Loss, scores and the task's pictures of the run that is shown, as one matplotlib Figure."""
        if self._kept.shown is None:
            raise ValueError("there is nothing to show yet; press Train or call train()")
        return plots.overview(self._kept.shown)

    def close(self) -> None:
        """Stop what runs and take the widgets away."""
        if self._session:
            self._session.player.stop(5)
        self._preview.clear(wait=False)
        self._pump.close()
        self._panel.close()

    # what the panel calls

    def press_train(self) -> None:
        try:
            self._panel.leave_task_tab()
            self.start() if threads_are_shown() else self.train()
        except Exception as error:
            self.failed(error)
        except KeyboardInterrupt:  # in Colab the click itself trains, and an interrupt is a pause
            self.wake()

    def wake(self, urgent: bool = True) -> None:
        """Something has changed: paint."""
        self._pump.wake(urgent)

    def failed(self, error: BaseException) -> None:
        """Say in one line what went wrong."""
        self._error = one_line(error)
        self.wake()

    def _look_anew(self, note: str) -> None:
        """Something else was chosen: look at it and, when nothing more changes, measure it."""
        self._note, self._error, self._ran_last = note, self._choices.problem, False
        self._preview.forget()
        if not self._error and self._display.shown:
            self._preview.prepare(self.recipe, self._choices.device, measure=threads_are_shown())
        self.wake()

    def _begin(self) -> None:
        recipe = self.recipe
        folder = folder_for(self._folder, recipe) if self._record else None
        self._preview.clear(wait=False)
        self._preview.look = None
        self._session = Session(recipe, folder, self._choices.device, self._evaluations, self.wake, self._preview.clear,
                                self._preview.loaded)
        self._error, self._note, self._refreshed, self._stopping, self._ran_last = "", "", False, False, True
        self._kept.add(self._session.run)

    # painting and showing itself

    def _paint_lines(self) -> None:
        self._panel.paint_lines(self._state())

    def _paint_pictures(self) -> None:
        state = self._state()
        self._panel.paint_pictures(state)
        if state.ended and not self._refreshed:
            self._refreshed = True
            if self._display.shown:
                self._display.write(self._repr_mimebundle_(), again=True)

    def _state(self) -> State:
        recipe, session = None if self._choices.problem else self.recipe, self._session
        state = State(error=self._error, note=self._note, estimate=self._preview.estimate, look=self._preview.look, recipe=recipe,
                      reading=self._preview.reading(recipe) if recipe else "",
                      seen=self._kept.seen, runs=tuple(self._kept.every), folders=self._kept.folders, in_a_cell=self._pump.here)
        if not session:
            return state
        snapshot = session.player.snapshot()
        name = "stopping" if self._stopping and snapshot.live else snapshot.state
        moved_on = recipe and name_of(recipe) != name_of(session.recipe)
        doing = f"{name_of(session.recipe)}, {session.words(name)}" if moved_on else session.words(name)
        return replace(state, name=name, step=session.run.step, share=session.share, doing=doing,
                       error=self._error or one_line(snapshot.error))

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        if not self._display.shown:
            self._display.shown = True
            self._look_anew(self._note)
        return self._display.bundle(self.root, repr(self), self.figure() if self._kept.shown else None)

    def _ipython_display_(self) -> None:
        self._display.write(self._repr_mimebundle_())

    def __repr__(self) -> str:
        return f"Workbench({self.run!r}, {self.state})" if self.run else f"Workbench({self._choices.name})"
