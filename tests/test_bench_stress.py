"""The bench under somebody who presses everything: its threads stay alive, nothing grows, and what goes wrong
stands on the page."""

import contextlib
import gc
import logging
import random
import threading
import warnings
from pathlib import Path

import pytest
from benches import listed, make, said, until  # noqa: F401  fixtures
from ipywidgets.widgets.widget import _instances as widgets
from toys import catalogue, toy  # noqa: F401  fixtures

from sslbench.data import Data
from sslbench.runs.run import Run
from sslbench.workbench import Workbench
from sslbench.workbench.choosing.entries import Heading
from sslbench.workbench.estimate import resident
from sslbench.workbench.run_list import RunList

NAMES = ("sslbench-ui", "sslbench-background", "sslbench-map", "sslbench-train")


@pytest.fixture
def nothing_lost(caplog, monkeypatch):
    """What is raised in a thread or swallowed by a widget's callbacks, and every warning: all of it must have
    been said on the page."""
    until(lambda: ours() == [], said=ours)  # those of the tests before
    lost = []
    monkeypatch.setattr(threading, "excepthook", lambda told: lost.append(repr(told.exc_value)))
    monkeypatch.setattr(warnings, "showwarning",
                        lambda message, *where: lost.append(f"{message} {where[1:3]}"))
    with caplog.at_level(logging.WARNING):
        yield lost
    lost += [record.getMessage() for record in caplog.records]


def ours() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate() if thread.name in NAMES)


def presses(bench) -> list:
    """Everything that can be pressed or moved, as functions of a source of chance."""
    panel, choices = bench._controller.panel, bench._controller.choices
    buttons = [panel.train, panel.pause, panel.stop, panel.more, panel.remedy, panel.embedding.cancel]
    reroll = panel.tabs[0].widget.children[0].children[0]

    def menu(chance):
        menu = choices.menus.menus[chance.choice(list(choices.menus.menus))]
        menu.value = chance.choice([value for _, value in menu.options])

    def control(chance):
        of = choices.settings.of
        controls = [c for part in of.values() for c in part.values()]
        c = chance.choice(controls) if controls else choices.settings.training["lr"]
        if choices_of := getattr(c.widget, "options", None):  # a menu takes nothing else
            c.value = chance.choice(list(choices_of))
        elif isinstance(c.value, (int, float)) and not isinstance(c.value, bool):
            c.value = chance.choice([c.value, 0, 1, 0.5, -3, 10**6])

    def training(chance):
        choices.settings.training[chance.choice(["lr", "batch_size", "seed"])].value = chance.choice([1, 4,
            16, 10**5])
        choices.settings.training["lr"].value = 0.001

    def tab(chance):
        panel.book.selected_index = chance.randrange(len(panel.tabs))

    def method(chance):
        panel.embedding.method.value = chance.choice(["PCA", "t-SNE"])

    def box(chance):
        for widget in panel.runs.list.children[:2]:
            widget.value = chance.random() < 0.5

    def shown(chance):
        if panel.runs.menu.options:
            panel.runs.menu.value = chance.choice([value for _, value in panel.runs.menu.options])

    def slider(chance):
        panel.tabs[3].slider.value = chance.randint(0, 2)

    return [*[lambda chance, b=b: b.click() for b in (*buttons, panel.train, reroll)], menu, menu, menu,
            control, control, training, tab,
            tab, method, box, shown, slider]


def stress(bench, seed: int, times: int) -> list[BaseException]:
    """That many random presses; what they raise to the one who presses."""
    chance, raised = random.Random(seed), []
    for _ in range(times):
        try:
            chance.choice(presses(bench))(chance)
        except Exception as error:
            raised.append(error)
    return raised


MANY = [pytest.param(n, seed, marks=pytest.mark.slow) for n in (1, 4) for seed in (10, 20, 30)]


