"""The maps of the runs that a bench shows: brought along by a run, or computed, that of the step which is
looked at first. No widgets."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..data.labels import labelled
from ..field import decode
from ..maps import projection
from ..runs.run import Run
from ..training import evaluate
from ..training.loop import Evaluation
from .shown_run import ShownRun

ANSWERS = 8  # of several answers at once that the map can be coloured by


class RunMaps:
    """methods: name -> function of an embedding, None for PCA, which is computed when it is asked for."""

    def __init__(self, methods: dict[str, Callable | None]):
        self._methods = methods
        self._maps: dict[tuple[int, str, int], Tensor] = {}  # (id of the run, method, step) -> [n, 2]
        self.looked_at: int | None = None  # the step that was shown when a method was chosen

    def bring(self, shown: ShownRun) -> None:
        """Keep the maps that came with a run."""
        for (method, step), xy in shown.maps.items():
            self._maps.setdefault((id(shown.run), method, step), xy)

    def has(self, run: Run, method: str, e: Evaluation) -> bool:
        return method == "PCA" or (id(run), method, e.step) in self._maps

    def of(self, run: Run, method: str, e: Evaluation) -> Tensor | None:
        """The map of one evaluation, where there is one. One that does not fit its points is none."""
        xy = projection.pca(e.embedding) if method == "PCA" else self._maps.get((id(run), method, e.step))
        return xy if xy is not None and len(xy) == len(e.embedding) else None

    def compute(self, shown: ShownRun, method: str, looked_at: int | None,
                progress: Callable[[float, str], None],
                done: Callable[[], None]) -> None:
        """A map for each evaluation that has none. Each starts from its nearest neighbour in time, so that
        they can be followed."""
        looks = [e for e in shown.looks if e.embedding is not None]
        at = next((i for i, e in enumerate(looks) if e.step == looked_at), len(looks) - 1)
        missing = [i for i in outward(at, len(looks)) if not self.has(shown.run, method, looks[i])]
        for n, i in enumerate(missing):
            def report(share: float, words: str, n: int = n) -> None:
                progress((n + share) / len(missing), f"{words}, map {n + 1} of {len(missing)}")

            towards = range(i - 1, -1, -1) if i > at else range(i + 1, len(looks))
            start = next((xy for j in towards if (xy := self.of(shown.run, method, looks[j])) is not None),
                         None)
            self._maps[id(shown.run), method, looks[i].step] = self._methods[method](looks[i].embedding,
                start, progress=report)
            done()


def outward(at: int, n: int) -> list[int]:
    """0 ... n - 1, the nearest to `at` first, later ones before earlier ones."""
    return sorted(range(n), key=lambda i: (abs(i - at), -i))


def points(data) -> tuple[list, dict]:
    """A picture of each sample of the map, and the columns to colour by: name -> (values, names of classes or
    None)."""
    split, pictures = evaluate.points(data), []
    for index in split.index.split(500):
        batch = decode(data.fields, split.rows, index)
        pictures += [data.picture({name: x[i] for name, x in batch.items()}) for i in range(len(index))]
    return pictures, {key: column for name, y in split.labels.items()
                      for key, column in columns_of(name, y, data.classes.get(name))}


def columns_of(name: str, y, names: list[str] | None):
    """A label as columns to colour by, (name, (values, names)): several answers at once become a column of no
    and yes each."""
    if y.ndim == 1:
        yield name, (torch.where(labelled(y), y.double(), torch.nan).numpy(), names)
        return
    for i in range(min(y.shape[1], ANSWERS)):
        answer = names[i] if names else str(i)
        yield f"{name}: {answer}", (torch.where(labelled(y), y[:, i].double(), torch.nan).numpy(),
                                    ["no", "yes"])
