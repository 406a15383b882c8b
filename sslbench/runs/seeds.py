"""One recipe with several seeds: the runs side by side in one folder, their scores as mean and deviation."""

import json
import os
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import arguments
from ..catalog import Table
from ..messages import in_words
from ..notes import note
from ..probes import main, parsed
from ..recipe import Recipe
from ..storage import run_folder, tensor_files
from ..training.loop import Event
from .on_disk import finished, free, read_recipe
from .run import Run

LIST, MOST = run_folder.SEEDS, 10_000  # which seeds were asked for, beside their folders; how many at most
OPTIONS = ("device", "precision", "evaluations", "test", "checkpoint_every", "probe_rows", "supervised",
           "log", "processes")
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
                if name in main(self.scores) and not parsed(name)[1]]
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


def each_seed(train: Train, recipe: Recipe, folder: Path | None, seeds: int, overwrite: bool,
              options: dict[str, Any]) -> Seeds:
    """Train recipe.seed and the `seeds` - 1 numbers after it. Nothing is written before the first run has
    begun. options: what the runs are trained with, kept beside their list, so that those which have not begun
    get the same. What ends it early has as `seeds` those that were done."""
    if arguments.whole(seeds, "seeds", 1) > MOST:
        raise ValueError(f"seeds must be a whole number from 1 to {MOST:,}, not {seeds:,}")
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise ValueError("several seeds are trained one after another in one process; under torchrun give "
                         "one "
                         "seed at a time")
    plan = Plan(recipe, list(range(recipe.seed, recipe.seed + seeds)), options, overwrite)
    recipes = [one.check() for one in plan.recipes]
    if folder is not None:
        refuse(folder, recipes, overwrite)
    done = []
    for one in recipes:
        try:
            done.append(train(one, None, lambda: None) if folder is None
                        else train(one, place(folder, one.seed), lambda: plan.write(folder)))
        except BaseException as error:
            error.seeds = Seeds(done)
            raise
    return Seeds(done)


def refuse(folder: Path, recipes: list[Recipe], overwrite: bool) -> None:
    """OSError or ValueError in one line, with the ways on, unless all the runs may be written into the
    folder; nothing is changed."""
    if (folder / LIST).exists() and not overwrite:
        raise FileExistsError(f"{folder} holds the runs of several seeds; choose another folder, go on with "
                              f"them (python -m sslbench resume {folder}), or replace them with --overwrite "
                              "(overwrite=True)")
    if (folder / "recipe.json").exists():
        raise FileExistsError(f"{folder} holds one run; choose another folder for the runs of several seeds")
    if not (folder / LIST).exists():
        run_folder.refuse(folder, overwrite)
    for recipe in recipes:
        free(recipe, place(folder, recipe.seed), overwrite)
        if (recipe.init and Path(recipe.init).resolve() in {place(folder, one.seed).resolve()
                                                            for one in recipes}):
            raise ValueError(f"init names a run that would be overwritten, {recipe.init}; choose another "
                             "folder "
                             "for the new runs")


def place(folder: Path, number: int) -> Path:
    return folder / f"seed-{number}"


@dataclass
class Plan:
    """What was asked for: the list beside the run folders. overwrite: runs of another recipe that lie there
    are to be replaced."""

    recipe: Recipe
    seeds: list[int]
    options: dict[str, Any]
    overwrite: bool

    @property
    def recipes(self) -> list[Recipe]:
        return [replace(self.recipe, seed=number) for number in self.seeds]

    def write(self, folder: Path) -> None:
        text = json.dumps({"recipe": json.loads(self.recipe.to_json()), "seeds": self.seeds,
                           "options": self.options, "overwrite": self.overwrite})
        tensor_files.write_bytes(folder / LIST, text.encode())

    @staticmethod
    def read(folder: Path) -> "Plan":
        """ValueError in one line when the list is damaged."""
        path = folder / LIST
        try:
            said = json.loads(run_folder.text(path))
            recipe, numbers = Recipe.from_json(json.dumps(said["recipe"])), said["seeds"]
            if not isinstance(numbers, list) or not 0 < len(numbers) == len(set(numbers)) <= MOST:
                raise ValueError("it names no seeds, or one twice")
            numbers = [arguments.whole(number, "a seed", 0) for number in numbers]
            options = {name: value for name,
                       value in dict(said.get("options", {})).items() if name in OPTIONS}
            plan = Plan(recipe, numbers, options, said.get("overwrite") is True)
            [one.check_types() for one in plan.recipes]
            return plan
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise ValueError(f"{path} is damaged ({in_words(error)}); the runs beside it are whole: "
                             "compare their folders") from None

    def state(self, folder: Path, recipe: Recipe) -> str:
        """"done", "begun" or "new": how far the run of one seed is. ValueError in one line when its folder
        holds a run of another recipe that nobody asked to replace."""
        own = place(folder, recipe.seed)
        if not (own / "recipe.json").exists():
            return "new"
        if read_recipe(own) != recipe:
            if self.overwrite:
                return "new"
            raise ValueError(f"{own} holds a run of another recipe than {folder / LIST} says; move it away")
        return "done" if finished(own) else "begun" if run_folder.checkpoints(own) else "new"


def holds_seeds(folder: str | os.PathLike) -> bool:
    """Whether the runs of several seeds lie in the folder."""
    return (arguments.path(folder) / LIST).is_file()


def folders_of(folder: str | os.PathLike) -> list[Path]:
    """The run folders in a folder of several seeds, those that are done; of any other folder itself."""
    folder = arguments.path(folder)
    if not holds_seeds(folder):
        return [folder]
    plan = Plan.read(folder)
    done = [place(folder, recipe.seed) for recipe in plan.recipes if plan.state(folder, recipe) == "done"]
    if missing := len(plan.seeds) - len(done):
        note(f"{folder}: {missing} of {len(plan.seeds)} seeds have not come to their end and are left out; "
             "go on "
             f"with python -m sslbench resume {folder}")
    return done


def announced(events: Iterator[Event], begun: Callable[[], None]) -> Iterator[Event]:
    """The events, after telling that the first one is there."""
    for i, event in enumerate(events):
        if not i:
            begun()
        yield event
