"""Whatever is typed, a finished run and somebody's files stay as they are; what a run replaces is its own and
nobody else's."""

import json
import os
import shutil
import socket
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from toys import catalogue, toy  # noqa: F401  fixtures

from sslbench.commands import main
from sslbench.notes import Note
from sslbench.recipe import Recipe
from sslbench.runs import fitting, on_disk, run
from sslbench.runs.fitting import fit, resume
from sslbench.runs.launching import launch
from sslbench.runs.on_disk import finished as is_finished
from sslbench.runs.on_disk import last_checkpoint, record
from sslbench.runs.run import load_run
from sslbench.storage import tensor_files
from sslbench.storage.lock import Lock
from sslbench.training.loop import Checkpoint, Step, train

TOY = ["train", "--data", "toy_series", "--backbone", "transformer", "--steps", "4", "--batch-size", "8",
       "--backbone.width", "32",
       "--backbone.depth", "1", "--device", "cpu", "--quiet"]


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and the time it was written."""
    return {str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns)
            for p in sorted(folder.rglob("*")) if p.is_file()}


def interrupted(recipe: Recipe, folder: Path, step: int = 4) -> None:
    """A run that was left after the checkpoint of that step."""
    events = record(train(recipe, device="cpu", evaluations=1, checkpoint_every=2), recipe, folder)
    for event in events:
        if isinstance(event, Checkpoint) and event.step == step:
            break
    events.close()


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    return tmp_path_factory.mktemp("templates")


@pytest.fixture
def finished(toy, tmp_path, templates):
    """A finished run: trained once, copied for every test."""
    if not (templates / "finished").exists():
        fit(toy, templates / "finished", progress=False, device="cpu", evaluations=1, checkpoint_every=2)
    return shutil.copytree(templates / "finished", tmp_path / "run")


@pytest.fixture
def stopped(toy, tmp_path, templates):
    """A run that was interrupted after step 4, likewise."""
    if not (templates / "stopped").exists():
        interrupted(toy, templates / "stopped")
    return shutil.copytree(templates / "stopped", tmp_path / "stopped")


@pytest.mark.parametrize("words", [
    [], ["--overwrite", "--batch-size", "5000"], ["--overwrite", "--device", "cuda"],
    ["--overwrite", "--data", "images", "--data.folder", "no"],
    ["--overwrite", "--data", "series", "--data.file", "no.csv"],
    ["--overwrite", "--pretext.temperature", "nan"], ["--batch-size", "5000"],
    ["--overwrite", "--pretext", "rotation"], ["--overwrite", "--init", "OUT"], ["--init", "OUT"],
    ["--overwrite", "--init", "nowhere"],
    ["--overwrite", "--precision", "float8"], ["--overwrite", "--steps", "0"]], ids=" ".join)
def test_a_finished_run_survives_every_wrong_command(finished, words, capsys):
    before = contents(finished)
    assert (main([*TOY, *(str(finished) if word == "OUT" else word for word in words), "--out",
                  str(finished)]) == 2)
    said = capsys.readouterr().err
    assert said.startswith("sslbench: ") and said.count("\n") == 1
    assert contents(finished) == before


@pytest.mark.parametrize("again", [
    lambda recipe, folder: fit(recipe, folder, progress=False),
    lambda recipe, folder: next(launch(recipe, folder)),
    lambda recipe, folder: next(record(train(recipe), recipe, folder)),
    lambda recipe, folder: next(on_disk.play(recipe, folder))],
    ids=["fit", "launch", "record", "play"])
def test_a_folder_in_use_is_refused_with_the_ways_on(finished, again):
    before = contents(finished)
    recipe = Recipe(data="waves", steps=2, batch_size=8)
    with pytest.raises(FileExistsError,
        match=r"holds another run; choose another folder, go on with it .*resume .*--overwrite") as error:
        again(recipe, finished)
    assert "\n" not in str(error.value) and contents(finished) == before


@pytest.mark.parametrize("name",
    ["weights.safetensors", "checkpoint-0000002.safetensors", "checkpoint-best.safetensors", "recipe.json",
                                  "events.jsonl", "evaluations/0000000-validation.safetensors", "thesis.txt"])
def test_somebodys_files_are_never_replaced_nor_removed(toy, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"mine")
    before = contents(tmp_path)
    with pytest.raises(FileExistsError, match="files that are of no run"):
        fit(toy, tmp_path, progress=False, device="cpu")
    assert contents(tmp_path) == before
    if name in ("checkpoint-best.safetensors", "thesis.txt"):  # no run would write it
        fit(toy, tmp_path, overwrite=True, progress=False, device="cpu", evaluations=1, checkpoint_every=2)
        assert load_run(tmp_path).done
    else:
        with pytest.raises(FileExistsError, match="did not write"):
            fit(toy, tmp_path, overwrite=True, progress=False, device="cpu")
    assert contents(tmp_path)[name] == before[name]


def test_overwriting_removes_the_runs_own_files_and_no_others(finished, toy):
    (finished / "checkpoint-mine.safetensors").write_bytes(b"mine")
    (finished / "notes.txt").write_bytes(b"mine")
    with pytest.raises(ValueError, match="larger than"):
        fit(replace(toy, batch_size=500), finished, overwrite=True, progress=False, device="cpu")
    assert load_run(finished).step == 6
    shorter = replace(toy, steps=2, seed=3)
    fit(shorter, finished, overwrite=True, progress=False, device="cpu", evaluations=1)
    assert load_run(finished).recipe == shorter and last_checkpoint(finished)["step"] == 2
    names = set(contents(finished))
    assert ({"checkpoint-mine.safetensors", "notes.txt"} <= names
            and not any("0000006" in name for name in names))


def test_a_list_of_files_cannot_lead_out_of_the_folder(finished, toy, tmp_path):
    for name in ("weights.safetensors", "thesis.txt"):
        (tmp_path / name).write_bytes(b"mine")
    with open(finished / "files.txt", "a") as file:
        file.write(f"../weights.safetensors\n{tmp_path}/thesis.txt\nevaluations/../../thesis.txt\n")
    fit(toy, finished, overwrite=True, progress=False, device="cpu", evaluations=1)
    assert ((tmp_path / "weights.safetensors").read_bytes() == (
        tmp_path / "thesis.txt").read_bytes() == b"mine")


@pytest.mark.parametrize("options",
    [{"batch_size": 500}, {"init": "nowhere"}, {"pretext": "rotation"}, {"data": "no_such_data"}], ids=str)
def test_a_run_that_cannot_begin_leaves_nothing(toy, tmp_path, options):
    with pytest.raises((ValueError, OSError)):
        fit(replace(toy, **options), tmp_path / "a" / "b", progress=False, device="cpu")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_welcome_and_a_file_is_none(toy, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".gitkeep").touch()
    assert fit(replace(toy, steps=1), tmp_path / "empty", progress=False, device="cpu", evaluations=1).done
    (tmp_path / "file").touch()
    for place in ("file", "file/run"):
        with pytest.raises(NotADirectoryError, match="is a file; choose another folder"):
            fit(toy, tmp_path / place, progress=False)


def test_a_finished_run_is_left_alone_by_resume(finished, capsys):
    before = contents(finished)
    assert (main(["resume", str(finished)]) == 0
            and "is finished after step 6 of 6; nothing is changed" in capsys.readouterr().out)
    assert resume(finished, progress=False).done and contents(finished) == before


@pytest.mark.parametrize("how", ["missing", "flipped", "cut"])
def test_weights_of_a_finished_run_are_written_anew(finished, how):
    path, run = finished / "weights.safetensors", load_run(finished)
    whole = path.read_bytes()
    path.write_bytes({"flipped": whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]}.get(how, whole[:-50]))
    if how == "missing":
        path.unlink()
    with pytest.warns(Note, match="written anew from the last checkpoint"):
        again = resume(finished, progress=False)
    assert (all(torch.equal(w, again.weights[name]) for name, w in run.weights.items())
            and again.history == run.history)
    assert tensor_files.read_tensors(path)[1]["step"] == "6"


@pytest.mark.parametrize("why", ["somebody writes there", "read-only"])
def test_a_finished_run_is_read_where_its_weights_cannot_be_written_anew(finished, monkeypatch, capsys, why):
    run = load_run(finished)
    (finished / "weights.safetensors").unlink()

    def refused(self, folder):
        raise PermissionError(30, "Read-only file system", str(folder))

    writing = (Lock(finished)
               if why == "somebody writes there" else monkeypatch.setattr(Lock, "__init__", refused))
    before = contents(finished)
    assert is_finished(finished) and contents(finished) == before, "a question writes nothing"
    for again in (resume(finished, progress=False), load_run(finished)):
        assert all(torch.equal(w, again.weights[name]) for name, w in run.weights.items())
    assert (main(["resume", str(finished)]) == 0 == main(["show", str(finished)])
            and contents(finished) == before)
    if writing:
        writing.release()


def test_a_run_that_replaces_another_while_it_is_loaded_is_not_mixed_with_it(finished, toy, monkeypatch):
    other, plain, tries = replace(toy, steps=2), run.replay, []

    def replay(folder):
        tries.append(folder)
        if len(tries) == 1:
            fit(other, finished, overwrite=True, progress=False, device="cpu", evaluations=1)
        return plain(folder)

    monkeypatch.setattr(run, "replay", replay)
    found = load_run(finished)
    assert found.recipe == other and found.step == 2 and len(tries) == 2


def test_a_run_does_not_go_on_in_a_folder_that_holds_another_by_now(finished, toy):
    state = last_checkpoint(finished)
    fit(replace(toy, steps=2), finished, overwrite=True, progress=False, device="cpu", evaluations=1)
    before = contents(finished)
    with pytest.raises(FileExistsError, match="holds another run now"):
        list(record(train(toy, state, device="cpu", test=False), toy, finished, resume=state))
    assert contents(finished) == before


def test_what_is_being_replaced_never_looks_finished(finished, toy, monkeypatch):
    looks, plain = [], Path.unlink

    def unlink(path, missing_ok=False):
        plain(path, missing_ok=missing_ok)
        if path.parent == finished and path.name != ".lock":
            looks.append(is_finished(finished))

    monkeypatch.setattr(Path, "unlink", unlink)
    fit(replace(toy, steps=2), finished, overwrite=True, progress=False, device="cpu", evaluations=1)
    assert len(looks) > 3 and not any(looks)


def test_a_supervised_twin_that_somebody_began_meanwhile_is_trained_beside_it(toy, tmp_path, monkeypatch):
    place, taken = tmp_path / "twin", []
    place.mkdir()
    monkeypatch.setattr(fitting, "folder_of", lambda recipe: place)
    monkeypatch.setattr(on_disk, "made", lambda *given,
                        made=on_disk.made: taken.append(taken or Lock(place)) or made(*given))
    twin = fitting.supervised_run(toy, progress=False, device="cpu", evaluations=1)
    assert twin.done and twin.final.split == "test" and not (place / "recipe.json").exists()
    taken[0].release()


def test_asking_whether_a_run_is_finished_writes_nothing(finished):
    (finished / "weights.safetensors").unlink()
    before = contents(finished)
    assert is_finished(finished) and contents(finished) == before


def test_weights_are_there_at_every_moment(toy, tmp_path):
    """After a kill during the test evaluation, too: resume makes up for it and writes the last weights."""
    events = record(train(toy, device="cpu", evaluations=1, checkpoint_every=2), toy, tmp_path / "run")
    for event in events:
        if isinstance(event, Checkpoint):
            assert load_run(tmp_path / "run").weights.keys() == event.state["task"].keys()
            if event.step == toy.steps:
                break
    events.close()
    run = resume(tmp_path / "run", progress=False)
    assert run.done and run.final.split == "test" and (tmp_path / "run/weights.safetensors").exists()


def test_what_the_run_was_made_with_is_what_it_goes_on_with(toy, tmp_path):
    """Evaluations, checkpoints and the test split too: a run of the bench that is resumed leaves the test
    split alone."""
    fit(toy, tmp_path / "whole", progress=False, device="cpu", precision="float32", evaluations=2, test=False,
        checkpoint_every=2)
    other = train(toy, device="cpu", precision="float32", evaluations=2, test=False, checkpoint_every=2)
    events = record(other, toy, tmp_path / "run")
    for event in events:
        if isinstance(event, Step) and event.step == 3:
            break
    events.close()
    resume(tmp_path / "run", progress=False)
    a, b = (load_run(tmp_path / name) for name in ("whole", "run"))
    assert a.history == b.history and len(a.evaluations) == 3
    assert ([(e.step, e.split, e.scores) for e in a.evaluations] == [(e.step, e.split, e.scores)
        for e in b.evaluations])
    assert a.about == {**b.about, "id": a.about["id"]} and a.about["precision"] == "float32"


def test_another_precision_or_number_of_threads_is_said(toy, tmp_path, monkeypatch):
    interrupted(toy, tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    state = last_checkpoint(tmp_path / "a")
    other = "float32" if state["about"]["precision"] == "bfloat16" else "bfloat16"
    with pytest.warns(Note, match=f"precision {other} here, {state['about']['precision']} before"):
        resume(tmp_path / "a", progress=False, precision=other)
    state["about"]["threads"] = 64
    tensor_files.write(tmp_path / "b/checkpoint-0000004.safetensors", state)
    with pytest.warns(Note, match=r"threads \d+ here, 64 before.* may differ"):
        resume(tmp_path / "b", progress=False)


class Changing:
    """Makes the toy's data another from now on."""

    @staticmethod
    def labels(rows, labels):
        return rows, {name: (y + 1) % 3 for name, y in labels.items()}

    @staticmethod
    def one_value(rows, labels):
        rows["signal"][77, 1, 5] += 0.001
        return rows, labels

    @staticmethod
    def fewer(rows, labels):
        return {k: x[:100] for k, x in rows.items()}, {k: y[:100] for k, y in labels.items()}


