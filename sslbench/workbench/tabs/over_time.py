"""The tab with the task's pictures of the same samples through training."""

from ... import plots
from ...plots import words
from .. import widgets as w
from .base import SHOWS_NOTHING, Picture, PictureTab, owner_of, shows_nothing, when


class OverTimeTab(PictureTab):
    """The task's pictures of the same samples at every evaluation, with a slider through training."""

    title = "Over time"

    def __init__(self, moved):
        self.slider, self.play, self._link = w.moments("moment")
        self.say = w.html("", "say")
        self.picture = Picture("over-time", empty="Pictures of the same samples before, during and after "
                                                  "training appear here.")
        self.tools = w.show(w.row([self.play, self.slider, self.say], "tools"), False)
        self.widget = w.column([self.tools, self.picture.widget], "page")
        self._run, self._count = None, 0
        w.listen(self.slider, moved)

    def turn_to(self, s) -> None:
        if self.picture.leave(owner_of(s.shown)):
            w.put(self.say, value="")

    def paint(self, s, dark: bool) -> None:
        looks = [e for e in s.shown.looks if e.pictures] if s.shown else []
        if not looks:
            self._run, self._count = None, 0
            w.show(self.tools, False)
            self.picture.clear(SHOWS_NOTHING if s.shown and shows_nothing(s.shown.recipe) else "")
            return
        newest = self._run is not s.shown.run or self.slider.value >= self._count - 1
        if len(looks) != self._count or self._run is not s.shown.run:
            self._run, self._count = s.shown.run, len(looks)
            for widget in (self.slider, self.play):
                w.put(widget, max=len(looks) - 1)
                if newest:  # whoever looks at the newest goes on seeing the newest
                    w.put(widget, value=len(looks) - 1)
            w.show(self.tools, len(looks) > 1)
        e = looks[min(self.slider.value, len(looks) - 1)]
        self.picture.show((id(s.shown.run), e.step), lambda: plots.task(e.pictures, s.shown.data),
                          words.task(e.pictures), dark, owner_of(s.shown))
        # after the picture, which takes a moment: words never stand above another one's
        w.put(self.say, value=w.escape(f"{s.shown.name}: {when(e.step, s.shown)}"))

    def close(self) -> None:
        self._link.close()
        self._run = None
