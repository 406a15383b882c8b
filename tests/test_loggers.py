"""Events in the logger that somebody uses already; what it does wrong is said and ends nothing."""

import csv
import sys
import types
from contextlib import closing

import pytest
from toys import catalogue, toy  # noqa: F401  fixtures

from sslbench import fit
from sslbench.commands import main
from sslbench.notes import Note
from sslbench.runs import loggers
from sslbench.runs.on_disk import play

QUICK = {"progress": False, "device": "cpu", "evaluations": 2}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_reads_what_was_written(toy, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = fit(toy, tmp_path, log="tensorboard", **QUICK)
    (folder,) = (tmp_path / "tensorboard").iterdir()
    found = EventAccumulator(str(folder)).Reload()
    losses = [(e.step, e.value) for e in found.Scalars("train/loss")]
    assert losses == [(row["step"], pytest.approx(row["loss"], rel=1e-6)) for row in run.history]
    assert found.Scalars("test/linear")[0].value == pytest.approx(run.scores["linear"])
    assert found.Scalars("test/linear/untrained")[0].value == pytest.approx(
        run.baselines["untrained"]["linear"])
    assert "toy_series" in str(found.Tensors("recipe/text_summary")[0])


def test_a_table_of_csv(toy, tmp_path):
    run = fit(toy, tmp_path, log="csv", **QUICK)
    (path,) = tmp_path.glob("csv/*/events.csv")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert ([float(row["value"]) for row in rows if row["name"] == "train/loss"] == [row["loss"]
        for row in run.history])


def test_a_run_is_the_same_with_and_without(toy, tmp_path):
    assert fit(toy, tmp_path, log="csv", **QUICK).history == fit(toy, **QUICK).history


class Recorded(types.ModuleType):
    """Stands for a package: its functions take what those of the real one take, and remember it."""

    def __init__(self, name, calls):
        super().__init__(name)
        self.calls = calls


def wandb(calls):
    module = Recorded("wandb", calls)

    class Of:
        def log(self, data, step=None, commit=None):
            calls.append(("log", data, step))

        def finish(self, exit_code=None):
            calls.append(("finish",))

    def init(project=None, dir=None, config=None, name=None, mode=None):
        calls.append(("init", project, config))
        return Of()

    module.init = init
    return module


def mlflow(calls):
    module = Recorded("mlflow", calls)
    module.set_experiment = lambda experiment_name: calls.append(("experiment", experiment_name))
    module.start_run = lambda: calls.append(("start",))
    module.log_params = lambda params: calls.append(("init", "", params))
    module.log_metrics = lambda metrics, step=None: calls.append(("log", metrics, step))
    module.end_run = lambda: calls.append(("finish",))
    return module


@pytest.mark.parametrize("stand_in", [wandb, mlflow])
def test_the_others_are_given_what_they_take(toy, tmp_path, monkeypatch, stand_in):
    calls = []
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in(calls))
    run = fit(toy, tmp_path, log=stand_in.__name__, **QUICK)
    settings = next(call[2] for call in calls if call[0] == "init")
    assert settings["data"] == "toy_series" and settings["lr"] == toy.lr
    losses = [(call[2], call[1]["train/loss"])
              for call in calls if call[0] == "log" and "train/loss" in call[1]]
    assert losses == [(row["step"], row["loss"]) for row in run.history] and calls[-1] == ("finish",)


def test_what_a_logger_raises_is_said_once_and_ends_nothing(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(loggers.Csv, "numbers", lambda self, step, values: 1 / 0)
    with pytest.warns(Note, match="csv failed at step 0") as said:
        run = fit(toy, tmp_path, log="csv", **QUICK)
    assert run.done and len(said) == 1


@pytest.mark.parametrize("name, words",
                         [("paper", "no logger is called 'paper'"), ("wandb", "pip install wandb")])
def test_what_is_not_there_is_one_line_before_anything_happens(toy, tmp_path, monkeypatch, name, words):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ValueError, match=words):
        fit(toy, tmp_path / "run", log=name, **QUICK)
    assert not (tmp_path / "run").exists()


def test_without_a_folder_it_is_said_where_the_log_lies(toy):
    with pytest.warns(Note, match="csv writes into "):
        fit(toy, log="csv", **QUICK)


@pytest.mark.slow
def test_on_the_command_line(toy, tmp_path, capsys):
    fit(toy, tmp_path / "a", **QUICK)
    words = ["train", "--recipe", str(tmp_path / "a/recipe.json"), "--device", "cpu", "--log", "csv",
             "--quiet"]
    assert main([*words, "--out", str(tmp_path / "b")]) == 0
    assert len(list(tmp_path.glob("b/csv/*/events.csv"))) == 1


def test_a_run_that_goes_on_is_logged_beside_what_was_logged_before(toy, tmp_path):
    with closing(play(toy, tmp_path / "a", device="cpu", checkpoint_every=1)) as events:
        while next(events).step < 2:
            pass
    assert main(["resume", str(tmp_path / "a"), "--log", "csv"]) == 0
    (file,) = tmp_path.glob("a/csv/*/events.csv")
    steps = {int(row["step"]) for row in csv.DictReader(file.open())}
    assert steps and min(steps) >= 2 and max(steps) == toy.steps
