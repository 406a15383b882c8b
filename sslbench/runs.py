"""Events to disk and back: record, replay, follow; a run folder holds the recipe, events, weights and two checkpoints."""

import json
import re
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from . import store
from .engine import Checkpoint, Done, Evaluation, Event, Step
from .recipe import Recipe

KEPT = 2  # checkpoints: the newest, and the one before in case the newest is damaged


def record(events: Iterator[Event], recipe: Recipe, folder: str | Path, resumed: int = 0) -> Iterator[Event]:
    """Pass events through and leave a copy in `folder`: recipe.json, events.jsonl, evaluations/, checkpoint-*.safetensors,
    and weights.safetensors once done. resumed: the step the events go on from; later lines of an earlier try are dropped."""
    folder = Path(folder)
    kept = _before(folder, resumed)
    store.write_bytes(folder / "recipe.json", recipe.to_json().encode())
    store.write_bytes(folder / "events.jsonl", "".join(json.dumps(line) + "\n" for line in kept).encode())
    _forget(folder, resumed)
    weights = None
    with open(folder / "events.jsonl", "a") as log:
        for event in events:
            if isinstance(event, Checkpoint):
                weights = event.state["task"]
                save_checkpoint(event, folder)
            else:
                if isinstance(event, Done) and weights is not None:
                    save_weights(weights, folder)
                log.write(json.dumps(to_line(event, folder)) + "\n")
                log.flush()
            yield event


def _before(folder: Path, step: int) -> list[dict]:
    """The lines that a run which goes on after `step` does not write again."""
    return [line for line in _lines(folder)
            if line["step"] <= step and line["event"] != "Done" and line.get("split") != "test"] if step else []


def earlier(folder: str | Path, step: int) -> Iterator[Event]:
    """The events that lie before a run which goes on after `step`."""
    yield from (from_line(line, Path(folder)) for line in _before(Path(folder), step))


def _forget(folder: Path, step: int) -> None:
    """Remove what an earlier try or another run in this folder left behind after `step`: it is not of this run."""
    (folder / "weights.safetensors").unlink(missing_ok=True)
    for old in [*folder.glob("checkpoint-*.safetensors"), *folder.glob("evaluations/*.safetensors")]:
        if not step or int(re.search(r"\d+", old.name)[0]) > step:
            old.unlink()


def to_line(event: Event, folder: Path) -> dict:
    """One line of events.jsonl; an evaluation's tensors go into a file of their own."""
    if not isinstance(event, Evaluation):
        return {"event": type(event).__name__, **asdict(event)}
    name = f"evaluations/{event.step:07d}-{event.split}.safetensors"
    embedding = None if event.embedding is None else event.embedding.half()
    store.write(folder / name, {"embedding": embedding, "pictures": event.pictures})
    return {"event": "Evaluation", "step": event.step, "split": event.split, "scores": event.scores,
            "baselines": event.baselines, "chance_loss": event.chance_loss, "file": name}


def from_line(line: dict, folder: Path) -> Event:
    line = dict(line)
    kind = line.pop("event")
    if kind == "Evaluation":
        heavy = store.read(folder / line.pop("file"))
        embedding = heavy["embedding"]
        return Evaluation(**line, embedding=None if embedding is None else embedding.float(), pictures=heavy["pictures"])
    return {"Step": Step, "Done": Done}[kind](**line)


def replay(folder: str | Path, follow: bool = False, alive: Callable[[], bool] = lambda: True) -> Iterator[Event]:
    """The recorded events again (no checkpoints). follow: wait for more until the run is done or `alive()` says no."""
    folder = Path(folder)
    if not follow:
        if not (folder / "recipe.json").exists():
            raise FileNotFoundError(f"{folder} is not a run folder (it has no recipe.json); name the folder given as --out")
        yield from (from_line(line, folder) for line in _lines(folder))
        return
    while not (folder / "events.jsonl").exists() and alive():
        time.sleep(0.1)
    if not (folder / "events.jsonl").exists():
        return
    with open(folder / "events.jsonl") as log:
        part = ""
        while True:
            running = alive()  # asked before reading: what was written before the end is read
            part += log.readline()
            if part.endswith("\n"):
                event = from_line(json.loads(part), folder)
                part = ""
                yield event
                if isinstance(event, Done):
                    return
            elif not running:
                return
            else:
                time.sleep(0.05)


def _lines(folder: Path) -> list[dict]:
    """The whole lines of events.jsonl; a last line cut short by a kill is left out."""
    path, lines = folder / "events.jsonl", []
    if path.exists():
        for text in path.read_text().splitlines():
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                break
    return lines


def save_checkpoint(event: Checkpoint, folder: Path) -> None:
    store.write(folder / f"checkpoint-{event.step:07d}.safetensors", event.state)
    for old in sorted(folder.glob("checkpoint-*.safetensors"))[:-KEPT]:
        old.unlink()


def save_weights(weights: dict, folder: Path) -> None:
    """weights.safetensors: the whole task's weights by name ("backbone." is the backbone), readable by any tool."""
    from safetensors.torch import save

    store.write_bytes(folder / "weights.safetensors", save({k: v.detach().cpu().contiguous().clone() for k, v in weights.items()}))


def last_checkpoint(folder: str | Path) -> dict:
    """The state of the newest checkpoint that can be read, for train(recipe, resume=state); says so when it had to fall
    back. FileNotFoundError when there is none, ValueError when all are damaged."""
    folder, problems = Path(folder), []
    found = sorted(folder.glob("checkpoint-*.safetensors"), reverse=True)
    if not found:
        raise FileNotFoundError(f"there is no checkpoint in {folder}; train with this folder as --out first")
    for path in found:
        try:
            state = store.read(path)
        except ValueError as problem:
            problems.append(str(problem))
            continue
        if problems:
            warnings.warn(f"{problems[0]}; going on from the one before, step {state['step']}", stacklevel=2)
        return state
    raise ValueError(f"{problems[0]}, and so is every other checkpoint in {folder}; train again")


def read_recipe(folder: str | Path) -> Recipe:
    path = Path(folder, "recipe.json")
    if not path.exists():
        raise FileNotFoundError(f"{folder} is not a run folder (it has no recipe.json); name the folder given as --out")
    try:
        return Recipe.from_json(path.read_text())
    except (json.JSONDecodeError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error})") from None
