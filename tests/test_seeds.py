"""Several seeds of one recipe: the same runs as one by one, mean and deviation, and going on after an
interruption."""

import json
import statistics
from dataclasses import replace

import pytest
from toys import catalogue, toy  # noqa: F401  fixtures

from sslbench import compare, fit, resume
from sslbench.commands import main
from sslbench.notes import heard_by as heard
from sslbench.runs.run import Run, load_run
from sslbench.runs.seeds import Seeds

QUICK = {"progress": False, "device": "cpu", "evaluations": 1}


@pytest.mark.slow
def test_each_seed_is_the_run_that_it_is_alone(toy, tmp_path):
    found = fit(replace(toy, seed=4), tmp_path / "all", seeds=3, **QUICK)
    alone = [fit(replace(toy, seed=seed), **QUICK) for seed in (4, 5, 6)]
    assert isinstance(found, Seeds) and [run.recipe.seed for run in found.runs] == [4, 5, 6]
    assert [run.history for run in found.runs] == [run.history for run in alone]
    values = [run.scores["linear"] for run in alone]
    assert found.scores["linear"] == (statistics.mean(values), statistics.stdev(values))
    chance = [run.baselines["chance"]["linear"] for run in alone]
    assert found.baselines["chance"]["linear"][0] == pytest.approx(statistics.mean(chance))
    assert (sorted(path.name for path in (tmp_path / "all").iterdir()) == ["seed-4", "seed-5", "seed-6",
        "seeds.json"])
    assert f"{found.scores['linear'][0]:.3f} ± " in repr(found) and found.show().axes


def test_one_seed_has_no_deviation_and_none_is_a_run(toy):
    assert fit(toy, seeds=1, **QUICK).scores["linear"][1] == 0
    assert isinstance(fit(toy, **QUICK), Run)


@pytest.mark.parametrize("seeds", [0, -1, 1.5, True, "3"])
def test_seeds_are_a_number_from_one(toy, seeds, tmp_path):
    with pytest.raises(ValueError, match="seeds must be a whole number from 1"):
        fit(toy, tmp_path / "x", seeds=seeds, **QUICK)
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_what_was_interrupted_goes_on_and_what_is_done_stays(toy, tmp_path, monkeypatch):
    whole = fit(toy, tmp_path / "whole", seeds=3, **QUICK)
    add, began, said = Run.add, [], []

    def interrupted(run, event):
        began.append(run.recipe.seed)
        if run.recipe.seed == toy.seed + 1 and event.step == 2:
            raise KeyboardInterrupt
        add(run, event)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "add", interrupted)
        fit(toy, tmp_path / "part", seeds=3, checkpoint_every=1, **QUICK)
    assert not (tmp_path / f"part/seed-{toy.seed + 2}").exists()
    done = (tmp_path / f"part/seed-{toy.seed}/events.jsonl").read_bytes()
    with heard(lambda words: said.append(words)):
        assert len(compare(tmp_path / "part").runs) == 1  # the second has not come to its end
    assert "2 of 3 seeds have not come to their end" in said[0]
    found = resume(tmp_path / "part", progress=False, device="cpu")
    assert (tmp_path / f"part/seed-{toy.seed}/events.jsonl").read_bytes() == done
    assert [run.recipe for run in found.runs] == [run.recipe for run in whole.runs]
    assert [run.scores["linear"] for run in found.runs] == [run.scores["linear"] for run in whole.runs]


@pytest.mark.slow
def test_a_folder_in_use_is_refused_and_nothing_is_changed(toy, tmp_path, capsys):
    fit(toy, tmp_path / "a", seeds=2, **QUICK)
    fit(toy, tmp_path / "b", **QUICK)
    (tmp_path / "c").mkdir()
    (tmp_path / "c/thesis.txt").write_text("words")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for name in "abc":
        with pytest.raises(OSError, match="choose another folder"):
            fit(toy, tmp_path / name, seeds=2, **QUICK)
    with pytest.raises(OSError, match="choose another folder"):
        fit(toy, tmp_path / "b", seeds=2, overwrite=True, **QUICK)  # it would hide the run that lies there
    with pytest.raises(ValueError):
        fit(replace(toy, batch_size=5000), tmp_path / "a", seeds=2, overwrite=True, **QUICK)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    fit(replace(toy, steps=2), tmp_path / "a", seeds=2, overwrite=True, **QUICK)
    assert load_run(tmp_path / f"a/seed-{toy.seed + 1}").recipe.steps == 2


