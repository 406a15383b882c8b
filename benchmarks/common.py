"""What the benchmarks share: turns that alternate, medians, the machine, a table and a JSON beside it.

Each benchmark is one command, `python benchmarks/<name>.py`; `--small` runs it in its smallest form, only to
see that it still works. The full form keeps its figures in benchmarks/<name>.json and its table in
benchmarks/README.md.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context, get_start_method, set_start_method
from pathlib import Path

import torch
from results import write_into

from sslbench.catalog import Table
from sslbench.machine.hardware import Hardware, cpu_limit, memory_limit

HERE = Path(__file__).parent
PACKAGES = ("torch", "torchvision", "lightly", "numpy", "scikit-learn", "umap-learn", "jupyterlab",
            "ipywidgets")


def arguments(doc: str, **more) -> argparse.Namespace:
    """--small, --out FOLDER, and a flag for each keyword, whose value is the default."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="the smallest form, whose figures mean nothing")
    parser.add_argument("--out", type=Path, help="folder for the JSON; the README is then left alone")
    for name, default in more.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default)
    return parser.parse_args()


@cache
def machine() -> dict[str, str]:
    """What was measured on; a command that goes on past midnight has one date."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            pass
    gpu = {"gpu": torch.cuda.get_device_name()} if torch.cuda.is_available() else {}
    return {"date": time.strftime("%Y-%m-%d"), "processor": processor(), "cores": str(cpu_limit()), **gpu,
            "memory": f"{memory_limit() / 2**30:.0f} GiB",
            "precision": str(Hardware().dtype).removeprefix("torch."),
            "system": platform.system(), "python": platform.python_version(), **versions}


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")),
                platform.processor())


def taking_turns(contestants: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Every contestant once per round, so that a slow minute of the machine hits all of them."""
    figures = {name: [] for name in contestants}
    for i in range(rounds):
        for name, measure in contestants.items():
            figures[name].append(measure())
            print(f"round {i + 1} of {rounds}: {name} {figures[name][-1]:.4g}", file=sys.stderr, flush=True)
    return figures


def ratio(a: list[float], b: list[float]) -> float:
    """Median over the rounds of a / b: each ratio is of two figures taken one after the other."""
    return statistics.median(x / y for x, y in zip(a, b))


def publish(name: str, rows: list[dict], options: argparse.Namespace, same: tuple[str, ...] = (),
            **more) -> list[dict]:
    """Print the table, write the JSON and, in the full form, the table into benchmarks/README.md.

    same: the columns that name a row. Figures of other processors, days and versions stay beside the new
    ones, except rows that were measured anew on this processor; without `same` all of this processor's.
    Returns the rows of the newest table."""
    about, name_of = machine(), lambda row: tuple(row[key] for key in same)
    folder = options.out or (HERE.parent / "build" / "benchmarks" if options.small else HERE)
    path = folder / f"{name}.json"
    measured, new = [], {name_of(row) for row in rows}
    for one in json.loads(path.read_text()) if path.exists() else []:
        if hardware_of(one["machine"]) == hardware_of(about):
            one["rows"] = [row for row in one["rows"] if same and name_of(row) not in new]
        if one["machine"] == about:
            rows = one["rows"] + rows
        elif one["rows"]:
            measured.append(one)
    print(Table(rows))
    measured.insert(0, {"machine": about, "rows": rows, **more})
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(measured, indent=1) + "\n")
    if folder == HERE:
        write_into(HERE / "README.md", name, section(name, measured))
    return rows


def hardware_of(about: dict[str, str]) -> tuple:
    """What tells two machines apart, whatever is installed on them."""
    return tuple(about.get(key) for key in ("processor", "cores", "gpu"))


def section(name: str, measured: list[dict]) -> str:
    """The newest table, and below it, folded, those of other processors and days."""
    newest, *others = (f"{Table(one['rows']).markdown()}\n\n<sub>`python benchmarks/{name}.py`; "
                       f"{said(one['machine'])}.</sub>"
                       for one in measured)
    titles = [f"On {about.get('gpu', about['processor'])}, {about['date']}"
              for about in (one["machine"] for one in measured[1:])]
    folded = [f"<details><summary>{title}</summary>\n\n{table}\n\n</details>"
              for title, table in zip(titles, others)]
    return "\n\n".join([newest, *folded])


def said(about: dict[str, str]) -> str:
    """The machine and the versions in one line."""
    where = (about["date"], about["processor"], f"{about['cores']} cores", about["memory"], about.get("gpu"),
             about["precision"])
    packages = (f"{package} {about[package]}" for package in PACKAGES if package in about)
    return ", ".join([*filter(None, where), f"Python {about['python']}", *packages])


def peak_memory() -> int:
    """The most bytes this process has held so far."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@contextlib.contextmanager
def another_process() -> Iterator[Callable]:
    """`call(function, *arguments)` in one process of its own, for what must not gain from settings of this
    one: sslbench keeps freed memory while it trains, and whoever trained beside it in the same process would
    too."""
    with ProcessPoolExecutor(1, get_context("spawn"), start_workers_by, (get_start_method(),)) as pool:
        yield lambda function, *arguments: pool.submit(function, *arguments).result()


def start_workers_by(method: str) -> None:
    """A DataLoader in this process starts its workers as it would in the first one."""
    set_start_method(method, force=True)


def quiet() -> None:
    """Say so when something else runs: the ratios hold, the seconds do not."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > 0.5:
        print(f"something else is running here (load {load:.1f}); seconds will be too long", file=sys.stderr)
