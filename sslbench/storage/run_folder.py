"""What lies in a run folder, by name: which files are the run's own, its checkpoints in order, its
weights."""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from torch import Tensor

from . import lock, regular_files, tensor_files

OWN = re.compile(
    r"recipe\.json|run\.json|events\.jsonl|files\.txt|output\.log|weights\.safetensors|"
    r"checkpoint-\d{7,19}\.safetensors|evaluations/\d{7,19}-[a-z]+\.safetensors")
SEEDS = "seeds.json"  # of a folder that holds a folder for the run of each of several seeds
LIST = "files.txt"  # a line for every file that the run writes, put there before the file
# one name of each form, in a list that a kill has cut in the middle of a name
FORMS = ("events.jsonl", LIST, "output.log", "recipe.json", "run.json", "weights.safetensors",
         "checkpoint-0000000.safetensors", "evaluations/0000000-validation.safetensors",
         "evaluations/0000000-test.safetensors")
MOST = 2**24  # bytes of a text file that are read: nothing that a run writes is longer, except its events


def checkpoint(step: int) -> str:
    return f"checkpoint-{step:07d}.safetensors"


def evaluation(step: int, split: str) -> str:
    return f"evaluations/{step:07d}-{split}.safetensors"


def step_of(name: str) -> int:
    """The step in the name of a checkpoint or an evaluation. (From ten million on the names have another
    order than the steps.)"""
    return int(re.search(r"\d+", name)[0])


def could_be_ours(folder: Path) -> list[str]:
    """Names in the folder that a run gives to its files, whoever wrote these."""
    names = [path.relative_to(folder).as_posix()
             for path in (*folder.glob("*"), *folder.glob("evaluations/*"))]
    return sorted(name for name in names if OWN.fullmatch(name) and (folder / name).is_file())


def written(folder: Path) -> set[str]:
    """Names of the files that the run in this folder wrote, by its own list; empty where there is no run.
    A run that was killed before its first file is none. Runs that were recorded before there was a list have
    a recipe, and theirs are the files of a run's names that are laid out as those runs did it."""
    if listed := _listed(folder):
        return set() if _killed_at_once(folder, listed) else listed
    if not _says_pretext(folder / "recipe.json"):
        return set()
    return {name for name in could_be_ours(folder)
            if (_laid_out(folder / name)
                if name.endswith(".safetensors") else name in ("recipe.json", "events.jsonl", "output.log"))}


def _listed(folder: Path) -> set[str]:
    """The names in the list, its own among them; empty where there is no list."""
    if not (folder / LIST).is_file():
        return set()
    return {name for name in text(folder / LIST).split("\n") if OWN.fullmatch(name)} | {LIST}


def _killed_at_once(folder: Path, listed: set[str]) -> bool:
    """Whether a run wrote its list here and nothing more."""
    return ("recipe.json" in listed and _of_names(folder / LIST)
            and not any((folder / name).exists() for name in listed - {LIST}))


def _of_names(path: Path) -> bool:
    """Whether there is a list as a run writes it, whole or cut by a kill: nothing in it but such names."""
    try:
        *whole, last = text(path).split("\n")
    except (OSError, ValueError):
        return False
    cut = re.sub(r"[0-9]", "0", last)
    return all(map(OWN.fullmatch, whole)) and any(form.startswith(cut) for form in FORMS)


def _says_pretext(path: Path) -> bool:
    try:
        return '"pretext"' in text(path)
    except (OSError, ValueError):
        return False


def _laid_out(path: Path) -> bool:
    """Whether the header of a safetensors file is one that a run writes."""
    try:
        with regular_files.reading(path) as file:
            header = json.loads(file.read(min(MOST, int.from_bytes(file.read(8), "little"))))
        keys = set(header.get("__metadata__", {}))
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return False
    return (bool(keys & {"tree", "digest"})
            or (path.name == "weights.safetensors" and any(key.startswith("backbone.") for key in header)))


def strangers(folder: Path) -> list[str]:
    """Names in the folder that its run did not write; those that begin with a dot aside, which tools leave
    everywhere."""
    ours = written(folder) or _listed(folder)
    ours |= {f"{name}.part" for name in ours}  # of a killed run
    ours |= {f"{LIST}.part"} if _of_names(folder / f"{LIST}.part") else set()
    names = [path.relative_to(folder).as_posix()
             for path in (*folder.glob("*"), *folder.glob("evaluations/*"))]
    return sorted(name for name in names
                  if name not in ours and name != "evaluations" and not Path(name).name.startswith("."))


