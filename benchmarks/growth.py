"""Samples per second and peak memory of SimCLR as the data, the batch and the number of processes grow.

    python benchmarks/growth.py [--small] [--only "in memory"]

in memory    uint8 images [n, 3, 32, 32] as a tensor, through arrays()
memory map   the same in an .npy opened with np.load(mmap_mode="r"), through arrays()
folder       PNG files through the data source `images`, which holds them decoded while they fill no more than
             a quarter of the memory; it stops at 10x, 20,000 files: whether memory follows the data shows
             before
streamed     the same with data.memory=0: files are decoded whenever they are needed
limited      200,000 PNG files in a process that may take 384 MB more than it had before the data
             (RLIMIT_DATA), training included; decoded they are 586 MB. `images` streams them by itself, and
             holding them is shown to fail
batch        10,000 images in memory, batches of 64 to 1024
processes    launch() in one and in two processes on a folder of 2,000 files, the same batch over both
             together

Every case has a process of its own. "peak" is the most memory that process ever held, with pages of a mapped
file that the system may take back; "before data" is the part that Python and PyTorch took; "private" is what
is held after the last step without pages of files. The lines after the table say how many bytes of private
memory one byte of data costs: about 0 streams, 1 and more holds everything. "ready after" is the time from
the array or the folder to the end of the first step, imports not counted. Processes: memory of the largest
process, seconds until the first step reached the reader of the events.
"""

import contextlib
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from common import arguments, peak_memory, publish, quiet

from sslbench import Recipe, arrays, launch, train
from sslbench.data.image.wild_digits import WildDigits
from sslbench.training.loop import Step

WARM, SECONDS, MB = 3, 3.0, 2**20
ROOM = 384 * MB  # of the limited case: about 250 are what training itself takes
WAYS = ("in memory", "memory map", "folder", "streamed")
# elsewhere RLIMIT_DATA does not count what is mapped
LIMITED = ("limited",) if sys.platform == "linux" else ()
FILES = ("folder", "streamed", "limited", "processes")  # ways that read image files


@dataclass(frozen=True)
class Case:
    way: str  # one of WAYS, "limited" or "processes"
    n: int
    batch: int = 256
    processes: int = 1
    least: float = SECONDS  # seconds of training that are measured at least


