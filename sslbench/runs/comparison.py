"""Several runs side by side, with the baselines they must beat."""

from collections.abc import Iterable
from dataclasses import dataclass

from .. import arguments
from ..catalog import Table
from .names import numbered
from ..probes import leading, of_labels, of_nothing, parsed
from .run import Run


@dataclass
class Comparison:
    """One table and one figure of several runs; a notebook shows both."""

    runs: list[Run]
    names: list[str]

    @property
    def table(self) -> Table:
        """One row per run, the best first by the probe that leads, then the baselines of each kind of data."""
        scores = dict.fromkeys(key for run in self.runs for key in run.scores)
        measures = [key for key in of_labels(scores) if not parsed(key)[1]] + [key for key in of_nothing(scores) if key == "rankme"]
        ranked = sorted(zip(self.runs, self.names), key=lambda pair: -pair[0].scores.get(leading(pair[0].scores), 0))
        return Table([row(run, name, measures) for run, name in ranked] + list(baseline_rows(self.runs, measures)))

    @property
    def figure(self):
        from ..plots import comparison

        return comparison(self.runs, self.names)

    def __repr__(self):
        return repr(self.table)

    def _repr_html_(self):
        return self.table._repr_html_()

    def _ipython_display_(self):
        """Both: of several representations of one output a notebook shows the first alone."""
        from IPython.display import display

        display(self.table, self.figure)


def row(run: Run, name: str, measures: list[str]) -> dict:
    r = run.recipe
    return {"run": name, "data": r.data, "what": r.pretext, "backbone": r.backbone, "steps": run.step, "seconds": round(run.seconds),
            **{measure: number(run.scores.get(measure)) for measure in measures}}


def baseline_rows(runs: Iterable[Run], measures: list[str]):
    """What stands beside the runs: each data source's chance and raw input, each backbone untrained."""
    seen = set()
    for run in runs:
        for name, scores in run.baselines.items():
            backbone = run.recipe.backbone if name == "untrained" else ""
            if (run.recipe.data, name, backbone) not in seen:
                seen.add((run.recipe.data, name, backbone))
                yield {"run": "", "data": run.recipe.data, "what": name, "backbone": backbone, "steps": 0, "seconds": 0,
                       **{m: number(scores.get(m)) for m in measures}}


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 10 else f"{value:.1f}"


def compare(*runs: Run, names: list[str] | None = None) -> Comparison:
    """Runs (or one list of them) as one table and one figure with the baselines. names: one for each; by default a number, the
    pretext task and what differs between them."""
    flat = [run for item in runs for run in (item if isinstance(item, (list, tuple)) else [item])]
    for run in flat:
        arguments.one_of(run, Run, "what compare() is given", "runs, as fit() and load_run(folder) return them")
    if not flat:
        raise ValueError("give compare() at least one run, for example compare(fit(Recipe()))")
    return Comparison(flat, names or numbered([run.recipe for run in flat]))
