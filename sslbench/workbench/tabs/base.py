"""What the tabs share. A tab has a title, a widget and paint(state, dark); it paints only what has
changed."""

from ... import plots
from .. import widgets as w
from ..shown_run import ShownRun


class Picture:
    """A PNG and the sentence below it; the same picture is not sent twice."""

    def __init__(self, *classes: str, empty: str = ""):
        self.image, self.words, self._mark, self._empty = w.image(*classes), w.html(empty,
            "words"), None, empty
        self.widget = w.column([self.image, self.words], "figure")

    def show(self, mark, make, said: str, dark: bool = False) -> None:
        """make() -> Figure, called when `mark` is another than before."""
        if (mark, dark) == self._mark:
            return
        png = plots.png(make(), dark=dark)
        self.image.value, self._mark = png, (mark, dark)
        w.show(self.image)
        w.put(self.words, value=w.escape(said))

    def clear(self) -> None:
        """What stands here is that of another run."""
        self._mark = None
        w.show(self.image, False)
        w.put(self.image, value=b"")
        w.put(self.words, value=self._empty)


class PictureTab:
    """Interface of the tabs: a title, a widget, paint(state, dark)."""

    title = ""

    def paint(self, s, dark: bool) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """End what the widget itself does not hold."""


def when(step: int, shown: ShownRun) -> str:
    return "before training" if step == 0 else f"after {step} of {shown.recipe.steps} steps"
