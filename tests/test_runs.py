"""A run folder: what was recorded is what is replayed, while it is written and after; runs are loaded and
compared."""

import json
import threading
import time
from dataclasses import replace

import pytest
import torch
from promises import same as alike
from toys import catalogue, toy  # noqa: F401  fixtures

from sslbench.notes import Note
from sslbench.recipe import Recipe
from sslbench.runs.comparison import compare
from sslbench.runs.fitting import fit
from sslbench.runs.on_disk import record, replay
from sslbench.runs.run import Run, load_run
from sslbench.shown import Matrix, Row, Says, as_shown
from sslbench.storage import tensor_files
from sslbench.training.loop import Checkpoint, Done, Evaluation, Step, train
from sslbench.workbench.controller import RECORDED
from sslbench.workbench.run_list import recorded_in


@pytest.fixture
def finished(toy, tmp_path):
    """A recorded run and its events."""
    events = list(record(train(toy, device="cpu", evaluations=2, checkpoint_every=3), toy, tmp_path))
    return tmp_path, events


def same(a, b) -> bool:
    """Whether a replayed event says what the recorded one said (embeddings are stored in half precision)."""
    if isinstance(a, Evaluation):
        pictures = all(type(x) is type(y) and alike(x, y)
                       for x, y in zip(a.pictures, b.pictures, strict=True))
        z = ((a.embedding is None and b.embedding is None)
             or torch.allclose(a.embedding, b.embedding, atol=1e-2, rtol=1e-2))
        names = "step", "split", "scores", "baselines", "chance_loss"
        return pictures and z and all(getattr(a, name) == getattr(b, name) for name in names)
    return a == b


def test_pictures_recorded_without_roles_are_replayed(tmp_path):
    """As runs of before: titles told what a row was, and a sign at the end of the words who was right."""
    x = torch.rand(8, 3, 4, 4)
    old = {"sees": {"image": x}, "fills in": {"image": x + 1}, "original": {"image": x + 2},
           "guess": ["a ✓", "b ✗", "c"],
           "similarity": torch.eye(8)}
    tensor_files.write(tmp_path / "old.safetensors", old)
    shown = as_shown(tensor_files.read(tmp_path / "old.safetensors"))
    assert ([(item.title, item.role) for item in shown[:3]] == [("sees", "seen"), ("fills in", "guess"),
                                                                ("original", "truth")])
    assert (shown[3] == Says(["a", "b", "c"], [True, False, None])
            and torch.equal(shown[4].values, torch.eye(8)))
    tensor_files.write(tmp_path / "new.safetensors", shown)
    again = as_shown(tensor_files.read(tmp_path / "new.safetensors"))
    assert all(type(a) is type(b) and alike(a, b) for a, b in zip(shown, again, strict=True))
    with pytest.raises(TypeError, match="the role of a row is one of seen, truth, guess, not 'sample'"):
        as_shown([Row("x", {"image": x}, "sample")])


def test_the_run_that_comes_with_the_package_still_shows_its_pictures():
    ((first, *_),) = [[e for e in replay(folder) if isinstance(e, Evaluation)]
                      for folder in recorded_in(RECORDED)]
    assert ([type(item) for item in first.pictures] == [Row, Row, Matrix]
            and first.pictures[0].batch["image"].shape[1:] == (3, 32, 32))


def test_what_was_recorded_is_replayed(finished):
    folder, events = finished
    told = [e for e in events if not isinstance(e, Checkpoint)]
    again = list(replay(folder))
    assert len(again) == len(told) == 6 + 3 + 1 + 1  # steps, validation, test, done
    assert all(same(a, b) for a, b in zip(told, again))
    assert not same(told[1], again[2])


def test_a_run_folder_holds_no_pickle(finished):
    folder, _ = finished
    names = {p.relative_to(folder).parts[0] for p in folder.rglob("*") if p.is_file()}
    assert names == {"recipe.json", "run.json", "files.txt", "events.jsonl", "evaluations",
                     "weights.safetensors",
                     "checkpoint-0000003.safetensors", "checkpoint-0000006.safetensors"}
    for path in folder.rglob("*.safetensors"):
        header = path.read_bytes()
        json.loads(header[8:8 + int.from_bytes(header[:8], "little")])  # plain JSON before plain numbers
    for line in (folder / "events.jsonl").read_text().splitlines():
        json.loads(line)


