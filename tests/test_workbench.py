"""The bench without a browser: its buttons, menus, controls and tabs, its threads, and what it says when
something is wrong."""

import itertools
import os
import signal
import sys
import threading
import time
import types
from dataclasses import replace

import pytest
import torch
from benches import listed, make, open_tab, painted, rows_of, said, until  # noqa: F401  fixtures

from sslbench import Recipe
from sslbench.data import Data
from sslbench.maps import projection
from sslbench.pretexts import Pretext
from sslbench.training import evaluate
from sslbench.training.step import Training
from sslbench.workbench import Workbench
from sslbench.workbench import painter as painter_module
from sslbench.workbench import widgets as w
from sslbench.workbench.background import BackgroundJobs
from sslbench.workbench.estimate import Estimate, duration, estimate, typical
from sslbench.workbench.painter import Painter
from sslbench.workbench.run_maps import points
from sslbench.workbench.tabs.embedding import METHODS
from sslbench.workbench.tabs.probes import other_rows

# buttons


def test_train_pause_resume_and_stop_by_clicks(make):
    bench = make(steps=100_000)
    panel = bench._controller.panel
    assert panel.pause.disabled and panel.stop.disabled and not panel.train.disabled
    panel.train.click()
    until(lambda: bench.run.step > 3 and panel.train.disabled and not panel.pause.disabled)
    panel.pause.click()
    until(lambda: bench.state == "paused" and panel.pause.description == "Resume")
    held = bench.run.step
    time.sleep(0.1)
    assert bench.run.step == held
    panel.pause.click()
    until(lambda: bench.run.step > held)
    panel.stop.click()
    clicked_at = bench.run.step
    until(lambda: bench.state == "stopped")
    assert bench.run.step <= clicked_at + 1  # the step that was being made is the last one
    until(lambda: "data-state='stopped'" in said(bench) and f"data-step='{bench.run.step}'" in said(bench))
    assert panel.stop.disabled and not panel.train.disabled


def test_a_click_and_a_cell_give_the_same_numbers_and_another_seed_gives_others(make):
    clicked, cell, other = make(), make(), make(seed=1)
    clicked._controller.panel.train.click()
    clicked.wait(60)
    assert clicked.run.history == cell.train().history
    assert len(cell.run.history) == 12 and cell.state == "done"
    assert other.train().history != cell.run.history


def test_train_leaves_the_task_tab_once_there_is_something_to_see_and_stays_when_it_fails(make):
    bench = make(steps=400)
    panel, choices = bench._controller.panel, bench._controller.choices
    open_tab(bench, "Task")
    choices.now = replace(choices.now, recipe=None, problem="no such folder")
    panel.train.click()
    until(lambda: "no such folder" in panel.says["error"].value)
    bench._controller.wake()
    time.sleep(0.2)
    assert panel.book.selected_index == 0
    choices._moved()
    panel.train.click()
    until(lambda: panel.book.selected_index == 1)
    assert bench.run.evaluations
    bench.stop()


@pytest.mark.slow
def test_a_run_that_ended_before_its_first_event_leaves_the_list_with_the_next_one(make):
    bench = make()
    bench._controller.begin()  # and never plays
    empty = bench.run
    assert bench.runs == [empty]
    done = bench.train()
    again = bench.train()
    assert bench.runs == [again, done]
    open_tab(bench, "Runs")
    until(lambda: len(bench._controller.panel.runs.list.children) == 2)


@pytest.mark.parametrize("typed, steps", [("1e2", 100), ("250", 250), ("12.5", None), ("many", None),
                                          ("0", None)])
def test_steps_are_what_was_typed_or_it_is_said_what_they_can_be(make, typed, steps):
    bench = make()
    bench._controller.choices.settings.steps.text.value = typed
    if steps:
        assert bench.recipe.steps == steps
        return
    with pytest.raises(ValueError, match=r"steps must .*1000000000, not") as error:
        bench.recipe  # noqa: B018  the property says what is wrong
    assert typed in str(error.value)


