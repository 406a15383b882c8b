"""Train in several processes on one machine, and follow them."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from .. import arguments
from ..catalog import Listed
from ..machine.hardware import DEVICES, PRECISIONS, cpu_limit, known
from ..notes import note
from ..recipe import WANTED, Recipe
from ..storage.lock import me
from ..training.loop import Done, Event
from .on_disk import free, replay
from .parents import LAUNCHER
from .recording import new_id

# one that went first
OF_ANOTHER = (
    r"gloo|nccl|NCCL|c10d|TCPStore|Connection (closed|reset|refused)|Broken pipe|barrier|DistBackendError"
    r"|this process ends with it"
)


def launch(recipe: Recipe, folder: str | Path, processes: int = 2, *, device: str = "auto",
           precision: str = "auto", overwrite: bool = False) -> Iterator[Event]:
    """Train in `processes` processes under torchrun and yield the same events by following the run folder.

    Nothing happens before the first event is asked for; fit(recipe, folder, processes=2) asks for all of
    them. Works from a notebook too: nothing is forked. Closing the generator stops the processes, and they
    end when this process does. device, precision, overwrite: as in fit(). RuntimeError with the line that
    says what went wrong when they fail; ValueError for classes typed in a notebook, which new processes
    cannot see.

        for event in launch(Recipe(data="waves", steps=20), "runs/waves", processes=2):
            print(event.step)
    """
    arguments.one_of(recipe, Recipe, "recipe", WANTED)
    arguments.yes_or_no(overwrite, "overwrite")
    # it stays where it is when somebody changes the working directory
    folder = arguments.path(folder).absolute()
    launchable(recipe, processes)
    known(device, DEVICES, "device")
    known(precision, PRECISIONS, "precision")
    free(recipe, folder, overwrite)
    run, log = new_id(), tempfile.TemporaryFile()  # of no name: nothing of it stays, however this ends
    how = ["--device", device, "--precision", precision, *["--overwrite"] * overwrite]
    # the folder is written by the run itself, once it has begun
    command = [*torchrun(processes), "train", "--recipe", recipe.share(), "--out", str(folder), "--quiet",
               "--run-id", run, *how]
    threads = str(max(1, cpu_limit() // processes))
    with log:
        job = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                               env={**os.environ, "OMP_NUM_THREADS": threads, LAUNCHER: json.dumps(me())})
        try:
            done = None
            for event in replay(folder, follow=True, alive=lambda: job.poll() is None, run=run):
                done = event
                yield event
            if not isinstance(done, Done) or ended(job):
                why = last_error(said_in(log).decode(errors="replace"), job.poll() or 0)
                raise RuntimeError(f"the processes ended early: {why} (all of it: {copied(log)})")
        finally:
            stop(job)


def torchrun(processes: int) -> list[str]:
    """The beginning of a command that runs sslbench in so many processes."""
    return [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node",
            str(processes), "-m", "sslbench"]


def ended(job: subprocess.Popen) -> int:
    """The exit code of processes whose run is done and on the disk; 0 when they hang after that."""
    try:
        return job.wait(60)
    except subprocess.TimeoutExpired:
        note("the run is done, but its processes did not end by themselves; they are stopped")
        return 0


def stop(job: subprocess.Popen) -> None:
    """End the processes where they still run."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if job.poll() is None:
            os.killpg(job.pid, how)
            with suppress(subprocess.TimeoutExpired):
                job.wait(30)


def said_in(log: BinaryIO) -> bytes:
    """What the processes wrote so far."""
    log.seek(0)
    return log.read()


def copied(log: BinaryIO) -> str:
    """A copy of what failed processes wrote, which stays."""
    file, path = tempfile.mkstemp(prefix="sslbench-", suffix=".log")
    with os.fdopen(file, "wb") as copy:
        copy.write(said_in(log))
    return path


def launchable(recipe: Recipe, processes: int) -> None:
    """ValueError in one line unless new processes can train this recipe."""
    if not isinstance(processes, int) or isinstance(processes, bool) or processes < 1:
        raise ValueError(f"processes must be a whole number from 1, not {processes!r}")
    if recipe.batch_size % processes and recipe.batch_size != Recipe.batch_size:
        raise ValueError(f"batch_size {recipe.batch_size} does not divide among {processes} processes; set "
                         f"batch_size to {max(1, recipe.batch_size // processes) * processes}")
    recipe.check()
    for _, cls in recipe.classes():
        if not importable(cls):
            raise ValueError(f"{cls.name} is defined in this Python process, and new processes cannot see "
                             "it; put it into a file of sslbench/ or train in this process with fit()")


def importable(cls: type[Listed]) -> bool:
    """Whether a new process finds it: not what was typed in a cell, nor what arrays() and adopt() made. What
    a family made by a name, "timm:NAME", it makes again."""
    made = ":" in cls.name and cls.name.partition(":")[0] in cls.families
    return (cls.__module__.split(".")[0] == __package__.split(".")[0]
            and (made or getattr(sys.modules[cls.__module__], cls.__name__, None) is cls))


def last_error(said: str, code: int = 0) -> str:
    """The line that says what went wrong: the last of our own that is not about another process, else one
    that names an error. code: what torchrun ended with, a signal where it is below 0."""
    lines = [line.strip().split("]: ")[-1] for line in said.splitlines() if line.strip()]
    own = [line.removeprefix("sslbench: ") for line in lines if line.startswith("sslbench: ")]
    errors = [
        line for line in lines
        if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", line) and "ChildFailedError" not in line
    ]
    of_its_own = [[line for line in some if not re.search(OF_ANOTHER, line)] for some in (own, errors)]
    causes = of_its_own[0] or of_its_own[1]
    if code < 0 and not causes:
        return (f"torchrun, which ran them, was ended by {signal.Signals(-code).name}; python -m sslbench "
                "resume goes on from the last checkpoint")
    if not causes and any("SIGKILL" in line or re.search(r"exitcode\s*:\s*-9", line) for line in lines):
        return ("one of them was killed (SIGKILL), most often because memory ran out; take a smaller batch "
                "or fewer processes")
    remarks = r"[IW]\d{4} |\*{4,}|={4,}|-{4,}|.*Warning:|warnings\.warn"  # of torch's log, no reason
    others = [line for line in lines if not re.match(remarks, line)]
    return (causes or own or errors or others or ["they said no reason"])[-1]
