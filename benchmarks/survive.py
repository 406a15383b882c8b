"""Runs that are killed (SIGKILL) at random, and go on: do they end where an undisturbed run ends, to the last
bit?

    python benchmarks/survive.py [--small] [--kills 50] [--seed 0]

Every pretext task of the catalogue takes its turn on small samples, and every kind of moment:

any moment       a random time between the start of the process and the end of the run
a file           while a file is written: a checkpoint, weights, an evaluation; before, in the middle of or
                 after its move into place
the test         in the evaluation on the test split
the resume       at a random time, and once more while it goes on; then it goes on a third time

A killed run is resumed to its end in a new process and compared with one that nobody disturbed: every line of
its record but the seconds, every embedding, every weight. "Too early" are runs that were killed before their
first checkpoint: there is nothing to go on from, which resume says in one line. "Lost" is everything else
that is not identical: none may be.
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import torch
from common import arguments, publish, quiet

from sslbench.data import Data
from sslbench.pretexts import Pretext
from sslbench.pretexts.fits import incompatible
from sslbench.recipe import Recipe
from sslbench.runs.fitting import fit, resume
from sslbench.storage import tensor_files
from sslbench.training.loop import evaluate

KINDS = ("any moment", "a file", "the test", "the resume")
OPTIONS = {"device": "cpu", "evaluations": 2, "checkpoint_every": 4, "progress": False}
WAYS = (("images", "small_cnn", {"backbone.width": 8}),
        ("text", "transformer", {"backbone.width": 32, "data.length": 32}))
# a new process with the packages imported, in which nothing has been computed
CONTEXT = get_context("forkserver")


def recipes(steps: int) -> list[Recipe]:
    """One for every pretext task: the first data and backbone that fit it."""
    found = []
    for name, task in Pretext.all().items():
        for data, backbone, given in WAYS:
            recipe = Recipe(data, name, backbone, steps=steps, batch_size=8, hyperparameters=given)
            source = Data.find(data)()
            if incompatible(source, task, backbone).startswith("learns from labels"):
                found.append(Recipe(data, name, backbone, steps=steps, batch_size=8, labels=1.0,
                                    hyperparameters=given))
                break
            if not incompatible(source, task, backbone):
                found.append(recipe)
                break
    return found


def work(recipe: Recipe | None, folder: Path, fatal: tuple[str, int] | None, said: Path) -> None:
    """In a process of its own: train the recipe, or go on with what is there, and die where it was
    decided."""
    torch.set_num_threads(1)
    if fatal:
        dying(*fatal)
    try:
        fit(recipe, folder, **OPTIONS) if recipe else resume(folder, **OPTIONS)
    except (OSError, ValueError) as error:
        said.write_text(str(error))
        sys.exit(1)


def dying(where: str, number: int) -> None:
    """From now on this process kills itself at the call of that number of what `where` names."""
    place, name, after = {"before the move": (tensor_files.os, "replace", False),
                          "after the move": (tensor_files.os, "replace", True),
                          "in the middle": (tensor_files.os, "fsync", False),
                          "the test": (evaluate, "final", False),
                          "in the test": (evaluate, "chance", False)}[where]
    real, calls = getattr(place, name), []

    def fatal(*given, **more):
        calls.append(given)
        result = real(*given, **more) if after or len(calls) < number else None
        if len(calls) >= number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(place, name, fatal)


def processed(recipe: Recipe | None, folder: Path, fatal: tuple[str, int] | None = None,
              seconds: float | None = None) -> str:
    """Start a process, kill it after `seconds` where it still runs; "done", "killed", or what it said in one
    line."""
    said = folder.with_suffix(".said")
    said.unlink(missing_ok=True)
    process = CONTEXT.Process(target=work, args=(recipe, folder, fatal, said))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    return said.read_text() if said.exists() else "done" if process.exitcode == 0 else "killed"


def left(folder: Path) -> tuple[list[dict], dict[str, torch.Tensor]]:
    """All that a run leaves behind but its seconds: the lines of its record, the tensors of its evaluations
    and its weights."""
    lines = [{k: v for k, v in json.loads(line).items() if k != "seconds"}
             for line in (folder / "events.jsonl").read_text().splitlines()]
    files = [folder / "weights.safetensors", *(folder / line["file"] for line in lines if "file" in line)]
    return lines, {f"{path.name} {name}": x for path in files
                   for name, x in tensor_files.read_tensors(path)[0].items()}


def same(a: Path, b: Path) -> bool:
    (lines, tensors), (other_lines, others) = left(a), left(b)
    return (lines == other_lines and tensors.keys() == others.keys()
            and all(torch.equal(x, others[name]) for name, x in tensors.items()))


def kill(kind: str, recipe: Recipe, folder: Path, took: float, draw: random.Random) -> tuple[str, bool]:
    """Train it and kill it, once or more; what the last process said, and whether there was a checkpoint
    after the first kill."""
    if kind == "a file":
        where = draw.choice(("before the move", "in the middle", "after the move"))
        processed(recipe, folder, (where, draw.randint(6, 24)))
    elif kind == "the test":
        # chance is asked for on validation first
        processed(recipe, folder, draw.choice((("the test", 1), ("in the test", 2))))
    else:
        processed(recipe, folder, seconds=draw.uniform(0, took))
    had = bool(list(folder.glob("checkpoint-*.safetensors")))
    if kind == "the resume":
        processed(None, folder, seconds=draw.uniform(0, took))
        processed(None, folder, draw.choice((None, ("before the move", draw.randint(1, 4)),
                                             ("in the middle", draw.randint(1, 4)))),
                  draw.uniform(0, took))
    return processed(None, folder), had


def outcome(said: str, had: bool, folder: Path, whole: Path) -> str:
    if said != "done":
        return "too early" if not had and "\n" not in said else f"lost: {said}"
    return "identical" if same(folder, whole) else "lost: it ended elsewhere"


def undisturbed(recipe: Recipe, folder: Path) -> float:
    """Train it in peace; the seconds that its process took."""
    began = time.perf_counter()
    said = processed(recipe, folder)
    if said != "done":
        raise RuntimeError(f"{recipe.pretext} ended with: {said}")
    return time.perf_counter() - began


def measure(kills: int, steps: int, seed: int, tell: Callable[[str], None]) -> list[dict]:
    """A row for every kind of moment, and one for all together."""
    draw, found, whole = random.Random(seed), {kind: [] for kind in KINDS}, {}
    with tempfile.TemporaryDirectory(prefix="survive-") as place:
        every = recipes(steps)
        for number in range(kills):
            kind, recipe, folder = KINDS[number % len(KINDS)], every[number % len(every)], Path(place,
                f"{number}")
            if recipe.pretext not in whole:
                whole[recipe.pretext] = undisturbed(recipe, Path(place, recipe.pretext))
            said, had = kill(kind, recipe, folder, whole[recipe.pretext], draw)
            found[kind].append(outcome(said, had, folder, Path(place, recipe.pretext)))
            tell(f"{number + 1} of {kills}: {recipe.pretext}, killed at {kind}: {found[kind][-1]}")
            shutil.rmtree(folder, ignore_errors=True)
    found["all"] = [result for results in found.values() for result in results]
    return [{"killed at": kind, "tried": len(results), "identical": results.count("identical"),
             "too early": results.count("too early"),
             "lost": sum(result.startswith("lost") for result in results)} for kind, results in found.items()]


def main() -> int:
    options = arguments(__doc__, kills=50, seed=0)
    quiet()
    CONTEXT.set_forkserver_preload(["sslbench.runs.fitting", "sslbench.data.image.images",
                                    "sslbench.data.text.text"])
    kills, steps = (5, 12) if options.small else (options.kills, 24)
    rows = publish("survive",
        measure(kills, steps, options.seed, lambda line: print(line, file=sys.stderr, flush=True)), options)
    return int(rows[-1]["lost"] > 0)


if __name__ == "__main__":
    sys.exit(main())