@pytest.mark.slow
def test_looking_and_drawing_other_samples_does_not_change_the_run(make):
    quiet, looked = make(steps=60), make(steps=60)
    quiet.train()
    looked.start()
    until(lambda: looked.run.step > 0)
    for title in ("Task", "Curves", "Over time", "Probes", "Few labels", "Runs", "Code"):
        open_tab(looked, title)
        looked.reroll()
        torch.rand(3)  # somebody's cell
    assert looked.wait(60).history == quiet.run.history
    assert "Other samples" in looked._controller.preview.look.words


@pytest.mark.slow
def test_an_interrupt_of_a_cell_is_a_pause_that_train_goes_on_from(make, monkeypatch):
    whole, bench, step = make(steps=40), make(steps=40), Training.step
    whole.train()
    with monkeypatch.context() as patch:  # in the middle of a step, whatever the machine does meanwhile
        patch.setattr(Training, "step",
                      lambda self, n: (n == 4 and os.kill(os.getpid(), signal.SIGINT), step(self, n))[1])
        with pytest.raises(KeyboardInterrupt):
            bench.train()
    assert bench.state == "paused" and bench.run.step == 5 and not bench._controller.panel.pause.disabled
    assert bench.train().history == whole.run.history


def test_train_during_training_in_the_background_is_refused_in_one_line(make):
    bench = make(steps=100_000)
    bench.start()
    with pytest.raises(RuntimeError, match=r"stop\(\) it or wait\(\) for it"):
        bench.train()


# menus and controls


def test_what_does_not_fit_is_grey_with_the_reason_and_cannot_be_chosen(make):
    bench = make()
    menus = bench._controller.choices.menus
    assert any(name == "rotation" and label == "rotation" for label, name in menus.menus["pretext"].options)
    menus.menus["pretext"].value = "next_token"  # needs another backbone, which comes with it
    assert menus.chosen["backbone"] != "mlp" and "became" in bench._controller.page.said.note
    options = {name: label for label, name in menus.menus["backbone"].options}
    assert "cannot see the future" in options["mlp"] and options["gru"] == "gru"
    assert ".sslb-backbone option:nth-child" in menus.colors.value
    before = bench.recipe
    menus.menus["backbone"].value = "mlp"
    assert bench.recipe == before and menus.menus["backbone"].value == before.backbone
    until(lambda: "mlp does not fit here: needs a backbone that cannot see the future" in said(bench, "note"))


def test_other_data_brings_a_task_and_a_backbone_that_fit(make):
    bench = make(pretext="rotation", backbone="small_cnn")
    bench._controller.choices.menus.menus["data"].value = "tiny_text"
    assert not bench.recipe.incompatible() and bench.recipe.pretext != "rotation"
    assert "rotation does not fit" in said(bench, "note")


@pytest.mark.slow
def test_a_supervised_task_brings_the_labels(make):
    bench = make()
    bench._controller.choices.menus.menus["pretext"].value = "supervised"
    assert bench.recipe.labels == 1.0 and not bench.recipe.incompatible()
    bench.train(steps=3)
    bench._controller.choices.menus.menus["pretext"].value = "autoencoder"
    assert bench.recipe.labels == 0.0  # no other task ever sees them


def test_controls_come_from_the_signature_and_end_in_the_recipe(make):
    bench = make(pretext="simclr", backbone="small_cnn")
    controls = bench._controller.choices.settings.of["pretext"]
    slider = controls["temperature"].slider
    assert (10 ** slider.min, 10 ** slider.max) == pytest.approx((0.02, 2.0))
    assert bench.recipe.hyperparameters == {}  # what is the default is not written down
    controls["temperature"].value = 0.5
    bench._controller.choices.settings.training["lr"].value = 3e-3
    assert bench.recipe == Recipe("tiny", "simclr", "small_cnn", steps=12, batch_size=16, lr=3e-3,
                                  hyperparameters={"pretext.temperature": 0.5})
    code = open_tab(bench, "Code").text.value
    assert "pretext.temperature" in code and bench.recipe.share() in code


