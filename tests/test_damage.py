"""A run folder of which something is damaged, or made by somebody else on purpose: what is intact is used,
the rest is said once."""

import json
import os
import shutil
import struct
import time
import warnings
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from toys import catalogue, toy  # noqa: F401  fixtures

from sslbench.commands import main
from sslbench.notes import Note
from sslbench.runs import event_lines
from sslbench.runs.fitting import fit, resume
from sslbench.runs.on_disk import last_checkpoint, read_recipe, record
from sslbench.runs.run import load_run
from sslbench.storage import run_folder, tensor_files
from sslbench.training.loop import Checkpoint, train


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return tmp_path_factory.mktemp("once")


@pytest.fixture
def finished(once, toy, tmp_path):
    """The finished run, trained once for all tests that want it like this."""
    if not (once / "run").exists():
        fit(toy, once / "run", progress=False, device="cpu", evaluations=2, checkpoint_every=2)
    return Path(shutil.copytree(once / "run", tmp_path / "run"))


def noted(function, *given):
    """What it returns, and the notes on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*given)
    return result, [str(w.message) for w in caught if issubclass(w.category, Note)]


def damaged(path: Path, how: str) -> None:
    whole = path.read_bytes()
    middle = len(whole) * 3 // 4
    path.write_bytes({"cut": whole[:middle], "empty": b"",
                      "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:],
                      "garbage": os.urandom(300), "header": whole.replace(b'"step"', b'"stap"', 1)}[how])


BAD_LINES = [b"\xff\xfe\x00", b"{", b"[]", b"3", b"null", b'{"event": "Step"}',
             b'{"event": "Step", "step": "x", "scalars": {}, "seconds": 1}',
             b'{"event": "Step", "step": 3, "scalars": [1], "seconds": 1}',
             b'{"event": "Step", "step": 3, "scalars": {}, "seconds": true}',
             b'{"event": "Quit", "step": 3}', b"[" * 100_000,
             b'{"event": "Done", "step": 1' + b"0" * 5000 + b', "seconds": 1}',
             b'{"event": "Evaluation", "step": 1, "split": "test", "scores": {}, "baselines": {},'
    b' "chance_loss": null, "file": "../x"}',
             b'{"event": "Step", "step": 3, "scalars": {}, "seconds": 1, "more": 1}', b"x" * (3 * 2**20)]


@pytest.mark.parametrize("bad", BAD_LINES, ids=lambda bad: bad[:40].decode("latin-1"))
@pytest.mark.parametrize("at", [0, 5])
def test_a_bad_line_costs_that_line(finished, bad, at):
    run, log = load_run(finished), finished / "events.jsonl"
    whole = log.read_bytes().splitlines()
    log.write_bytes(b"\n".join([*whole[:at], bad, *whole[at:]]) + b"\n")
    again, notes = noted(load_run, finished)
    assert again.history == run.history and again.scores == run.scores and again.done == run.done
    assert len(notes) == 1 and "damaged and left out" in notes[0]
    log.write_bytes(b"\n".join([*whole[:5], bad, *whole[6:]]) + b"\n")  # in the place of a step
    assert len(noted(load_run, finished)[0].history) == len(run.history) - 1


def test_a_last_line_cut_by_a_kill_is_no_damage(finished):
    log = finished / "events.jsonl"
    log.write_bytes(log.read_bytes()[:-10])
    run, notes = noted(load_run, finished)
    assert not run.done and run.step == 6 and notes == []


@pytest.mark.parametrize("how", ["cut", "empty", "flipped", "garbage"])
def test_a_damaged_evaluation_costs_its_pictures(finished, how, capsys):
    run = load_run(finished)
    damaged(sorted(finished.glob("evaluations/*"))[0], how)
    again, notes = noted(load_run, finished)
    (first, second), own = again.evaluations[:2], run.evaluations[0]
    assert (again.scores == run.scores and first.embedding is None and first.scores == own.scores
            and second.embedding is not None)
    assert len(notes) == 1 and "pictures of step 0 are lost" in notes[0]
    assert (main(["show", str(finished)]) == 0
            and main(["show", str(finished), "--png", str(finished / "figure.png")]) == 0)
    assert noted(resume, finished)[0].done


@pytest.mark.parametrize("how", ["cut", "empty", "flipped", "garbage", "header"])
def test_damaged_weights_are_noticed_and_taken_from_the_checkpoint(finished, how, capsys):
    run = load_run(finished)
    damaged(finished / "weights.safetensors", how)
    again, notes = noted(load_run, finished)
    assert (all(torch.equal(w, again.weights[name]) for name, w in run.weights.items())
            and len(again.weights) == len(run.weights))
    assert (len(notes) == 1 and "weights.safetensors is damaged" in notes[0]
            and "other weights of the run are used" in notes[0])
    assert main(["show", str(finished)]) == 0


def test_with_nothing_left_but_the_record_a_run_can_still_be_shown(finished, capsys):
    for path in [*finished.glob("*.safetensors"), *finished.glob("evaluations/*")]:
        damaged(path, "cut")
    run, notes = noted(load_run, finished)
    assert run.done and run.scores and any("no other weights" in said for said in notes)
    with pytest.raises(ValueError, match="no other weights"):
        run.task  # noqa: B018
    assert main(["show", str(finished)]) == 0 and main(["resume", str(finished)]) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith("; train again")


@pytest.mark.parametrize("name",
    ["run.json", "files.txt", "events.jsonl", "weights.safetensors", "checkpoint-0000004.safetensors",
                                  "evaluations/0000000-validation.safetensors"])
@pytest.mark.parametrize("how", [pytest.param("empty", marks=pytest.mark.slow), "garbage",
                                 pytest.param("gone", marks=pytest.mark.slow)])
def test_an_interrupted_run_goes_on_whatever_one_file_became(toy, tmp_path, name, how):
    events = record(train(toy, device="cpu", evaluations=1, checkpoint_every=2), toy, tmp_path)
    for event in events:
        if isinstance(event, Checkpoint) and event.step == 4:
            break
    events.close()
    (tmp_path / name).unlink() if how == "gone" else damaged(tmp_path / name, how)
    run, _ = noted(lambda: resume(tmp_path, progress=False, device="cpu", evaluations=1, checkpoint_every=2))
    whole = fit(toy, progress=False, device="cpu", evaluations=1)
    assert (all(torch.equal(w, run.weights[key]) for key, w in whole.weights.items()) and run.done
            and run.scores == whole.scores)
    assert name == "events.jsonl" or run.history == whole.history


def written(path: Path, value, header: dict | None = None) -> None:
    """A file that is right in itself, whatever it holds."""
    tensor_files.write(path, value) if header is None else tensor_files.write_tensors(path, value, header)


def bomb() -> dict:
    deep: dict = {}
    for _ in range(300):
        deep = {"a": deep}
    return deep


@pytest.mark.parametrize("change", [
    {"task": None}, {"task": {"a": 1}}, {"task": {}}, {"task": {"backbone.x": torch.zeros(3)}},
    {"step": "4"}, {"step": -1}, {"step": 10**30}, {"step": 5},
    {"optimiser": {}}, {"optimiser": {"state": {}, "param_groups": []}},
    {"optimiser": {"state": 3, "param_groups": 3}}, {"scaler": 3},
    {"recipe": {}}, {"recipe": []}, {"recipe": None}, {"seconds": "long"}, {"seconds": None}, {"about": 3},
    {"about": {"options": 3, "threads": "x"}}, {"about": {"precision": "float8", "device": "tpu"}},
    {"about": {"options": {"evaluations": 10**9, "checkpoint_every": 0}}}, bomb()], ids=str)
def test_a_checkpoint_of_another_shape_is_one_line(finished, change):
    state = last_checkpoint(finished)
    (finished / "weights.safetensors").unlink()
    (finished / "checkpoint-0000004.safetensors").unlink()
    written(finished / "checkpoint-0000006.safetensors", {**state, **change})
    try:
        run, _ = noted(lambda: resume(finished, progress=False))
        assert run.step == 6
    except (ValueError, OSError) as error:
        assert "\n" not in str(error) and len(str(error)) < 700


@pytest.mark.parametrize("content", [
    b"", b"\0" * 8, struct.pack("<Q", 2**60) + b"{}", struct.pack("<Q", 2) + b"{}",
    struct.pack("<Q", 2) + b"[]",
    struct.pack("<Q", 62) + b'{"x":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4]}}'[:62]
    + b"\0" * 4])
def test_a_file_that_says_it_is_large_allocates_nothing(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError, match="is damaged") as error:
        tensor_files.read(tmp_path / "a")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("tree",
    ["", "3", "[]", '{"tensor": "no"}', '{"list": 3}', '{"dict": [[1]]}', '{"dict": {"a": 1}}', "[" * 10**5,
                                  '{"list": [' * 5000 + "]}" * 5000])
def test_a_header_of_another_shape_is_damage(tmp_path, tree):
    written(tmp_path / "a", {"x": torch.zeros(1)}, {"tree": tree})
    with pytest.raises(ValueError, match="is damaged"):
        tensor_files.read(tmp_path / "a")


@pytest.mark.parametrize("content",
                         [b"", b"{", b"[]", b"3", b'"x"', b"[" * 10**5, b"\xff\xfe", b'{"steps": "many"}',
                                     b'{"steps": 1e400}', b'{"data": [1]}', b'{"hyperparameters": 3}',
                                     b'{"hyperparameters": {"data.x": [1]}}', b'{"nothing": 1}',
                                     b" " * (2**24 + 1), b'{"steps": ' + b"9" * 10_000 + b"}"],
                                     ids=lambda c: c[:30].decode("latin-1"))
def test_a_damaged_recipe_is_one_line(tmp_path, content):
    (tmp_path / "recipe.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"recipe\.json") as error:
        read_recipe(tmp_path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 700


@pytest.mark.parametrize("fields",
    [3, {}, {"signal": 3}, {"signal": {"size": [16]}}, {"signal": {"size": [10**12], "patch": [4]}},
                                    {"signal": {"size": [16], "patch": [4], "channels": 10**12}},
                                    {"signal": {"size": ["x"], "patch": [4]}},
                                    {"signal": {"size": [16] * 9, "patch": [4] * 9}},
                                    {"signal": {"size": [16], "patch": [4], "run": "x"}}], ids=str)
def test_what_a_folder_says_of_its_data_is_checked(finished, fields):
    path = finished / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "fields": fields}))
    try:
        assert load_run(finished).embed({"signal": torch.randn(3, 2, 16)})[0].shape == (3, 32)
    except ValueError as error:
        assert "\n" not in str(error)


def test_old_folders_without_lists_and_digests_are_read(finished, toy):
    """What earlier versions wrote: no run.json, no files.txt, a digest of names and bytes alone."""
    from safetensors.torch import save_file

    run = load_run(finished)
    for path in [*finished.glob("checkpoint-*"), *finished.glob("evaluations/*")]:
        tensors, header = tensor_files.read_tensors(path)
        save_file(tensors, path, {"tree": header["tree"], "sha256": tensor_files.old_digest(tensors)})
    save_file(run.weights, finished / "weights.safetensors")
    (finished / "run.json").unlink()
    (finished / "files.txt").unlink()
    again, notes = noted(load_run, finished)
    assert (notes == [] and again.history == run.history and again.scores == run.scores
            and again.embed("test", 5)[0].shape == (5, 32))
    damaged(finished / "checkpoint-0000006.safetensors", "flipped")
    with pytest.warns(Note, match="going on from the one before, step 4"):
        last_checkpoint(finished)
    fit(replace(toy, steps=2), finished, overwrite=True, progress=False, device="cpu", evaluations=1)
    assert (load_run(finished).step == 2
            and not any("0000006" in name for name in run_folder.could_be_ours(finished)))


def test_lines_give_their_events_back(finished):
    for line in event_lines.read(finished):
        assert event_lines.parsed(json.dumps(line).encode()) == line
    assert asdict(read_recipe(finished)) == json.loads((finished / "recipe.json").read_text())


def moments(change):
    """Every weight's moments in a checkpoint's state, changed."""
    return lambda state: {"optimiser": {**state["optimiser"], "state": {
        i: change(dict(of)) for i, of in state["optimiser"]["state"].items()}}}


def moment(of: dict) -> str:
    """The name of what the optimiser keeps of a weight: a matrix has one moment, a vector two."""
    return next(name for name in of if name != "step")


BAD_STATES = {
    "every moment a number": moments(lambda of: {name: torch.tensor(0.0) for name in of}),
    "a moment a number": moments(lambda of: {**of, moment(of): torch.tensor(0.0)}),
    "moments of whole numbers": moments(lambda of: {**of, moment(of): of[moment(of)].long()}),
    "a moment is gone": moments(lambda of: {name: x for name, x in of.items() if name != moment(of)}),
    "no moments of a weight": moments(lambda of: {}),
    "more than moments": moments(lambda of: {**of, "max_exp_avg_sq": of[moment(of)]}),
    "no step yet nan": moments(lambda of: {**of, "step": torch.tensor(float("nan"))}),
    "step of the far future": moments(lambda of: {**of, "step": torch.tensor(1e30)}),
    "step below nothing": moments(lambda of: {**of, "step": torch.tensor(-1.0)}),
    "a step for every number": moments(lambda of: {**of, "step": torch.ones_like(of[moment(of)])}),
    "a step that is no tensor": moments(lambda of: {**of, "step": "4"}),
    "no state": lambda state: {"optimiser": {**state["optimiser"], "state": {}}},
    "state of weights that are not there": lambda state: {"optimiser": {**state["optimiser"], "state": {
        **state["optimiser"]["state"], 999: state["optimiser"]["state"][0]}}},
    "half weights": lambda state: {"task": {name: x.half() if x.is_floating_point() else x
                                            for name, x in state["task"].items()}},
    "a weight of whole numbers": lambda state: {"task": {name: x.long()
                                                         for name, x in state["task"].items()}},
    "weights of another network": lambda state: {"task": {f"other.{name}": x
                                                          for name, x in state["task"].items()}},
    **{f"seconds {x}":
       lambda state, x=x: {"seconds": x} for x in (float("nan"), float("inf"), -1.0, True, 10**400)},
    "scaler of words": lambda state: {"scaler": {"scale": "large"}},
}


def test_so_is_one_of_a_run_from_before_there_was_a_choice_of_optimiser(toy, tmp_path):
    fit(replace(toy, optimiser="adamw"), tmp_path, progress=False, evaluations=1, checkpoint_every=4)
    recipe = json.loads((tmp_path / "recipe.json").read_text())
    del recipe["optimiser"]
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    for path in tmp_path.glob("checkpoint-*"):
        state = tensor_files.read(path)
        tensor_files.write(path, {**state, "recipe": recipe,
                                  **(BAD_STATES["half weights"](state) if state["step"] == 6 else {})})
    state, notes = noted(last_checkpoint, tmp_path)
    assert state["step"] == 4 and "is damaged (" in notes[0]


@pytest.mark.parametrize("name", BAD_STATES)
def test_a_checkpoint_whose_content_does_not_fit_is_damaged_and_the_one_before_is_used(finished, name):
    path = finished / "checkpoint-0000006.safetensors"
    state = tensor_files.read(path)
    tensor_files.write(path, {**state, **BAD_STATES[name](state)})
    state, notes = noted(last_checkpoint, finished)
    assert (state["step"] == 4 and len(notes) == 1
            and "checkpoint-0000006.safetensors is damaged (" in notes[0])
    assert "the one before, step 4" in notes[0] and "\n" not in notes[0] and ":)" not in notes[0]


def test_what_torch_says_below_its_first_line_is_said(finished):
    from sslbench.messages import in_words
    assert in_words(RuntimeError('Error(s) in loading state_dict for X:\n\tMissing key(s): "a". ')).endswith(
        'for X: Missing key(s): "a".')


def events(folder: Path, change) -> None:
    """events.jsonl with every line changed; None leaves it out."""
    path = folder / "events.jsonl"
    changed = [change(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in changed if line is not None))


def scores(**more):
    return lambda line: {**line, **({"scores": {**line["scores"], **more}} if "scores" in line else {})}


NAN, INF = float("nan"), float("inf")
CHANGES = {
    "no loss": lambda line: {**line, **({"scalars": {"accuracy": 1.0}} if "scalars" in line else {})},
    "no scalars": lambda line: {**line, **({"scalars": {}} if "scalars" in line else {})},
    "loss nan": lambda line: {**line, **({"scalars": {"loss": NAN}} if "scalars" in line else {})},
    "loss inf": lambda line: {**line, **({"scalars": {"loss": INF}} if "scalars" in line else {})},
    "only steps": lambda line: line if line["event"] == "Step" else None,
    "only evaluations": lambda line: line if line["event"] == "Evaluation" else None,
    "nothing": lambda line: None,
    "all on test": lambda line: {**line, **({"split": "test"} if "split" in line else {})},
    **{f"chance {x}": lambda line, x=x: {**line, **({"chance_loss": x} if "chance_loss" in line else {})}
       for x in (NAN, INF, -INF)},
    **{f"scores {x}": scores(linear=x, knn=x, rankme=x, deviation=x) for x in (NAN, INF, 1e308)},
    "no scores": lambda line: {**line, **({"scores": {}} if "scores" in line else {})},
    "scores that come late": lambda line: {**line,
        **({"scores": {}} if line.get("step") == 0 and "scores" in line else {})},
    "only scores of step 0": lambda line: {**line,
        **({"scores": {}} if line.get("step") != 0 and "scores" in line else {})},
    "mathematics": lambda line: {**line, **({"baselines": {r"$\bad$": {"linear": 0.5}},
                                             "scores": {**line["scores"], r"$\bad{$": 0.3}}
                                             if "scores" in line else {})},
    "control characters": scores(**{"\x1b[31m\x07\n": 0.5, "\ud800": 0.2, "x" * 10_000: 0.1}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_a_run_is_shown_whatever_its_numbers_are(finished, name, capsys):
    events(finished, CHANGES[name])
    about = json.loads((finished / "run.json").read_text())
    (finished / "run.json").write_text(json.dumps({**about, "reading": "\x1b]0;title\x07 read"}))
    assert main(["show", str(finished), "--png", str(finished / "figure.png")]) == 0
    said = capsys.readouterr()
    assert (finished / "figure.png").stat().st_size > 1000
    assert all(line.isprintable() for line in (said.out + said.err).splitlines())


@pytest.mark.parametrize("name",
    ["recipe.json", "run.json", "events.jsonl", "evaluations/0000000-validation.safetensors", ".lock",
                                  "weights.safetensors", "files.txt", "checkpoint-0000006.safetensors"])
@pytest.mark.parametrize("what", ["pipe", "folder", "device"])
def test_a_pipe_or_a_folder_in_the_place_of_a_file_ends_at_once(finished, name, what, capsys):
    path = finished / name
    path.unlink(missing_ok=True)
    {"pipe": lambda: os.mkfifo(path), "folder": path.mkdir,
     "device": lambda: path.symlink_to("/dev/zero")}[what]()
    assert main(["show", str(finished)]) == (2 if name == "recipe.json" else 0)
    said = capsys.readouterr().err
    if name == "events.jsonl":
        assert "history of this run is lost" in said
    assert main(["resume", str(finished)]) in (0, 2)


@pytest.mark.parametrize("how", [None, b""])
def test_a_history_that_is_gone_is_said(finished, how, capsys):
    (finished / "events.jsonl").unlink() if how is None else (finished / "events.jsonl").write_bytes(how)
    assert main(["show", str(finished)]) == 0 and "history of this run is lost" in capsys.readouterr().err


def test_files_that_grew_to_gigabytes_of_nothing_are_not_read(finished, capsys):
    run, began = load_run(finished), time.perf_counter()
    for name in ("events.jsonl", "evaluations/0000000-validation.safetensors", "weights.safetensors"):
        os.truncate(finished / name, 40 * 2**30)  # a file with a hole: it takes no room
    again, notes = noted(load_run, finished)
    assert again.history == run.history and again.scores == run.scores and time.perf_counter() - began < 10
    assert len(notes) == 3 and "not read" in notes[0] and "42949672960 bytes" in notes[1]


def test_a_recipe_that_an_editor_marked_is_read(finished):
    recipe, path = read_recipe(finished), finished / "recipe.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_recipe(finished) == recipe


@pytest.mark.parametrize("change",
                         [lambda of: {}, lambda of: {**of, "other": of["signal"]}, lambda of: {"other": {}}],
                         ids=["none", "too many", "empty"])
def test_fields_that_do_not_fit_the_recipe_are_read_from_the_data(finished, change):
    path = finished / "run.json"
    about = json.loads(path.read_text())
    path.write_text(json.dumps({**about, "fields": change(about["fields"])}))
    run, _ = noted(load_run, finished)
    try:
        assert noted(lambda: run.embed("test", 5))[0][0].shape == (5, 32)
    except ValueError as error:
        assert "unpack" not in str(error) and "\n" not in str(error)
