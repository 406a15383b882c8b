"""Events -> figures: the only file that imports matplotlib, when the first figure is made. No pyplot, so no
global state.

Each builder returns a Figure that a notebook shows; `png(figure)` gives its bytes at twice the screen's
resolution. What is drawn is in charts.py, pictures.py and texts.py, as functions (axes, values) -> None;
layout.py says where a task's pictures go, and words.py the same in one sentence.
"""

import io
import math
import threading
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from ..data import Data
from ..shown import Shown
from . import charts, label_counts, letters, pairs, pictures, themes
from . import confusion as matrices
from . import factors as kept_and_lost
from .attribution import AttributionLayout
from .axes import lines_of
from .charts import parts_of, probe_rows, words_for
from .layout import Layout

PIXELS = 100  # per inch, as a browser shows the figure
WIDTH = 840  # pixels of a whole figure
LOCK = threading.RLock()  # matplotlib keeps caches that two threads must not fill at once
_classes = []


def figure(width: int, height: int):
    """An empty Figure of so many pixels, which shows itself in a notebook."""
    with LOCK:
        if not _classes:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure

            class Shown(Figure):
                def _repr_png_(self):
                    return png(self)

            _classes.extend([Shown, FigureCanvasAgg])
        made = _classes[0](figsize=(width / PIXELS, height / PIXELS), dpi=PIXELS, facecolor="white")
        _classes[1](made)
        return made


class Parts(SimpleNamespace):
    """Classes and functions by name."""

    __hash__ = object.__hash__


@cache
def parts() -> "Parts":
    """What of matplotlib is needed to go through a figure that has been made."""
    from matplotlib.collections import Collection
    from matplotlib.colors import to_hex, to_rgba
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    return Parts(Collection=Collection, to_hex=to_hex, to_rgba=to_rgba, FontProperties=FontProperties,
                 findfont=findfont,
                 get_font=get_font, Line2D=Line2D, Patch=Patch, Text=Text)


def png(made, scale: float = 2.0, dark: bool = False) -> bytes:
    """The figure as a PNG, `scale` times as sharp as its size in pixels says. dark: for dark paper, which
    shines through."""
    out = io.BytesIO()
    with LOCK:
        letters.only_known_letters(made, parts())
        if dark:
            themes.darken(made, parts())
        made.savefig(out, format="png", dpi=PIXELS * scale, pil_kwargs={"compress_level": 1})
    return out.getvalue()


def save(made, path: str | Path) -> Path:
    """Write the figure; the ending of the name decides the format (png, svg, pdf)."""
    with LOCK:
        letters.only_known_letters(made, parts())
        made.savefig(path, dpi=2 * PIXELS)
    return Path(path)


def box(made, left: float, bottom: float, width: float, height: float):
    """Axes at a place given in pixels from the lower left corner: nothing is laid out anew for each
    picture."""
    w, h = made.get_size_inches() * PIXELS
    return made.add_axes((left / w, bottom / h, width / w, height / h))


def curves(steps, evaluations, total: int | None = None):
    """Loss with its chance line, and scores over time with the baselines, side by side."""
    made = figure(WIDTH, 300)
    with LOCK:
        charts.loss(box(made, 52, 46, 310, 216), steps, chance_loss(evaluations), total)
        charts.scores(box(made, 412, 46, 280, 216), evaluations, total)
    return made


def task(shown: Shown, data: Data):
    """What the task sees, its target and its guess, as Pretext.show() returns them."""
    layout = Layout(shown, data, WIDTH)
    made = figure(WIDTH, layout.height)
    with LOCK:
        layout.draw(made, box)
    return made


def attribution(data: Data, batch: dict, field: str, rows: dict):
    """Samples of one field and below them how much each place matters; rows: title -> [n, *grid]."""
    layout = AttributionLayout(data, batch, field, rows, WIDTH)
    made = figure(WIDTH, layout.height)
    with LOCK:
        layout.draw(made, box)
    return made


