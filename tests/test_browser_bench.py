"""The bench in JupyterLab, as a person uses it: choose, train, pause, look, stop. Leaves a screenshot in
build/browser.

The one that the README shows is made by screenshot.py.
"""

import re
import time

import pytest
from browser import (
    PICTURES,
    READY,
    errors_shown,
    foreign,
    kernel_run,
    kernel_value,
    open_notebook,
    picture_digest,
    run_all,
    text_of,
    wait_for,
)

TOP = """() => {
    const outer = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer');
    outer.scrollTop += document.querySelector('.sslb-root').getBoundingClientRect().top - 112; }"""
INK = """() => { const canvas = document.querySelector('.sslb-card canvas');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(Array.from({ length: data.length / 4 },
        (_, i) => data.slice(4 * i, 4 * i + 4).join())).size; }"""
RUN_CELL = """text => { const shown = window.jupyterapp.shell.currentWidget.content;
    shown.activeCellIndex = shown.widgets.findIndex(cell => cell.model.sharedModel.source.includes(text));
    window.jupyterapp.commands.execute('notebook:run-cell'); }"""
MOVE = """(slider, value) => { slider.value = value;
    slider.dispatchEvent(new Event('input', { bubbles: true })); }"""


STOPWATCH = """() => { // from the click in the page to the word on the screen
    const now = { capture: true, once: true };
    document.querySelector('button.sslb-stop').addEventListener('click',
        () => { window.clicked = performance.now(); }, now);
    new MutationObserver((_, me) => {
        if (!document.querySelector('.sslb-status [data-state=stopped]')) return;
        window.stopped = performance.now();
        me.disconnect();
    }).observe(document.querySelector('.sslb-status'),
        { subtree: true, childList: true, attributes: true }); }"""


def step(page) -> int:
    return int(page.locator(".sslb-status [data-step]").get_attribute("data-step"))


def state(page) -> str:
    return page.locator(".sslb-status [data-state]").get_attribute("data-state")


@pytest.fixture
def bench(lab, page):
    """The notebook run from top to bottom; the bench in it, in sight."""
    panel = open_notebook(page, lab, "notebooks/00_bench.ipynb")
    run_all(page)
    root = panel.locator(".sslb-root")
    root.wait_for(timeout=60_000)
    wait_for(lambda: state(page) == "done", 240)  # a cell of the notebook trains, too
    page.wait_for_function(READY)
    page.evaluate(TOP)
    return root


def open_tab(root, title: str) -> None:
    root.locator(".sslb-tabs li").filter(has_text=re.compile(f"^{title}$")).click()


@pytest.mark.timeout(420)
def test_a_person_trains_and_looks(lab, page, bench):
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    open_tab(bench, "Task")
    before = wait_for(lambda: picture_digest(page, ".sslb-task"))
    bench.locator(".sslb-pretext select").select_option(label="rotation")
    wait_for(lambda: picture_digest(page, ".sslb-task") not in (before, None), 60)
    bench.locator("button.sslb-more").click()
    for name, value in (("sslb-steps", "240"), ("sslb-set-batch_size", "64")):
        field = bench.locator(f".{name} input")
        field.fill(value)
        field.press("Enter")
    wait_for(lambda: kernel_value(page, lab, "(bench.recipe.steps, bench.recipe.batch_size)") == "(240, 64)")
    bench.locator("button.sslb-more").click()

    old = picture_digest(page, ".sslb-plot")
    bench.locator("button.sslb-train").click()
    wait_for(lambda: state(page) == "running" and step(page) > 5, 120)
    # and the kernel answers while it trains
    assert kernel_value(page, lab, "bench.run.recipe.pretext") == "rotation"
    width = page.evaluate("() => parseFloat(document.querySelector('.sslb-progress "
                          ".progress-bar').style.width)")
    assert 0 < width < 100
    first = wait_for(lambda: picture_digest(page, ".sslb-plot"))
    wait_for(lambda: picture_digest(page, ".sslb-plot") not in (first, old, None))  # the curve grows

    bench.locator("button.sslb-pause").click()
    wait_for(lambda: state(page) == "paused")
    held = step(page)
    assert kernel_value(page, lab, "bench.run.step") == str(held)
    time.sleep(0.7)
    assert step(page) == held and bench.locator("button.sslb-pause").inner_text().strip() == "Resume"
    bench.locator("button.sslb-pause").click()
    wait_for(lambda: step(page) > held)

    open_tab(bench, "Embedding")
    explorer = bench.locator(".sslb-explorer")
    # the map of the notebook's own training ends at 30
    wait_for(lambda: int(explorer.get_attribute("data-step") or 0) >= 40, 120)
    wait_for(lambda: explorer.get_attribute("data-moving") == "false")
    bench.locator(".sslb-overlay").scroll_into_view_if_needed()
    wait_for(lambda: hovered(page, bench), every=0.3)
    assert page.evaluate(INK) > 10  # colours of the thumbnail: it is not blank
    assert state(page) == "running"  # all this while the kernel trains
    bench.locator(".sslb-slider").evaluate(MOVE, "0")
    wait_for(lambda: explorer.get_attribute("data-frame") == "0"
             and explorer.get_attribute("data-step") == "0")

    page.evaluate(TOP)
    assert state(page) == "running"
    # ms; the machine may stumble once, a slow Stop is always slow
    assert min(stopping_takes(page, bench) for _ in range(3)) < 500
    assert kernel_value(page, lab, "bench.run.step") == str(step(page)) and 0 < step(page) < 240
    assert not bench.locator("button.sslb-train").is_disabled()

    wait_for(lambda: int(explorer.get_attribute("data-frames") or 0) > 0)
    bench.locator(".sslb-zoom button").first.click()
    explorer.evaluate("node => { node.mine = true; }")
    # as at the end of every run
    kernel_run(page, "bench._controller.page.display.write(bench._repr_mimebundle_(), again=True)")
    wait_for(lambda: not explorer.evaluate("node => node.mine ?? false"))
    assert explorer.get_attribute("data-zoom") == "1.60"  # nobody loses the place

    bench.locator(".sslb-method select").select_option(label="UMAP")
    bar = bench.locator(".sslb-map-progress .progress-bar")
    # it can be seen, and it grows
    wait_for(lambda: (box := bar.bounding_box()) and box["width"] > 0 and box["height"] == 6)
    bench.locator("button.sslb-cancel").click()
    wait_for(lambda: not bar.is_visible() and int(explorer.get_attribute("data-frames") or 0) > 0)

    open_tab(bench, "Curves")
    wait_for(lambda: picture_digest(page, ".sslb-plot") not in (first, None))
    picture(page)
    assert errors_shown(panel) == 0 and not page.problems
    assert foreign(page, lab) == []


