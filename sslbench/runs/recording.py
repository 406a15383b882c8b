"""A run folder that is being written: its lock, the list of its files, events.jsonl, checkpoints, weights."""

import json
import os
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..notes import note
from ..recipe import Recipe
from ..storage import regular_files, run_folder, tensor_files
from ..storage.lock import Lock, same_file
from ..storage.run_folder import LIST
from ..training.loop import Checkpoint, Evaluation, Event
from . import event_lines

KEPT = 2  # checkpoints: the newest, and the one before in case the newest is damaged


class Recording:
    """The folder of one run, open for writing from the first event to the last. OSError in one line when it
    may not be written.

    overwrite: a run that the folder holds is removed first.  resume: the state of the checkpoint that its own
    run goes on from.
    run: the id of a new run, for somebody who waits for it."""

    def __init__(self, recipe: Recipe, folder: Path, overwrite: bool = False, resume: dict | None = None,
                 run: str = ""):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._lock, self._log, self._about = folder, Lock(folder), None, {}
        try:
            self._run = run or ("" if resume is None else run_id(folder)) or new_id()
            self._files = (self._begun(recipe, overwrite)
                           if resume is None else self._gone_back_to(resume, recipe))
            self._log = regular_files.appending(folder / "events.jsonl")
        except BaseException:
            self.close()
            raise

    def _begun(self, recipe: Recipe, overwrite: bool) -> set[str]:
        run_folder.in_use(self.folder, overwrite)
        old = run_folder.written(self.folder) - {LIST, "recipe.json"}  # these are replaced in one move
        # at once it has no end
        run_folder.remove(self.folder, sorted(old, key=lambda name: name != "events.jsonl"))
        (self.folder / "evaluations").mkdir(exist_ok=True)
        names = {LIST, "recipe.json", "run.json", "events.jsonl"}
        self._write_list(names)
        self._write("recipe.json", recipe.to_json())
        self._write("events.jsonl", "")
        self._write("run.json", json.dumps({"id": self._run}))  # the last: who follows the run waits for it
        return names

    def _gone_back_to(self, state: dict[str, Any], recipe: Recipe) -> set[str]:
        """Leave what the run had when it reached this checkpoint, whatever came after it."""
        run_folder.real(self.folder)
        of_this_run(self.folder, recipe)
        step, kept = state["step"], before(self.folder, state["step"])
        own = (run_folder.written(self.folder)
               | {"recipe.json", *(path.name for path in run_folder.checkpoints(self.folder, own=True))})
        own |= {line["file"] for line in kept if "file" in line}
        later = {name for name in own if name.endswith(".safetensors") and name != "weights.safetensors"
                 and run_folder.step_of(name) > step}
        if not step:
            later |= {name for name in own if name.startswith("evaluations/")}
        self._write("events.jsonl", "".join(json.dumps(line) + "\n" for line in kept))
        run_folder.remove(self.folder, later)
        # a kill may leave a third
        run_folder.remove(self.folder,
                          [path.name for path in run_folder.checkpoints(self.folder, own=True)[KEPT:]])
        for part in [*self.folder.glob("*.part"), *self.folder.glob("evaluations/*.part")]:
            if part.relative_to(self.folder).as_posix().removesuffix(".part") in own:
                part.unlink()
        (self.folder / "evaluations").mkdir(exist_ok=True)
        self._write_list(own | {"run.json", "events.jsonl"})
        self._files = own - later
        self._name("weights.safetensors")
        save_weights(self.folder, state["task"], step)
        return self._files

    def write(self, event: Event) -> None:
        """Put one event on the disk; OSError that names the path when it is full, or when the folder is not
        there any more."""
        if not same_file(self._log.fileno(), self.folder / "events.jsonl"):
            raise FileNotFoundError(self._gone())
        if isinstance(event, Checkpoint):
            self._checkpoint(event)
            return
        if isinstance(event, Evaluation):
            self._name(run_folder.evaluation(event.step, event.split))
        self._append(self._log, json.dumps(event_lines.to_line(event, self.folder)) + "\n", "events.jsonl")

    def _checkpoint(self, event: Checkpoint) -> None:
        about, name = event.about(), run_folder.checkpoint(event.step)
        os.fsync(self._log.fileno())  # what led to a checkpoint is on the disk before it
        self._name(name)
        tensor_files.write(self.folder / name, {**event.state, "about": about})
        self._name("weights.safetensors")
        save_weights(self.folder, event.state["task"], event.step)
        run_folder.remove(self.folder,
                          [path.name for path in run_folder.checkpoints(self.folder, own=True)[KEPT:]])
        if about != self._about:
            self._about = about
            self._write("run.json", json.dumps({"id": self._run, **about}))

    def _name(self, name: str) -> None:
        """Say in the list that this file is the run's, before it is."""
        if name not in self._files:
            self._files.add(name)
            with regular_files.appending(self.folder / LIST) as file:
                self._append(file, name + "\n", LIST)

    def _write_list(self, names: Iterable[str]) -> None:
        self._write(LIST, "".join(f"{name}\n" for name in sorted(names)))

    def _write(self, name: str, text: str) -> None:
        tensor_files.write_bytes(self.folder / name, text.encode())

    def _append(self, file, text: str, name: str) -> None:
        content = text.encode()
        try:
            while content:
                content = content[file.write(content):]
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.folder / name)) from None

    def _gone(self) -> str:
        """What became of the folder."""
        now = ""
        with suppress(OSError):  # Linux says where an open file is
            now = os.path.dirname(os.readlink(f"/proc/self/fd/{self._log.fileno()}"))
        if now and (Path(now) / "recipe.json").is_file() and Path(now) != self.folder.resolve():
            return (f"{self.folder} was moved to {now} while a run was written into it; go on with: python "
                    f"-m sslbench resume {now}")
        return (f"{self.folder} was deleted or moved while a run was written into it; what it held is not "
                "complete: train again")

    def close(self) -> None:
        if self._log:
            self._log.close()
        self._lock.release()