@pytest.mark.parametrize("threads, seed", [(1, 0), *MANY])
def test_random_presses_end_no_thread_and_lose_no_error(make, nothing_lost, threads, seed):
    times = 300 if seed else 60
    bench = make(steps=8)
    bench._controller.page.display.shown = True  # as in a notebook: it prepares pictures and measures
    raised = []
    workers = [threading.Thread(target=lambda n=n: raised.extend(stress(bench, seed + n, times // threads)))
               for n in range(threads)]
    [worker.start() for worker in workers]
    [worker.join(240) for worker in workers]
    assert not any(worker.is_alive() for worker in workers), "a press hangs"
    assert not raised
    bench.stop()
    until(lambda: bench.state not in ("running", "paused"))
    assert bench._controller.page.painter._thread.is_alive()
    choices = bench._controller.choices
    choices.menus.menus["data"].value = "tiny"
    for part in choices.settings.parts.values():
        for name, control in part.controls.items():
            control.value = part.known[name].default
    for name, value in {"batch_size": 16, "lr": 0.001, "seed": 3}.items():
        choices.settings.training[name].value = value
    bench._controller.panel.book.selected_index = 1
    frames = bench._controller.page.painter.frames
    bench.start()
    # the task that was pressed last may be the one that explodes
    with contextlib.suppress(FloatingPointError):
        bench.wait(60)
    # it still paints
    until(lambda: bench._controller.page.painter.frames > frames
          and f"data-state='{bench.state}'" in said(bench))
    until(lambda: bench._controller.panel.tabs[1].picture.image.value or bench.state == "failed")
    assert "could not paint" not in said(bench, "error") and nothing_lost == []


@pytest.mark.slow
@pytest.mark.parametrize("times", [4, pytest.param(30, marks=pytest.mark.slow)])
def test_running_the_cell_again_and_again_leaves_one_bench(make, nothing_lost, times):
    counts, bytes_, others = [], [], len(widgets)
    for i in range(times):
        bench = make(name="same", recorded=True)
        bench._controller.page.display.shown = True
        bench._controller.chosen("")
        if i % 3 == 0:
            bench.start()
            bench.wait(60)
        until(lambda: bench._controller.preview.look or bench.run)  # noqa: B023
        until(lambda: len(ours()) <= 2)  # those of the one before have ended
        counts.append(len(widgets))
        gc.collect()
        bytes_.append(resident())
    # where every bench used to leave 6 MB
    assert times < 30 or min(bytes_[-5:]) < min(bytes_[5:10]) + 60 * 2**20
    assert max(counts) - min(counts) <= 40 and max(counts) - others < 900  # a map and its samples come and go
    bench.close()
    until(lambda: ours() == [])
    gc.collect()
    assert len(widgets) == others and nothing_lost == []


@pytest.mark.slow
@pytest.mark.parametrize("times", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_runs_of_one_bench_add_no_threads_and_no_widgets_but_their_line(make, times):
    bench = make(steps=2, record=False)
    bench.train()
    before, threads = len(widgets), len(ours())
    for _ in range(times):
        bench.train()
    until(lambda: len(bench._controller.panel.runs.list.children) in (0, times + 1))
    assert len(ours()) <= max(threads, 2) and len(widgets) - before <= 3 * times + 3


def test_menus_and_the_painter_never_disagree_about_the_controls(make):
    """The painter reads the recipe while somebody changes the data: controls of one class, ranges of
    another."""
    bench, failed = make(), []
    bench._controller.page._broken = failed.append
    bench._controller.page.painter._failed = failed.append
    stop = threading.Event()

    def paint():
        while not stop.wait(0.001):
            bench._controller.page._lines()

    painter = threading.Thread(target=paint)
    painter.start()
    for i in range(40):
        bench._controller.choices.menus.menus["data"].value = ("tiny_text", "tiny")[i % 2]
        bench._controller.choices.menus.menus["pretext"].value = ("simclr", "masked")[i % 2]
    stop.set()
    painter.join(30)
    assert not painter.is_alive() and not failed


def test_runs_that_come_from_several_threads_are_all_there_with_a_name(tmp_path, toy):
    """While one thread goes through the list others add to it: a name for each, and the one that is shown is
    among them."""
    runs, lost = RunList(tmp_path), []

    def add():
        for _ in range(200):
            runs.add(Run(toy))

    def read():
        while any(worker.is_alive() for worker in workers[:4]):
            try:
                shown = runs.shown(toy.data)
                if {label for _, label in runs.named()} == {""} or (runs.every and not shown):
                    lost.append("no name")
            except Exception as error:
                lost.append(error)

    workers = [*(threading.Thread(target=add) for _ in range(4)), threading.Thread(target=read)]
    [worker.start() for worker in workers]
    [worker.join(60) for worker in workers]
    assert (len(runs.every) == 800 and sorted(e.number for e in runs.every) == list(range(1, 801))
            and lost == [])


def test_whatever_painting_raises_the_painter_lives_and_says_it(make, monkeypatch):
    bench = make()
    with monkeypatch.context() as broken:
        broken.setattr(bench._controller, "state", lambda said: (_ for _ in ()).throw(KeyError("color")))
        broken.setattr(bench._controller.page, "_state", bench._controller.state)
        bench._controller.wake()
        until(lambda: "could not paint: " in said(bench, "error"))
    assert bench._controller.page.painter._thread.is_alive()
    bench.start()
    bench.wait(60)
    until(lambda: "data-state='done'" in said(bench))


def test_what_a_button_raises_stands_in_the_error_line(make, monkeypatch):
    bench = make()
    monkeypatch.setattr(Workbench, "toggle", lambda self: 1 / 0)
    bench._controller.panel.pause.click()
    until(lambda: "division by zero" in said(bench, "error"))


def test_a_bench_that_cannot_be_built_leaves_the_open_one_alone(make, monkeypatch):
    bench = make(steps=100_000, name="same")
    bench.start()
    for wrong, words in (({"device": "cuda"}, "no CUDA GPU here"), ({"device": "nonsense"}, "nonsense"),
                         ({"steps": 0}, "steps"),
                         ({"data": "nothing"}, "nothing"), ({"pretext.nothing": 1}, "nothing")):
        with pytest.raises(ValueError, match=words) as error:
            Workbench(**{"data": "tiny", "pretext": "autoencoder", "backbone": "mlp", "name": "same",
                         **wrong})
        assert "\n" not in str(error.value)
    with monkeypatch.context() as broken:
        broken.setattr("sslbench.workbench.controller.Panel", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make(name="same")
    assert bench.state == "running" and bench.root.comm is not None
    again = make(name="same")
    assert bench.state == "stopped" and bench.root.comm is None and again.root.comm is not None
    with pytest.raises(RuntimeError, match="its cell was run again"):
        bench.start()


@pytest.mark.parametrize("kind", ["dangling", "looping", "file"])
def test_runs_that_is_no_folder_is_one_line(make, tmp_path, kind):
    runs = tmp_path / "runs"
    runs.write_text("") if kind == "file" else runs.symlink_to(tmp_path / ("nowhere/x"
        if kind == "dangling" else "runs"))
    bench = make(runs=runs)
    bench.start()
    with pytest.raises(OSError,
        match="give the bench another one with runs=") if kind != "dangling" else pytest.raises(OSError):
        bench.wait(60)
    assert bench.state == "failed" and "runs=" in said(bench, "error") and not Path(runs).is_dir()


def test_headings_of_a_menu_cannot_be_chosen(make, monkeypatch):
    monkeypatch.setattr(Data.catalogue["tiny_text"], "group", "words")
    bench = make()
    menu = bench._controller.choices.menus.menus["data"]
    names = [value for _, value in menu.options]
    headings = [value for value in names if isinstance(value, Heading)]
    assert {heading.words for heading in headings} >= {"yours", "words"}
    menu.value = next(heading for heading in headings if heading.words == "words")
    assert menu.value == bench.recipe.data == "tiny_text"
    menu.value = next(heading for heading in headings if heading.words == "yours")
    first = names[names.index(menu.value) - 1]
    assert isinstance(first, Heading) and first.words == "yours"  # the first of them
    # an arrow key steps over it
    menu.value = next(heading for heading in headings if heading.words == "yours")
    assert menu.value == "tiny_text"
