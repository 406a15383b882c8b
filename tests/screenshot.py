"""The picture of the bench that the README shows: `python tests/screenshot.py [steps]` trains and writes
notebooks/bench.png."""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from browser import FLAGS, NAMES, REPOSITORY, Lab, open_notebook, wait_for
from lab_server import lab_server
from playwright.sync_api import sync_playwright
from test_browser_bench import RUN_CELL, TOP, open_tab, state, step

TARGET = REPOSITORY / "notebooks" / "bench.png"


def main(steps: int = 1200) -> None:
    root, folder = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    shutil.copytree(REPOSITORY / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns("runs"))
    program = os.environ.get("SSLBENCH_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)))
    with lab_server(root, folder, REPOSITORY) as base, sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)
        page = chrome.new_page(viewport={"width": 1080, "height": 905}, device_scale_factor=1.5)
        page.set_default_timeout(60_000)
        panel = open_notebook(page, Lab(base, root), "notebooks/00_bench.ipynb")
        page.evaluate("() => { window.jupyterapp.commands.execute('application:toggle-left-area'); }")
        page.evaluate(RUN_CELL, "Workbench()")
        bench = panel.locator(".sslb-root")
        bench.wait_for()
        take(page, bench, steps)
        chrome.close()
    print(TARGET, f"{TARGET.stat().st_size / 1e3:.0f} kB")


def take(page, bench, steps: int) -> None:
    """Train, ask for a t-SNE map when half of it is done, and hover a point of it."""
    bench.locator(".sslb-steps input").fill(str(steps))
    bench.locator(".sslb-steps input").press("Enter")
    bench.locator("button.sslb-train").click()
    open_tab(bench, "Embedding")
    wait_for(lambda: state(page) == "running" and step(page) > 0.5 * steps, 1800, 0.5)
    explorer = bench.locator(".sslb-explorer")
    bench.locator(".sslb-method select").select_option(label="t-SNE")
    wait_for(lambda: step(page) > 0.75 * steps
             and explorer.locator(".sslb-step").inner_text().endswith("t-SNE"), 1800, 0.5)
    wait_for(lambda: not bench.locator(".sslb-map-progress").is_visible() or state(page) != "running", 600,
             0.2)
    time.sleep(1)
    wait_for(lambda: explorer.get_attribute("data-moving") == "false")
    page.evaluate(TOP)
    time.sleep(1)
    place = bench.locator(".sslb-overlay").bounding_box()
    x, y = map(int, explorer.get_attribute("data-first-point").split(","))
    for shift in (6, 0):
        page.mouse.move(place["x"] + x + shift, place["y"] + y)
    time.sleep(0.5)
    page.screenshot(path=TARGET)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
