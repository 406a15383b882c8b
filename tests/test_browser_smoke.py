"""The harness of the browser tests works: widgets answer clicks, pictures change, nothing leaves this
machine."""

import nbformat
import psutil
import pytest
from browser import (
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
from lab_server import lab_server

CELL = """
import io, ipywidgets as widgets
from PIL import Image
def png(shade):
    out = io.BytesIO(); Image.new("L", (40, 40), shade).save(out, "png"); return out.getvalue()
def status(n): return f'<span data-step="{n}">step {n}</span>'
step = 0
button = widgets.Button(description="More")
text, picture = widgets.HTML(status(0)), widgets.Image(value=png(0))
for widget, name in ((button, "toy-more"), (text, "toy-status"), (picture, "toy-picture")):
    widget.add_class(name)
def more(_):
    global step
    step += 1
    text.value, picture.value = status(step), png(step)
button.on_click(more)
widgets.VBox([button, text, picture])
"""


def write(path, code: str) -> None:
    # without it JupyterLab asks which one
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)],
                                            metadata={"kernelspec": kernel}), path)


@pytest.fixture
def panel(lab, page):
    write(lab.root / "toy.ipynb", CELL)
    panel = open_notebook(page, lab, "toy.ipynb")
    run_all(page)
    wait_for(lambda: picture_digest(page, ".toy-picture"))
    return panel


def test_a_click_reaches_the_kernel_and_its_picture_comes_back(lab, page, panel):
    before = picture_digest(page, ".toy-picture")
    panel.locator("button.toy-more").click()
    wait_for(lambda: "step 1" in text_of(page, ".toy-status"))
    assert wait_for(lambda: picture_digest(page, ".toy-picture")) != before
    assert (kernel_value(page, lab,
                         "step") == page.locator(".toy-status [data-step]").get_attribute("data-step") == "1")
    assert errors_shown(panel) == 0 and not page.problems


def test_the_same_picture_has_the_same_digest_under_a_new_address(page, panel):
    def address():
        return page.evaluate("() => document.querySelector('img.toy-picture, .toy-picture img').src")
    digest, first = picture_digest(page, ".toy-picture"), address()
    kernel_run(page, "value = picture.value; picture.value = png(9); picture.value = value")
    wait_for(lambda: address() != first)
    assert wait_for(lambda: picture_digest(page, ".toy-picture") == digest)


def test_a_page_asks_no_other_host_and_the_log_would_show_it(lab, page, panel):
    assert foreign(page, lab) == []
    elsewhere = "http://127.0.0.1:9/elsewhere"  # negative control: another port counts as another host
    page.evaluate("address => { fetch(address).catch(() => 0); }", elsewhere)
    assert wait_for(lambda: foreign(page, lab)) == [elsewhere]


def test_an_error_in_a_cell_is_seen(lab, page):
    write(lab.root / "wrong.ipynb", "1 / 0")
    panel = open_notebook(page, lab, "wrong.ipynb")
    run_all(page)
    assert wait_for(lambda: errors_shown(panel))
    with pytest.raises(AssertionError, match="error"):
        kernel_run(page, "1 / 0")


def test_a_lost_reply_is_an_error_not_a_hang(page, panel):
    with pytest.raises(AssertionError, match="no reply in time"):
        kernel_run(page, "import time; time.sleep(3)", seconds=0.5)


@pytest.mark.slow
def test_no_process_outlives_the_server(tmp_path):
    (tmp_path / "root").mkdir()
    me = psutil.Process()
    before = {child.pid for child in me.children(recursive=True)}
    with lab_server(tmp_path / "root", tmp_path / "state", tmp_path) as base:
        from lab_server import ask

        ask(f"{base}/api/kernels", "POST")
        mine = [child for child in me.children(recursive=True) if child.pid not in before]
        assert len(mine) >= 2  # the server and its kernel
    _, alive = psutil.wait_procs(mine, timeout=30)
    assert not alive
