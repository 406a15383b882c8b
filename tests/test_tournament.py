"""A tournament keeps to its time, lets the better half go on, says how sure it is, tests the winner alone,
and loses nothing when it is interrupted."""

import json

import joblib
import pytest
import torch

import sslbench
from sslbench import Recipe, tournament
from sslbench.data import Data
from sslbench.data.series import waves
from sslbench.pretexts import Pretext
from sslbench.runs.halving import one_round
from sslbench.runs.halving import rounds as rounds_module
from sslbench.runs.halving import tournament as module
from sslbench.runs.halving.candidates import candidates, narrowed
from sslbench.runs.halving.measures import mean_ranks, measured
from sslbench.runs.halving.one_round import Job, Reached, played
from sslbench.runs.halving.rounds import around, divided, needed, room
from sslbench.runs.halving.standing import ranked, sure
from sslbench.runs.run import load_run

TINY = {"tasks": ["masked", "simclr", "autoencoder"], "backbones": ["mlp"], "progress": None}


def test_the_rounds_take_the_time_there_is_and_halve():
    plan = divided(16, 600, workers=2)
    assert plan.sizes == (16, 8, 4, 2) and plan.units == (1, 3, 7, 15)
    waves_of_each = [-(-size // 2) for size in plan.sizes]
    assert sum(n * t for n, t in zip(waves_of_each, plan.seconds)) == pytest.approx(600)
    assert divided(1, 60, 4).sizes == (1,) and divided(3, 60, 1).sizes == (3, 2)
    assert all(a < b for a, b in zip(plan.units, plan.units[1:]))


def test_every_run_has_its_start_and_a_least_time_and_the_whole_keeps_to_the_budget():
    for seconds in (20, 30, 60, 120, 600, 3000):
        for workers in (1, 2, 8):
            size = room(37, seconds, workers, start=4.0)
            if not size:
                assert needed(2, workers, 4.0) > seconds
                continue
            plan = divided(size, seconds - around(workers), workers, start=4.0)
            assert plan.seconds[0] >= rounds_module.LEAST and plan.sizes[0] == size
            spent = sum(-(-n // workers) * (4.0 + t) for n, t in zip(plan.sizes, plan.seconds))
            assert spent + around(workers) == pytest.approx(seconds)
    assert room(37, 3000, 2, 4.0) == 37 > room(37, 60, 2, 4.0) >= 2


def test_a_narrow_field_has_light_backbones_and_one_of_each_kind_of_task_first():
    entrants = candidates(Recipe("waves"), Recipe("waves").make_data())
    four, left_out = narrowed(entrants, 4, "simclr")
    kinds = {Pretext.find(one.pretext).group for one in four}
    assert len(kinds) == 4 and {one.backbone for one in four} == {"small_cnn"}
    assert "simclr" in {one.pretext for one in four} and len(left_out) == len(entrants) - 4
    tasks = {one.pretext for one in entrants}
    assert {one.pretext for one in narrowed(entrants, len(tasks))[0]} == tasks
    assert narrowed(entrants, 99) == (entrants, [])


def test_too_few_minutes_for_all_are_said_with_who_is_left_out_and_for_two_refused(tmp_path, monkeypatch):
    played, lines = [], []
    monkeypatch.setattr(module, "held", lambda folder, kept, entrants, plan, *rest: played.append(entrants))
    options = {"workers": 2, "progress": lines.append}
    tournament("waves", 1, folder=tmp_path / "a", **options)
    every = candidates(Recipe("waves"), Recipe("waves").make_data())
    assert 2 <= len(played[0]) < len(every) and len(lines) == 1 and "\n" not in lines[0]
    assert f"{len(played[0])} of {len(every)} runs" in lines[0]
    assert all((f"{one.pretext} with {one.backbone}" in lines[0]) == (one not in played[0]) for one in every)
    tournament("waves", 600, folder=tmp_path / "b", **options)
    assert played[1] == every and len(lines) == 1
    with pytest.raises(ValueError, match=r"too few .* give 0\.\d minutes, or [\d.]+ for all"):
        tournament("waves", 0.1, folder=tmp_path / "c", **options)
    assert not (tmp_path / "c").exists()


def test_all_tasks_that_fit_enter_and_none_that_reads_labels():
    entrants = candidates(Recipe("waves"), Recipe("waves").make_data())
    tasks = {one.pretext for one in entrants}
    assert {"simclr", "masked"} <= tasks and not {"supervised", "clip"} & tasks
    assert max(sum(one.pretext == task for one in entrants) for task in tasks) == 2
    with pytest.raises(ValueError, match="simclr"):
        candidates(Recipe("waves"), Recipe("waves").make_data(), tasks=["simclrr"])


def test_settings_of_the_data_go_to_every_candidate_those_of_a_task_to_it_alone():
    base = Recipe("waves", "simclr", hyperparameters={"data.jitter": 0.1, "pretext.temperature": 0.3})
    given = {one.pretext: one.hyperparameters for one in candidates(base, base.make_data())}
    assert given["masked"] == {"data.jitter": 0.1} and given["simclr"]["pretext.temperature"] == 0.3


def reached(task: str, score: float | None, samples: int = 1000, rounds: int = 2, **more) -> Reached:
    return Reached(Recipe("waves", task), task, key="linear", score=score, samples=samples, rounds=rounds,
                   **more)


def test_the_seed_of_a_recipe_is_kept_unless_another_is_asked_for(monkeypatch, tmp_path):
    asked = []

    def stop(base, *rest):
        asked.append(base.seed)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "candidates", stop)
    for options in ({}, {"seed": 3}):
        with pytest.raises(KeyboardInterrupt):
            tournament(Recipe("waves", seed=7), folder=tmp_path, **options)
    assert asked == [7, 3]


def test_a_small_lead_is_not_sure_and_a_large_one_is():
    close = [reached("simclr", 0.80), reached("masked", 0.79), reached("byol", 0.9, rounds=1)]
    assert [one.recipe.pretext for one in ranked(reversed(close))] == ["simclr", "masked", "byol"]
    assert "not sure. As good as the first: masked with" in sure(ranked(close))
    assert "more than chance" in sure([reached("simclr", 0.80), reached("masked", 0.60)])
    assert "not sure" in sure([reached("simclr", 0.80, 20), reached("masked", 0.60, 20)])  # few samples
    assert "untrained" in sure([reached("simclr", 0.80, untrained=0.79), reached("masked", 0.60)])
    assert "untrained" not in sure([reached("simclr", 0.80, untrained=0.3), reached("masked", 0.60)])


def test_without_labels_measures_rank_and_nothing_is_proved():
    good = {"rankme": 40.0, "alignment + uniformity": -2.0, "agreement of neighbours": 0.6}
    poor = {"rankme": 4.0, "alignment + uniformity": -0.1, "agreement of neighbours": 0.1}
    assert mean_ranks([poor, good]) == [2, 1]
    standing = ranked([reached("masked", None, measures=poor), reached("simclr", None, measures=good)])
    assert standing[0].recipe.pretext == "simclr" and "3 of 3 measures" in sure(standing)
    mixed = {**good, "rankme": 3.0}
    assert "do not agree" in sure(ranked([reached("masked", None, measures=poor),
                                          reached("simclr", None, measures=mixed)]))


def test_the_measures_of_an_evaluation_are_those_that_it_has():
    scores = {"rankme": 9.0, "alignment": 0.5, "uniformity": -2.0, "agreement": 0.4, "linear": 0.7}
    assert measured(scores) == {"rankme": 9.0, "alignment + uniformity": -1.5, "agreement of neighbours": 0.4}
    assert measured({"rankme": 9.0, "alignment": 0.5}) == {"rankme": 9.0}


@pytest.fixture
def no_least(monkeypatch):
    """As if a run started and trained in no time: a tournament of seconds."""
    for name in ("LEAST", "PROCESSES", "TEST"):
        monkeypatch.setattr(rounds_module, name, 0.0)
    monkeypatch.setattr(module, "timed_reading", lambda recipe: (recipe.make_data(), 0.0))


@pytest.fixture
def small(monkeypatch, no_least):
    monkeypatch.setattr(waves, "SERIES", {"train": 300, "validation": 100, "test": 100})


@pytest.mark.slow
def test_a_tournament_tests_its_winner_alone_and_goes_on_where_it_was(small, tmp_path, monkeypatch):
    folder, rounds = tmp_path / "t", []
    many = module.side_by_side_played

    def interrupted(jobs, workers):
        rounds.append(len(jobs))
        if len(rounds) == 2:
            raise KeyboardInterrupt
        return many(jobs, workers)

    monkeypatch.setattr(module, "side_by_side_played", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tournament("waves", 0.05, folder=folder, workers=1, **TINY)
    steps = {path.name: load_run(path).step for path in folder.iterdir() if path.is_dir()}
    assert len(steps) == 3 and min(steps.values()) > 0
    lines = []
    found = tournament("waves", 0.05, folder=folder, workers=1, **{**TINY, "progress": lines.append})
    assert [line.partition(":")[0] for line in lines] == ["round 2 of 2", lines[1].partition(":")[0]]
    assert lines[1].startswith("round 2 is over after ") and "is ahead, linear" in lines[1]
    assert rounds == [3, 2, 2]  # the first round is not played again
    runs = {one.folder: load_run(one.folder) for one in found.standing}
    tested = [run for run in runs.values() if any(e.split == "test" for e in run.evaluations)]
    assert [run.folder for run in tested] == [found.run.folder] and found.run.done is not None
    assert all(run.step >= steps[run.folder.name] for run in runs.values())
    assert found.best == found.run.recipe and found.command in found.report
    assert found.table[0]["test"] and not found.table[1]["test"]
    assert "<table>" in found._repr_html_() and "On test" in repr(found)
    monkeypatch.setattr(one_round, "play", None)  # a second test would fail
    assert tournament("waves", 0.05, folder=folder, workers=1, **TINY).test == found.test
    with pytest.raises(FileExistsError, match="another tournament"):
        tournament("waves", 1, folder=folder, workers=1, **TINY)


@pytest.mark.slow
def test_one_that_fails_is_said_and_the_others_go_on(small, tmp_path, monkeypatch):
    real = one_round.timed

    def failing(job: Job, data) -> Recipe:
        if job.recipe.pretext == "masked":
            raise FloatingPointError("the loss became nan")
        return real(job, data)

    monkeypatch.setattr(one_round, "timed", failing)
    found = tournament("waves", 0.03, folder=tmp_path / "t", workers=1, **TINY)
    assert found.standing[-1].recipe.pretext == "masked" and "the loss became nan" in found.report
    assert found.table[-1][""] == "failed" and found.best.pretext != "masked"


@pytest.mark.slow
def test_without_labels_it_ranks_by_measures(small, tmp_path, monkeypatch):
    load = waves.Waves.load
    monkeypatch.setattr(waves.Waves, "load", lambda self, split: (load(self, split)[0], {}))
    found = tournament("waves", 0.03, folder=tmp_path / "t", workers=1, **TINY)
    assert "There are no labels" in found.report and found.table[0]["rankme"] and not found.test
    assert all(0 <= float(row["agreement of neighbours"]) <= 1 for row in found.table)


@pytest.mark.slow
def test_two_processes_of_joblib_train_side_by_side(no_least, tmp_path):
    found = tournament("waves", 0.1, folder=tmp_path / "t", workers=2, **TINY)
    kept = json.loads((tmp_path / "t" / module.LIST).read_text())
    assert kept["workers"] == 2 and all(one.step > 0 and not one.failed for one in found.standing)


@pytest.mark.slow
def test_two_workers_of_dask_train_side_by_side(no_least, tmp_path):
    from dask.distributed import Client, LocalCluster

    with (LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
          Client(cluster) as client, joblib.parallel_config(backend="dask")):
        found = tournament("waves", 0.1, folder=tmp_path / "t", **TINY)
        assert len(client.scheduler_info()["workers"]) == 2
    kept = json.loads((tmp_path / "t" / module.LIST).read_text())
    assert kept["workers"] == 2 and all(one.step > 0 and not one.failed for one in found.standing)


def test_mistakes_are_one_line(tmp_path):
    with pytest.raises(ValueError, match="above 0"):
        tournament("waves", 0)
    with pytest.raises(ValueError, match="waves"):
        tournament("wave")
    with pytest.raises(ValueError, match="Recipe on the data"):
        tournament(3)
    for name in ("tasks", "backbones"):
        for value in (3, True, "masked", [], [3], [None], [[]], {"masked"}):
            with pytest.raises(ValueError, match=f"{name} must be a list of names"):
                tournament("waves", **{name: value})
    for value in (3, "x", []):
        with pytest.raises(ValueError, match="progress must be what is told"):
            tournament("waves", progress=value)
    assert module.told(print).keywords == module.told(True).keywords == {"flush": True}
    (tmp_path / "x").write_text("mine")
    with pytest.raises(FileExistsError, match="other files"):
        tournament("waves", folder=tmp_path, workers=1, **TINY)


def test_what_other_processes_cannot_see_is_refused_for_several(tmp_path):
    name = sslbench.arrays(torch.randn(60, 1, 32), name="held_here")
    try:
        with pytest.raises(ValueError, match="workers=1"):
            tournament(name, folder=tmp_path / "t", workers=2, **TINY)
    finally:
        Data.catalogue.pop(name, None)
    assert not (tmp_path / "t").exists()


def test_a_candidate_that_cannot_be_built_is_a_failure_in_words(tmp_path):
    job = Job(Recipe("waves", "jigsaw", "mlp"), str(tmp_path / "x"), 1, 1, 1.0, 1.0)
    assert "does not fit" in played(job).failed
