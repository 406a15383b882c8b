"""What a bench is made of, choices, runs, the training that goes on and the page, and what one of them means
to the others."""

import threading
from functools import partial
from pathlib import Path

from .. import plots
from ..recipe import Recipe
from ..runs.run import Run
from . import open_benches
from .buttons import Buttons
from .choosing.choices import Choices
from .page import Page
from .page_state import State, with_runs, with_session
from .painter import threads_are_shown
from .panel import Panel
from .preview import Preview
from .run_list import RunList, recorded_in
from .session import Session, folder_for

RECORDED = Path(__file__).parents[1] / "recorded"


class Controller:
    """Everything behind a Workbench."""

    def __init__(self, bench, recipe: Recipe, runs: str | Path, record: bool, device: str, evaluations: int,
                 recorded: bool):
        self._folder, self._record, self._evaluations = runs, record, evaluations
        # ended: its last state, once this is closed
        self.lock, self.session, self.ended = threading.RLock(), None, ""
        self._stopping, self._trained_last, self._classes = False, False, open_benches.classes()
        self.page, self.panel = Page(self.state, self.figure, partial(repr, bench)), None
        self.run_list, self.preview = RunList(runs), Preview(self.wake, self.failed, self.noted)
        try:
            self.choices = Choices(recipe, device, self.chosen, self.failed)
            self.panel = self.page.panel = Panel(Buttons(bench, self), self.choices)
            self.page.say(error=self.choices.problem)
            for folder in recorded_in(RECORDED) if recorded else ():
                self.run_list.load(folder, ships=True)
            self.page.painter.paint()
        except BaseException:
            self.close()
            raise

    def begin(self) -> Session:
        """A new training of what is chosen; it has not been started."""
        if self.ended:
            raise RuntimeError("this bench is closed: its cell was run again; use the bench that it made "
                               "then")
        recipe = self.choices.recipe
        name = f"{self.run_list.next_name(recipe)}-{recipe.data}"
        self.preview.clear(wait=False)
        self.preview.begin(recipe)
        self.session = Session(recipe, partial(folder_for, self._folder, name) if self._record else None,
                               self.choices.now.device,
                               self._evaluations, self.wake, self.preview.clear, self.preview.loaded,
                               self.noted)
        self._stopping, self._trained_last = False, True
        self.run_list.tidy()
        self.run_list.add(self.session.run)
        self.page.begin(self._ended_run)
        return self.session

    def stopping(self) -> None:
        self._stopping = True
        self.wake()

    def figure(self):
        """Loss, scores and the task's pictures of the run that is shown; None when there is none."""
        shown = self.run_list.shown(self._data)
        return plots.overview(shown.run) if shown else None

    def display(self) -> dict:
        """The bench for a page: from now on it prepares pictures and measures."""
        if not self.page.display.shown:
            self.page.display.shown = True
            self.chosen(self.page.said.note)
        bundle = self.page.bundle()
        # last, as a picture takes a moment: a page that hears it has the output as well
        self.panel.embedding.live_in(self.panel.root, self.page.words().partition("(")[0])
        return bundle

    def close(self) -> None:
        """Stop what runs, end the threads, take the widgets away and let go of all that is large."""
        self.ended = self.session.player.state if self.session else "ready"
        if self.session:
            self.session.player.stop(5)
            self.ended = self.session.player.state
            self.session.release()
        self.preview.close()
        self.page.close()
        self.session = None
        self.run_list.forget()

    def chosen(self, note: str) -> None:
        """Something else was chosen: look at it and, when nothing more changes, measure it."""
        problem, self._trained_last = self.choices.problem, False
        self.page.say(note, problem)
        self.preview.forget()
        if not problem and self.page.display.shown and not self.ended:
            self.preview.prepare(self.choices.recipe, self.choices.now.device, measure=threads_are_shown())
        self.wake()

    def look_again(self) -> None:
        """A cell has run: where it wrote a class, the menus have it now."""
        classes = open_benches.classes()
        if classes != self._classes and not self.ended:
            self._classes = classes
            try:
                self.choices.look_again()
            except Exception as error:
                self.failed(error)

    def reroll(self) -> None:
        self.preview.reroll(self.choices.recipe, self.session if self._trained_last else None)

    def show(self, run: Run) -> None:
        self.run_list.show(run)
        self.preview.look = None
        self.wake()

    def load(self, folder: str | Path) -> Run:
        run = self.run_list.load(folder)
        self.wake()
        return run

    def wake(self, urgent: bool = True) -> None:
        self.page.wake(urgent)

    def failed(self, error: BaseException) -> None:
        self.page.failed(error)

    def noted(self, words: str) -> None:
        self.page.noted(words)

    def state(self, said: State) -> State:
        """All that is painted, now. said: the note and the error that stand there."""
        now, session = self.choices.now, self.session
        state = State(error=said.error, note=said.note, batch_size=said.batch_size,
                      estimate=self.preview.estimate, look=self.preview.look,
                      recipe=now.recipe, reading=self.preview.reading(now.recipe) if now.recipe else "",
                      in_a_cell=self.page.painter.here)
        state = with_runs(state, self.run_list, self._data)
        return with_session(state, session, self._stopping, not self._trained_last) if session else state

    @property
    def _data(self) -> str:
        return self.choices.menus.chosen["data"]

    def _ended_run(self) -> None:
        """A run is over: is the machine still as fast as the estimate says, or was there none yet?"""
        if self.choices.now.recipe and self.page.display.shown and threads_are_shown() and not self.ended:
            self.preview.watch(self.choices.now.recipe, self.choices.now.device)
