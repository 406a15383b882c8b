"""One recipe with several seeds: the runs side by side in one folder, their scores as mean and deviation."""

import json
import os
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .. import arguments
from ..catalog import Table
from ..messages import in_words
from ..probes import of_labels, parsed
from ..recipe import Recipe
from ..storage import run_folder, tensor_files
from ..training.loop import Event
from .run import Run

LIST = "seeds.json"  # which seeds were asked for, in the folder that holds their runs
# (recipe, folder, what to do at the first event) -> the run
Train = Callable[[Recipe, Path | None, Callable[[], None]], Run]


@dataclass
class Seeds:
    """The runs of one recipe with several seeds, in the order of the seeds."""

    runs: list[Run]

    @property
    def recipe(self) -> Recipe:
        """That of the first seed."""
        return self.runs[0].recipe

    @property
    def scores(self) -> dict[str, tuple[float, float]]:
        """Score -> mean and standard deviation over the seeds (0 for a single one)."""
        return over([run.scores for run in self.runs])

    @property
    def baselines(self) -> dict[str, dict[str, tuple[float, float]]]:
        """chance, raw input, untrained: score -> mean and standard deviation."""
        return {
            name: over([run.baselines.get(name, {}) for run in self.runs]) for name in self.runs[0].baselines
        }

    @property
    def table(self) -> Table:
        """A row for each score, with the value of every seed."""
        return Table({
            "score": name, "mean": f"{mean:.3f}", "deviation": f"{deviation:.3f}",
            **{f"seed {run.recipe.seed}": f"{run.scores.get(name, float('nan')):.3f}" for run in self.runs}
        } for name, (mean, deviation) in self.scores.items())

    def show(self):
        """The leading score of every seed over time, with the baselines, as one matplotlib Figure."""
        from ..plots import comparison

        return comparison(self.runs, [f"{self.recipe.pretext}, {len(self.runs)} seeds"] * len(self.runs))

    def __repr__(self):
        r, n = self.recipe, len(self.runs)
        means = [f"{name} {mean:.3f} ± {deviation:.3f}" for name, (mean, deviation) in self.scores.items()
                if name in of_labels(self.scores) and not parsed(name)[1]]
        return (f"Seeds({r.pretext} on {r.data} with {r.backbone}, {n} "
                f"seeds{', ' * bool(means)}{', '.join(means)})")

    def _repr_html_(self):
        return self.table._repr_html_()


def over(scores: list[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of what all of them have."""
    names = [name for name in scores[0] if all(name in of for of in scores)]
    values = {name: [of[name] for of in scores] for name in names}
    return {
        name: (statistics.mean(v), statistics.stdev(v) if len(v) > 1 else 0.0) for name, v in values.items()
    }


def each_seed(train: Train, recipe: Recipe, folder: Path | None, seeds: int, overwrite: bool) -> Seeds:
    """Train recipe.seed and the `seeds` - 1 numbers after it. Nothing is written before the first run has
    begun."""
    numbers = list(range(recipe.seed, recipe.seed + arguments.whole(seeds, "seeds", 1)))
    recipes = [replace(recipe, seed=number).check() for number in numbers]
    if folder is None:
        return Seeds([train(one, None, lambda: None) for one in recipes])
    refuse(folder, numbers, overwrite)
    return Seeds(
        [train(one, place(folder, one.seed), lambda: write(folder, recipe, numbers)) for one in recipes])


def refuse(folder: Path, numbers: list[int], overwrite: bool) -> None:
    """OSError in one line, with the ways on, unless the runs may be written into the folder; nothing is
    changed."""
    if (folder / LIST).exists() and not overwrite:
        raise FileExistsError(f"{folder} holds the runs of several seeds; choose another folder, go on with "
                              f"them (python -m sslbench resume {folder}), or replace them with --overwrite "
                              "(overwrite=True)")
    if not (folder / LIST).exists():
        run_folder.refuse(folder, overwrite and not (folder / "recipe.json").exists())
    for number in numbers:
        run_folder.refuse(place(folder, number), overwrite)


def place(folder: Path, number: int) -> Path:
    return folder / f"seed-{number}"


def write(folder: Path, recipe: Recipe, numbers: list[int]) -> None:
    text = json.dumps({"recipe": json.loads(recipe.to_json()), "seeds": numbers})
    tensor_files.write_bytes(folder / LIST, text.encode())


def holds_seeds(folder: str | os.PathLike) -> bool:
    """Whether the runs of several seeds lie in the folder."""
    return (arguments.path(folder) / LIST).is_file()


def planned(folder: Path) -> list[Recipe]:
    """The recipes of the seeds that were asked for; ValueError in one line when the list is damaged."""
    path = folder / LIST
    try:
        plan = json.loads(run_folder.text(path))
        recipe, numbers = Recipe.from_json(json.dumps(plan["recipe"])), plan["seeds"]
        if not isinstance(numbers, list) or not numbers or len(numbers) > 10_000:
            raise ValueError("it names no seeds")
        return [replace(recipe, seed=arguments.whole(number, "a seed", 0)) for number in numbers]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({in_words(error)}); the runs beside it are whole: "
                         "compare their folders") from None


def folders_of(folder: str | os.PathLike) -> list[Path]:
    """The run folders in a folder of several seeds, those that have begun; of any other folder itself."""
    folder = arguments.path(folder)
    if not holds_seeds(folder):
        return [folder]
    begun = [place(folder, recipe.seed) for recipe in planned(folder)]
    return [path for path in begun if (path / "recipe.json").exists()]


def announced(events: Iterator[Event], begun: Callable[[], None]) -> Iterator[Event]:
    """The events, after telling that the first one is there."""
    for i, event in enumerate(events):
        if not i:
            begun()
        yield event