def test_every_task_and_source_in_the_catalogue_gets_its_controls(make):
    bench = make()
    for kind, names in (("pretext", Pretext.catalogue), ("data", Data.catalogue)):
        for name in names:
            bench._controller.choices.settings.build(kind, name, {})
            assert set(bench._controller.choices.settings.of[kind]) == set(names[name].hyperparameters())


def test_a_share_string_rebuilds_the_bench(make):
    bench = make(pretext="masked", backbone="transformer", steps=33,
                 hyperparameters={"pretext.mask_ratio": 0.3})
    share = bench.recipe.share()
    again = Workbench(share, recorded=False, name="again")
    assert again.recipe == bench.recipe and again.recipe != make().recipe
    again.close()
    with pytest.raises(ValueError, match="not a share string"):
        Workbench("ssl2.nonsense")


def test_an_unknown_entry_is_one_line_with_the_nearest_match():
    with pytest.raises(ValueError, match="did you mean 'steps'"):
        Workbench(stesp=3)


# what goes wrong


@pytest.mark.slow
@pytest.mark.parametrize("in_a_cell", [True, False])
def test_an_error_stands_in_the_bench_in_one_line(make, in_a_cell):
    bench = make(pretext="explodes")
    with pytest.raises(FloatingPointError):
        bench.train() if in_a_cell else (bench.start(), bench.wait(60))
    assert (bench.state == "failed" and "nan at step 3" in said(bench, "error")
            and "\n" not in said(bench, "error"))
    bench._controller.choices.menus.menus["pretext"].value = "autoencoder"
    bench.train()
    assert said(bench, "error") == "" and bench.state == "done"


def test_a_folder_that_is_not_there_is_said_before_training(make):
    bench = make()
    bench._controller.choices.menus.menus["data"].value = "images"
    field = bench._controller.choices.settings.of["data"]["folder"]
    field.value = "no/such/folder"
    until(lambda: "no/such/folder" in said(bench, "error"))
    bench._controller.panel.train.click()
    assert bench.run is None


def test_a_batch_larger_than_the_data_is_one_line(make):
    bench = make(batch_size=5000)
    bench._controller.panel.train.click()
    until(lambda: "batch_size" in said(bench, "error"))


# painting


def test_the_tabs_show_the_run_and_only_the_open_one_is_painted(make):
    bench = make()
    open_tab(bench, "Curves")
    bench.start()
    bench.wait(60)
    painted(bench)
    panel = {tab.title: tab for tab in bench._controller.panel.tabs}
    assert panel["Curves"].picture.image.value[:4] == b"\x89PNG"
    assert panel["Probes"].picture.image.value == b""
    before = panel["Curves"].picture.image.value
    assert open_tab(bench, "Probes").picture.image.value[:4] == b"\x89PNG"
    assert panel["Curves"].picture.image.value is before
    assert "chance" in panel["Probes"].table.value and "Scores on validation" in panel["Probes"].split.value


def test_the_test_split_is_read_when_asked_and_shows_what_is_taken_for_what(make):
    bench = make()
    tab = open_tab(bench, "Probes")
    assert tab.test.layout.display == "none"
    bench.start()
    bench.wait(60)
    painted(bench)
    assert tab.test.layout.display is None and tab.confusion.image.value == b""
    assert "<details>" not in tab.table.value
    tab.test.click()
    tab._read_test()  # a second click that came before the button was locked
    until(lambda: tab.confusion.image.value[:4] == b"\x89PNG")
    assert "the test split, used once" in tab.split.value and "95 %" in tab.table.value
    assert "AUC" in tab.table.value.split("<details>")[1] and tab.test.layout.display == "none"
    assert bench.run.confusion().names == ["0", "1", "2"]