def real(folder: Path) -> None:
    """OSError in one line when something in the folder that has the name of a run's file is a link or no
    file: a run would write, or remove, what lies elsewhere, or fail half-way. Nothing is changed."""
    if ((found := regular_files.what(folder / "evaluations")) not in ("", "a folder")
        or (not found and (folder / "evaluations").exists())):
        raise NotADirectoryError(f"{folder}/evaluations is {found or 'a file'} and must be a folder of the "
                                 "run's own; move it away, or choose another folder")
    if found and not os.access(folder / "evaluations", os.W_OK | os.X_OK):
        raise PermissionError(f"{folder}/evaluations cannot be written; choose another folder for the run")
    for path in (*folder.glob("*"), *folder.glob("evaluations/*")):
        name = path.relative_to(folder).as_posix()
        if OWN.fullmatch(name.removesuffix(".part")) and (found := regular_files.what(path)):
            raise FileExistsError(f"{path} is {found} and must be a file of the run's own; move it away, or "
                                  "choose another folder")


def remove(folder: Path, names: Iterable[str]) -> None:
    """Remove these of the run's files, after real() said that it can be done; the events first, so that it
    has no end from then on, and the recipe last, which makes it a run."""
    for name in sorted(names, key=lambda name: (name != "events.jsonl", name == "recipe.json", name)):
        (folder / name).unlink(missing_ok=True)
        (folder / f"{name}.part").unlink(missing_ok=True)


def checkpoints(folder: Path, own: bool = False) -> list[Path]:
    """The checkpoints in a folder, the newest first: what can be read is used whoever put it there, such as a
    copy.
    own: only those that the run's list names, or, where the list is damaged, those that look like a run's;
    only these are removed."""
    found = [name for name in could_be_ours(folder) if name.startswith("checkpoint-")]
    ours = written(folder)
    listed = [name for name in found if name in ours]
    if not own or (not listed and not ours - {LIST}):
        listed += [name for name in found if name not in ours and _laid_out(folder / name)]
    return [folder / name for name in sorted(listed, key=step_of, reverse=True)]


def text(path: Path) -> str:
    """A small text file; ValueError when it is too long to be what it should be."""
    with regular_files.reading(path) as file:
        content = file.read(MOST + 1)
    if len(content) > MOST:
        raise ValueError(f"{path} is damaged (longer than {MOST} bytes)")
    return content.decode("utf-8-sig", "replace")  # some editors begin a file with a mark of its encoding


def refuse(folder: Path, overwrite: bool) -> None:
    """OSError in one line, with the ways on, unless a new run may be written into `folder` now. Nothing is
    changed."""
    lock.check(folder)
    in_use(folder, overwrite)


def in_use(folder: Path, overwrite: bool) -> None:
    """The part of refuse() that is asked again once nobody else can write there."""
    place = folder
    while not os.path.lexists(place):
        place = place.parent
    if not place.is_dir():
        raise NotADirectoryError(f"{place} is a file; choose another folder for the run")
    if not os.access(place, os.W_OK | os.X_OK):
        raise PermissionError(f"{place} cannot be written; choose another folder for the run")
    if place != folder:
        return
    if (folder / SEEDS).exists():
        raise FileExistsError(f"{folder} holds the runs of several seeds; choose another folder for this run")
    others = strangers(folder)
    if written(folder):
        if not overwrite:
            raise FileExistsError(f"{folder} holds another run; choose another folder, go on with it "
                                  f"(python -m sslbench resume {folder}), or replace it with --overwrite "
                                  "(overwrite=True)")
    elif others and not overwrite:
        raise FileExistsError(f"{folder} holds files that are of no run ({some(others)}); choose another "
                              "folder, or write beside them with --overwrite (overwrite=True)")
    real(folder)
    if taken := [name for name in others if OWN.fullmatch(name.removesuffix(".part"))]:
        raise FileExistsError(f"{folder} holds {some(taken)}, which its run did not write and another would "
                              f"replace; move {'them' if len(taken) > 1 else 'it'} away, or choose another "
                              "folder")


def some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def weights(folder: str | Path) -> tuple[dict[str, Tensor], int | None, list[str]]:
    """The newest weights of the whole task that can be read in a run folder, the step they were taken after
    (None where the file does not say), and what was found damaged on the way. FileNotFoundError when there
    are none, ValueError when all are damaged."""
    folder, lost, older = Path(folder), [], None
    plain, kept = folder / "weights.safetensors", checkpoints(folder)
    if plain.is_file():
        try:
            tensors, header = tensor_files.read_tensors(plain)
            step = int(header["step"]) if header.get("step", "").isdecimal() else None
            if step is None or not kept or step >= step_of(kept[0].name):
                return tensors, step, lost
            older = tensors, step
        except ValueError as problem:
            lost.append(str(problem))
    for path in kept:
        try:
            state = tensor_files.read(path)
            return task_of(state, path), step_of(path.name), lost
        except ValueError as problem:
            lost.append(str(problem))
    if older:
        return *older, lost
    if not lost:
        raise FileNotFoundError(f"there are no weights in {folder}: no run reached its first checkpoint "
                                "there")
    raise ValueError(f"{lost[0]}, and no other weights in {folder} can be read")


def task_of(state: object, path: Path) -> dict[str, Tensor]:
    task = state.get("task") if isinstance(state, dict) else None
    if not isinstance(task, dict) or not all(isinstance(x, Tensor) for x in task.values()):
        raise ValueError(f"{path} is damaged (it holds no weights)")
    return task