def alone(function, *given):
    """What function(*given) returns in a new process, so that its memory is its own. It starts with the
    packages imported (forkserver): nothing has been computed before the fork, so threads are safe and memory
    begins at the imports."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["sslbench.training.loop", "sslbench.runs.fitting",
                                    "sslbench.data.image.wild_digits"])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *given).result()


def write(folder: Path, n: int, files: int) -> None:
    """n images as one .npy, and `files` of them as PNG files. Wild digits, again and again: only their number
    matters here."""
    from PIL import Image

    digits = WildDigits().load("train")[0]["image"].numpy()
    with open(folder / f"{n}.npy", "wb") as out:
        np.lib.format.write_array_header_1_0(out,
            {"descr": "|u1", "fortran_order": False, "shape": (n, 3, 32, 32)})
        for start in range(0, n, len(digits)):
            digits[:n - start].tofile(out)
    place = folder / f"{n}"
    place.mkdir()
    for i in range(files):
        file = place / f"{i:06d}.png"
        if i < len(digits):
            Image.fromarray(digits[i].transpose(1, 2, 0)).save(file)
        else:
            # a name of its own; it is opened and decoded like any other
            os.link(place / f"{i % len(digits):06d}.png", file)


def recipe_of(case: Case, folder: Path) -> Recipe:
    if case.way in FILES:
        given = {"data.folder": str(folder / f"{case.n}"), "data.size": 32,
                 **({"data.memory": 0.0} if case.way == "streamed" else {})}
        return Recipe("images", steps=10**6, batch_size=case.batch, hyperparameters=given)
    held = np.load(folder / f"{case.n}.npy", mmap_mode="r" if case.way == "memory map" else None)
    return Recipe(arrays(held, name="grown"), steps=10**6, batch_size=case.batch)


def one_process(case: Case, folder: Path) -> dict:
    """Train for a while in this process."""
    before, began, ready, seconds = peak_memory(), time.perf_counter(), 0.0, []
    with contextlib.closing(train(recipe_of(case, folder), evaluations=1, test=False)) as events:
        for event in events:
            if isinstance(event, Step):
                ready = ready or time.perf_counter() - began
                seconds.append(event.seconds)
                if len(seconds) > WARM + 1 and seconds[-1] - seconds[WARM - 1] >= case.least:
                    break
        return row(case, seconds, ready, peak_memory(), before, private())


def limited(case: Case, folder: Path) -> dict:
    """The same where there is not enough memory for the decoded pictures; that holding them fails is tried
    afterwards."""
    resource.setrlimit(resource.RLIMIT_DATA, (said_by_system("VmData") + ROOM, resource.RLIM_INFINITY))
    measured = one_process(case, folder)
    if 3072 * case.n > ROOM:
        from sslbench.data.image.folder import held, listed

        place = folder / f"{case.n}"
        try:
            held(place, listed(place), 32)
        except MemoryError:
            return measured
        raise SystemExit("all decoded pictures fit under the limit; it has to be lower")
    return measured


def several_processes(case: Case, folder: Path) -> dict:
    """The same through launch(); what is held is held by other processes."""
    recipe = replace(recipe_of(case, folder), steps=WARM + (60 if case.least else 1))
    began, ready, seconds = time.perf_counter(), 0.0, []
    for event in launch(recipe, folder / f"run-{case.processes}", case.processes):
        if isinstance(event, Step):
            ready = ready or time.perf_counter() - began
            seconds.append(event.seconds)
    largest = (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
               * (1 if sys.platform == "darwin" else 1024))
    return row(case, seconds, ready, largest)


def row(case: Case, seconds: list[float], ready: float, peak: int, before: int | None = None,
        held: int | None = None) -> dict:
    pace = (len(seconds) - WARM) * case.batch / (seconds[-1] - seconds[WARM - 1])
    in_mb = {key: "" if value is None else round(value / MB)
             for key, value in (("before data MB", before), ("private MB", held))}
    return {"case": case.way, "images": case.n, "data MB": round(case.n * 3072 / MB, 1), "batch": case.batch,
            "processes": case.processes,
            "samples per second": round(pace), "peak memory MB": round(peak / MB), **in_mb,
            "ready after seconds": round(ready, 2)}


def private() -> int | None:
    """Bytes of this process that are not pages of files; None where the system does not say."""
    return said_by_system("RssAnon")


def said_by_system(key: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(key)), None)


def cost(rows: list[dict], way: str) -> str:
    """How private memory (or, where that is not known, the peak) follows the data."""
    some = sorted((r for r in rows if r["case"] == way), key=lambda r: r["images"])
    if len(some) < 2:
        return f"{way}: one size only"
    key = "peak memory MB" if some[0]["private MB"] == "" else "private MB"
    share = (some[-1][key] - some[0][key]) / (some[-1]["data MB"] - some[0]["data MB"])
    return (f"{way}: {share:.1f} bytes of memory for each byte of data, from {some[0]['images']:,} to "
            f"{some[-1]['images']:,} images")


def cases(small: bool) -> list[Case]:
    if small:
        return [*(Case(way, 100, 32, least=0.0) for way in (*WAYS, *LIMITED)),
                Case("processes", 100, 32, 2, least=0.0)]
    return [*(Case("in memory", n) for n in (10_000, 100_000, 1_000_000)),
            *(Case("memory map", n) for n in (10_000, 100_000, 1_000_000)),
            *(Case(way, n) for way in ("folder", "streamed") for n in (2_000, 20_000)),
            *(Case(way, 200_000) for way in LIMITED),
            *(Case("in memory", 10_000, batch) for batch in (64, 128, 512, 1024)),
            *(Case("processes", 2_000, processes=n) for n in (1, 2))]


def main() -> None:
    options = arguments(__doc__, only="")
    quiet()
    chosen, rows, written = [case for case in cases(options.small) if options.only in case.way], [], set()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for case in chosen:
            if case.n not in written:
                alone(write, folder, case.n,
                      case.n if any(c.n == case.n and c.way in FILES for c in chosen) else 0)
                written.add(case.n)
            measure = {"processes": several_processes, "limited": limited}.get(case.way, one_process)
            rows.append(alone(measure, case, folder))
            print(rows[-1], file=sys.stderr, flush=True)
    said = [cost(rows, way) for way in WAYS if any(r["case"] == way for r in rows)]
    publish("growth", rows, options, same=("case", "images", "batch", "processes"), memory=said)
    print(*said, sep="\n")


if __name__ == "__main__":
    main()
