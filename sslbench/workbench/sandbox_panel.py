"""The augmentation sandbox's own widgets: a slider for each augmentation, two views that follow it, and what
became of each factor. Painted as a tab is."""

from collections.abc import Callable
from functools import partial

from .. import plots
from ..plots import words
from ..plots.factors import factor_rows, sentence
from ..recipe import Recipe
from . import widgets as w
from .augmented_views import AugmentedViews, augmentations, strengths
from .background import BackgroundJobs
from .choosing.settings import Settings, meaning
from .shown_run import ShownRun
from .tabs.base import Picture, PictureTab, owner_of

PAUSE = 0.1  # seconds that a slider rests before views are drawn
ASK = ("Two views of a sample mean the same to the network: whatever the augmentation changes it learns to "
       "overlook. Move a slider, press Train, and see below what was kept.")
NONE = "Views of this data are not changed by any setting; pictures and series have some."
TRAIN = "After a training, a bar for the label and each factor says what was kept and what was thrown away."


class SandboxPanel(PictureTab):
    """settings: whose sliders are shown here as well.  seen(): whether somebody looks at this bench."""

    title = "Augmentations"

    def __init__(self, settings: Settings, wake: Callable, failed: Callable, safe: Callable,
                 seen: Callable[[], bool]):
        self._settings, self._wake, self._seen = settings, wake, seen
        self._jobs, self._made = BackgroundJobs(failed, "sslbench-views"), AugmentedViews()
        again = w.button("Other draws", safe(self._again), "draws", icon="random",
                         says="The same samples and settings, other random numbers")
        self.sliders, self.words = w.row([], "augmentations"), w.html(ASK, "should")
        self.views, self.bars = Picture("views"), Picture("factors", empty=TRAIN)
        tools = w.row([w.html("<b>Which changes mean nothing?</b>"), again, self.words], "tools")
        self.widget = w.column([tools, self.sliders, self.views.widget, self.bars.widget], "lab", "sandbox")
        self._part, self._labels, self._draw = None, [], 0
        self._asked = self._drawn = None  # (recipe's data, strengths, draw), and with what was made of it

    def turn_to(self, s) -> None:
        self.bars.leave(owner_of(s.shown))

    def paint(self, s, dark: bool) -> None:
        self.follow()
        if s.recipe is not None and self._seen():
            self.paint_views(s.recipe, dark)
        self.paint_bars(s, dark)

    def follow(self) -> None:
        """Where other data was chosen, its sliders; they are those of Settings, so both always agree."""
        part = self._settings.parts.get("data")
        if part is None or part is self._part:
            return
        self._part, before = part, self._labels
        lines = {name: (meaning(name, h), part.controls[name])
                 for name, h in part.known.items() if h.augments and name in part.controls}
        for _, control in lines.values():
            control.live()
        self._labels = [label for label, _ in lines.values()]
        self.sliders.children = tuple(w.column([label, c.widget], "setting") for label, c in lines.values())
        w.put(self.words, value=ASK if lines else NONE)
        for label in before:
            w.close(label)

    def paint_views(self, recipe: Recipe, dark: bool) -> None:
        """The views that are ready; others are drawn beside the painting."""
        if not augmentations(recipe):
            return self.views.clear()
        wanted = recipe.data, tuple(sorted(recipe.given("data").items())), self._draw
        if wanted != self._asked:
            self._asked = wanted
            self._jobs.do("views", partial(self._make, recipe, wanted), PAUSE)
        self.views.leave(recipe.data)
        if self._drawn and self._drawn[0][0] == recipe.data:
            mark, (shown, data), said = self._drawn
            self.views.show(mark, lambda: plots.task(shown, data), said, dark, recipe.data)

    def paint_bars(self, s, dark: bool) -> None:
        """What became of each factor in the run that is shown, beside the one before it."""
        shown = s.shown
        if not shown or not any(e.scores for e in shown.evaluations):
            return self.bars.clear()
        earlier, name = before(s)
        rows = factor_rows(shown.evaluations, earlier)
        said = f"{shown.name}{f', beside {name}' * bool(name)}. {sentence(rows)}"
        self.bars.show((shown.mark, name, len(earlier)), lambda: plots.factors(shown.evaluations, earlier),
                       said, dark, owner_of(shown))

    def close(self) -> None:
        self._jobs.close()
        self._made, self._drawn, self._part = AugmentedViews(), None, None

    def _make(self, recipe: Recipe, wanted: tuple, check: Callable) -> None:
        check()
        made = self._made.draw(recipe, self._draw)
        check()
        set_to = ", ".join(f"{name.replace('_', ' ')} {value:g}" if not isinstance(value, bool)
                           else f"{name} {'on' if value else 'off'}"
                           for name, value in strengths(recipe).items())
        self._drawn = wanted, made, f"Each view with {set_to}. {words.task(made[0])}"
        self._wake()

    def _again(self) -> None:
        self._draw += 1
        self._wake()


def before(s) -> tuple[tuple, str]:
    """The evaluations and the name of the run on the same data that was made before the one that is shown;
    nothing where there is none."""
    shown: ShownRun = s.shown
    runs = [run for run, _, _ in s.runs]
    at = next((i for i, run in enumerate(runs) if run is shown.run), len(runs))
    for run, name, _ in s.runs[at + 1:]:
        if run.recipe.data == shown.recipe.data and any(e.scores for e in run.evaluations):
            return tuple(run.evaluations), name
    return (), ""
