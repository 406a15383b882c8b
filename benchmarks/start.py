"""How long a newcomer waits, and what it costs: import, the bench in JupyterLab, the first curve, memory,
size on disk.

    python benchmarks/start.py [--small] [--rounds 5]

The bench is started in a real browser (Chromium, or SSLBENCH_CHROMIUM) in a fresh kernel for each round.
"usable" is counted from running the notebook's first cell of sslbench until its Train button can be pressed
and the task's picture is there; "first curve" from pressing Train until the picture of the loss has changed;
the memory is the kernel's at its peak.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from common import HERE, arguments, publish, quiet

sys.path.insert(0, str(HERE.parent / "tests"))
from browser import FLAGS, REPOSITORY, Lab, chromium, kernel_value, open_notebook, picture_digest, wait_for
from lab_server import lab_server, shut_down_kernels

GOALS = {"import sslbench, s": 2, "bench usable, s": 5, "first curve, s": 8, "kernel's memory, MB": 1200}
RUN_CELL = """text => { const shown = window.jupyterapp.shell.currentWidget.content;
    shown.activeCellIndex = shown.widgets.findIndex(cell => cell.model.sharedModel.source.includes(text));
    window.jupyterapp.commands.execute('notebook:run-cell'); }"""
PEAK = "next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))"


def import_seconds() -> float:
    """In a process of its own, Python's own start not counted."""
    code = ("import time; t = time.perf_counter(); import sslbench; sslbench.Recipe; "
            "print(time.perf_counter() - t)")
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                                check=True).stdout)


def in_the_browser(page, lab: Lab) -> dict[str, float]:
    """One newcomer: opens the notebook, runs the cell, presses Train, waits for a curve."""
    open_notebook(page, lab, "notebooks/00_bench.ipynb")
    began = time.perf_counter()
    page.evaluate(RUN_CELL, "Workbench()")
    train = page.locator("button.sslb-train")
    train.wait_for()
    wait_for(lambda: not train.is_disabled() and picture_digest(page, ".sslb-task"), 60)
    usable = time.perf_counter() - began
    before = picture_digest(page, ".sslb-plot")
    began = time.perf_counter()
    train.click()
    wait_for(lambda: picture_digest(page, ".sslb-plot") not in (before, None), 60)
    curve = time.perf_counter() - began
    time.sleep(5)  # a while of training and evaluation, for the memory
    memory = int(kernel_value(page, lab, PEAK, 60)) / 1024
    page.locator("button.sslb-stop").click()
    return {"bench usable, s": usable, "first curve, s": curve, "kernel's memory, MB": memory}


def rounds_in_the_browser(rounds: int) -> list[dict[str, float]]:
    from playwright.sync_api import sync_playwright

    root, state = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    (root / "notebooks").mkdir()
    (root / "notebooks" / "00_bench.ipynb").write_bytes(
        (REPOSITORY / "notebooks" / "00_bench.ipynb").read_bytes())
    seen = []
    with lab_server(root, state, REPOSITORY) as base, sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        for _ in range(rounds):
            page = chrome.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(60_000)
            seen.append(in_the_browser(page, Lab(base, root)))
            page.close()
            shut_down_kernels(base)
        chrome.close()
    return seen


def needed_by(names: set[str], without: frozenset[str] = frozenset()) -> set[str]:
    """The installed packages that these need, themselves included; extras are not followed."""
    known, new = set(), {plain(name) for name in names}
    while new:
        known |= new
        wanted = (re.match(r"[\w.-]+", line)[0] for name in new
                  for line in requirements(name) if "extra ==" not in line)
        new = {plain(name) for name in wanted} - known - without
    return known


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(name: str) -> list[str]:
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:
        return []


def megabytes(names: set[str]) -> float:
    """Size on disk of the installed files of these packages."""
    total = 0
    for name in names:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            continue
        total += sum(path.stat().st_size for path in (file.locate() for file in files) if path.is_file())
    return total / 1e6


def main() -> None:
    options = arguments(__doc__, rounds=5)
    quiet()
    rounds = 1 if options.small else options.rounds
    figures = {"import sslbench, s": [import_seconds() for _ in range(rounds)]}
    for seen in rounds_in_the_browser(rounds):
        for name, value in seen.items():
            figures.setdefault(name, []).append(value)
    rows = [{"what": name, "median": f"{statistics.median(values):.3g}"
             if max(values) < 100 else round(statistics.median(values)),
             "worst": f"{max(values):.3g}" if max(values) < 100 else round(max(values)),
             "goal": f"<= {GOALS[name]}"}
            for name, values in figures.items()]
    torch = needed_by({"torch", "torchvision"})
    lab = {line for line in requirements("sslbench") if 'extra == "lab"' in line}
    core = needed_by({"sslbench"}, frozenset(torch)) - torch
    with_lab = (needed_by({"sslbench", *(re.match(r"[\w.-]+", line)[0] for line in lab)}, frozenset(torch))
                - torch)
    rows += [{"what": "install size without torch, MB", "median": round(megabytes(core)), "worst": "",
              "goal": ""},
             {"what": "the same with JupyterLab, MB", "median": round(megabytes(with_lab)), "worst": "",
              "goal": ""},
             {"what": "torch and torchvision as installed here, MB", "median": round(megabytes(torch)),
              "worst": "", "goal": ""}]
    publish("start", rows, options)


if __name__ == "__main__":
    main()
