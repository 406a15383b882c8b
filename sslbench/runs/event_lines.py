"""Events as lines of events.jsonl and back. What is read is checked: a line that is no event is left out, a
file that cannot be read takes its pictures with it, and both are said."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from ..messages import one_line
from ..notes import note
from ..shown import as_shown
from ..storage import regular_files, run_folder, tensor_files
from ..training.loop import Done, Evaluation, Event, Step

LONGEST = 2**20  # bytes of a line
JUNK, BAD = 2**24, 100_000  # bytes and lines that are no events; after so many the rest is not read
HEAVY = 2**31  # bytes of an evaluation's file


def to_line(event: Event, folder: Path) -> dict:
    """One line of events.jsonl; an evaluation's tensors go into a file of their own."""
    if not isinstance(event, Evaluation):
        return {"event": type(event).__name__, **vars(event)}
    name = run_folder.evaluation(event.step, event.split)
    embedding = None if event.embedding is None else event.embedding.half()
    tensor_files.write(folder / name, {"embedding": embedding, "pictures": event.pictures,
                                       "confusion": event.confusion})
    return {"event": "Evaluation", "step": event.step, "split": event.split, "scores": event.scores,
            "baselines": event.baselines, "chance_loss": event.chance_loss, "samples": event.samples,
            "intervals": event.intervals, "rows": event.rows, "file": name}


def from_line(line: dict, folder: Path) -> Event:
    if line["event"] != "Evaluation":
        return {"Step": Step, "Done": Done}[line["event"]](**{k: v for k, v in line.items() if k != "event"})
    said = {k: v for k, v in line.items() if k not in ("event", "file")}
    said |= {"scores": printable(said["scores"]),
             "baselines": printable({k: printable(v) for k, v in said["baselines"].items()})}
    said |= {name: printable({k: tuple(v) for k, v in said.get(name, {}).items()}) for name in PAIRS}
    try:
        heavy = tensor_files.read(folder / line["file"], HEAVY)
        embedding, pictures = heavy["embedding"], as_shown(heavy["pictures"])
        confusion = heavy.get("confusion")  # runs recorded earlier do not have it
        if not all(x is None or (isinstance(x, Tensor) and x.ndim == 2) for x in (embedding, confusion)):
            raise TypeError
    except (ValueError, KeyError, TypeError) as problem:
        why = (problem if isinstance(problem, ValueError) else f"{folder / line['file']} is damaged (it "
                                                               "holds no evaluation)")
        note(f"{why}; the map and the pictures of step {line['step']} are lost, its scores are not")
        return Evaluation(**said)
    return Evaluation(**said, embedding=None if embedding is None else embedding.float(), pictures=pictures,
                      confusion=confusion)


def printable(named: dict[str, Any]) -> dict[str, Any]:
    """The same with names that can be printed and drawn: a terminal obeys control characters."""
    return {name if name.isprintable() and len(name) <= 80 else one_line(name, 80): value
            for name, value in named.items()}


def read(folder: Path, quiet: bool = False) -> list[dict]:
    """The lines of events.jsonl that are whole; a note says how many are damaged. One cut short at the end is
    what a kill leaves."""
    path, kept, bad, junk, why = folder / "events.jsonl", [], 0, 0, "holds no events"
    try:
        for text, size in texts(path):
            line = parsed(text)
            if line:
                kept.append(line)
                continue
            bad += bool(text.strip() and text.endswith(b"\n"))
            junk += size
            if junk > JUNK or bad > BAD:
                break
    except FileNotFoundError:
        why = "is missing"
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
    if bad and not quiet:
        note(f"{path}: {bad} line{'s are' if bad > 1 else ' is'} damaged and left out; the other "
             f"{len(kept)} are used"
             + ("; what comes after them was not read" if junk > JUNK or bad > BAD else ""))
    if not kept and not quiet and (why.startswith("cannot") or run_folder.checkpoints(folder)):
        note(f"{path} {why}: the history of this run is lost, its losses and scores; weights that it kept "
             "are not")
    return kept


def texts(path: Path) -> Iterator[tuple[bytes, int]]:
    """Lines with their ends, and their bytes; of one that is too long to be an event, its beginning, and of
    the bytes not much more than JUNK."""
    with regular_files.reading(path) as file:
        while text := file.readline(LONGEST):
            end, size = text, len(text)
            while len(end) == LONGEST and not end.endswith(b"\n") and size <= JUNK:
                end = file.readline(LONGEST)
                size += len(end)
            yield (text if end is text else text[:100] + b"\n"), size


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
    return (isinstance(value, float)
            or (isinstance(value, int) and abs(value) < 2**63 and not isinstance(value, bool)))


def scalars(value: Any) -> bool:
    """Of a step: none, or a loss and what else the task reports. (A loss that is no number ends a run before
    it is written.)"""
    return numbers(value) and (not value or ("loss" in value and math.isfinite(value["loss"])))


def step(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value <= 10**18 and not isinstance(value, bool)


def numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(map(number, value.values()))


def pairs(value: Any, of: Callable[[Any], bool]) -> bool:
    """Name -> two of them, as JSON has tuples."""
    return isinstance(value, dict) and all(isinstance(v, (list, tuple)) and len(v) == 2 and all(map(of, v))
                                           for v in value.values())


PAIRS = ("intervals", "rows")
LATER = {"samples", *PAIRS}  # runs recorded earlier do not have them
SHAPES = {
    "Step": {"step": step, "scalars": scalars, "seconds": number},
    "Done": {"step": step, "seconds": number},
    "Evaluation": {"step": step, "split": lambda v: v in ("train", "validation", "test"), "scores": numbers,
                   "baselines": lambda v: isinstance(v, dict) and all(map(numbers, v.values())),
                   "chance_loss": lambda v: v is None or number(v),
                   "samples": lambda v: isinstance(v, dict) and all(map(step, v.values())),
                   "intervals": lambda v: pairs(v, number), "rows": lambda v: pairs(v, step),
                   "file": lambda v: isinstance(v, str) and v.startswith("evaluations/")
                   and bool(run_folder.OWN.fullmatch(v))},
}
