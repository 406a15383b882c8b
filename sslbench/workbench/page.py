"""The bench on the page: when it is painted, what it says when something is wrong, and its place in the
notebook."""

from collections.abc import Callable
from dataclasses import replace

from .notebook_display import Display
from .page_state import State, wrong
from .painter import Painter
from .panel import Panel
from .shown_run import one_line


class Page:
    """Paints `panel` from state(). figure() gives the picture that a notebook keeps, words() the line of
    text."""

    def __init__(self, state: Callable[[State], State], figure: Callable[[], object],
                 words: Callable[[], str]):
        self._state, self.figure, self.words = state, figure, words
        self.panel: Panel | None = None  # it calls back, so it is placed later
        self.display, self.painter = Display(), Painter(self._lines, self._pictures, self._broken)
        self.said = State()  # the error and the note that stand there
        # what the notebook keeps is that of the last run; called when one is over
        self._saved, self._over = True, lambda: None

    def wake(self, urgent: bool = True) -> None:
        """Something has changed: paint."""
        self.painter.wake(urgent)

    def failed(self, error: BaseException) -> None:
        """Say in one line what went wrong."""
        self.said = State(note=self.said.note, **wrong(error, self.said))
        self.wake()

    def noted(self, words: str) -> None:
        """Something was decided that nobody asked for; it is said once."""
        if words not in self.said.note:
            self.said = replace(self.said, note=f"{self.said.note} {words}.".strip())
            self.wake()

    def say(self, note: str = "", error: str = "") -> None:
        """Replace what is said below the progress bar."""
        self.said = State(note=note, error=error)

    def begin(self, over: Callable[[], None]) -> None:
        """A run begins: what was said is over; its end will be saved, and over() called."""
        self.say()
        self._saved, self._over = False, over

    def bundle(self) -> dict:
        return self.display.bundle(self.panel.root, self.words(), self.figure())

    def keep(self) -> None:
        """What a saved notebook has is from now on what stands here."""
        if self.display.shown:
            self.display.write(self.bundle(), again=True)

    def close(self) -> None:
        self.painter.close()
        if self.panel:
            self.panel.close()

    def _now(self) -> State:
        return self._state(self.said)

    def _lines(self) -> None:
        self.panel.paint_lines(self._now())

    def _pictures(self) -> None:
        state = self._now()
        if self.panel.paint_pictures(state):
            self.panel.paint_lines(state)  # a picture could not be drawn, or can be again
        if state.ended and not self._saved:
            self._saved = True
            self._over()
            self.keep()

    def _broken(self, error: BaseException) -> None:
        """Painting itself raised this."""
        self.said = State(note=self.said.note, error=f"could not paint: {one_line(error)}")
        self.panel.say_error(self.said)
