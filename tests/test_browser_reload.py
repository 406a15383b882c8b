"""A page that is loaded again while a run trains: the bench is there, and lives."""

import json

import pytest
from browser import errors_shown, kernel_run, kernel_value, open_notebook, wait_for
from test_browser_bench import RUN_CELL, state, step

VIEW = "application/vnd.jupyter.widget-view+json"
SAVE = "() => { window.jupyterapp.commands.execute('docmanager:save'); }"


def saved_view(lab) -> str:
    """The widget that the saved notebook names."""
    try:
        cells = json.loads((lab.root / "notebooks/00_bench.ipynb").read_text())["cells"]
    except json.JSONDecodeError:  # it is being written
        return ""
    found = [output["data"][VIEW]["model_id"] for cell in cells for output in cell.get("outputs", ())
             if VIEW in output.get("data", {})]
    return found[0] if found else ""


@pytest.mark.parametrize("saved", [False, True], ids=["before it was saved", "after it was saved"])
def test_the_bench_comes_back_to_a_page_that_is_loaded_again(lab, page, saved):
    panel = open_notebook(page, lab, "notebooks/00_bench.ipynb")
    page.evaluate(RUN_CELL, "Workbench()")
    panel.locator(".sslb-root").wait_for(timeout=60_000)
    kernel_run(page, "bench._controller.choices.set_steps(4000); bench.start()")
    wait_for(lambda: state(page) == "running" and step(page) > 5, 120)
    if saved:  # the other cells are of somebody else, so the page trusts none of them when it is loaded again
        page.evaluate(SAVE)
        wait_for(lambda: saved_view(lab), 30)
    page.on("dialog", lambda asked: asked.accept())
    page.reload()
    panel.locator(".sslb-root").wait_for(timeout=60_000)
    assert panel.locator(".sslb-root").count() == 1
    held = step(page)
    wait_for(lambda: state(page) == "running" and step(page) > held)
    page.locator("button.sslb-stop").click()
    wait_for(lambda: state(page) == "stopped")
    assert kernel_value(page, lab, "bench.state") == "stopped"
    assert errors_shown(panel) == 0 and not page.problems
