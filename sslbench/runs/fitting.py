"""Ways to play a recipe to its end in this process: with a progress bar, with several seeds, on from a
checkpoint."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from inspect import signature
from pathlib import Path

from .. import arguments
from ..messages import printable
from ..probes import leading
from ..recipe import WANTED, Recipe
from ..training.loop import Evaluation, Event, Step, train
from ..training.step import Training
from .launching import launch
from .loggers import logged
from .on_disk import finished, last_checkpoint, play, read_recipe
from .recording import mend
from .run import Run, load_run
from .seeds import Plan, Seeds, announced, each_seed, holds_seeds, place
from .supervised_baseline import folder_of, supervised_twin


def fit(recipe: Recipe, folder: str | Path | None = None, *, overwrite: bool = False,
        supervised: bool = False,
        progress: bool = True, seeds: int | None = None, processes: int = 1, log: str = "",
        **options) -> Run | Seeds:
    """Train to the end with a progress bar and return the run; recorded in `folder` when one is given.

    overwrite: a run that the folder holds is replaced; without, a folder in use is refused.  supervised: put
    the same backbone, trained on all labels with the same budget, beside the baselines; it is trained once
    and kept.  seeds: train so many, from recipe.seed on, side by side in the folder; the result has their
    scores as mean and deviation.  processes: train in so many on this machine, each with its share of every
    batch (device and precision alone can be chosen then); it needs a folder.  log: what else the events are
    written to, "tensorboard", "csv", "wandb" or "mlflow".  options: device, precision, evaluations, test,
    checkpoint_every, probe_rows, as in train().  An interrupt leaves a recorded run resumable. What ends the
    run early (a loss that stops being a number, a full disk) has as `run` the run so far with its last good
    weights. ValueError or OSError in one line, before anything is written.

        run = fit(Recipe(data="waves", steps=20), progress=False)
        run.scores["linear"], run.baselines["untrained"]["linear"]
    """
    arguments.one_of(recipe, Recipe, "recipe", WANTED)
    for value, name in ((overwrite, "overwrite"), (supervised, "supervised"), (progress, "progress")):
        arguments.yes_or_no(value, name)
    arguments.one_of(log, str, "log", "the name of a logger, or nothing")
    if arguments.whole(processes, "processes", 1) > 1:
        options |= {"processes": processes}
    one = partial(fitted, overwrite=overwrite, supervised=supervised, progress=progress, log=log, **options)
    if seeds is None:
        return one(recipe, folder)
    return each_seed(one, recipe, None if folder is None else arguments.path(folder).absolute(), seeds,
                     overwrite, {**options, "supervised": supervised, "log": log})


def fitted(recipe: Recipe, folder: str | Path | None, begun: Callable[[], None] = lambda: None, *,
           overwrite: bool,
           supervised: bool, progress: bool, log: str, processes: int = 1, **options) -> Run:
    """One run. begun: called when its first event is there."""
    if processes > 1:
        return in_processes(recipe, folder, processes, begun, supervised, progress, log,
                            overwrite=overwrite, **options)
    run = Run(recipe, folder)

    def ready(training: Training) -> None:
        run.data = training.data
        run.about["reading"] = training.reading
        say(run.about["reading"], progress)

    events = announced(play(recipe, folder, overwrite=overwrite, ready=ready, **options), begun)
    gather(logged(events, log, recipe, folder), run, progress)
    if supervised:
        run.beside["supervised"] = supervised_run(recipe, progress=progress, **options).scores
    return run


def in_processes(recipe: Recipe, folder: str | Path | None, processes: int, begun: Callable[[], None],
                 supervised: bool, progress: bool, log: str, **options) -> Run:
    """One run in several processes."""
    if folder is None:
        raise ValueError("several processes meet in a run folder; give one: fit(recipe, \"runs/first\", ...)")
    if unknown := set(options) - {"device", "precision", "overwrite"}:
        raise ValueError(f"several processes are told device and precision alone, not {min(unknown)}; leave "
                         "it out, or train in one process")
    events = announced(launch(recipe, folder, processes, **options), begun)
    gather(logged(events, log, recipe, folder), Run(recipe, folder), progress)
    run = load_run(folder)
    say(run.reading, progress)
    if supervised:
        own = {name: value for name, value in options.items() if name != "overwrite"}
        run.beside["supervised"] = supervised_run(recipe, progress=progress, **own).scores
    return run


def gather(events: Iterator[Event], run: Run, progress: bool, start: int = 0) -> None:
    """Keep all events in the run; what ends it early takes the run along, and leaves the folder free although
    somebody keeps the error."""
    try:
        with closing(events), closing(bar(events, run.recipe, progress, start)) as shown:
            for event in shown:
                run.add(event)
    except BaseException as error:
        error.run = run
        raise


def say(reading: str, shown: bool = True) -> None:
    """What was read, above the progress bar."""
    if shown:
        from tqdm import tqdm

        tqdm.write(printable(reading), file=sys.stdout)


def supervised_run(recipe: Recipe, *, progress: bool = True, **options) -> Run:
    """The run of the supervised twin of `recipe`: from the cache, or trained now and kept there."""
    twin = supervised_twin(recipe)
    folder = folder_of(twin)
    if (folder / "recipe.json").exists() and finished(folder):
        return load_run(folder)
    run = Run(twin)
    try:
        gather(play(twin, folder, overwrite=True, **options), run, progress)
    except OSError:
        if run.evaluations:
            raise
        # another process trains the same one now, or nothing can be kept there
        gather(play(twin, **options), run, progress)
    return run


def resume(folder: str | Path, *, progress: bool = True, changed_data: bool = False, log: str = "",
           **options) -> Run | Seeds:
    """Go on with a recorded run from its last good checkpoint to its end; bit for bit what it would have
    been. A finished run is left as it is. In a folder of several seeds each of them is brought to its end.

    changed_data: go on although the training data is another.  log, options: as in fit(); what is not given
    is as it was. FileNotFoundError where there is no run, or none with a checkpoint; ValueError when all of
    them are damaged.

        recipe = Recipe(data="waves", steps=20)
        fit(recipe, "runs/waves", progress=False)
        resume("runs/waves").scores
    """
    arguments.yes_or_no(progress, "progress")
    if holds_seeds(folder):
        folder, plan = Path(folder).absolute(), Plan.read(Path(folder))
        states = [plan.state(folder, recipe) for recipe in plan.recipes]
        how = {"supervised": False, **plan.options, **options, "log": log or plan.options.get("log", "")}
        new = partial(fitted, overwrite=True, progress=progress, **how)
        on = partial(resumed, progress=progress, changed_data=changed_data, log=how["log"], **options)
        return Seeds([new(recipe, place(folder, recipe.seed))
                      if state == "new" else on(place(folder, recipe.seed))
                      for recipe, state in zip(plan.recipes, states)])
    return resumed(folder, progress=progress, changed_data=changed_data, log=log, **options)


def resumed(folder: str | Path, *, progress: bool, changed_data: bool, log: str, **options) -> Run:
    """One run, brought to its end."""
    known(options, play, train)
    if finished(folder):
        mend(Path(folder))
        return load_run(folder)
    recipe, state = read_recipe(folder), last_checkpoint(folder)
    events = play(recipe, folder, resume=state, changed_data=changed_data, **options)
    gather(logged(events, log, recipe, folder), Run(recipe, folder), progress, state["step"])
    return load_run(folder)


def known(options: dict, *takers: Callable) -> None:
    """TypeError in one line for an option that none of these takes."""
    names = {name for taker in takers for name in signature(taker).parameters}
    if unknown := sorted(set(options) - names):
        raise TypeError(f"resume() got an unexpected keyword argument {unknown[0]!r}; as in train(): device, "
                        f"precision, evaluations, test, checkpoint_every")


def bar(events: Iterator[Event], recipe: Recipe, shown: bool = True, start: int = 0) -> Iterator[Event]:
    """Pass events through, with a progress bar on standard error: steps, ETA, loss, the leading probe."""
    from tqdm import tqdm

    with tqdm(total=recipe.steps, initial=start, disable=not shown, leave=False, mininterval=0.5,
              desc=f"{recipe.pretext} on {recipe.data}", unit=" steps") as line:
        said = {}
        for event in events:
            if isinstance(event, Step):
                said |= {k: f"{v:.3f}" for k, v in event.scalars.items() if k == "loss"}
                line.set_postfix(said, refresh=False)
                line.update()
            elif isinstance(event, Evaluation):
                said |= {k: f"{v:.3f}" for k, v in event.scores.items() if k == leading(event.scores)}
            yield event