@pytest.mark.slow
def test_the_command_line_prints_mean_and_deviation_and_goes_on(toy, tmp_path, capsys):
    fit(toy, tmp_path / "python", seeds=2, **QUICK)
    out = str(tmp_path / "shell")
    recipe = str(tmp_path / f"python/seed-{toy.seed}/recipe.json")
    assert main(["train", "--recipe", recipe, "--seeds", "2", "--device", "cpu", "--out", out]) == 0
    printed = capsys.readouterr().out
    assert "2 seeds, " in printed and "linear 0." in printed and " ± " in printed
    assert main(["resume", out, "--device", "cpu"]) == 0
    assert "2 seeds" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "[]", '{"recipe": {}, "seeds": []}', '{"recipe": {"data": 3}, '
                                                                           '"seeds": [1]}',
                                  '{"recipe": {}, "seeds": ["../.."]}', "[" * 100_000])
def test_a_damaged_list_is_one_line(toy, tmp_path, text):
    fit(toy, tmp_path, seeds=1, **QUICK)
    (tmp_path / "seeds.json").write_text(text)
    with pytest.raises(ValueError, match=r"seeds\.json is damaged") as error:
        resume(tmp_path, **QUICK)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_seeds_are_one_row_of_a_comparison(toy, tmp_path):
    many, other = fit(toy, tmp_path / "many", seeds=3, **QUICK), fit(replace(toy, steps=2),
        tmp_path / "other", **QUICK)
    table = compare(tmp_path / "many", tmp_path / "other").table
    assert table == compare(many, other).table == compare([many.runs, [other]]).table
    rows = {row["seeds"]: row for row in table if row["run"]}
    assert len(rows) == 2 and " ± " in rows[3]["linear"] and " ± " not in rows[1]["linear"]
    assert "seed" not in rows[3]["run"] and "steps 2" in rows[1]["run"]
    assert len(compare(other, other).groups) == 2  # the same run twice is no second seed
    assert len(compare(many, names=["a", "b", "c"]).groups) == 3
    with pytest.raises(ValueError, match="names must be one for each"):
        compare(many, other, names=["a"])


@pytest.mark.slow
def test_compare_on_the_command_line(toy, tmp_path, capsys):
    for name, steps in (("a", 2), ("b", 3)):
        fit(replace(toy, steps=steps), tmp_path / name, **QUICK)
    assert (main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--png",
                  str(tmp_path / "both.png")]) == 0)
    printed = capsys.readouterr().out
    assert "steps 2" in printed and "steps 3" in printed and "untrained" in printed
    assert (tmp_path / "both.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(FileNotFoundError):
        compare(tmp_path)


def test_the_list_names_the_recipe(toy, tmp_path):
    fit(toy, tmp_path, seeds=2, **QUICK)
    plan = json.loads((tmp_path / "seeds.json").read_text())
    assert plan["seeds"] == [toy.seed, toy.seed + 1] and plan["recipe"]["data"] == toy.data


def interrupted_in(monkeypatch, seed: int, call):
    """Call, and interrupt the training of that seed after its second step."""
    add = Run.add

    def adding(run, event):
        if run.recipe.seed == seed and event.step == 2:
            raise KeyboardInterrupt
        add(run, event)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt) as error:
        patch.setattr(Run, "add", adding)
        call()
    return error.value


