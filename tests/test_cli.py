"""The command line: every verb, every flag from the catalogue, and one line for every mistake."""

import subprocess
import sys
from dataclasses import replace

import pytest
from toys import catalogue, toy  # noqa: F401  fixtures

from sslbench.catalog import contracts
from sslbench.commands import VERBS, main
from sslbench.runs.fitting import fit
from sslbench.runs.run import load_run

TOY = ["--data", "toy_series", "--pretext", "simclr", "--backbone", "transformer", "--steps", "4",
       "--batch-size", "8",
       "--backbone.width", "32", "--backbone.depth", "1", "--device", "cpu"]


def test_probes_read_as_many_rows_as_asked_and_it_is_said(toy, capsys):
    assert main(["train", *TOY, "--probe-rows", "40"]) == 0
    said = capsys.readouterr().out
    assert "fitted on 40 of 128 training samples, judged on 40 of 128" in said
    assert "balanced_accuracy" in said and "]" in said  # with intervals
    assert main(["train", *TOY, "--probe-rows", "-1"]) == 2 and "probe_rows" in capsys.readouterr().err


def test_a_run_is_trained_shown_and_resumed(toy, tmp_path, capsys):
    folder = str(tmp_path / "first")
    assert main(["train", *TOY, "--out", folder]) == 0
    trained = capsys.readouterr().out
    assert "step      0 validation" in trained and "step      4 test" in trained and "linear" in trained
    assert load_run(folder).recipe == replace(toy, steps=4)
    assert main(["show", folder]) == 0
    shown = capsys.readouterr().out
    assert (shown.startswith("fit(Recipe(data='toy_series'")
            and trained.splitlines()[-1] == shown.splitlines()[-1])
    assert main(["resume", folder, "--device", "cpu"]) == 0
    resumed = capsys.readouterr().out
    assert ("is finished after step 4 of 4; nothing is changed" in resumed
            and resumed.splitlines()[-1] == trained.splitlines()[-1])


@pytest.mark.slow
def test_the_command_line_and_python_train_the_same(toy, tmp_path):
    assert main(["train", *TOY, "--quiet", "--out", str(tmp_path)]) == 0
    assert load_run(tmp_path).history == fit(replace(toy, steps=4), progress=False, device="cpu").history


@pytest.mark.slow
def test_a_recipe_is_taken_from_a_file_or_a_share_string_and_changed(toy, tmp_path, capsys):
    fit(replace(toy, steps=2), tmp_path / "a", progress=False, device="cpu")
    for name, start in (("b", str(tmp_path / "a/recipe.json")), ("c", replace(toy, steps=2).share())):
        options = ["--steps", "3", "--quiet", "--device", "cpu", "--out", str(tmp_path / name)]
        assert main(["train", "--recipe", start, *options]) == 0
        assert load_run(tmp_path / name).recipe == replace(toy, steps=3)


@pytest.mark.parametrize("kind", [None, "data", "pretext", "backbone"])
def test_the_catalogue_is_listed(kind, capsys):
    assert main(["catalog", *([kind] if kind else [])]) == 0
    printed = capsys.readouterr().out
    for key, contract in contracts().items():
        for name in contract.all():
            assert (f"{key}  " in printed and f" {name} " in printed) == (kind in (None, key))


def test_help_names_every_flag_with_its_meaning(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", "--pretext", "masked", "--backbone", "transformer", "--help"])
    printed = capsys.readouterr().out
    assert stop.value.code == 0
    for flag in ("--pretext.mask_ratio", "--backbone.depth", "--batch-size", "--data.crop", "--out"):
        assert flag in printed
    assert "share of the tokens that is hidden" in " ".join(printed.split())


@pytest.mark.parametrize("words, says", [
    (["trian"], "no verb is called 'trian'; did you mean 'train'?"),
    (["train", "--pretext", "simclrr"], "did you mean 'simclr'?"),
    (["train", "--pretext.temprature", "1"], "did you mean 'pretext.temperature'?"),
    (["train", "--stpes", "1"], "did you mean 'steps'?"),
    (["train", "--pretext.temperature", "9"], "must lie between 0.02 and 2"),
    (["train", "--data", "waves", "--pretext", "rotation"], "does not fit"),
    (["train", "--recipe", "ssl2.nothing"], "is not a share string"),
    (["train", "--recipe", "nowhere.json"], "nowhere.json"),
    (["train", "--device", "tpu"], "device must be one of"),
    (["train", "--precision", "float8"], "precision must be one of"),
    (["resume", "nowhere"], "is not a run folder"), (["show", "nowhere"], "is not a run folder"),
    (["catalog", "models"], "no kind is called 'models'"),
    (["train", "--steps", "many"], "steps must be a whole number from 1 to 1000000000, not 'many'"),
    (["train", "--out"], "argument --out: expected one argument; python -m sslbench train --help says more"),
    (["show"], "the following arguments are required: folder"),
    (["catalog", "data", "more"], "unrecognized arguments: more"),
], ids=lambda x: " ".join(x) if isinstance(x, list) else "")
def test_a_mistake_is_one_line_and_exit_code_2(words, says, capsys):
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.err.startswith("sslbench: ") and says in said.err and said.err.count("\n") == 1


def test_every_verb_explains_itself(capsys):
    for verb in VERBS:
        with pytest.raises(SystemExit) as stop:
            main([verb, "--help"])
        assert stop.value.code == 0 and f"sslbench {verb}" in capsys.readouterr().out


@pytest.mark.slow
def test_the_module_runs_as_a_program():
    command = [sys.executable, "-m", "sslbench", "train", "--data", "wild_digit"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2 and done.stderr.startswith("sslbench: ") and done.stderr.count("\n") == 1
    assert "did you mean 'wild_digits'?" in done.stderr