def neighbours(data: Data, samples: list[dict], near, labels=None, queries: int = 5, k: int = 7):
    """The nearest samples of a few: one row each, the query first; near [n, >= k], labels [n] or None."""
    step = max(1, len(samples) // queries)
    rows = [[i, *near[i][:k].tolist()] for i in range(0, len(samples), step)][:queries]
    made = figure(WIDTH, 20 + 104 * len(rows))
    with LOCK:
        pictures.neighbours(box(made, 10, 10, WIDTH - 20, 104 * len(rows)), data, samples, rows, labels)
    return made


def embedding(xy, values=None, names=None, title: str = ""):
    """A map of the embedding [n, 2], coloured by label; PCA unless somebody projected it otherwise."""
    made = figure(640, 460)
    with LOCK:
        charts.points(box(made, 10, 10, 620, 420), xy, values, names, title)
    return made


def probes(evaluations):
    """What a probe reads off the embedding, label and factors, beside what it reads off the baselines."""
    rows = charts.probe_rows(evaluations)
    height = 20 + 34 * max(1, len(rows))
    made = figure(WIDTH, height + 55 + 15 * len(lines_of(charts.keys_of(rows))))
    with LOCK:
        charts.probes(box(made, 180, 46, 510, height), rows, height)
    return made


def factors(evaluations, before=()):
    """A bar for the label and for each factor: what was gained, kept and thrown away beside the untrained
    network. before: the evaluations of an earlier run of the same data, which stand beside."""
    rows = kept_and_lost.factor_rows(evaluations, before)
    height = 20 + 38 * max(1, len(rows))
    made = figure(WIDTH, height + 55 + 15 * len(lines_of(kept_and_lost.keys(rows))))
    with LOCK:
        kept_and_lost.bars(box(made, 180, 46, 510, height), rows, height)
    return made


def confusion(counts, names: list[str]):
    """What is taken for what: counts [classes, classes], rows the class, columns what was said."""
    side = matrices.side(len(names))
    made = figure(WIDTH, side + 130)
    with LOCK:
        matrices.matrix(box(made, 150, 100, side, side), counts, names)
    return made


def comparison(runs, names: list[str] | None = None):
    """Linear probe (or effective rank) over time of several runs, with their baselines. names: one for each
    run."""
    made = figure(WIDTH, 352)
    with LOCK:
        charts.comparison(box(made, 56, 48, 500, 270), runs, names)
    return made


def few_labels(lines, title: str = ""):
    """Accuracy by labels per class; method -> (labels per class, mean, deviation)."""
    made = figure(WIDTH, 352)
    with LOCK:
        label_counts.draw(box(made, 46, 48, 560, 270), lines, title)
    return made


def pair(runs, names=("with it", "without it")):
    """Deviation of the projections and effective rank of a run and, where there is one, of a second, over
    each other. names: one for each run."""
    made = figure(WIDTH, 250)
    with LOCK:
        pairs.deviation(box(made, 52, 46, 290, 166), runs)
        pairs.rank(box(made, 402, 46, 290, 166), runs, names)
    return made


def overview(run):
    """Loss, scores and the task's pictures of one run as one figure."""
    shown = next((e.pictures for e in reversed(run.evaluations) if e.pictures), [])
    layout = Layout(shown, run.data, WIDTH) if shown else None
    below = layout.height if layout else 0
    made = figure(WIDTH, 300 + below)
    with LOCK:
        charts.loss(box(made, 52, 46 + below, 310, 216), run.steps, chance_loss(run.evaluations),
                    run.recipe.steps)
        charts.scores(box(made, 412, 46 + below, 280, 216), run.evaluations, run.recipe.steps)
        if layout:
            layout.draw(made, box)
    return made


def chance_loss(evaluations) -> float | None:
    """The first there is that can be drawn."""
    return next((e.chance_loss
                 for e in evaluations if e.chance_loss is not None and math.isfinite(e.chance_loss)), None)


__all__ = ["attribution", "box", "chance_loss", "comparison", "confusion", "curves", "embedding", "factors",
           "few_labels", "figure", "neighbours", "overview", "pair", "parts_of", "png", "probe_rows",
           "probes", "save", "task", "words_for"]
