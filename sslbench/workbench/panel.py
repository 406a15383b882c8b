"""What the bench looks like: the widgets in their places, and the one function that writes the output widgets."""

from dataclasses import dataclass

from ..player import ENDED
from . import widgets as w
from .choices import Choices
from .embedding import EmbeddingTab
from .pump import threads_are_shown
from .runs_tab import RunsTab
from .seen import Look, Seen
from .tabs import CodeTab, CurvesTab, OverTimeTab, ProbesTab, TaskTab, sentence

COLAB = ("Colab does not show what happens in the background: Train works, but Pause and Stop do not; interrupt the cell instead. "
         "Or write <code>bench.train()</code> into a cell of its own.")


@dataclass(frozen=True)
class State:
    """All that is painted. name: ready, running, paused, stopping, stopped, done or failed; doing: the same in words."""

    name: str = "ready"
    step: int = 0
    share: float = 0.0
    doing: str = ""
    seen: Seen | None = None
    look: Look | None = None  # pictures of the task drawn by hand
    recipe: object = None  # for the code tab; None while it cannot be built
    runs: tuple = ()
    folders: tuple = ()  # of recorded runs that can be added
    note: str = ""
    error: str = ""
    estimate: str = ""
    reading: str = ""  # what was read of the chosen data
    in_a_cell: bool = False

    @property
    def live(self) -> bool:
        return self.name in ("running", "paused", "stopping")

    @property
    def ended(self) -> bool:
        return self.name in ENDED


class Panel:
    """The widgets. `bench` gives the methods that the buttons call."""

    def __init__(self, bench, choices: Choices):
        self.choices, settings = choices, choices.settings
        self.train = w.button("Train", bench.press_train, "train", icon="play")
        self.pause = w.button("Pause", bench.toggle, "pause", icon="pause")
        self.stop = w.button("Stop", bench.stop, "stop", icon="stop", says="End this run; what was learned stays")
        self.more = w.button("Settings", settings.toggle, "more", icon="sliders", says="Hyperparameters, learning rate, seed, device")
        self.says = {name: w.html("", name) for name in ("estimate", "status", "verdict", "note", "error")}
        self.progress = w.progress("progress")
        wake = bench.wake
        self.embedding, self.code = EmbeddingTab(wake, bench.failed), CodeTab()
        self.runs = RunsTab(bench.show, bench.load, wake, bench.failed)
        self.tabs = [TaskTab(bench.reroll), CurvesTab(), self.embedding, OverTimeTab(wake), ProbesTab(), self.runs, self.code]
        self.book = w.listen(w.tabs({tab.title: tab.widget for tab in self.tabs}, "tabs"), wake, "selected_index")
        controls = w.row([self.train, self.pause, self.stop, w.html("steps", "steps-label"), settings.steps, self.says["estimate"],
                          self.more], "controls")
        lines = w.column([self.progress, *(self.says[name] for name in ("status", "verdict", "note", "error"))], "lines")
        self.root = w.column([w.style(), choices.menus.widget, controls, settings.widget, lines, self.book], "root")
        self._painted, self._broken = None, ""

    def paint_pictures(self, s: State) -> None:
        """Paint the open tab; called by one thread at a time, as is paint_lines."""
        visible, mark = self.tabs[self.book.selected_index or 0], s.seen and s.seen.mark
        every = s.in_a_cell and mark != self._painted  # then the kernel does not hear which tab somebody opens
        self._broken = ""
        for tab in self.tabs if every else [visible]:
            try:
                tab.paint(s)
            except Exception as error:  # a broken picture must not end the run
                self._broken = f"could not draw {tab.title}: {error}"
        self._painted = mark

    def paint_lines(self, s: State) -> None:
        """Write buttons and words that have changed: quick."""
        self._paint_buttons(s)
        self._paint_words(s)
        self.embedding.paint_progress()

    def _paint_buttons(self, s: State) -> None:
        paused = s.name == "paused"
        w.put(self.train, disabled=s.live or s.in_a_cell)
        w.put(self.pause, disabled=not s.live or s.in_a_cell, description="Resume" if paused else "Pause",
              icon="play" if paused else "pause")
        w.put(self.stop, disabled=not s.live or s.in_a_cell)
        self.choices.lock(s.live)

    def _paint_words(self, s: State) -> None:
        notes = [w.escape(s.note)] if s.note else []
        if s.in_a_cell:
            notes.append("Running in a cell: interrupt it to pause.")
        elif not threads_are_shown():
            notes.append(COLAB)
        doing = f"<b>{s.name}</b>: {w.escape(s.doing)}" if s.doing else "Choose, and press <b>Train</b>."
        if s.seen and s.seen.title:
            doing = f"{w.escape(s.seen.title)}. Press <b>Train</b> to make your own."
        w.put(self.progress, value=s.share)
        w.show(self.progress, bool(s.doing))
        self._say("status", f"<span data-state='{s.name}' data-step='{s.step}'>{doing}</span>")
        self._say("verdict", w.escape(sentence(s.seen.verdict)) if s.seen else "")
        self._say("note", "<br>".join(notes))
        w.put(self.choices.menus.reading, value=w.escape(s.reading))
        error = s.error or self._broken
        self._say("error", f"<div>{w.escape(error)}</div>" if error else "")
        w.put(self.says["estimate"], value="" if s.live else w.escape(s.estimate))

    def _say(self, name: str, words: str) -> None:
        w.put(self.says[name], value=words)
        w.show(self.says[name], bool(words))

    def leave_task_tab(self) -> None:
        """Whoever starts a training from the first tab wants to see it move."""
        if not self.book.selected_index:
            self.book.selected_index = 1

    def close(self) -> None:
        self.embedding.close()
        w.close(self.root)
