"""The tab with what the task sees, its target and its guess."""

from ... import plots
from ...plots import words
from .. import widgets as w
from ..shown_run import Look, ShownRun
from .attribution import AttributionSection
from .base import SHOWS_NOTHING, Picture, PictureTab, owner_of, shows_nothing, when

NONE = "There are no pictures of this choice: what is wrong with it stands in the line above."


class TaskTab(PictureTab):
    """What the task sees, its target and its guess; Re-roll draws other samples. Below, when somebody asks,
    where the network looks."""

    title = "Task"

    def __init__(self, reroll, wake, failed, safe):
        self.picture = Picture("task", empty="Pictures of the task appear here in a moment.")
        button = w.button("Re-roll", reroll, "reroll", icon="random", says="Draw other samples, and other "
                                                                           "random views of them")
        self.say = w.html("", "say")
        self.attribution = AttributionSection(wake, failed, safe)
        self.widget = w.column([w.row([button, self.say], "tools"), self.picture.widget,
                                self.attribution.widget], "page")

    def turn_to(self, s) -> None:
        look, owner = looked_at(s)
        if look and self.picture.leave(owner):
            w.put(self.say, value="")
        self.attribution.turn_to(s)

    def paint(self, s, dark: bool) -> None:
        look, owner = looked_at(s)
        nothing = look is not None and shows_nothing(look.recipe)
        if look and not nothing:
            self.picture.show(id(look.pictures), lambda: plots.task(look.pictures, look.data),
                              words.task(look.pictures), dark, owner)
        else:
            self.picture.clear(SHOWS_NOTHING if nothing else NONE if s.error else "")
        # after the picture, which takes a moment: words never stand above another one's
        w.put(self.say, value=w.escape(look.words) if look and not nothing else "")
        self.attribution.paint(s, dark)

    def close(self) -> None:
        self.attribution.close()


def looked_at(s) -> tuple[Look | None, object]:
    """The newest pictures, those drawn by hand first, and what they belong to."""
    if not (s.look and s.look.first) and s.shown and (look := last_look(s.shown)):
        return look, owner_of(s.shown)
    return s.look, s.look and s.look.recipe


def last_look(shown: ShownRun) -> Look | None:
    for e in reversed(shown.looks):
        if e.pictures:
            return Look(e.pictures, shown.data, f"{shown.name}: {when(e.step, shown)}", shown.recipe)
    return None
