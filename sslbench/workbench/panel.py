"""What the bench looks like: the widgets in their places, and the one function that writes the output
widgets."""

from ..runs.run import Run
from . import widgets as w
from .buttons import Buttons
from .choosing.choices import Choices
from .error_line import safely
from .page_state import State
from .painter import threads_are_shown
from .tabs.code import CodeTab
from .tabs.curves import CurvesTab
from .tabs.embedding import EmbeddingTab
from .tabs.few_labels import FewLabelsTab
from .tabs.over_time import OverTimeTab
from .tabs.probes import ProbesTab
from .tabs.runs import RunsTab
from .tabs.task import TaskTab

COLAB = ("Colab does not show what happens in the background: Train works, but Pause and Stop do not; "
         "interrupt the cell instead. Or write <code>bench.train()</code> into a cell of its own.")
SAYS = ("estimate", "status", "verdict", "note", "error")


class Panel:
    """The widgets. What a button raises is said in the error line."""

    def __init__(self, bench: Buttons, choices: Choices):
        self.choices, settings = choices, choices.settings
        safe, wake = safely(bench.failed), bench.wake
        self.train = w.button("Train", safe(bench.press_train), "train", icon="play")
        self.pause = w.button("Pause", safe(bench.toggle), "pause", icon="pause")
        self.stop = w.button("Stop", safe(bench.stop), "stop", icon="stop",
                             says="End this run; what was learned stays")
        self.more = w.button("Settings", safe(settings.toggle), "more", icon="sliders",
                             says="Hyperparameters, learning rate, seed, device")
        self.remedy = w.show(w.button("", safe(bench.use_batch_size), "remedy", icon="check"), False)
        self.says = {name: w.html("", name) for name in SAYS}
        self.progress = w.progress("progress")
        self.embedding = EmbeddingTab(wake, bench.failed, safe)
        self.runs, self.code = RunsTab(safe(bench.show), bench.load, wake, bench.failed), CodeTab()
        self.tabs = [TaskTab(safe(bench.reroll), wake, bench.failed, safe), CurvesTab(), self.embedding,
                     OverTimeTab(wake), ProbesTab(wake, bench.failed, safe),
                     FewLabelsTab(wake, bench.failed, safe), self.runs, self.code]
        self.book = w.listen(w.tabs({tab.title: tab.widget for tab in self.tabs}, "tabs"), wake,
                             "selected_index")
        steps = w.html("steps", "steps-label"), settings.steps.widget
        controls = w.row([self.train, self.pause, self.stop, *steps, self.says["estimate"], self.more],
                         "controls")
        wrong = w.row([self.says["error"], self.remedy], "wrong")
        lines = w.column([self.progress, *(self.says[name] for name in ("status", "verdict", "note")), wrong],
                         "lines")
        self.root = w.column([w.style(), choices.menus.widget, controls, settings.widget, lines, self.book],
                             "root")
        self._painted, self._broken, self._leaves = None, "", None
        self._above = []  # further panels that are painted as tabs are

    def paint_pictures(self, s: State) -> bool:
        """Paint the open tab; called by one thread at a time, as is paint_lines. True when what could not be
        drawn has changed."""
        visible, mark = self.tabs[self.book.selected_index or 0], s.shown and s.shown.mark
        # then the kernel does not hear which tab somebody opens
        every = s.in_a_cell and mark != self._painted
        before, self._broken = self._broken, ""
        for tab in [*self._above, *(self.tabs if every else [visible])]:
            try:
                tab.paint(s, self.embedding.dark)
            except Exception as error:  # a broken picture must not end the run
                self._broken = f"could not draw {tab.title}: {error}"
        self._painted = mark
        return before != self._broken

    def paint_lines(self, s: State) -> None:
        """Write buttons and words that have changed: quick."""
        self._paint_buttons(s)
        for tab in (*self._above, self.tabs[self.book.selected_index or 0]):
            tab.turn_to(s)
        self._paint_words(s)
        self._leave_task_tab(s)
        self.say_error(s)
        self.embedding.paint_progress()

    def say_error(self, s: State) -> None:
        """What went wrong, and where there is one the button that mends it."""
        error = s.error or self._broken
        self._say("error", f"<div>{w.escape(error)}</div>" if error else "")
        if s.batch_size:
            w.put(self.remedy, description=f"Use batch size {s.batch_size}")
        w.show(self.remedy, bool(s.batch_size and s.error))

    def insert(self, widget, *painted) -> None:
        """Place one more panel above everything. painted: what is painted with it, as a tab is."""
        style, *rest = self.root.children
        self._above += painted
        self.root.children = (style, widget, *rest)

    def leave_task_tab(self, before: Run | None) -> None:
        """Whoever starts a training from the first tab wants to see it move, once it does. before: the run
        until now."""
        self._leaves = lambda run: run is not before and run is not None and bool(run.evaluations)

    def close(self) -> None:
        for tab in (*self._above, *self.tabs):
            tab.close()
        w.close(self.root)

    def _paint_buttons(self, s: State) -> None:
        paused = s.name in ("pausing", "paused")
        w.put(self.train, disabled=s.live or s.in_a_cell)
        w.put(self.pause, disabled=not s.live or s.in_a_cell, description="Resume" if paused else "Pause",
              icon="play" if paused else "pause")
        w.put(self.stop, disabled=not s.live or s.in_a_cell)
        self.choices.lock(s.live)

    def _leave_task_tab(self, s: State) -> None:
        if self._leaves and self._leaves(s.run):
            self._leaves = None
            if not self.book.selected_index:
                self.book.selected_index = 1

    def _paint_words(self, s: State) -> None:
        w.put(self.progress, value=s.share)
        w.show(self.progress, bool(s.doing))
        w.put(self.says["status"], value=f"<span data-state='{s.name}' "
                                         f"data-step='{s.step}'>{status(s)}</span>")
        w.put(self.says["verdict"], value=verdict(s))
        w.put(self.says["note"], value="<br>".join(notes(s)))
        w.put(self.choices.menus.reading, value=reading(s.reading))
        w.put(self.says["estimate"], value="" if s.live else w.escape(s.estimate))

    def _say(self, name: str, words: str) -> None:
        w.put(self.says[name], value=words)
        w.show(self.says[name], bool(words))


