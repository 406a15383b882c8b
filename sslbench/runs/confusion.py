"""What the leading probe takes for what on the test split: a matrix with the names of the classes, and its
figure."""

from dataclasses import dataclass

from torch import Tensor

from ..catalog import Table
from .data_summary import Remembered

SHOWN = 30  # classes up to which a table is of use


@dataclass(frozen=True)
class Confusion:
    """counts [classes, classes] int64: test samples by their class (rows) and by what was said of them
    (columns).  names: of the classes."""

    counts: Tensor
    names: list[str]

    @property
    def recall(self) -> dict[str, float]:
        """Class -> the share of its test samples that is told; classes that the test has."""
        there = self.counts.sum(1)
        return {name: (self.counts[i, i] / there[i]).item() for i, name in enumerate(self.names) if there[i]}

    @property
    def table(self) -> Table:
        """A row for each class: how many samples were said to be what, and the share that is told."""
        recall = self.recall
        return Table({"class": name, **dict(zip(self.names, map(int, row))),
                      "told": f"{recall[name]:.3f}" if name in recall else ""}
                     for name, row in zip(self.names, self.counts))

    @property
    def figure(self):
        """The matrix as one matplotlib Figure."""
        from ..plots import confusion

        return confusion(self.counts, self.names)

    def __repr__(self):
        from ..plots.confusion import sentence

        return repr(self.table) if len(self.names) <= SHOWN else sentence(self.counts, self.names)

    def _repr_png_(self):
        return self.figure._repr_png_()


def confusion_of(run) -> Confusion:
    """That of the last evaluation of a Run that has one; ValueError in one line where none has. The names of
    a recorded run's classes are read without a look at its data."""
    found = next((e.confusion for e in reversed(run.evaluations) if e.confusion is not None), None)
    if found is None:
        raise ValueError("this run has no confusion matrix: it is made on the test split at the end of a "
                         "run, of a label with classes that training has too; run.test() reads the test "
                         "split of a run that did not")
    known = Remembered.of(run.about, lambda: run.data) or run.data
    names = next(iter(known.classes.values()), [])
    return Confusion(found, unlike([*names, *map(str, range(len(names), len(found)))][:len(found)]))


def unlike(names: list[str]) -> list[str]:
    """The same with a number where a name stands twice."""
    return [f"{name} ({i})" if name in names[:i] else name for i, name in enumerate(names)]
