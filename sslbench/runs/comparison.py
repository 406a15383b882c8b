"""Several runs side by side, with the baselines they must beat."""

import json
import os
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .. import arguments
from ..catalog import Table
from ..messages import quoted
from ..probes import leading, main, of_labels, of_nothing, parsed
from ..table import TableAndFigure
from .names import numbered
from .run import Run, load_run
from .seeds import Seeds, folders_of

WANTED = "runs, as fit() and load_run(folder) return them, or their folders"


@dataclass(repr=False)
class Comparison(TableAndFigure):
    """One table and one figure of several runs; a notebook shows both. groups: each is one row, the runs of
    several seeds."""

    groups: list[list[Run]]
    names: list[str]

    @property
    def runs(self) -> list[Run]:
        return [run for group in self.groups for run in group]

    @property
    def table(self) -> Table:
        """One row per run, or per recipe with several seeds, as mean ± standard deviation; the best first by
        the probe that leads, then the baselines of each kind of data."""
        scores = dict.fromkeys(key for run in self.runs for key in run.scores)
        measures = [key for key in main(scores) if not parsed(key)[1]]
        return self._rows(measures + [key for key in of_nothing(scores) if key == "rankme"])

    @property
    def further(self) -> Table:
        """The same rows with further measures of the label: balanced accuracy, AUC, clusters, retrieval."""
        scores = dict.fromkeys(key for run in self.runs for key in run.scores)
        return self._rows([key for key in of_labels(scores) if key not in main(scores)])

    def _rows(self, measures: list[str]) -> Table:
        ranked = sorted(zip(self.groups, self.names), key=lambda pair: -level(pair[0]))
        several = any(len(group) > 1 for group in self.groups)
        rows = [row(group, name, measures, several) for group, name in ranked]
        return Table(rows + list(baseline_rows(self.groups, measures, several)))

    @property
    def figure(self):
        from ..plots import comparison

        return comparison(self.runs, [name for group, name in zip(self.groups, self.names) for _ in group])


def level(group: list[Run]) -> float:
    """The mean of the leading probe."""
    return statistics.mean(run.scores.get(leading(run.scores), 0) for run in group)


def row(group: list[Run], name: str, measures: list[str], several: bool) -> dict:
    run = group[0]
    r = run.recipe
    return {"run": name, "data": r.data, "what": r.pretext, "backbone": r.backbone, "steps": run.step,
            **({"seeds": len(group)} if several else {}),
            "seconds": round(statistics.median(run.seconds for run in group)),
            **{m: spread([run.scores[m] for run in group if m in run.scores]) for m in measures}}


def baseline_rows(groups: Iterable[list[Run]], measures: list[str], several: bool) -> Iterator[dict]:
    """What stands beside the runs: each data source's chance and raw input, each backbone untrained."""
    seen = set()
    for group in groups:
        r = group[0].recipe
        for name in group[0].baselines:
            backbone = r.backbone if name == "untrained" else ""
            if (r.data, name, backbone) in seen:
                continue
            seen.add((r.data, name, backbone))
            scores = [run.baselines.get(name, {}) for run in group]
            yield {"run": "", "data": r.data, "what": name, "backbone": backbone, "steps": 0,
                   **({"seeds": len(group)} if several else {}), "seconds": 0,
                   **{m: spread([of[m] for of in scores if m in of]) for m in measures}}


def spread(values: list[float]) -> str:
    """"0.914", or of several "0.914 ± 0.013": mean and standard deviation."""
    if not values:
        return ""
    mean, digits = statistics.mean(values), 3 if abs(statistics.mean(values)) < 10 else 1
    return f"{mean:.{digits}f}" + (f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else "")


def compare(*runs: Run | Seeds | str | os.PathLike, names: list[str] | None = None) -> Comparison:
    """Runs as one table and one figure with the baselines.

    runs: runs, their folders, what fit(..., seeds=3) returns or its folder, or lists of these. Runs of one
    recipe that differ in the seed alone are one row.  names: one for each row; by default a number, the
    pretext task and what differs between them. ValueError for anything else, FileNotFoundError for a folder
    without a run.

        a = fit(Recipe(data="waves", steps=20), progress=False)
        b = fit(Recipe(data="waves", pretext="masked", steps=20), progress=False)
        compare(a, b).table
    """
    if not isinstance(names, (list, tuple, type(None))) or not all(isinstance(x, str) for x in names or ()):
        raise ValueError(f"names must be a list of texts, not {quoted(names)}")
    flat = list(flattened(runs))
    if not flat:
        raise ValueError("give compare() at least one run, for example compare(fit(Recipe()))")
    alike: dict[tuple, list[Run]] = {}
    for run in flat:
        alike.setdefault(apart_from_the_seed(run), []).append(run)
    groups = list(alike.values())
    if (any(len({run.recipe.seed for run in group}) < len(group) for group in groups)
        or (names and len(names) == len(flat))):
        groups = [[run] for run in flat]  # the same run twice, or somebody has a name for each
    if names and len(names) != len(groups):
        raise ValueError(f"names must be one for each of the {len(groups)} rows, not {len(names)}")
    return Comparison(groups, names or numbered([group[0].recipe for group in groups]))


def apart_from_the_seed(run: Run) -> tuple:
    """What runs that are one row have in common: their recipe, how far they are, and what can be read off
    their data without a network, since arrays and files of one name may change."""
    of_data = {name: {key: round(value, 4) for key, value in scores.items()}
               for name, scores in run.baselines.items() if name == "chance" or name.startswith("raw")}
    return (replace(run.recipe, seed=0).to_json(), run.step, run.done is None,
            run.about.get("data", ""), json.dumps(of_data, sort_keys=True))


def flattened(items: Iterable) -> Iterator[Run]:
    for item in items:
        if isinstance(item, (list, tuple)):
            yield from flattened(item)
        elif isinstance(item, Seeds):
            yield from item.runs
        elif isinstance(item, (str, os.PathLike)):
            yield from map(load_run, folders_of(item))
        else:
            yield arguments.one_of(item, Run, "what compare() is given", WANTED)
