"""The longer runs that ship with sslbench for the lessons: small, whole, and made by the command beside
them."""

import sys
from pathlib import Path

import pytest
import torch

from sslbench.runs.longer import FOLDER, longer_run
from sslbench.runs.on_disk import finished

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from record_lessons import LESSONS

sys.path.pop(0)


def test_every_recipe_of_the_command_has_its_run_and_no_other_is_there():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(LESSONS)


@pytest.mark.parametrize("name", LESSONS)
def test_a_longer_run_is_small_finished_and_learned_something(name):
    assert sum(path.stat().st_size for path in (FOLDER / name).rglob("*") if path.is_file()) < 1_000_000
    run = longer_run(name)
    assert run.recipe == LESSONS[name] and finished(FOLDER / name) and run.step == run.recipe.steps
    assert run.history[-1]["loss"] < run.history[0]["loss"]
    assert run.scores["linear"] > run.baselines["untrained"]["linear"]


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_its_weights_are_read_and_give_its_scores(name):
    run = longer_run(name)
    z, labels = run.embed("test", 500)
    assert z.isfinite().all() and len(z) == len(next(iter(labels.values()))) > 0
    assert all(x.dtype in (torch.float32, torch.int64) for x in run.task.state_dict().values())


def test_another_name_is_one_line():
    with pytest.raises(ValueError, match="no longer run is called 'mased-wild_digits'; did you mean"):
        longer_run("mased-wild_digits")