def test_a_run_is_followed_while_it_is_written(toy, tmp_path):
    seen, done = [], threading.Event()

    def follow():
        seen.extend(replay(tmp_path, follow=True, alive=lambda: not done.is_set()))

    reader = threading.Thread(target=follow, daemon=True)
    reader.start()
    told = []
    for event in record(train(toy, device="cpu", evaluations=1), toy, tmp_path):
        told.append(event)
        if isinstance(event, Step) and event.step == 4:
            end = time.monotonic() + 60
            # evaluation and four steps, before the run is over
            while len(seen) < 5 and time.monotonic() < end:
                time.sleep(0.01)
            assert len(seen) >= 5
    reader.join(60)
    assert not reader.is_alive() and isinstance(seen[-1], Done)
    assert all(same(a, b)
               for a, b in zip([e for e in told if not isinstance(e, Checkpoint)], seen, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("about", [None, "{", '{"id": "another"}'],
                         ids=["of the first runs", "damaged", "another run"])
def test_who_follows_one_run_is_not_told_of_the_one_that_was_there_before(finished, toy, about):
    folder, _ = finished
    (folder / "run.json").unlink() if about is None else (folder / "run.json").write_text(about)
    seen, asked = [], []

    def alive():
        asked.append("is it there?")
        if len(asked) == 3:
            seen.extend(record(train(replace(toy, steps=2), device="cpu", evaluations=1), toy, folder,
                               overwrite=True, run="mine"))
        return True

    told = list(replay(folder, follow=True, alive=alive, run="mine"))
    assert ([e.step for e in told if isinstance(e, Done)] == [2]
            and len(told) == len([e for e in seen if not isinstance(e, Checkpoint)]))
    assert list(replay(folder, follow=True, alive=lambda: False, run="other")) == []


def test_following_ends_when_the_writer_dies(finished):
    folder, _ = finished
    lines = (folder / "events.jsonl").read_text().splitlines(keepends=True)
    # cut off in the middle of a line
    (folder / "events.jsonl").write_text("".join(lines[:4]) + lines[4][:10])
    assert len(list(replay(folder, follow=True, alive=lambda: False))) == 4 == len(list(replay(folder)))
    assert list(replay(folder / "nothing", follow=True, alive=lambda: False)) == []


def test_a_loaded_run_is_the_one_that_was_fitted(toy, tmp_path):
    run = fit(toy, tmp_path, progress=False, device="cpu", evaluations=2)
    loaded = load_run(tmp_path)
    assert (loaded.recipe == toy and loaded.history == run.history and loaded.scores == run.scores
            and loaded.done == run.done)
    z, labels = run.embed("test", 50)
    z_loaded, _ = loaded.embed("test", 50)
    assert z.shape == (50, 32) and torch.equal(z, z_loaded) and labels["class"].shape == (50,)
    assert isinstance(loaded.backbone, torch.nn.Module) and not loaded.backbone.training
    tokens = loaded.backbone({"signal": torch.randn(2, 2, 16)})
    assert tokens.shape == (2, 4, 32)
    assert repr(loaded) == repr(run) and "6/6 steps" in repr(run) and "linear" in repr(run)
    assert set(loaded.baselines) == {"chance", "raw", "untrained", "random convolutions",
                                     "1-nearest neighbour"}


def test_weights_are_those_of_the_trained_network(toy, tmp_path):
    run = fit(toy, tmp_path, progress=False, device="cpu", evaluations=1)
    _, untrained = toy.build()
    trained = run.task.state_dict()
    assert any(not torch.equal(trained[name], w) for name, w in untrained.state_dict().items())


def test_a_run_can_start_from_the_backbone_of_another(toy, tmp_path):
    run = fit(toy, tmp_path, progress=False, device="cpu", evaluations=1)
    _, task = replace(toy, pretext="masked", init=str(tmp_path)).build()
    for name, w in task.backbone.state_dict().items():
        assert torch.equal(w, run.task.backbone.state_dict()[name])
    with pytest.raises(FileNotFoundError, match="init must name the folder of a finished run"):
        replace(toy, init=str(tmp_path / "nowhere")).build()
    (tmp_path / "weights.safetensors").write_bytes(b"no weights at all")
    with pytest.warns(Note, match=r"is damaged .* other weights"):
        replace(toy, init=str(tmp_path)).build()
    for checkpoint in tmp_path.glob("checkpoint-*"):
        checkpoint.write_bytes(b"nor here")
    with pytest.raises(ValueError, match=r"is damaged .* no other weights"):
        replace(toy, init=str(tmp_path)).build()


def test_a_folder_that_is_no_run_is_said_to_be_none(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"is not a run folder .*recipe\.json"):
        load_run(tmp_path)
    (tmp_path / "recipe.json").write_text('{"steps": 5')
    with pytest.raises(ValueError, match=r"recipe\.json is damaged"):
        load_run(tmp_path)


@pytest.mark.slow
def test_runs_are_compared_with_the_baselines_they_must_beat(toy):
    runs = [fit(replace(toy, pretext=p), progress=False, device="cpu", evaluations=1)
            for p in ("simclr", "autoencoder")]
    table = compare(*runs).table
    beside = [row["what"] for row in table[2:]]
    assert beside[:2] == ["chance", "raw"] and {"untrained", "1-nearest neighbour"} <= set(beside)
    assert {row["what"] for row in table[:2]} == {"simclr", "autoencoder"}
    assert float(table[0]["linear"]) >= float(table[1]["linear"])
    assert compare(runs).table == table and "<table>" in compare(runs)._repr_html_()
    with pytest.raises(ValueError, match="at least one run"):
        compare()


def test_scores_of_a_run_that_has_not_begun(toy):
    run = Run(toy)
    assert run.step == 0 and run.scores == {} and run.verdict == "not trained yet"
    with pytest.raises(ValueError, match="no weights yet"):
        run.task  # noqa: B018


@pytest.mark.slow
@pytest.mark.parametrize("steps, evaluations, expected",
                         [(10, 4, [0, 3, 5, 8, 10]), (7, 2, [0, 4, 7]), (2, 8, [0, 1, 2]), (5, 0, [0, 5])])
def test_evaluations_are_spread_evenly_and_the_last_comes_at_the_end(steps, evaluations, expected):
    events = train(Recipe("wild_digits", "rotation", "mlp", steps=steps, batch_size=8),
                   evaluations=evaluations, test=False)
    assert [event.step for event in events if isinstance(event, Evaluation)] == expected
