"""Events as lines of events.jsonl and back. What is read is checked: a line that is no event is left out, a file that cannot be
read takes its pictures with it, and both are said."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from . import files, store
from .engine import Done, Evaluation, Event, Step
from .notes import note
from .shown import as_shown

LONGEST = 2**20  # bytes of a line


def to_line(event: Event, folder: Path) -> dict:
    """One line of events.jsonl; an evaluation's tensors go into a file of their own."""
    if not isinstance(event, Evaluation):
        return {"event": type(event).__name__, **vars(event)}
    name = files.evaluation(event.step, event.split)
    embedding = None if event.embedding is None else event.embedding.half()
    store.write(folder / name, {"embedding": embedding, "pictures": event.pictures})
    return {"event": "Evaluation", "step": event.step, "split": event.split, "scores": event.scores,
            "baselines": event.baselines, "chance_loss": event.chance_loss, "samples": event.samples, "file": name}


def from_line(line: dict, folder: Path) -> Event:
    if line["event"] != "Evaluation":
        return {"Step": Step, "Done": Done}[line["event"]](**{k: v for k, v in line.items() if k != "event"})
    said = {k: v for k, v in line.items() if k not in ("event", "file")}
    try:
        heavy = store.read(folder / line["file"])
        embedding, pictures = heavy["embedding"], as_shown(heavy["pictures"])
        if not (embedding is None or (isinstance(embedding, Tensor) and embedding.ndim == 2)):
            raise TypeError
    except (ValueError, KeyError, TypeError) as problem:
        why = problem if isinstance(problem, ValueError) else f"{folder / line['file']} is damaged (it holds no evaluation)"
        note(f"{why}; the map and the pictures of step {line['step']} are lost, its scores are not")
        return Evaluation(**said)
    return Evaluation(**said, embedding=None if embedding is None else embedding.float(), pictures=pictures)


def read(folder: Path, quiet: bool = False) -> list[dict]:
    """The lines of events.jsonl that are whole; a note says how many are damaged. One cut short at the end is what a kill leaves."""
    path, kept, bad = folder / "events.jsonl", [], 0
    if not path.is_file():
        return []
    for text in texts(path):
        line = parsed(text)
        if line:
            kept.append(line)
        elif text.strip() and text.endswith(b"\n"):
            bad += 1
    if bad and not quiet:
        note(f"{path}: {bad} line{'s are' if bad > 1 else ' is'} damaged and left out; the other {len(kept)} are used")
    return kept


def texts(path: Path) -> Iterator[bytes]:
    """Lines with their ends; of one that is too long to be an event, its beginning."""
    with open(path, "rb") as file:
        while text := file.readline(LONGEST):
            end = text
            while len(end) == LONGEST and not end.endswith(b"\n"):
                end = file.readline(LONGEST)
            yield text if end is text else text[:100] + b"\n"


def parsed(text: bytes) -> dict | None:
    """The line as it was written; None when it is not that of an event."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or not isinstance(line.get("event"), str):
        return None
    wanted = SHAPES.get(line["event"])
    if not wanted or not {"event", *wanted} - LATER <= line.keys() <= {"event", *wanted}:
        return None
    return line if all(right(line[name]) for name, right in wanted.items() if name in line) else None


def number(value: Any) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63 and not isinstance(value, bool))


def step(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value <= 10**18 and not isinstance(value, bool)


def numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(map(number, value.values()))


LATER = {"samples"}  # runs recorded earlier do not have it
SHAPES = {
    "Step": {"step": step, "scalars": numbers, "seconds": number},
    "Done": {"step": step, "seconds": number},
    "Evaluation": {"step": step, "split": lambda v: v in ("train", "validation", "test"), "scores": numbers,
                   "baselines": lambda v: isinstance(v, dict) and all(map(numbers, v.values())),
                   "chance_loss": lambda v: v is None or number(v),
                   "samples": lambda v: isinstance(v, dict) and all(map(step, v.values())),
                   "file": lambda v: isinstance(v, str) and v.startswith("evaluations/") and bool(files.OWN.fullmatch(v))},
}