@pytest.mark.parametrize("change", [Changing.labels, Changing.one_value, Changing.fewer],
                         ids=["labels", "one value", "fewer"])
def test_changed_data_is_refused_unless_somebody_says_so(toy, tmp_path, monkeypatch, change, capsys):
    from sslbench.data import Data
    interrupted(toy, tmp_path)
    source = Data.find("toy_series")
    load = source.load
    monkeypatch.setattr(source, "load", lambda self, split: (
        change(*load(self, split)) if split == "train" else load(self, split)))
    before = contents(tmp_path)
    with pytest.raises(ValueError,
        match=r"training data of toy_series is not what this run learned from .*--changed-data") as error:
        resume(tmp_path, progress=False)
    assert "\n" not in str(error.value) and contents(tmp_path) == before
    assert main(["resume", str(tmp_path)]) == 2 and contents(tmp_path) == before
    assert main(["resume", str(tmp_path), "--changed-data"]) == 0 and load_run(tmp_path).done


def test_two_writers_never_share_a_folder(toy, tmp_path):
    interrupted(toy, tmp_path)
    lock = Lock(tmp_path)
    before = contents(tmp_path)
    found = []

    def attempt(function, *given, **options):
        try:
            function(*given, **options, progress=False)
        except BlockingIOError as error:
            found.append(str(error))

    for thread in (threading.Thread(target=attempt, args=(resume, tmp_path)),
                   threading.Thread(target=attempt, args=(fit, toy, tmp_path), kwargs={"overwrite": True})):
        thread.start()
        thread.join(60)
    assert ([said.startswith("this process is writing into") for said in found] == [True, True]
            and contents(tmp_path) == before)
    lock.release()
    assert resume(tmp_path, progress=False).done and not (tmp_path / ".lock").exists()


