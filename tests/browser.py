"""JupyterLab in a real browser, for tests: one server and one Chromium for the session, one page for each
test.

    def test_it_trains(lab, page):
        panel = open_notebook(page, lab, "notebooks/00_bench.ipynb")
        run_all(page)
        panel.locator("button.sslb-train").click()
        wait_for(lambda: step(page) > 10)

Set SSLBENCH_CHROMIUM to the browser's path where it is not called chromium.
"""

import contextlib
import hashlib
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lab_server import lab_server, shut_down_kernels

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURES = REPOSITORY / "build" / "browser"  # screenshots of tests that failed
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--force-color-profile=srgb"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
READY = """() => { const shown = window.jupyterapp?.shell?.currentWidget;
    return shown?.sessionContext?.isReady && shown.sessionContext.session?.kernel?.status === 'idle'; }"""
RUN = """([code, ms]) => { const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const late = new Promise(done => setTimeout(() => done('no reply in time'), ms));
    return Promise.race([kernel.requestExecute({code}).done.then(reply => reply.content.status), late]); }"""
BYTES = """async selector => { const shown = document.querySelector(selector);
    const image = shown && (shown.tagName === 'IMG' ? shown : shown.querySelector('img'));
    if (!image || !image.complete || !image.naturalWidth) return null;
    return Array.from(new Uint8Array(await (await fetch(image.src)).arrayBuffer())); }"""


@dataclass(frozen=True)
class Lab:
    """Where the server listens, and the folder that it shows."""

    base: str
    root: Path


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab on copies of the project's notebooks and data samples."""
    root, state = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("jupyter")
    for folder in ("notebooks", "data"):
        skip = shutil.ignore_patterns(".ipynb_checkpoints", "cache", "runs")
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=skip)
    with lab_server(root, state, REPOSITORY) as base:
        yield Lab(base, root)


def chromium() -> str:
    path = os.environ.get("SSLBENCH_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        pytest.skip("needs Chromium: install it (Debian: apt install chromium) or set SSLBENCH_CHROMIUM to "
                    "its path")
    return path


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    path = chromium()
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield chrome
        chrome.close()


@pytest.fixture
def page(lab, browser, request):
    """An empty page with `requests` (every address it asked for) and `problems` (errors of its scripts)."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.requests, page.problems = [], []
    page.on("request", lambda asked: page.requests.append(asked.url))
    page.on("websocket", lambda asked: page.requests.append(asked.url))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    failed = request.session.testsfailed
    try:
        yield page
    finally:
        if request.session.testsfailed > failed:
            PICTURES.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(Exception):
                page.screenshot(path=PICTURES / f"{request.node.name}.png", full_page=True, timeout=5_000)
        context.close()
        shut_down_kernels(lab.base)


def foreign(page, lab: Lab) -> list[str]:
    """The addresses outside the server that the page has asked for; data: and blob: go nowhere."""
    home = urlsplit(lab.base).netloc
    parts = ((url, urlsplit(url)) for url in page.requests)
    return [url for url, part in parts
            if part.scheme not in ("data", "blob", "about") and part.netloc != home]


def open_notebook(page, lab: Lab, path: str):
    """Open the notebook with an idle kernel; its panel as a locator."""
    page.goto(f"{lab.base}/lab/tree/{path}?reset")
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    panel.wait_for()
    page.wait_for_function(READY)
    return panel


def run_all(page) -> None:
    """Start all cells. It does not wait: page.evaluate has no time limit, so no kernel promise may be awaited
    in it."""
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")


def kernel_run(page, code: str, seconds: float = 60) -> None:
    """Run code in the notebook's kernel; a lost reply is an error, not a hang."""
    status = page.evaluate(RUN, [code, seconds * 1000])
    assert status == "ok", f"the kernel answered {status!r} to: {code}"


def kernel_value(page, lab: Lab, expression: str, seconds: float = 60) -> str:
    """str(expression) as the notebook's kernel sees it."""
    answer = lab.root / "answer.txt"
    kernel_run(page, f"__import__('pathlib').Path({str(answer)!r}).write_text(str({expression}))", seconds)
    return answer.read_text()


def picture_digest(page, selector: str) -> str | None:
    """A digest of the picture's bytes, None before there is one. (Its blob address changes with every update:
    no proof.)"""
    data = page.evaluate(BYTES, selector)
    return hashlib.sha1(bytes(data)).hexdigest() if data else None


def text_of(page, selector: str) -> str:
    return page.locator(selector).first.inner_text()


def wait_for(condition, seconds: float = 60, every: float = 0.05):
    """The first true value of `condition()`; TimeoutError when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true within {seconds} s: {condition}")
        time.sleep(every)
    return value


def errors_shown(panel) -> int:
    """How many cells show a traceback or text on stderr."""
    kinds = ("stderr", "error")
    return panel.locator(", ".join(f"[data-mime-type='application/vnd.jupyter.{kind}']"
                                   for kind in kinds)).count()
