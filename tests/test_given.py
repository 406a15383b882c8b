"""What a function cannot use is refused in one line that says what it wants, before anything is trained,
written or closed."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from toys import catalogue, toy  # noqa: F401  fixtures

from sslbench import Recipe, Workbench, compare, export, fit, launch, load_run, resume, train

NAN = float("nan")
OPTIONS = [("evaluations", "x"), ("evaluations", NAN), ("evaluations", -1), ("evaluations", True),
           ("evaluations", 2.5), ("probe_rows", "x"), ("probe_rows", -1), ("probe_rows", 1.5),
           ("checkpoint_every", "x"), ("checkpoint_every", NAN), ("checkpoint_every", 1.5),
           ("checkpoint_every", []),
           ("checkpoint_every", 0), ("folder", ""), ("folder", []), ("folder", 5), ("folder", b"x"),
           ("folder", "a\0b"), ("overwrite", "no"),
           ("overwrite", None), ("test", "no"), ("test", 1), ("supervised", "no"), ("progress", "no"),
           ("changed_data", "no"),
           ("resume", {"step": 1}), ("resume", {}), ("resume", 5), ("resume", "runs/first"), ("data", 5),
           ("data", "waves"),
           ("device", "gpu"), ("device", None), ("precision", 16)]


def refused(call, *words):
    """The call ends in one line of the ValueError family, or a TypeError, that has these words."""
    with pytest.raises((ValueError, TypeError)) as told:
        call()
    said = str(told.value)
    assert said and "\n" not in said and len(said) < 400, said
    assert all(word in said for word in words), said


@pytest.mark.parametrize("name, value", OPTIONS, ids=str)
def test_fit_says_which_option_is_wrong_and_trains_nothing(name, value, toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sslbench.training.step.Training.step", None)
    refused(lambda: fit(toy, **{"progress": False, name: value}), name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("recipe", [None, "waves", {}, 5, Recipe], ids=str)
@pytest.mark.parametrize("call", [fit, lambda r: list(train(r)), lambda r: list(launch(r, "x"))],
                         ids=["fit", "train", "launch"])
def test_what_is_no_recipe_is_refused(recipe, call):
    refused(lambda: call(recipe), "recipe must be a Recipe")


@pytest.mark.parametrize("folder", [None, 5, [], ""], ids=str)
@pytest.mark.parametrize("call", [load_run, resume, lambda f: list(launch(Recipe(), f))],
                         ids=["load_run", "resume", "launch"])
def test_what_is_no_folder_is_refused(folder, call):
    refused(lambda: call(folder), "folder must be the path")


def test_numbers_of_numpy_are_numbers(toy, tmp_path):
    options = {"evaluations": np.int64(1), "checkpoint_every": np.int32(2), "test": np.bool_(False)}
    run = fit(toy, tmp_path / "run", progress=False, device="cpu", **options)
    assert run.step == toy.steps and load_run(tmp_path / "run").step == toy.steps


@pytest.fixture
def run(toy):
    return fit(replace(toy, steps=2), progress=False, device="cpu", evaluations=0, test=False)


def test_compare_takes_runs(run):
    for others in ([run, None], [[run, 5]], [{}]):
        refused(partial(compare, *others), "runs, as fit()")
    for names in (3, "ab", [3], {"a": 1}, b"a"):
        refused(partial(compare, run, names=names), "names must be a list")
    assert len(compare([run], run).runs) == 2


def test_export_takes_a_run_and_a_split_by_its_name(run, tmp_path):
    for other in (3, None, [run], {}, b"x", run.recipe):
        refused(partial(export, other, tmp_path / "x.npz"), "a run, as fit()")
    for split in (None, [], 3, ["train"], True, 0):
        refused(partial(export, run, tmp_path / "x.npz", split=split), "split")
    assert not list(tmp_path.iterdir())


def test_embed_says_what_it_reads(run):
    refused(lambda: run.embed("nope"), "split", "validation")
    for most in (2.5, -1, 0, "x", None, True):
        refused(partial(run.embed, "test", most), "most")
    for rows in (np.zeros((3, 2, 16), complex), torch.zeros(3, 2, 16, dtype=torch.complex64), None,
                 ["x", "y"], [object()],
                 [[1], [1, 2]]):
        refused(partial(run.embed, rows))
    refused(lambda: run.embed(np.zeros((3, 2, 16), complex)), "real numbers")


BENCH = [("device", "gpu"), ("device", 5), ("device", None), ("runs", 5), ("runs", None), ("runs", []),
         ("name", []), ("name", ""),
         ("name", None), ("evaluations", -3), ("evaluations", "x"), ("evaluations", None),
         ("evaluations", 2.5), ("record", "no"),
         ("recorded", "no"), ("recipe", 5), ("recipe", {"data": "waves"}), ("recipe", []), ("recipe", 0),
         ("steps", "x")]


@pytest.mark.parametrize("name, value", BENCH, ids=str)
def test_a_bench_that_cannot_be_made_closes_none_and_the_next_works(name, value, tmp_path, monkeypatch):
    open_now = Workbench(runs=tmp_path, recorded=False, name="kept")
    closed = []
    monkeypatch.setattr(Workbench, "close", lambda self: closed.append(self))
    refused(lambda: Workbench(**{"name": "kept", "recorded": False, name: value}), name)
    assert not closed
    after = Workbench(runs=tmp_path, recorded=False, name="kept")
    assert closed == [open_now] and after.state == "ready"
    monkeypatch.undo()
    [bench.close() for bench in (open_now, after)]