def test_scores_that_cannot_be_compared_say_so(make, monkeypatch):
    bench = make()
    bench.train()
    tab = open_tab(bench, "Probes")
    monkeypatch.setitem(evaluate.QUICK, "train", 20)
    tab.test.click()
    until(lambda: "used once" in tab.split.value)
    fitted = bench.run.final.rows["train"][0]
    assert (f"cannot be compared with those on validation: these probes are fitted on {fitted} samples, "
            "those while training on 20" in tab.split.value)
    monkeypatch.setitem(evaluate.QUICK, "train", fitted)  # then both saw the same rows
    assert other_rows(bench.run.final) == ""


def test_the_reading_of_the_test_split_can_be_ended_and_nothing_is_lost(make, monkeypatch):
    bench, began, final = make(), threading.Event(), evaluate.final

    def slow(task, untrained, data, hardware, check, probe_rows):
        began.set()
        while True:
            check()
            time.sleep(0.01)

    bench.train()
    tab = open_tab(bench, "Probes")
    assert tab.cancel.layout.display == "none"
    monkeypatch.setattr(evaluate, "final", slow)
    tab.test.click()
    assert began.wait(60)
    painted(bench)
    assert tab.test.disabled and tab.cancel.layout.display is None
    tab.cancel.click()
    until(lambda: tab.cancel.layout.display == "none" and not tab.test.disabled)
    assert bench.run.final.split == "validation" and not said(bench, "error")
    monkeypatch.setattr(evaluate, "final", final)
    tab.test.click()
    until(lambda: bench.run.final.split == "test")


@pytest.mark.slow
def test_over_time_goes_through_the_evaluations(make):
    bench = make()
    bench.train()
    tab = open_tab(bench, "Over time")
    last = tab.picture.image.value
    assert tab.slider.max == 2 and "after 12 of 12" in tab.say.value
    tab.slider.value = 0
    until(lambda: "before training" in tab.say.value)
    painted(bench)
    assert tab.picture.image.value != last


@pytest.mark.slow
def test_the_map_gets_a_frame_for_each_evaluation(make):
    bench = make()
    bench.train()
    tab = open_tab(bench, "Embedding")
    until(lambda: len(tab.explorer.frames) == 3)
    assert tab.explorer.steps == [0, 6, 12] and tab.explorer.count == 128
    tab.method.value = "t-SNE"
    until(lambda: len(tab.explorer.frames) == 3 and tab.explorer.frames[-1]["note"] == "t-SNE", 60)
    tab.explorer.selected = [1, 2]
    assert bench.selected == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("anywidget", [True, False])
def test_no_map_of_another_run_is_shown_while_the_own_one_is_prepared(make, monkeypatch, anywidget):
    if not anywidget:
        monkeypatch.setattr("sslbench.workbench.tabs.embedding.make_explorer", lambda: None)
    bench, may_go_on = make(), threading.Event()
    bench.train()
    tab = open_tab(bench, "Embedding")

    def shown():
        return bool(tab.explorer.frames) if anywidget else tab.map.layout.display != "none"

    until(shown)
    monkeypatch.setattr("sslbench.workbench.tabs.embedding.points",
                        lambda data, real=points: may_go_on.wait(60) and real(data))
    bench.start()
    until(lambda: not shown())
    bench.wait()
    assert not shown()
    may_go_on.set()
    until(shown)
    until(lambda: not anywidget or tab.explorer.steps == [0, 6, 12])


@pytest.mark.slow
def test_the_samples_are_sent_once_while_a_map_is_computed(make, monkeypatch):
    may_go_on, sent = threading.Event(), []
    monkeypatch.setitem(METHODS, "UMAP", lambda z, *_, **__: may_go_on.wait(60) and projection.pca(z))
    bench = make()
    bench.train()
    tab = open_tab(bench, "Embedding")
    until(lambda: len(tab.explorer.frames) == 3)
    monkeypatch.setattr(tab.explorer, "set_points", lambda *given,
                        real=tab.explorer.set_points: (sent.append(1), real(*given)))
    tab.method.value = "UMAP"
    for _ in range(3):
        bench._controller.wake()
        painted(bench)
    may_go_on.set()
    until(lambda: len(tab.explorer.frames) == 3)
    assert sent == []  # they are there already


