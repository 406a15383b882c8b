"""How the bench looks in JupyterLab: narrow and wide, light and dark, from tab to tab, and when its kernel
has gone."""

import time

import pytest
from browser import READY, kernel_run, open_notebook, picture_digest, wait_for
from test_browser_bench import RUN_CELL, TOP, open_tab

THEME = "name => { window.jupyterapp.commands.execute('apputils:change-theme', { theme: name }); }"
RESTART = "() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
BANNER = "() => getComputedStyle(document.querySelector('.sslb-root'), '::before').content"
TABS = ("Task", "Curves", "Embedding", "Over time", "Probes", "Few labels", "Runs", "Code")
CLASS = """
from sslbench.pretexts.gaps.autoencoder import Autoencoder
class Typed(Autoencoder):
    "Typed in a cell."
    name = "typed_in_a_cell"
"""


@pytest.fixture
def bench(lab, page):
    panel = open_notebook(page, lab, "notebooks/00_bench.ipynb")
    page.evaluate("() => { window.jupyterapp.commands.execute('application:toggle-left-area'); }")
    page.evaluate(RUN_CELL, "Workbench()")
    root = panel.locator(".sslb-root")
    root.wait_for(timeout=60_000)
    wait_for(lambda: picture_digest(page, ".sslb-task"))
    return root


def box(bench, selector: str) -> dict:
    return bench.locator(selector).first.bounding_box()


@pytest.mark.timeout(300)
def test_the_bench_fits_the_page_it_is_on(page, bench):
    page.set_viewport_size({"width": 1000, "height": 700})
    page.evaluate(TOP)
    time.sleep(0.5)
    picture = box(bench, ".sslb-task img, img.sslb-task")
    assert picture["y"] + picture["height"] <= 700 - 24  # the line at the bottom of JupyterLab
    tops = []
    for title in TABS:
        open_tab(bench, title)
        time.sleep(0.4)
        tops.append(round(box(bench, ".sslb-tabs li")["y"]))
    assert len(set(tops)) == 1  # what is pressed stays under the pointer
    cards = [box(bench, f".sslb-choice-{kind}") for kind in ("data", "pretext", "backbone")]
    assert len({card["y"] for card in cards}) == 1
    page.set_viewport_size({"width": 390, "height": 844})
    time.sleep(0.5)
    cards = [box(bench, f".sslb-choice-{kind}") for kind in ("data", "pretext", "backbone")]
    assert len({card["x"] for card in cards}) == 1 and cards[0]["y"] < cards[1]["y"] < cards[2]["y"]
    assert all(card["x"] + card["width"] <= 390 for card in cards)
    assert not page.problems


@pytest.mark.timeout(300)
def test_figures_follow_the_theme_and_a_typed_class_comes_into_the_menu(page, bench):
    open_tab(bench, "Curves")
    light = wait_for(lambda: picture_digest(page, ".sslb-plot"))
    page.evaluate(THEME, "JupyterLab Dark")
    dark = wait_for(lambda: picture_digest(page, ".sslb-plot") not in (light, None)
                    and picture_digest(page, ".sslb-plot"))
    page.evaluate(THEME, "JupyterLab Light")
    wait_for(lambda: picture_digest(page, ".sslb-plot") == light != dark)
    kernel_run(page, CLASS)
    wait_for(lambda: bench.locator(".sslb-pretext option").filter(has_text="typed_in_a_cell").count() == 1)
    assert bench.locator(".sslb-pretext option").filter(has_text="yours").count() == 1
    assert not page.problems


@pytest.mark.timeout(300)
def test_after_a_kernel_restart_the_bench_says_to_run_its_cell_again(page, bench):
    assert "Run its cell again" not in page.evaluate(BANNER)
    bench.locator("button.sslb-train").click()
    page.evaluate(RESTART)
    wait_for(lambda: "Run its cell again" in page.evaluate(BANNER))
    page.wait_for_timeout(1000)
    page.wait_for_function(READY)  # a kernel that is being restarted cannot be shut down