def status(s: State) -> str:
    """The run that was started last and what it is doing; before that, what there is to see."""
    if s.doing:
        return f"{w.escape(s.title)} <b>{s.name}</b>: {w.escape(s.doing)}"
    if s.shown and s.shown.recorded:
        r = s.shown.recipe
        done = s.shown.run.step
        steps = f"{r.steps} steps" if done == r.steps else f"stopped after {done} of {r.steps} steps"
        kind, make = ("A recorded run", "your own") if s.shown.ships else ("An earlier run", "a new one")
        return (f"{kind}: {w.escape(r.pretext)} on {w.escape(r.data)}, {steps}. Press <b>Train</b> to make "
                f"{make}.")
    return "Choose, and press <b>Train</b>."


def verdict(s: State) -> str:
    """What was learned; said of which run, when it is not the one of the line above."""
    if not s.shown:
        return ""
    other = s.doing and s.shown.run is not s.run
    whose = f"<b>The tabs show {w.escape(s.shown.name)}.</b> " if other else ""
    return whose + w.escape(sentence(s.shown.verdict))


def notes(s: State) -> list[str]:
    found = [w.escape(s.note)] if s.note else []
    if s.in_a_cell:
        found.append("Running in a cell: interrupt it to pause.")
    elif not threads_are_shown():
        found.append(COLAB)
    return found


def reading(words: str) -> str:
    """Some lines of it; all of it on hover, with the keyboard, or after a click."""
    whole = w.escape(words, quote=True)
    return f"<div class='sslb-clamped' tabindex='0' title='{whole}'>{w.escape(words)}</div>" if words else ""


def sentence(words: str) -> str:
    """The words with a capital and a full stop."""
    return words and words[0].upper() + words[1:] + ("" if words.endswith(".") else ".")