@pytest.mark.slow
def test_how_far_a_map_is_does_not_wait_for_the_next_picture(make, monkeypatch):
    may_go_on = threading.Event()

    def slow(z, *_, progress):
        # as long as pictures have used up their share of the time
        monkeypatch.setattr(tab, "paint", lambda state: None)
        progress(0.5, "computing")
        assert may_go_on.wait(60)
        return projection.pca(z)

    monkeypatch.setitem(METHODS, "UMAP", slow)
    bench = make()
    bench.train()
    tab = open_tab(bench, "Embedding")
    tab.method.value = "UMAP"
    until(lambda: tab.say.value == "computing, map 1 of 3" and tab.bar.value == pytest.approx(0.5 / 3))
    until(lambda: tab.cancel.layout.display != "none")
    may_go_on.set()


@pytest.mark.slow
@pytest.mark.parametrize("listens", [True, False],
                         ids=["it ends when told", "another method is chosen meanwhile"])
def test_a_new_run_gets_its_map_while_that_of_the_former_is_computed(make, monkeypatch, listens):
    entered, may_go_on = threading.Event(), threading.Event()

    def slow(z, *_, progress):
        entered.set()
        while not may_go_on.wait(0.01):
            if listens:
                progress(0.5, "computing")
        return projection.pca(z)

    monkeypatch.setitem(METHODS, "UMAP", slow)
    bench = make()
    bench.train()
    tab = open_tab(bench, "Embedding")
    tab.method.value = "UMAP"
    until(entered.is_set)
    bench.train()
    painted(bench)
    if listens:
        until(lambda: tab._points[0] is bench.run)  # nobody released it
    else:
        tab.method.value = "PCA"
    may_go_on.set()
    until(lambda: tab._points[0] is bench.run and tab.explorer.steps == [0, 6, 12])


@pytest.mark.slow
def test_a_map_that_fails_is_said_and_tried_again_only_when_it_is_chosen_again(make, monkeypatch):
    tries = []

    def fails(*_, **__):
        tries.append(1)
        raise ModuleNotFoundError("No module named 'umap'")

    monkeypatch.setitem(METHODS, "UMAP", fails)
    bench = make()
    bench.train()
    tab = open_tab(bench, "Embedding")
    for times in (1, 2):
        tab.method.value = "UMAP"
        until(lambda times=times: len(tries) == times and not tab._jobs.busy)
        until(lambda: "umap" in said(bench, "error"))
        for _ in range(3):
            bench._controller.wake()
            painted(bench)
        assert len(tries) == times and tab.bar.layout.display == "none"
        tab.method.value = "PCA"
    tab.method.value = "t-SNE"
    until(lambda: len(tab.explorer.frames) == 3 and tab.explorer.frames[-1]["note"] == "t-SNE", 60)


@pytest.mark.slow
def test_runs_are_kept_and_compared(make, tmp_path):
    bench = make()
    first = bench.train()
    second = bench.train(steps=5)
    tab = open_tab(bench, "Runs")
    rows = ["1 · autoencoder, steps 12", "2 · autoencoder, steps 5"]
    assert bench.runs == [second, first] and len(tab.list.children) == 2 and rows_of(tab) == rows
    tab.list.children[1].value = False
    until(lambda: rows_of(tab) == rows[1:])
    tab.menu.value = first
    assert bench._controller.run_list.shown("tiny").run is first
    folders = sorted((tmp_path / "runs").iterdir())
    assert len(folders) == 2 and all((folder / "weights.safetensors").exists() for folder in folders)


