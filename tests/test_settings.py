"""What a notebook sets in torch and NumPy changes no number of a run, and is as it was between two events."""

import math
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from toys import catalogue, toy  # noqa: F401  fixtures

from sslbench.data import Data
from sslbench.data.series import samples
from sslbench.machine.torch_settings import own_settings
from sslbench.recipe import Recipe
from sslbench.runs.fitting import fit
from sslbench.runs.run import load_run
from sslbench.training.loop import Checkpoint, Evaluation, Step, train


@contextmanager
def held(set_to, value, before):
    set_to(value)
    try:
        yield
    finally:
        set_to(before)


def precision(of, value):
    return held(lambda to: setattr(of, "fp32_precision", to), value, "none")


def products() -> str:
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return "mixed"


PRECISIONS = (torch.backends, torch.backends.mkldnn.matmul, torch.backends.mkldnn.conv,
              torch.backends.mkldnn.rnn,
              torch.backends.cuda.matmul)
SETTINGS = {
    "float64": lambda: held(torch.set_default_dtype, torch.float64, torch.float32),
    "float16": lambda: held(torch.set_default_dtype, torch.float16, torch.float32),
    "default device": lambda: held(torch.set_default_device, "meta", None),
    "device": lambda: torch.device("meta"),
    "device cpu": lambda: torch.device("cpu"),
    "no gradients": torch.no_grad,
    "gradients off": lambda: held(torch.set_grad_enabled, False, True),
    "inference": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "autocast off": lambda: torch.autocast("cpu", enabled=False),
    "deterministic": lambda: held(lambda on: torch.use_deterministic_algorithms(on), True, False),
    "more threads": lambda: held(torch.set_num_threads, torch.get_num_threads() + 1, torch.get_num_threads()),
    "products": lambda: held(torch.set_float32_matmul_precision, "medium", "highest"),
    "bf16 products": lambda: precision(torch.backends.mkldnn.matmul, "bf16"),
    "tf32": lambda: precision(torch.backends, "tf32"),
    "bf16 convolutions": lambda: precision(torch.backends.mkldnn.conv, "bf16"),
    "ieee": lambda: precision(torch.backends, "ieee"),
    "no oneDNN": lambda: held(torch._C._set_mkldnn_enabled, False, True),
    "autocast without cache": lambda: torch.autocast("cpu", enabled=False, cache_enabled=False),
    "numpy": lambda: np.errstate(all="raise"),
}


def everything() -> tuple:
    """All of those settings as they are now."""
    return (torch.get_default_dtype(), torch.empty(0).device, torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu"),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_num_threads(), products(), *(of.fp32_precision for of in PRECISIONS),
            torch.backends.mkldnn.enabled, torch.is_autocast_cache_enabled(), str(np.geterr()),
            len(warnings.filters))


def numbers(events) -> list:
    """What a run's events say, the time they took left out."""
    told = []
    for e in events:
        if isinstance(e, Step):
            told.append(e.scalars)
        elif isinstance(e, Evaluation):
            told.append((e.step, e.split, e.scores, e.baselines, e.chance_loss,
                         None if e.embedding is None else e.embedding.tolist()))
        elif isinstance(e, Checkpoint):
            told.append({name: w.detach().clone() for name, w in e.state["task"].items()})
    return told


