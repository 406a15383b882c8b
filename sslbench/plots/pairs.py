"""Runs over each other, with a part of the task and without it: functions (axes, runs) -> None."""

import numpy as np

from .axes import empty, plain
from .charts import SHAPE, smooth
from .colors import BLUE, ORANGE

LOOKS = ((BLUE, "-", "o"), (ORANGE, "--", "s"))


def deviation(axes, runs):
    """How far projections lie apart in every step: 1 everywhere, 0 all the same."""
    curves = [[(e.step, e.scalars["deviation"]) for e in tuple(run.steps) if "deviation" in e.scalars]
              for run in runs]
    if not any(curves):
        return empty(axes, "the deviation appears with the first steps")
    plain(axes, "step", "", "deviation of the projections (0: all the same)")
    for curve, (color, style, _) in zip(curves, LOOKS):
        if curve:
            x, y = np.array(curve, dtype=float).T
            axes.plot(x, smooth(y), color=color, ls=style, lw=1.8)
    axes.set_xlim(0, max(run.recipe.steps for run in runs))
    axes.set_ylim(0, 1.1)


def rank(axes, runs, names):
    """In how many directions the embedding lies, at every evaluation."""
    looks = [[(e.step, e.scores[SHAPE]) for e in tuple(run.evaluations) if SHAPE in e.scores]
             for run in runs]
    if not any(looks):
        return empty(axes, "the effective rank appears with the first evaluation")
    plain(axes, "step", "", "effective rank of the embedding")
    for curve, name, (color, style, mark) in zip(looks, names, LOOKS):
        if curve:
            axes.plot(*zip(*curve), color=color, ls=style, lw=1.8, marker=mark, ms=4, label=name,
                      clip_on=False)
    axes.set_xlim(0, max(run.recipe.steps for run in runs))
    axes.set_ylim(0, None)
    legend = axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    for text in legend.get_texts():
        text.set_parse_math(False)
