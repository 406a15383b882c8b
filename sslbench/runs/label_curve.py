"""Accuracy by the number of labels per class: the points as they are computed, kept beside the run, and as a
table and a figure."""

import json
import statistics
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ..catalog import Table
from ..storage import run_folder, tensor_files
from ..table import TableAndFigure
from . import recording
from .label_methods import METHODS, SSL, SUPERVISED, TRAINED

FILE = "few_labels-{steps}.json"  # in the run's folder, for each number of steps that networks had
HOW = ("Linear here is logistic regression on augmented views of the labelled samples with a fixed penalty, "
       "nothing chosen on validation, and with all labels one draw; the run's own linear probe reads each "
       "sample once and chooses its penalty, so its scores differ.")
COUNTS = (1, 3, 10, 30, 100, None)  # labels per class; None: all there are
Point = tuple[str, int | None, int]  # method, labels per class, draw


@dataclass(repr=False)
class LabelCurve(TableAndFigure):
    """What few labels are worth: accuracy on test by labels per class, with the same labelled samples and
    seeds for all methods. steps: of each network that was trained on them. run: the id of the run, step: its
    length. before: the points that were kept from earlier calls. A notebook shows its table and its
    figure."""

    name: str
    steps: int
    run: str = ""
    step: int = 0
    scores: dict[Point, float] = field(default_factory=dict)
    before: frozenset[Point] = frozenset()

    @property
    def counts(self) -> list[int | None]:
        return sorted({count for _, count, _ in self.scores}, key=lambda n: (n is None, n))

    @property
    def methods(self) -> list[str]:
        return [name for name in METHODS if any(name == method for method, _, _ in self.scores)]

    def of(self, method: str, count: int | None) -> list[float]:
        """The scores of all draws."""
        return [score for (m, c, _), score in sorted(self.scores.items(), key=lambda item: item[0][2])
                if (m, c) == (method, count)]

    @property
    def lines(self) -> dict[str, list[tuple[str, float, float]]]:
        """Method -> (labels per class in words, mean over the draws, deviation)."""
        return {method: [(called(count), *spread(values)) for count in self.counts
                         if (values := self.of(method, count))] for method in self.methods}

    @property
    def table(self) -> Table:
        """A row for each method, a column for each number of labels: mean ± deviation over the draws."""
        said = {method: {count: f"{mean:.3f}" + (f" ± {deviation:.3f}" if deviation else "")
                         for count, mean, deviation in line} for method, line in self.lines.items()}
        names = [called(n) for n in self.counts]
        return Table({"labels per class": method, **{name: cells.get(name, "") for name in names}}
                     for method, cells in said.items())

    @property
    def remarks(self) -> list[str]:
        """How it is fitted, and which columns were computed before: a line each."""
        return [HOW, *([f"Computed before: {self.kept}."] if self.kept else [])]

    @property
    def kept(self) -> str:
        """The columns that earlier calls computed: "1, 3, 10 in part"."""
        parts = []
        for count in self.counts:
            old = [point in self.before for point in self.scores if point[1] == count]
            parts += [called(count) + " in part" * (not all(old))] * any(old)
        return ", ".join(parts)

    def __repr__(self):
        return "\n".join([repr(self.table), *self.remarks])

    def _repr_html_(self):
        return self.table._repr_html_() + "".join(f"<p>{line}</p>" for line in self.remarks)

    def _ipython_display_(self):
        """The remarks, too: below the table that they are about."""
        from IPython.display import display

        display({"text/plain": repr(self), "text/html": self._repr_html_()}, raw=True)
        display(self.figure)

    @property
    def figure(self):
        from ..plots import few_labels

        return few_labels(self.lines, self.name)

    def gain(self, count: int | None, over: str = SUPERVISED) -> float:
        """How much more the linear probe of the SSL features scores than another method, mean over draws."""
        return statistics.mean(self.of(SSL, count)) - statistics.mean(self.of(over, count))

    def copy(self) -> "LabelCurve":
        """What there is now, while more comes."""
        return replace(self, scores=dict(self.scores))

    def write(self, folder: Path) -> None:
        kept = {**asdict(self), "scores": [[*point, score] for point, score in self.scores.items()]}
        del kept["before"]  # of this call alone
        tensor_files.write_bytes(folder / FILE.format(steps=self.steps), json.dumps(kept).encode())

    def take(self, other: "LabelCurve") -> None:
        """Also what another curve of the same run knows that does not depend on its steps."""
        alike = other.steps == self.steps
        self.scores = {**{point: score for point, score in other.scores.items()
                          if alike or point[0] not in TRAINED}, **self.scores}


def called(count: int | None) -> str:
    return "all" if count is None else str(count)


def spread(values: list[float]) -> tuple[float, float]:
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def kept(run, steps: int | None = None) -> LabelCurve | None:
    """What is kept in the run's folder of networks that were trained for so many steps, and of what needs no
    training; None: of the curve with most points. None where there is nothing, or it is of another run or
    length."""
    folder = run.folder and Path(run.folder)
    found = [read(path) for path in sorted(folder.glob(FILE.format(steps="*")))] if folder else []
    own = [curve for curve in found
           if curve and (curve.run, curve.step) == (recording.run_id(folder), run.step)]
    if not own:
        return None
    if steps is None:
        steps = max(own, key=lambda curve: len(curve.scores)).steps
    curve = replace(own[0], steps=steps, scores={})
    for other in own:
        curve.take(other)
    return curve if curve.scores else None


def read(path: Path) -> LabelCurve | None:
    """None where it is damaged: it can be computed again."""
    try:
        said = json.loads(run_folder.text(path))
        said["scores"] = {(str(m), c and int(c), int(d)): float(s) for m, c, d, s in said["scores"]}
        return LabelCurve(**said)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