def same(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return a.dtype is b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


@pytest.mark.parametrize("name, setting", [("faces", "default device"), ("text", "device"),
                                           ("series", "default device"), ("series", "float64"),
                                           ("webdataset", "default device")])
def test_what_is_read_of_data_does_not_depend_on_them(name, setting):
    """Somebody reads data beside all runs."""
    samples.cached.cache_clear()
    kind, some = Data.find(name), torch.tensor([0, 3])
    fresh = kind()
    told, rows = fresh.reading(), {field: x[some] for field, x in fresh.loaded("train")[0].items()}
    samples.cached.cache_clear()
    with SETTINGS[setting]():
        data = kind()
        assert data.reading() == told
        again = {field: (x[some], x[:2]) for field, x in data.loaded("train")[0].items()}
    for field, (x, first) in again.items():
        assert x.device == first.device == torch.device("cpu") and same(x.clone(), rows[field].clone())


RECIPES = [("simclr", "transformer", "float32"), ("masked", "small_cnn", "float32"),
           ("byol", "gru", "bfloat16")]


def recipe_for(toy, pretext, backbone):
    given = {"backbone.width": 32 if backbone != "small_cnn" else 8}
    return replace(toy, pretext=pretext, backbone=backbone, steps=3, batch_size=16, hyperparameters=given)


@pytest.fixture(autouse=True)
def light(monkeypatch):
    """torch's function imports its compiler, for 15 seconds; what it sets is this."""
    monkeypatch.setattr(torch, "use_deterministic_algorithms",
                        lambda on, warn_only=False: torch._C._set_deterministic_algorithms(on))


KEPT = {}


@pytest.fixture
def plain_run(toy):
    """(pretext, backbone, precision) -> the recipe and the numbers of its run with nothing changed."""
    def run(*names):
        if names not in KEPT:
            recipe = recipe_for(toy, *names[:2])
            KEPT[names] = recipe, numbers(train(recipe, device="cpu", precision=names[2], evaluations=2))
        return KEPT[names]

    return run


def changed(settings) -> ExitStack:
    """All of these settings changed at once."""
    with ExitStack() as stack:
        for name in settings:
            stack.enter_context(SETTINGS[name]())
        return stack.pop_all()


TOGETHER = [("float64", "no gradients", "autocast", "deterministic", "products", "numpy", "no oneDNN"),
            ("float16", "default device", "inference", "bf16 products", "autocast without cache"), ("tf32",)]
ONE_BY_ONE = [pytest.param((name,), marks=pytest.mark.slow) for name in SETTINGS]


@pytest.mark.parametrize("settings", [*TOGETHER, *ONE_BY_ONE], ids="+".join)
@pytest.mark.parametrize("names", RECIPES, ids="-".join)
def test_nothing_that_is_set_from_the_start_or_between_two_events_changes_a_number(names, settings,
    plain_run):
    recipe, expected = plain_run(*names)
    if settings == ("more threads",):  # those that there are at the start are the run's
        return
    seen = []
    with changed(settings):
        before = everything()
        for event in train(recipe, device="cpu", precision=names[2], evaluations=2):
            assert everything() == before, "a run leaves settings behind"
            seen += numbers([event])
    assert same(seen, expected)


@pytest.mark.parametrize("settings", [(*TOGETHER[0], "more threads"), *ONE_BY_ONE], ids="+".join)
def test_nothing_that_is_set_in_the_middle_of_a_run_changes_a_number(settings, plain_run):
    recipe, expected = plain_run(*RECIPES[0])
    seen = []
    with ExitStack() as stack:
        for event in train(recipe, device="cpu", precision=RECIPES[0][2], evaluations=2):
            seen += numbers([event])
            if isinstance(event, Step) and event.step == 1:
                stack.enter_context(changed(settings))
    assert same(seen, expected)


@pytest.mark.parametrize("settings", TOGETHER[:2], ids="+".join)
def test_without_settings_of_its_own_a_run_would_be_another_or_none(settings, plain_run, monkeypatch):
    recipe, expected = plain_run(*RECIPES[0])
    monkeypatch.setattr("sslbench.machine.torch_settings._changed", lambda threads: iter(()))
    monkeypatch.setattr("sslbench.machine.torch_settings.OF_THE_PROCESS", [])
    with changed(settings):
        try:
            seen = numbers(train(recipe, device="cpu", precision="float32", evaluations=2))
        except (RuntimeError, TypeError, FloatingPointError, NotImplementedError):
            return
    assert not same(seen, expected)


def test_the_control_is_seen(plain_run, toy):
    recipe, expected = plain_run(*RECIPES[0])
    other = numbers(train(replace(recipe, seed=1), device="cpu", precision="float32", evaluations=2))
    assert not same(other, expected) and same(expected, expected)


def test_what_is_recorded_can_be_read_whatever_is_set(toy, tmp_path):
    recipe = recipe_for(toy, "simclr", "transformer")
    fit(recipe, tmp_path, progress=False, device="cpu")
    rows = np.random.default_rng(0).normal(size=(5, 2, 16))
    z, labels = load_run(tmp_path).embed()
    of_rows, _ = load_run(tmp_path).embed(rows)
    for setting, changes in SETTINGS.items():
        with changes():
            run = load_run(tmp_path)
            again, same_labels = run.embed()
            own, _ = run.embed(rows)
        assert again.dtype is torch.float32 and torch.equal(again, z) and same(labels, same_labels), setting
        assert torch.equal(own, of_rows), setting
        assert same(run.scores, load_run(tmp_path).scores), setting


@pytest.mark.slow
def test_warnings_as_errors_end_no_run(toy):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for pretext, backbone, precision in RECIPES:
            numbers(train(recipe_for(toy, pretext, backbone), device="cpu", precision=precision))


def test_a_relative_path_is_found_again_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    rng = np.random.default_rng(0)
    np.save(tmp_path / "mine.npy", rng.normal(size=(40, 16)).astype(np.float32))
    monkeypatch.chdir(tmp_path)
    recipe = Recipe(data="series", pretext="simclr", backbone="gru", steps=2, batch_size=8,
                    hyperparameters={"data.file": "mine.npy", "backbone.width": 16})
    events, seen = train(recipe, device="cpu"), []
    for event in events:
        seen.append(event)
        os.chdir(tmp_path / "elsewhere")
    assert [e.step for e in seen if isinstance(e, Step)] == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_several_threads_train_whatever_the_default_dtype_is(dtype, plain_run):
    recipe, expected = plain_run(*RECIPES[0])

    def play(_):
        return numbers(train(recipe, device="cpu", precision=RECIPES[0][2], evaluations=2))

    with SETTINGS[dtype](), ThreadPoolExecutor(4) as pool:
        before = everything()
        runs = list(pool.map(play, range(4)))
        assert everything() == before
    assert all(same(run, expected) for run in runs)


def test_the_first_who_leaves_changes_nothing_for_who_is_still_inside():
    with SETTINGS["float64"]():
        with ExitStack() as last:
            with own_settings():
                last.enter_context(own_settings())
            assert torch.get_default_dtype() is torch.float32
        assert torch.get_default_dtype() is torch.float64


def test_it_may_be_entered_twice_and_is_undone_when_something_goes_wrong():
    before = everything()
    with pytest.raises(KeyError), torch.no_grad(), SETTINGS["float64"](), SETTINGS["deterministic"]():
        changed = everything()
        try:
            with own_settings(), own_settings():
                assert everything()[:4] == (torch.float32, torch.device("cpu"), True, False)
                raise KeyError
        finally:
            assert everything() == changed
    assert everything() == before


def test_a_run_is_recorded_whatever_the_default_device(toy, tmp_path):
    with held(torch.set_default_device, "meta", None):
        run = fit(toy, tmp_path, progress=False, evaluations=1, device="cpu")
    assert load_run(tmp_path).scores == run.scores
