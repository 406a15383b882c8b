"""Events to disk and back: record, replay, follow; a run folder holds the recipe, events, weights and two
checkpoints."""

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import torch

from .. import arguments
from ..backbones.starting import without_start
from ..data import Data
from ..messages import in_words
from ..notes import note
from ..recipe import WANTED, Recipe
from ..storage import lock, run_folder, tensor_files
from ..training.loop import Event, chosen, train
from ..training.restoring import restored, same_recipe
from ..training.step import Training, made, make_optimiser
from . import event_lines, recording
from .data_summary import Remembered
from .recording import Recording


def play(recipe: Recipe, folder: str | Path | None = None, *, overwrite: bool = False,
         resume: dict | None = None,
         ready: Callable[[Training], None] = lambda training: None, data: Data | None = None,
         device: str = "auto",
         precision: str = "auto", changed_data: bool = False, run: str = "", **options) -> Iterator[Event]:
    """The events of train(), recorded when a folder is given: the one way in which a recipe becomes a run.

    ready: called with the moving parts when recipe, folder, data, device and batch have been checked, before
    anything is written.
    overwrite: another run in the folder is replaced.  resume: the state to go on from.  data: the recipe's,
    where it is at hand.
    run: the id of a new run, for somebody who follows the folder.
    """
    arguments.one_of(recipe, Recipe, "recipe", WANTED)
    for value, name in ((overwrite, "overwrite"), (changed_data, "changed_data")):
        arguments.yes_or_no(value, name)
    chosen(resume, **options)
    if folder is not None:
        # it stays where it is when somebody changes the working directory
        folder = arguments.path(folder).absolute()
        free(recipe, folder, overwrite, resume is not None)
    training = made(recipe, resume, device, precision, data)
    ready(training)
    events = train(recipe, resume, training=training, changed_data=changed_data, **options)
    yield from record(events, recipe, folder, overwrite=overwrite, resume=resume,
                      run=run) if folder is not None else events


def free(recipe: Recipe, folder: Path, overwrite: bool, resumed: bool = False) -> None:
    """OSError or ValueError in one line unless the run may be written into the folder now; nothing is
    changed."""
    if resumed:
        lock.check(folder)
        run_folder.real(folder)
        return
    run_folder.refuse(folder, overwrite)
    if overwrite and recipe.init and Path(recipe.init).resolve() == folder.resolve():
        raise ValueError(f"init names the folder that would be overwritten, {folder}; choose another folder "
                         "for the new run")


def record(events: Iterator[Event], recipe: Recipe, folder: str | Path, *, overwrite: bool = False,
           resume: dict | None = None, run: str = "") -> Iterator[Event]:
    """Pass events through and leave a copy in `folder`: recipe.json, run.json, events.jsonl, evaluations/,
    checkpoints and weights.

    The folder is written once the first event is there, never before. An event is passed on although it could
    not be written; the OSError comes when the next one is asked for.  overwrite, resume, run: as in
    play()."""
    folder = Path(folder).absolute()
    free(recipe, folder, overwrite, resume is not None)
    first = next(events, None)
    if first is None:
        return
    with closing(Recording(recipe, folder, overwrite, resume, run)) as writing:
        yield from written(first, writing)
        for event in events:
            yield from written(event, writing)


def written(event: Event, writing: Recording) -> Iterator[Event]:
    problem = None
    try:
        writing.write(event)
    except OSError as error:
        problem = error
    yield event
    if problem:
        raise problem


def earlier(folder: str | Path, step: int) -> Iterator[Event]:
    """The events that lie before a run which goes on after `step`."""
    yield from (event_lines.from_line(line, Path(folder))
                for line in recording.before(Path(folder), step, quiet=True))


def finished(folder: str | Path) -> bool:
    """Whether the run in the folder has come to its end and has its last weights, or nothing it could go on
    from. Nothing is changed."""
    folder = arguments.path(folder)
    done = [line["step"] for line in event_lines.read(folder, quiet=True) if line["event"] == "Done"]
    with suppress(FileNotFoundError, ValueError):  # else who goes on says what is wrong with the recipe
        done = [step for step in done if step == read_recipe(folder).steps]  # one at another step is no end
    if done:
        lock.sweep(folder)
    return bool(done) and (recording.has_last_weights(folder, done[-1]) or not run_folder.checkpoints(folder))