def hovered(page, bench) -> bool:
    """Move the pointer onto the first point, wherever it is by now: an evaluation may move it under the
    pointer, and then a person follows it. True when its card is there."""
    place = bench.locator(".sslb-overlay").bounding_box()
    x, y = map(int, bench.locator(".sslb-explorer").get_attribute("data-first-point").split(","))
    page.mouse.move(place["x"] + x + 8, place["y"] + y + 8)
    page.mouse.move(place["x"] + x, place["y"] + y)
    time.sleep(0.1)
    return bench.locator(".sslb-card").is_visible()


def stopping_takes(page, bench) -> float:
    """Milliseconds from a click on Stop to the word on the screen; trains anew where nothing runs."""
    if state(page) != "running":
        wait_for(lambda: trains(page, bench), every=2)
        wait_for(lambda: state(page) == "running" and step(page) > 5, 120)
    page.evaluate(STOPWATCH)
    bench.locator("button.sslb-stop").click()
    wait_for(lambda: state(page) == "stopped")
    return page.evaluate("() => window.stopped - window.clicked")


def trains(page, bench) -> bool:
    """Click Train where nothing runs; True once it does. The output is written anew at the end of a run, and
    a click that falls right into that is lost."""
    if state(page) == "stopped":
        bench.locator("button.sslb-train").click()
    return state(page) == "running"


def picture(page) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.mouse.move(5, 5)
    time.sleep(0.5)
    page.screenshot(path=PICTURES / "bench.png")


def test_what_does_not_fit_is_said_and_a_folder_can_be_typed(lab, page):
    panel = open_notebook(page, lab, "notebooks/00_bench.ipynb")
    page.evaluate(RUN_CELL, "Workbench()")
    bench = panel.locator(".sslb-root")
    bench.wait_for(timeout=60_000)
    bench.locator(".sslb-pretext select").select_option(label="next_token")
    wait_for(lambda: "became" in text_of(page, ".sslb-note"))
    unfit = bench.locator(".sslb-backbone option").filter(has_text="small_cnn")
    assert "cannot see the future" in unfit.text_content().replace("\xa0", " ")
    assert unfit.evaluate("option => getComputedStyle(option).color") == "rgb(154, 160, 166)"  # grey
    chosen = kernel_value(page, lab, "bench.recipe.backbone")
    bench.locator(".sslb-backbone select").select_option(index=unfit.evaluate("option => option.index"))
    wait_for(lambda: "small_cnn does not fit here" in text_of(page, ".sslb-note"))
    assert kernel_value(page, lab, "bench.recipe.backbone") == chosen != "small_cnn"

    bench.locator(".sslb-data select").select_option(label="images")
    bench.locator(".sslb-set-folder input").fill("no/such/folder")
    bench.locator(".sslb-set-folder input").press("Enter")
    wait_for(lambda: "no/such/folder" in text_of(page, ".sslb-error"))
    assert not page.problems


def test_keys_pressed_in_the_bench_are_no_commands_of_the_notebook(lab, page):
    """A letter in a menu chooses there: it neither cuts the bench's cell nor inserts others."""
    open_notebook(page, lab, "notebooks/00_bench.ipynb")
    page.evaluate(RUN_CELL, "Workbench()")
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    menu = page.locator(".sslb-root .sslb-menu select").nth(1)
    menu.wait_for(timeout=60_000)
    wait_for(lambda: menu.get_attribute("data-lm-suppress-shortcuts") == "true")
    before, chosen = page.evaluate(cells), menu.input_value()
    menu.focus()
    for key in ("x", "m", "b", "a", "ArrowDown"):
        page.keyboard.press(key)
    wait_for(lambda: menu.input_value() != chosen)
    assert page.evaluate(cells) == before and page.locator(".sslb-root .sslb-menu select").count() >= 3
    buttons = page.locator(".sslb-root button")
    assert all(buttons.nth(i).get_attribute("data-lm-suppress-shortcuts") for i in range(buttons.count()))