@pytest.mark.slow
def test_a_run_recorded_before_can_be_added(make, tmp_path):
    old = make().train()
    bench = make()
    tab = open_tab(bench, "Runs")
    assert [label for label, _ in tab.folders.options] == ["choose one", old.folder.name]
    tab.folders.value = old.folder
    painted(bench)
    assert bench.runs[0].history == old.history and len(tab.folders.options) == 1
    assert ("An earlier run: autoencoder" in said(bench)
            and tab.list.children[0].description == "1 · autoencoder, made earlier")


@pytest.mark.parametrize("content", ['{"steps": "many"}', "{", "[]", "\0"], ids=repr)
def test_a_damaged_run_that_is_chosen_is_one_line(make, tmp_path, content):
    folder = tmp_path / "runs/damaged"
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text(content)
    bench = make()
    tab = open_tab(bench, "Runs")
    for _ in range(2):  # it can be chosen again
        tab.folders.value = folder
        painted(bench)
        assert ("recipe.json is damaged" in said(bench, "error") and bench.runs == []
                and tab.folders.value == "")


@pytest.mark.slow
def test_without_anywidget_the_map_is_a_picture(make, monkeypatch):
    monkeypatch.setattr("sslbench.workbench.tabs.embedding.make_explorer", lambda: None)
    bench = make()
    bench.train()
    tab = open_tab(bench, "Embedding")
    until(lambda: tab.map.value[:4] == b"\x89PNG")
    assert bench.selected == []


@pytest.mark.slow
def test_without_recording_nothing_is_written(make, tmp_path):
    make(record=False).train()
    assert not (tmp_path / "runs").exists()


def slow_painter():
    """A painter whose pictures take 0.1 s, and when they were painted."""
    times = []
    return times, Painter(lambda: None, lambda: (times.append(time.monotonic()), time.sleep(0.1)))


def test_a_click_is_answered_while_a_picture_is_being_drawn():
    lines, drawing, drawn = [], threading.Event(), threading.Event()
    painter = Painter(lambda: lines.append(threading.current_thread().name),
                      lambda: (drawing.set(), drawn.wait(60)))
    painter.wake()
    assert drawing.wait(60)
    before = len(lines)
    painter.wake()  # the picture is not done
    assert lines[before:] == ["MainThread"]
    painter.wake(urgent=False)
    assert len(lines) == before + 1  # what is not urgent waits for its turn
    drawn.set()
    painter.close()


@pytest.mark.slow
def test_painting_is_rare_and_takes_a_tenth_of_the_time():
    times, painter = slow_painter()
    painter.wake()
    until(lambda: (painter.wake(urgent=False), len(times) >= 4)[1])
    painter.close()
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert min(gaps) > 0.9 and min(gaps) < 5  # one second, longer where the machine was slow at drawing


def test_a_change_of_state_is_painted_at_once(monkeypatch):
    now, times = [0.0], []
    monkeypatch.setattr(painter_module, "time",
                        types.SimpleNamespace(perf_counter=lambda: now[0], sleep=time.sleep))
    # a picture that takes 100 s
    painter = Painter(lambda: None, lambda: (times.append(now[0]), now.append(now.pop() + 100)))
    painter.wake()
    until(lambda: painter.frames == 1)
    painter.wake(urgent=False)
    time.sleep(0.1)
    assert painter.frames == 1  # what is not urgent would wait for 900 s
    painter.wake(urgent=True)
    until(lambda: painter.frames == 2)
    painter.close()
    assert times == [0, 100]


# threads


def test_running_the_cell_again_closes_the_old_bench_and_its_threads(make):
    def threads():
        return sum(thread.name.startswith("sslbench") and thread.name != "sslbench-background"
                   for thread in threading.enumerate())

    before = threads()
    old = make(steps=100_000, name="same")
    old.start()
    until(lambda: old.run.step > 0)
    make(name="same")
    assert old.state == "stopped" and old.root.comm is None
    until(lambda: threads() == before)


