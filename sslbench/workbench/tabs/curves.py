"""The tab with the loss and the scores over time."""

from ... import plots
from ...plots import words
from .. import widgets as w
from .base import Picture, PictureTab, owner_of


class CurvesTab(PictureTab):
    """Loss with its chance line, scores beside the baselines."""

    title = "Curves"

    def __init__(self):
        self.picture = Picture("plot", empty="The loss appears here as soon as training starts.")
        self.widget = w.column([self.picture.widget], "page")

    def turn_to(self, s) -> None:
        self.picture.leave(owner_of(s.shown))

    def paint(self, s, dark: bool) -> None:
        shown = s.shown
        if not shown or not (shown.steps or shown.evaluations):
            self.picture.clear()
            return
        chance = plots.chance_loss(shown.evaluations)
        self.picture.show((shown.mark, len(shown.steps)),
                          lambda: plots.curves(shown.steps, shown.evaluations, shown.recipe.steps),
                          f"{shown.name}. {words.curves(shown.steps, shown.evaluations, chance)}", dark,
                          owner_of(shown))