def replay(folder: str | Path, follow: bool = False, alive: Callable[[], bool] = lambda: True,
           run: str = "") -> Iterator[Event]:
    """The recorded events again (no checkpoints). follow: wait for more until the run is done or `alive()`
    says no.
    run: the id of the one to follow, whatever the folder holds before it begins; "": any."""
    folder = arguments.path(folder)
    if not follow:
        if not (folder / "recipe.json").exists():
            raise FileNotFoundError(no_run(folder))
        yield from (event_lines.from_line(line, folder) for line in event_lines.read(folder))
        return
    while not begun(folder, run) and alive():
        time.sleep(0.1)
    if not begun(folder, run):
        return
    with open(folder / "events.jsonl", "rb") as log:
        part = b""
        while True:
            running = alive()  # asked before reading: what was written before the end is read
            # what is longer is no event
            part = part[:event_lines.LONGEST] + log.readline(event_lines.LONGEST)
            if part.endswith(b"\n"):
                line, part = event_lines.parsed(part), b""
                if line:
                    yield event_lines.from_line(line, folder)
                    if line["event"] == "Done":
                        return
            elif not running:
                return
            else:
                time.sleep(0.05)


def begun(folder: Path, run: str) -> bool:
    """Whether a run writes its events here: the one of that id, or "": any."""
    return (folder / "events.jsonl").is_file() and (not run or recording.run_id(folder) == run)


def last_checkpoint(folder: str | Path) -> dict:
    """The state of the newest checkpoint that can be read, for train(recipe, resume=state); says so when it
    had to fall back. FileNotFoundError when there is none, ValueError when all are damaged."""
    folder, problems = arguments.path(folder), []
    found = run_folder.checkpoints(folder)
    if not found:
        raise FileNotFoundError(f"there is no checkpoint in {folder}: its run ended before the first one; "
                                "train again with --overwrite")
    fits = fitting(folder)
    for path in found:
        try:
            state = checked(tensor_files.read(path), path)
            fits(state, path)
        except ValueError as problem:
            problems.append(str(problem))
            continue
        if problems:
            note(f"{problems[0]}; going on from the one before, step {state['step']}")
        return state
    raise ValueError(f"{problems[0]}, and so is every other checkpoint in {folder}; train again")


def checked(state: Any, path: Path) -> dict:
    """A checkpoint's state; ValueError in one line when it has another shape."""
    run_folder.task_of(state, path)
    # the others are not empty
    right = {"seconds": event_lines.number, "scaler": event_lines.numbers, "step": event_lines.step}
    kinds = {"recipe": dict, "step": int, "optimiser": dict, "scaler": dict, "seconds": (int, float)}
    wrong = [name for name, kind in kinds.items()
             if not isinstance(state.get(name), kind) or not right.get(name, bool)(state[name])]
    if not wrong and not (math.isfinite(state["seconds"]) and state["seconds"] >= 0):
        wrong = ["seconds"]
    if (wrong or not isinstance(state.get("about", {}), dict)
        or state["step"] != run_folder.step_of(path.name)):
        raise ValueError(f"{path} is damaged (it has no proper {wrong[0] if wrong else 'step'})")
    return state


def fitting(folder: Path) -> Callable[[dict, Path], None]:
    """(state, path) -> ValueError in one line when a checkpoint does not fit the network of the run: tried on
    a network of its own. What cannot be built here, or is of another recipe, is left to who goes on: the
    reason is theirs to say."""
    try:
        recipe = read_recipe(folder)
        data = Remembered.of(recording.about(folder), recipe.make_data) or recipe.make_data()
        task = without_start(recipe).make_task(data)
    except (ValueError, OSError, ImportError, RuntimeError, TypeError, LookupError, AttributeError):
        return lambda state, path: None

    def fits(state: dict, path: Path) -> None:
        try:
            same_recipe(recipe, state["recipe"])
        except (ValueError, TypeError, KeyError):
            return
        try:
            restored(task, make_optimiser(task, recipe, torch.device("cpu")), state)
        except (RuntimeError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"{path} is damaged ({in_words(error)})") from None

    return fits


def no_run(folder: str | Path) -> str:
    """Why a folder is none of a run, and which to name."""
    if (Path(folder) / run_folder.SEEDS).exists():
        return (
            f"{folder} holds the runs of several seeds, each in a folder of its own; name one: "
            f"{folder}/seed-..."
        )
    return f"{folder} is not a run folder (it has no recipe.json); name the folder given as --out"


def read_recipe(folder: str | Path) -> Recipe:
    path = arguments.path(folder) / "recipe.json"
    if not path.exists():
        raise FileNotFoundError(no_run(folder))
    try:
        return Recipe.from_json(run_folder.text(path))
    except (json.JSONDecodeError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({in_words(error)})") from None
