"""Several runs side by side, with the baselines they must beat."""

from collections.abc import Iterable
from dataclasses import dataclass

from . import given
from .catalog import Table
from .run import Run

MEASURES = ("linear", "knn", "rankme")


@dataclass
class Comparison:
    """One table and one figure of several runs; a notebook shows both."""

    runs: list[Run]

    @property
    def table(self) -> Table:
        """One row per run, best linear probe first, then the baselines of each kind of data."""
        ranked = sorted(self.runs, key=lambda run: -run.scores.get("linear", 0))
        return Table([row(run) for run in ranked] + list(baseline_rows(self.runs)))

    @property
    def figure(self):
        from .plots import comparison

        return comparison(self.runs)

    def __repr__(self):
        return repr(self.table)

    def _repr_html_(self):
        return self.table._repr_html_()

    def _ipython_display_(self):
        """Both: of several representations of one output a notebook shows the first alone."""
        from IPython.display import display

        display(self.table, self.figure)


def row(run: Run) -> dict:
    r = run.recipe
    return {"data": r.data, "what": r.pretext, "backbone": r.backbone, "steps": run.step, "seconds": round(run.seconds),
            **{name: number(run.scores.get(name)) for name in MEASURES}}


def baseline_rows(runs: Iterable[Run]):
    """What stands beside the runs: each data source's chance and raw input, each backbone untrained."""
    seen = set()
    for run in runs:
        for name, scores in run.baselines.items():
            backbone = run.recipe.backbone if name == "untrained" else ""
            if (run.recipe.data, name, backbone) not in seen:
                seen.add((run.recipe.data, name, backbone))
                yield {"data": run.recipe.data, "what": name, "backbone": backbone, "steps": 0, "seconds": 0,
                       **{m: number(scores.get(m)) for m in MEASURES}}


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 10 else f"{value:.1f}"


def compare(*runs: Run) -> Comparison:
    """Runs (or one list of them) as one table and one figure with the baselines."""
    flat = [run for item in runs for run in (item if isinstance(item, (list, tuple)) else [item])]
    for run in flat:
        given.one_of(run, Run, "what compare() is given", "runs, as fit() and load_run(folder) return them")
    if not flat:
        raise ValueError("give compare() at least one run, for example compare(fit(Recipe()))")
    return Comparison(flat)
