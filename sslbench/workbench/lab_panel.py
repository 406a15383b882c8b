"""The collapse lab's own widgets: which part is taken away, what somebody guesses, what was found, and the
two numbers that see a collapse, with the part and without it."""

from collections.abc import Callable

from .. import plots
from ..exercises.check import Result
from ..runs.run import Run
from . import widgets as w
from .switches import fell_together, numbers
from .tabs.base import Picture

GUESSES = ("guess first", "answers fall together", "answers stay apart")
QUESTION = ("Do the answers of all samples fall together without it? Guess, then press. Learning rate, steps "
            "and all else in Settings count for both runs.")


class LabPanel:
    """chosen() is called when another part is chosen, pressed() when a pair is asked for."""

    def __init__(self, parts: list[str], chosen: Callable[[], None], pressed: Callable[[], None]):
        self.menu = w.listen(w.menu(parts, "switch"), chosen)
        self.guess = w.menu(list(GUESSES), "guess")
        self.press = w.button("Train with it, then without", pressed, "try", icon="flask")
        self.question, self.found = w.html(QUESTION, "should"), w.html("", "found")
        self.picture = Picture("pair")
        tools = w.row([w.html("<b>What if there were no</b>"), self.menu, self.guess, self.press], "tools")
        self.widget = w.column([tools, self.question, self.found, self.picture.widget], "lab")

    def lock(self, locked: bool) -> None:
        for widget in (self.menu, self.guess, self.press):  # who sees the curves guesses no more
            w.put(widget, disabled=locked)

    def ask(self) -> None:
        """Nobody has guessed and nothing was found."""
        w.put(self.guess, value=GUESSES[0])
        self.say("")

    def say(self, words: str) -> None:
        w.put(self.found, value=words)

    def answer(self, result: Result, pair: list[Run]) -> None:
        """What a pair has shown, and whether that was the guess."""
        self.say(result._repr_html_() + outcome(self.guess.value, fell_together(*map(numbers, pair))))

    def draw(self, pair: list[Run], dark: bool) -> None:
        """Both numbers over time; of a run that goes on as far as it has come."""
        runs = tuple(run for run in pair if run.evaluations)
        if not runs:
            self.picture.clear()
            return
        mark = tuple((id(run), len(run.steps), len(run.evaluations)) for run in runs)
        self.picture.show(mark, lambda: plots.pair(runs), described(runs), dark)


def outcome(guess: str, together: bool) -> str:
    """A guess and what came of it, in one sentence; "" where nobody guessed."""
    if guess == GUESSES[0]:
        return ""
    right = (guess == GUESSES[1]) == together
    return f"You guessed that {guess}" + (": so it was." if right else
                                          f", but they {'fell together' if together else 'stayed apart'}.")


def described(runs: tuple[Run, ...]) -> str:
    """The picture in one sentence."""
    return "; ".join(f"{name} it after {run.step} steps: deviation {run.history[-1]['deviation']:.2f}"
                     for name, run in zip(("with", "without"), runs) if run.history)