@pytest.mark.slow
def test_on_colab_a_click_trains_in_the_calling_thread_and_the_bench_says_why(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    bench = make()
    assert "bench.train()" in said(bench, "note")
    bench._controller.panel.train.click()  # comes back when it is done
    assert bench.state == "done" and "data-step='12'" in said(bench)
    assert bench._controller.page.painter._thread is None


def test_a_job_takes_the_place_of_one_with_the_same_name_and_can_be_cancelled():
    done, jobs = [], BackgroundJobs()
    jobs.do("look", lambda check: (check(100), done.append("old")))
    jobs.do("look", lambda check: done.append("new"))
    until(lambda: done == ["new"])
    jobs.do("slow", lambda check: (check(100), done.append("never")))
    jobs.clear()  # a job that was not cancelled would end in its own time
    assert done == ["new"] and not jobs.busy
    jobs.close()


# before training, and outside a browser


@pytest.mark.alone
def test_the_estimate_of_time_is_within_30_percent(make):
    bench = make(pretext="simclr", backbone="small_cnn", steps=150, batch_size=64)
    ratios = []
    for _ in range(3):  # the machine may stumble in one of them
        guessed = bench.estimate()
        ratios.append(guessed.seconds / bench.train().seconds)
    assert sorted(ratios)[1] == pytest.approx(1, abs=0.3), ratios
    assert 0.05 < guessed.memory / 2**30 < 16 and guessed.limit > guessed.memory


def test_the_estimate_forgets_one_stumble_and_counts_what_comes_again_and_again():
    even = [0.01] * 60
    assert typical(even) == pytest.approx(0.01) == typical([0.01] * 30 + [1.0] + [0.01] * 29)
    # a median of the steps would say 0.01
    assert typical(([0.01] * 9 + [0.11]) * 6) == pytest.approx(0.02, rel=0.2)
    assert typical([0.01, 0.02, 0.06]) == 0.02


@pytest.mark.slow
def test_the_estimate_leaves_no_trace_and_can_be_cancelled(make):
    one, two = make(), make()
    one.estimate()
    assert one.train().history == two.train().history

    def stop():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        estimate(one.recipe, check=stop)


def test_a_duration_reads_like_one():
    assert ([duration(s) for s in (0.2, 59, 80, 1800, 7500)] == ["1 s", "59 s", "1 min 20 s", "30 min",
        "2 h 5 min"])
    assert ("close to the limit" in str(Estimate(5, 9 * 2**30, 10 * 2**30))
            and "close" not in str(Estimate(5, 2**30, 10 * 2**30)))


@pytest.mark.slow
def test_displaying_prepares_pictures_and_leaves_a_static_picture_once(make, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.get_ipython", object)  # a shell that has no page
    monkeypatch.setattr("IPython.display.display", lambda bundle, **how: shown.append((bundle, how)))
    bench = make()
    bench._ipython_display_()
    until(lambda: bench._controller.preview.look)
    assert "Before training" in bench._controller.preview.look.words
    bench.train()
    bench._controller.page.painter.paint()
    assert [how.get("update", False) for _, how in shown] == [False, True]
    first, last = shown[0][0], shown[1][0]
    assert w.VIEW in last and "image/png" in last and "12/12 steps" in last["text/plain"]
    assert "image/png" not in first  # nothing was there to show
    assert shown[0][1]["display_id"] == shown[1][1]["display_id"]


@pytest.mark.slow
def test_the_recorded_run_is_shown_and_said_to_be_one(make):
    bench = make(recorded=True, data="wild_digits", pretext="simclr", backbone="small_cnn", steps=1)
    assert "recorded run" in said(bench) and bench.run is None
    assert open_tab(bench, "Curves").picture.image.value[:4] == b"\x89PNG"
    assert "image/png" in bench._repr_mimebundle_()
    bench.train()
    assert "recorded" not in said(bench)