@pytest.mark.slow
def test_a_folder_that_is_moved_while_it_is_written_can_be_resumed_where_it_is(toy, tmp_path):
    events = on_disk.play(toy, tmp_path / "run", device="cpu", evaluations=1, checkpoint_every=2)
    with pytest.raises(FileNotFoundError, match=r"was moved to .*elsewhere.*resume .*elsewhere"):
        for event in events:
            if isinstance(event, Step) and event.step == 3:
                (tmp_path / "run").rename(tmp_path / "elsewhere")
    assert not (tmp_path / "run").exists()
    assert (resume(tmp_path / "elsewhere", progress=False).history == fit(toy, progress=False,
        device="cpu").history)


def test_a_folder_that_is_deleted_while_it_is_written_is_said_and_what_was_learned_is_kept(toy, tmp_path,
    monkeypatch):
    real = fitting.bar

    def deleting(events, *rest):
        for event in real(events, *rest):
            if isinstance(event, Step) and event.step == 3:
                shutil.rmtree(tmp_path / "run")
            yield event

    monkeypatch.setattr(fitting, "bar", deleting)
    with pytest.raises(FileNotFoundError, match="was deleted or moved") as error:
        fit(toy, tmp_path / "run", progress=False, device="cpu", evaluations=1, checkpoint_every=2)
    assert (not (tmp_path / "run").exists() and error.value.run.step == 4
            and error.value.run.weights is not None)
    assert main(["show", str(tmp_path / "run")]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("which",
                         ["checkpoint-0000004", "weights", "evaluations/0000006-validation", "events.jsonl"])
def test_a_full_disk_names_the_path_and_the_run_can_go_on(toy, tmp_path, monkeypatch, which):
    from sslbench.runs import recording

    def full(path):
        raise OSError(28, "No space left on device")

    write, append = tensor_files.os.fsync, recording.Recording._append

    def fsync(file):
        name = tensor_files.os.readlink(f"/proc/self/fd/{file}")
        later = which != "weights" or Path(name).with_name("checkpoint-0000004.safetensors").exists()
        full(name) if which in name and later else write(file)

    def appended(self, file, text, name):
        if name == which and '"step": 5' in text:
            raise OSError(28, "No space left on device", str(self.folder / name))
        append(self, file, text, name)

    with monkeypatch.context() as patch:
        patch.setattr(recording.Recording, "_append",
                      appended) if which == "events.jsonl" else patch.setattr(tensor_files.os, "fsync", fsync)
        with pytest.raises(OSError, match=rf"No space left on device: '.*{which}") as error:
            fit(toy, tmp_path / "run", progress=False, device="cpu", evaluations=1, checkpoint_every=2)
    assert error.value.run.weights is not None and not list((tmp_path / "run").rglob("*.part"))
    assert resume(tmp_path / "run", progress=False).history == fit(toy, progress=False, device="cpu").history


def test_checkpoints_are_in_the_order_of_their_steps(finished):
    state = last_checkpoint(finished)
    with open(finished / "files.txt", "a") as list_:
        for step in (9_999_998, 10_000_002):
            tensor_files.write(finished / f"checkpoint-{step:07d}.safetensors", {**state, "step": step})
            list_.write(f"checkpoint-{step:07d}.safetensors\n")
    assert last_checkpoint(finished)["step"] == 10_000_002


def test_showing_a_run_during_its_first_checkpoint_shows_it(toy, tmp_path, monkeypatch, capsys):
    replace_, shown = tensor_files.os.replace, []

    def looking(part, path):
        if "checkpoint-0000000" in str(path):
            shown.append(main(["show", str(tmp_path / "run")]))
        replace_(part, path)

    monkeypatch.setattr(tensor_files.os, "replace", looking)
    fit(replace(toy, steps=1), tmp_path / "run", progress=False, device="cpu", evaluations=1)
    assert shown == [0] and "not trained yet" in capsys.readouterr().out


def test_a_run_killed_before_its_first_checkpoint_is_said_in_one_line(toy, tmp_path, capsys):
    next(record(train(toy, device="cpu"), toy, tmp_path))
    assert main(["resume", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "there is no checkpoint" in said and "--overwrite" in said and said.count("\n") == 1


@pytest.mark.parametrize("value, as_plain", [(Path("my/data"), "my/data"), (np.str_("my/data"), "my/data")])
def test_paths_and_numbers_of_numpy_are_recorded(value, as_plain, toy, tmp_path):
    recipe = replace(toy, steps=np.int64(2), lr=np.float32(0.5), batch_size=np.int32(8), hyperparameters={
        "backbone.width": np.int64(32), "backbone.depth": np.array(1)})
    fit(recipe, tmp_path / "run", progress=False, device="cpu", evaluations=1)
    assert (json.loads((tmp_path / "run/recipe.json").read_text())["steps"] == 2
            and load_run(tmp_path / "run").recipe == recipe)
    assert Recipe.from_share(recipe.share()) == recipe and "np." not in recipe.as_python()
    named = replace(toy, init=value)
    assert named.init == as_plain and type(named.init) is str and f"--init {as_plain}" in named.as_command()


def test_another_working_directory_between_two_events_changes_nothing(toy, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    for _ in on_disk.play(toy, "run", device="cpu", evaluations=1):
        monkeypatch.chdir(tmp_path / "elsewhere")
    assert load_run(tmp_path / "run").done and list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("name",
    [".lock", "weights.safetensors.part", "weights.safetensors", "files.txt", "files.txt.part", "run.json",
                                  "events.jsonl", "events.jsonl.part", "recipe.json",
                                  "checkpoint-0000002.safetensors",
                                  "evaluations/0000000-validation.safetensors.part"])
@pytest.mark.parametrize("whose", ["a run's folder", "an interrupted run's folder", "an empty folder"])
def test_nothing_is_written_through_a_link(stopped, tmp_path, name, whose, capsys):
    precious, folder = tmp_path / "precious.txt", stopped
    precious.write_bytes(b"mine")
    if whose == "an empty folder":
        shutil.rmtree(folder)
        folder.mkdir()
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(precious)
    words = (["resume", str(folder)]
             if whose.startswith("an int") else [*TOY, "--out", str(folder), "--overwrite"])
    assert main(words) == 2
    said = capsys.readouterr().err.splitlines()
    assert (said[-1].startswith("sslbench: ") and precious.read_bytes() == b"mine"
            and (folder / name).is_symlink())


def test_a_lock_that_is_a_second_name_of_somebodys_file_is_left_alone(toy, tmp_path):
    (tmp_path / "precious.txt").write_bytes(b"mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/.lock").hardlink_to(tmp_path / "precious.txt")
    with pytest.raises(FileExistsError, match="second name"):
        fit(toy, tmp_path / "run", progress=False, device="cpu")
    assert (tmp_path / "precious.txt").read_bytes() == b"mine"


def test_a_link_to_the_evaluations_of_another_run_leads_nowhere(finished, stopped, tmp_path, capsys):
    before = contents(finished)
    shutil.rmtree(stopped / "evaluations")
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", stopped):
        (folder / "evaluations").symlink_to(finished / "evaluations")
        for words in ([], ["--overwrite"]):
            assert main([*TOY, "--out", str(folder), *words]) == 2
    assert main(["resume", str(stopped)]) == 2
    assert "evaluations is a link" in capsys.readouterr().err and contents(finished) == before


@pytest.mark.parametrize("name", ["weights.safetensors", "checkpoint-0000006.safetensors", "run.json",
                                  "evaluations/0000006-test.safetensors",
                                  "files.txt.part", "weights.safetensors.part", "events.jsonl",
                                  "recipe.json.part", ".lock"])
@pytest.mark.parametrize("how", ["folder", "pipe"])
def test_a_run_that_cannot_be_removed_whole_is_not_touched(finished, name, how, capsys):
    (finished / name).unlink(missing_ok=True)
    (finished / name).mkdir() if how == "folder" else os.mkfifo(finished / name)
    before = contents(finished)
    assert main([*TOY, "--out", str(finished), "--overwrite"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"a {how}" in said and contents(finished) == before


@pytest.mark.parametrize("name",
    ["weights.safetensors.part", "recipe.json.part", "files.txt.part", "checkpoint-0000002.safetensors.part"])
def test_somebodys_unfinished_files_are_not_replaced(toy, tmp_path, name):
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="did not write"):
        fit(toy, tmp_path, overwrite=True, progress=False, device="cpu")
    assert contents(tmp_path)[name][0] == b"mine" and len(contents(tmp_path)) == 1


def test_a_kill_between_a_checkpoint_and_the_end_leaves_no_third_one_nor_a_lock(toy, tmp_path, finished,
    stopped):
    interrupted(toy, tmp_path / "killed", step=6)
    # as if the kill came before the oldest was removed
    shutil.copy(stopped / "checkpoint-0000002.safetensors", tmp_path / "killed")
    assert resume(tmp_path / "killed", progress=False).done
    assert len(list((tmp_path / "killed").glob("checkpoint-*"))) == 2
    (finished / ".lock").write_text(json.dumps({"pid": 2**22 + 1, "started": "1",
                                                "host": socket.gethostname()}))
    assert resume(finished, progress=False).done and not (finished / ".lock").exists()


LIST = "events.jsonl\nfiles.txt\nrecipe.json\nrun.json\n"


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("files", [
    {"files.txt.part": ""}, {"files.txt.part": "recipe.json\n"}, {"files.txt.part": LIST[:20]},
    {"files.txt": LIST}, {"files.txt": LIST, "recipe.json.part": "{"}], ids=str)
def test_a_kill_while_the_first_files_are_written_is_no_obstacle(toy, tmp_path, files, overwrite):
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    run = fit(replace(toy, steps=1), tmp_path, overwrite=overwrite, progress=False, device="cpu",
              evaluations=0, test=False)
    assert run.done and not list(tmp_path.rglob("*.part")) and load_run(tmp_path).step == 1


@pytest.mark.parametrize("content", ["mine", LIST + "thesis.txt\n", LIST + "notes", "recipe.json\n\nmine"])
@pytest.mark.parametrize("name", ["files.txt", "files.txt.part"])
def test_a_list_that_no_run_wrote_is_somebodys(toy, tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(FileExistsError):
        fit(toy, tmp_path, progress=False, device="cpu")
    assert (tmp_path / name).read_text() == content


def test_an_end_at_another_step_is_none(finished, stopped):
    whole = load_run(finished).history
    with open(stopped / "events.jsonl", "a") as log:
        log.write('{"event": "Done", "step": 4, "seconds": 1.0}\n')
    assert not on_disk.finished(stopped) and on_disk.finished(finished)
    assert resume(stopped, progress=False).history == whole


def test_an_option_that_there_is_not_is_said_of_a_finished_run_too(finished, stopped):
    for folder in (finished, stopped):
        with pytest.raises(TypeError, match=r"zzz.*evaluations"):
            resume(folder, progress=False, zzz=1)
    assert resume(finished, progress=False, device="cpu", test=False).done
