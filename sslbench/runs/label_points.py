"""The points of a curve of few labels, one after the other: kept as they come, never computed twice."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from .. import arguments
from ..catalog import nearest
from ..messages import quoted
from ..notes import note
from . import recording
from .label_curve import COUNTS, LabelCurve, Point, kept
from .label_methods import METHODS, TRAINED, Labelling

STEPS = 400  # at most, of each network that is trained on few labels, unless somebody asks for more


def measured(run, counts=COUNTS, draws: int = 3, steps: int | None = None, methods=METHODS,
             check: Callable[[], None] = lambda: None,
             known: LabelCurve | None = None) -> Iterator[tuple[LabelCurve, float]]:
    """The curve after each point, and the share that is done. What is kept beside the run is not computed
    again, nor what `known` has; each new point is kept at once. check: called often; what it raises ends it,
    and nothing is lost."""
    chosen = asked(counts, methods), arguments.whole(draws, "draws", 1)
    steps = min(STEPS, run.recipe.steps) if steps is None else arguments.whole(steps, "steps", 1)
    if run.task.reads_labels:
        raise ValueError("this run learned from the labels themselves; give a run of another task")
    folder = run.folder and Path(run.folder)
    curve = LabelCurve(f"{run.recipe.pretext} on {run.recipe.data}", steps,
                       recording.run_id(folder) if folder else "", run.step)
    for found in (kept(run, steps), known):
        if found is not None:
            curve.take(found)
    labelling = Labelling(run.recipe, run.task, run.data, steps, check)
    (counts, methods), draws = chosen
    most = labelling.largest
    points = points_of(fewer(counts, most), methods, draws)
    curve.scores = {point: score for point, score in curve.scores.items() if (point[1] or 0) <= most}
    for i, point in enumerate(points):
        if point not in curve.scores:
            curve.scores[point] = labelling.score(*point)
            if folder and folder.is_dir():
                curve.write(folder)
        yield curve, (i + 1) / len(points)


def asked(counts, methods) -> tuple[list[int | None], list[str]]:
    """ValueError in one line for what cannot be counted or is no method."""
    counts = list(counts) if isinstance(counts, (list, tuple)) else [counts]
    wrong = [n for n in counts if n is not None and (not isinstance(n, int) or isinstance(n, bool) or n < 1)]
    if wrong or not counts:
        raise ValueError(f"labels must be whole numbers from 1, or None for all, not {quoted(counts)}")
    for name in methods:
        if name not in METHODS:
            raise ValueError(nearest("method", name, METHODS))
    return counts, list(methods)


def fewer(counts: list[int | None], most: int) -> list[int | None]:
    """Without the counts that no class has so many labelled training samples for: that is "all" then, which a
    column with another name would count twice. A note says so."""
    beyond = [n for n in counts if n is not None and n > most]
    if beyond:
        note(f"no class has more than {most} labelled training samples: "
             f"{' and '.join(map(str, beyond))} labels per class would be all of them, and "
             f"{'is' if len(beyond) == 1 else 'are'} left out")
    return [n for n in counts if n not in beyond] or [None]


def points_of(counts: list[int | None], methods: list[str], draws: int) -> list[Point]:
    """The quick methods first, then draw by draw, so that what is interrupted has every method. With all
    labels there is one way to draw them; what is random there is the training alone."""
    quick, trained = ([name for name in methods if (name in TRAINED) is there] for there in (False, True))
    return [(method, count, draw) for some in (quick, trained) for draw in range(draws) for count in counts
            for method in some if count is not None or not draw or method in trained]


def shown(curves: Iterator[tuple[LabelCurve, float]], progress: bool) -> LabelCurve:
    """The last of the curves, with a progress bar on the way."""
    from tqdm import tqdm

    newest, looks = None, "few labels {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    with closing(curves), tqdm(total=1, disable=not progress, leave=False, bar_format=looks) as line:
        for curve, share in curves:
            newest = curve
            line.update(share - line.n)
    return newest