def of_this_run(folder: Path, recipe: Recipe) -> None:
    """FileExistsError when the folder holds another run by now: the checkpoint was read before nobody else
    could write there."""
    with suppress(FileNotFoundError, ValueError, TypeError, RecursionError):
        if Recipe.from_json(run_folder.text(folder / "recipe.json")).check() != recipe.check():
            raise FileExistsError(f"{folder} holds another run now, and this one cannot go on there; train "
                                  "again in another folder")


def save_weights(folder: Path, weights: dict, step: int) -> None:
    """weights.safetensors: the whole task's weights by name ("backbone." is the backbone), readable by any
    tool."""
    tensors = {name: w.detach().cpu().contiguous().clone() for name, w in weights.items()}
    tensor_files.write_tensors(folder / "weights.safetensors", tensors, {"step": str(step)})


def has_last_weights(folder: Path, last: int) -> bool:
    """Whether the weights after step `last` can be read; nothing is changed."""
    with suppress(FileNotFoundError, ValueError):
        return run_folder.weights(folder)[1] in (None, last)
    return False


def mend(folder: Path) -> None:
    """Write a finished run's weights.safetensors anew from the last checkpoint where it is missing or
    damaged, with a note. A folder that cannot be written, or that somebody else writes into, stays as it is:
    the checkpoint is read instead."""
    if not to_mend(folder):
        return
    with suppress(OSError):
        writing = Lock(folder)
        try:
            if found := to_mend(folder):  # nobody has written another run meanwhile
                weights, step, why = found
                save_weights(folder, weights, step)
                note(f"{why}; it is written anew from the last checkpoint")
        finally:
            writing.release()


def add(folder: Path, event: Evaluation, recipe: Recipe, run: str = "") -> None:
    """Put an evaluation that somebody asked for after the end of a run into its folder; OSError where it
    cannot be written, and where the folder holds another run (another recipe, another id) by now."""
    writing = Lock(folder)
    try:
        of_this_run(folder, recipe)
        if run and run_id(folder) != run:
            raise FileExistsError(f"{folder} holds another run now")
        with regular_files.appending(folder / LIST) as file:
            file.write(f"{run_folder.evaluation(event.step, event.split)}\n".encode())
        with regular_files.appending(folder / "events.jsonl") as file:
            file.write((json.dumps(event_lines.to_line(event, folder)) + "\n").encode())
    finally:
        writing.release()


def to_mend(folder: Path) -> tuple[dict, int, str] | None:
    """The weights of a checkpoint that should be in weights.safetensors, their step, and what is wrong with
    the file."""
    with suppress(FileNotFoundError, ValueError):
        weights, step, lost = run_folder.weights(folder)
        there = (folder / "weights.safetensors").is_file()
        if step is not None and (lost or not there):
            return weights, step, lost[0] if lost else f"weights.safetensors was missing in {folder}"
    return None


def before(folder: Path, step: int, quiet: bool = False) -> list[dict]:
    """The lines that a run which goes on after `step` does not write again."""
    return ([line for line in event_lines.read(folder, quiet)
             if line["step"] <= step and line["event"] != "Done" and line.get("split") != "test"]
             if step else [])


def about(folder: Path) -> dict[str, Any]:
    """What run.json says of the run beside its recipe; {} where there is none or it is damaged."""
    try:
        said = json.loads(run_folder.text(folder / "run.json"))
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def new_id() -> str:
    return uuid.uuid4().hex


def run_id(folder: Path) -> str:
    """A word of its own for every run that was begun in a folder; "" where there is none, and in folders of
    the first runs."""
    said = about(folder).get("id")
    return said if isinstance(said, str) else ""
