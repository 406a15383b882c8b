"""A bench with one more panel: sliders for the augmentations of its data, what they make of a sample, and
what training with them keeps and throws away."""

from dataclasses import replace

from .. import plots
from ..catalog import nearest
from ..recipe import Recipe
from ..runs.run import Run
from .augmented_views import AugmentedViews, augmentations
from .bench import Workbench
from .error_line import safely
from .sandbox_panel import SandboxPanel, before

# some seconds on two cores
FIRST = Recipe("wild_digits", "simclr", "small_cnn", steps=150, lr=4e-3)


class AugmentationSandbox:
    """Set the augmentations of a data source with sliders, see two views of each sample change, train, and
    see which factors were kept and which thrown away (Xiao et al. 2021, https://arxiv.org/abs/2008.05659).

    The panel's sliders are those of Settings; Train is the bench's. given: what Workbench takes, such as a
    recipe, data, runs, record, device.

        from sslbench.workbench import AugmentationSandbox

        lab = AugmentationSandbox(record=False)
        lab  # the last line of a cell shows it
        lab.try_out(steps=20, color=0.0).scores
    """

    def __init__(self, recipe: Recipe | str | None = None, **given):
        first = FIRST if recipe is None and not {"data", "pretext", "backbone"} & set(given) else recipe
        self.bench = Workbench(first, **{"recorded": False, "name": "augmentation sandbox", **given})
        self._controller = controller = self.bench._controller
        self.panel = SandboxPanel(controller.choices.settings, controller.wake, controller.failed,
                                  safely(controller.failed), lambda: controller.page.display.shown)
        controller.panel.insert(self.panel.widget, self.panel)
        controller.page.words, controller.page.figure = self.__repr__, self.figure
        controller.page.painter.paint()

    def try_out(self, steps: int | None = None, **strengths) -> Run:
        """Train with these augmentations in this cell: try_out(color=0.0, crop=0.9). steps: else the bench's.
        ValueError in one line for what is no augmentation of the chosen data, or out of its range;
        RuntimeError while a run goes on."""
        recipe = self.bench.recipe
        known = augmentations(recipe)
        for name in strengths:
            if name not in known:
                raise ValueError(nearest(f"augmentation of {recipe.data}", name, known))
        given = {**recipe.hyperparameters, **{f"data.{name}": value for name, value in strengths.items()}}
        self.bench.choose(replace(recipe, steps=steps or recipe.steps, hyperparameters=given).check())
        return self.bench.train()

    def views(self, draw: int = 0):
        """Two views of a few samples with what the sliders say, as a matplotlib Figure. draw: another number,
        other random numbers."""
        return plots.task(*AugmentedViews().draw(self.bench.recipe, draw))

    def figure(self):
        """What became of each factor in the run that is shown, beside the run before it, as a matplotlib
        Figure; before there is a run None."""
        s = self._controller.state(self._controller.page.said)
        if not s.shown or not any(e.scores for e in s.shown.evaluations):
            return None
        return plots.factors(s.shown.evaluations, before(s)[0])

    def close(self) -> None:
        self.bench.close()

    def _ipython_display_(self) -> None:
        self.bench._ipython_display_()

    def __repr__(self) -> str:
        return f"AugmentationSandbox({self.bench!r})"