@pytest.mark.slow
def test_a_new_recipe_over_old_seeds_never_mixes_with_them(toy, tmp_path, monkeypatch):
    fit(toy, tmp_path / "m", seeds=3, **QUICK)
    other = replace(toy, lr=0.01)
    again = {"seeds": 3, "overwrite": True, **QUICK}
    interrupted_in(monkeypatch, toy.seed, lambda: fit(other, tmp_path / "m", **again))
    assert compare(tmp_path / "m/seed-1").runs[0].recipe.lr == toy.lr  # not replaced yet
    with pytest.raises(ValueError, match="at least one run"):
        compare(tmp_path / "m")
    assert [run.recipe.lr for run in resume(tmp_path / "m", **QUICK).runs] == [0.01] * 3
    plan = json.loads((tmp_path / "m/seeds.json").read_text())
    plan["recipe"]["lr"], plan["overwrite"] = 0.02, False
    (tmp_path / "m/seeds.json").write_text(json.dumps(plan))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=r"seed-0 holds a run of another recipe"):
        resume(tmp_path / "m", **QUICK)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_an_init_that_would_be_overwritten_is_refused_before_anything_is(toy, tmp_path):
    fit(toy, tmp_path, seeds=2, **QUICK)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="init names a run that would be overwritten"):
        fit(replace(toy, init=str(tmp_path / "seed-1")), tmp_path, seeds=2, overwrite=True, **QUICK)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_finished_seeds_without_checkpoints_stay_as_they_are(toy, tmp_path):
    fit(toy, tmp_path, seeds=2, **QUICK)
    [path.unlink() for path in tmp_path.glob("seed-*/checkpoint*")]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    resume(tmp_path, **QUICK)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_seeds_that_have_not_begun_are_trained_as_the_others_were(toy, tmp_path, monkeypatch):
    how = {"progress": False, "device": "cpu", "evaluations": 2, "test": False, "checkpoint_every": 1}
    error = interrupted_in(monkeypatch, toy.seed, lambda: fit(toy, tmp_path, seeds=2, **how))
    assert error.seeds.runs == []
    found = resume(tmp_path, progress=False)
    assert [[(e.step, e.split) for e in run.evaluations] for run in found.runs] == [
        [(e.step, e.split) for e in found.runs[0].evaluations]] * 2


def test_what_is_done_is_not_lost_without_a_folder(toy, monkeypatch):
    error = interrupted_in(monkeypatch, toy.seed + 1, lambda: fit(toy, seeds=2, **QUICK))
    assert [run.recipe.seed for run in error.seeds.runs] == [toy.seed] and error.seeds.runs[0].done


def test_one_run_does_not_hide_those_of_several_seeds(toy, tmp_path):
    fit(toy, tmp_path, seeds=2, **QUICK)
    with pytest.raises(OSError, match="holds the runs of several seeds"):
        fit(toy, tmp_path, overwrite=True, **QUICK)
    with pytest.raises(FileNotFoundError, match="several seeds, each in a folder of its own"):
        load_run(tmp_path)


@pytest.mark.parametrize("seeds", [10_001, 10**30])
def test_seeds_have_a_limit(toy, seeds):
    with pytest.raises(ValueError, match="from 1 to 10,000"):
        fit(toy, seeds=seeds, **QUICK)


def test_seeds_are_of_one_process(toy, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="in one process"):
        fit(toy, seeds=2, **QUICK)


def test_runs_on_other_data_of_the_same_name_are_rows_of_their_own(catalogue):
    import torch

    from sslbench import Recipe, arrays
    runs = []
    for seed in (0, 1):
        x = torch.randn(120, 1, 16, generator=torch.Generator().manual_seed(seed))
        recipe = Recipe(arrays(x, torch.arange(120) % 2, name="changing"), steps=2, batch_size=16, seed=seed)
        runs.append(fit(recipe, **QUICK))
    assert len(compare(*runs).groups) == 2
    assert len(compare(runs[1], fit(replace(runs[1].recipe, seed=2), **QUICK)).groups) == 1


@pytest.mark.parametrize("names", [5, "abc", [1, 2]])
def test_names_are_a_list_of_texts(toy, names):
    run = fit(toy, **QUICK)
    with pytest.raises(ValueError, match="names must be a list of texts"):
        compare(run, run, names=names)
