"""The points of a curve of few labels, one after the other: kept as they come, never computed twice."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from .. import arguments
from ..catalog import nearest, plain
from ..messages import quoted
from ..notes import note
from . import recording
from .label_curve import COUNTS, LabelCurve, Point, called, kept
from .label_methods import METHODS, TRAINED, Labelling

STEPS = 400  # at most, of each network that is trained on few labels, unless somebody asks for more


def measured(run, counts=COUNTS, draws: int = 3, steps: int | None = None, methods=METHODS,
             check: Callable[[], None] = lambda: None, known: LabelCurve | None = None,
             say: Callable[[str], None] = lambda line: None) -> Iterator[tuple[LabelCurve, float]]:
    """The curve after each point, and the share that is done. What is kept beside the run is not computed
    again, nor what `known` has; each new point is kept at once. check: called often; what it raises ends it,
    and nothing is lost. say: is told a line for each new point."""
    (counts, methods), draws = asked(counts, methods), arguments.whole(draws, "draws", 1)
    steps = min(STEPS, run.recipe.steps) if steps is None else arguments.whole(steps, "steps", 1)
    replace(run.recipe, steps=steps).check_types()  # too many are refused before anything is written
    if run.task.reads_labels:
        raise ValueError("this run learned from the labels themselves; give a run of another task")
    labelling = Labelling(run.recipe, run.task, run.data, steps, check)
    most = labelling.largest
    points = points_of(fewer(counts, most), methods, draws)
    curve, told = begun(run, steps, known, most), Told(points, say)
    told.start(curve)
    for i, point in enumerate(points):
        if point not in curve.scores:
            began = time.perf_counter()
            curve.scores[point] = labelling.score(*point)
            if run.folder and Path(run.folder).is_dir():
                curve.write(Path(run.folder))
            told.finished(i, curve, time.perf_counter() - began)
        yield curve, (i + 1) / len(points)


def begun(run, steps: int, known: LabelCurve | None, most: int) -> LabelCurve:
    """The curve with all that is kept of counts that a class has."""
    curve = LabelCurve(f"{run.recipe.pretext} on {run.recipe.data}", steps,
                       recording.run_id(Path(run.folder)) if run.folder else "", run.step)
    for found in (kept(run, steps), known):
        if found is not None:
            curve.take(found)
    curve.scores = {point: score for point, score in curve.scores.items() if (point[1] or 0) <= most}
    curve.before = frozenset(curve.scores)
    return curve


class Told:
    """A line for each new point, to somebody who waits where there is no progress bar."""

    def __init__(self, points: list[Point], say: Callable[[str], None]):
        self.points, self.say, self.estimated = points, say, False

    def start(self, curve: LabelCurve) -> None:
        old = sum(point in curve.scores for point in self.points)
        self.say(f"few labels: {len(self.points)} points" + f", {old} of them computed before" * bool(old))

    def finished(self, i: int, curve: LabelCurve, seconds: float) -> None:
        """After the first network that was trained also about how long the rest takes: they take most of
        it."""
        (method, count, draw), left = self.points[i], [p for p in self.points if p not in curve.scores]
        self.say(f"{i + 1}/{len(self.points)} {method}, labels per class: {called(count)}, draw {draw + 1}: "
                 f"{curve.scores[self.points[i]]:.3f}")
        if method in TRAINED and left and not self.estimated:
            self.estimated = True
            self.say(f"about {in_time(seconds * sum(p[0] in TRAINED for p in left))} more")


def in_time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def asked(counts, methods) -> tuple[list[int | None], list[str]]:
    """ValueError in one line for what cannot be counted or is no method."""
    counts = [plain(n) for n in counts] if isinstance(counts, (list, tuple)) else [plain(counts)]
    wrong = [n for n in counts if n is not None and (not isinstance(n, int) or isinstance(n, bool) or n < 1)]
    if wrong or not counts:
        raise ValueError(f"labels must be whole numbers from 1, or None for all, not {quoted(counts)}")
    methods = arguments.names(methods, "methods", METHODS[0])
    for name in methods:
        if name not in METHODS:
            raise ValueError(nearest("method", name, METHODS))
    return counts, methods


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


def shown(run, progress: bool | Callable[[str], None], *asked_for, **options) -> LabelCurve:
    """The whole curve. progress: True for a bar on the way, or what is told a line for each point."""
    from tqdm import tqdm

    told = callable(progress)
    told or arguments.yes_or_no(progress, "progress")
    curves = measured(run, *asked_for, **options, **({"say": progress} if told else {}))
    newest, looks = None, "few labels {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    with closing(curves), tqdm(total=1, disable=told or not progress, leave=False, bar_format=looks) as line:
        for curve, share in curves:
            newest = curve
            line.update(share - line.n)
    return newest
