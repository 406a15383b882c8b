"""What the tabs share. A tab has a title, a widget and paint(state, dark); it paints only what has
changed."""

from ... import plots
from ...pretexts import Pretext
from ...recipe import Recipe
from .. import widgets as w
from ..shown_run import ShownRun

SHOWS_NOTHING = "This task shows nothing: pictures of what it sees and guesses are made by its show()."


class Picture:
    """A PNG and the sentence below it; the same picture is not sent twice."""

    def __init__(self, *classes: str, empty: str = ""):
        self.image, self.words = w.image(*classes), w.html(empty, "words")
        self._mark, self._empty, self._owner = None, empty, None
        self.widget = w.column([self.image, self.words], "figure")

    def show(self, mark, make, said: str, dark: bool = False, owner=None) -> None:
        """make() -> Figure, called when `mark` is another than before. owner: which run it is of."""
        if (mark, dark) == self._mark:
            return
        png = plots.png(make(), dark=dark)
        self.image.value, self._mark, self._owner = png, (mark, dark), owner
        w.show(self.image)
        w.put(self.words, value=w.escape(said))

    def leave(self, owner) -> bool:
        """Take away what is of another owner, at once: a picture takes a moment to draw, and nobody should
        take the old one for the new one's. Whether there was something."""
        if self._mark is None or self._owner == owner:
            return False
        self.clear()
        return True

    def clear(self, empty: str = "") -> None:
        """What stands here is that of another run. empty: why nothing comes, where that is known."""
        self._mark = self._owner = None
        w.show(self.image, False)
        w.put(self.image, value=b"")
        w.put(self.words, value=w.escape(empty) or self._empty)


class PictureTab:
    """Interface of the tabs: a title, a widget, paint(state, dark)."""

    title = ""

    def turn_to(self, s) -> None:
        """Take away at once what is of another run than the one that will be painted: quick."""

    def paint(self, s, dark: bool) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """End what the widget itself does not hold."""


def owner_of(shown: ShownRun | None) -> int | None:
    """What a picture of this run belongs to."""
    return id(shown.run) if shown else None


def shows_nothing(recipe: Recipe | None) -> bool:
    """Whether this task has no show() of its own, so that no pictures will ever come."""
    task = recipe and Pretext.all().get(recipe.pretext)
    return bool(task) and task.show is Pretext.show


def when(step: int, shown: ShownRun) -> str:
    return "before training" if step == 0 else f"after {step} of {shown.recipe.steps} steps"
