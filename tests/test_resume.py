"""An interrupted run goes on and ends where the uninterrupted one ended, to the last bit."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from toys import LABELLED, SHAPES, Toy, catalogue, in_part, list_shape, shapes_for, toy  # noqa: F401  fixtures

from sslbench.pretexts import Pretext
from sslbench.pretexts.views.simclr import SimCLR
from sslbench.runs.fitting import fit, resume
from sslbench.runs.on_disk import finished, last_checkpoint, record, replay
from sslbench.runs.run import load_run
from sslbench.storage import tensor_files
from sslbench.training.loop import Checkpoint, Done, Step, train

HERE = Path(__file__).parent


def losses(events) -> dict[int, float]:
    return {e.step: e.scalars["loss"] for e in events if isinstance(e, Step)}


def kept_checkpoints(recipe, folder, **options) -> dict[int, dict]:
    """The states of all checkpoints as they come back from disk, and the run's losses under "losses"."""
    states, events = {}, []
    for event in train(recipe, device="cpu", evaluations=1, test=False, **options):
        events.append(event)
        if isinstance(event, Checkpoint):
            tensor_files.write(folder / "state.safetensors", event.state)
            states[event.step] = tensor_files.read(folder / "state.safetensors")
    return states | {"losses": losses(events)}


def assert_same_weights(a, b):
    assert a.keys() == b.keys()
    differs = [name for name in a if not torch.equal(a[name], b[name])]
    assert differs == []


RESUMED = [shapes_for(pretext, ("image", "image and text", *LABELLED, *SHAPES))[0]
           for pretext in Pretext.all()]


@pytest.mark.parametrize("names", in_part([(names,) for names in RESUMED]), ids="-".join)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_resuming_is_bit_identical(catalogue, tmp_path, names, precision):
    """Of every task in the catalogue: its weights, its teachers, queues and centres."""
    recipe = list_shape(*names)
    whole = kept_checkpoints(recipe, tmp_path, checkpoint_every=2, precision=precision)
    rest = kept_checkpoints(recipe, tmp_path, checkpoint_every=2, precision=precision, resume=whole[2])
    assert min(rest["losses"]) == 3 and rest["losses"] == {k: v for k, v in whole["losses"].items() if k > 2}
    assert_same_weights(whole[6]["task"], rest[6]["task"])


MOVING = [names for names in RESUMED if Pretext.find(names[0]).after_step is not Pretext.after_step]


@pytest.mark.parametrize("names", in_part([(names,) for names in MOVING]), ids="-".join)
def test_what_moves_after_a_step_would_be_missed(catalogue, tmp_path, names, monkeypatch):
    """Teachers and queues are part of a checkpoint: without them a resumed run would not be the same."""
    recipe = list_shape(*names)
    whole = kept_checkpoints(recipe, tmp_path, checkpoint_every=2)
    fresh, state = recipe.build()[1].state_dict(), dict(whole[2]["task"])
    learned = {name for name, _ in recipe.build()[1].named_parameters() if not name.startswith("teacher")}
    state |= {name: fresh[name]
              for name in state if name not in learned and not torch.equal(fresh[name], state[name])}
    rest = kept_checkpoints(recipe, tmp_path, checkpoint_every=2, resume=whole[2] | {"task": state})
    assert rest["losses"] != {k: v for k, v in whole["losses"].items() if k > 2}


def test_another_seed_would_be_noticed(toy, tmp_path):
    a, b = (kept_checkpoints(replace(toy, seed=seed), tmp_path)["losses"] for seed in (0, 1))
    assert a != b


def test_neither_evaluations_nor_checkpoints_nor_other_peoples_random_numbers_change_a_run(toy):
    plain = losses(train(toy, device="cpu", evaluations=1, test=False))
    events = []
    for event in train(toy, device="cpu", evaluations=6, checkpoint_every=1):
        torch.manual_seed(len(events))
        torch.rand(3)
        events.append(event)
    assert losses(events) == plain


@pytest.mark.slow
def test_a_process_killed_while_it_writes_a_checkpoint_is_resumed(toy, tmp_path):
    whole = fit(toy, tmp_path / "whole", progress=False, device="cpu", evaluations=1, checkpoint_every=2)
    process = subprocess.run([sys.executable, HERE / "killed_run.py", tmp_path / "killed", "4"], cwd=HERE,
                             timeout=120, capture_output=True, env={**os.environ,
                                                       "OMP_NUM_THREADS": str(torch.get_num_threads())})
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    part = tmp_path / "killed/checkpoint-0000004.safetensors.part"
    assert part.exists(), "it was killed too early or too late"
    assert not (tmp_path / "killed/checkpoint-0000004.safetensors").exists()
    assert last_checkpoint(tmp_path / "killed")["step"] == 2 > 0
    resumed = resume(tmp_path / "killed", progress=False, device="cpu", evaluations=1, checkpoint_every=2)
    assert resumed.history == whole.history and resumed.scores == whole.scores and resumed.step == 6
    assert_same_weights(load_run(tmp_path / "whole").weights, resumed.weights)
    assert not list((tmp_path / "killed").glob("*.part")), "what the killed process left is cleared away"


def killed_at_100(train_it: list, folder: Path, env: dict) -> Path | None:
    """Run the command and kill it once its checkpoint of step 100 is there; None where it was faster than
    this process."""
    process = subprocess.Popen([*train_it, folder], env=env)
    while process.poll() is None and not (folder / "checkpoint-0000100.safetensors").exists():
        time.sleep(0.001)
    process.kill()
    return folder if process.wait() == -signal.SIGKILL and not finished(folder) else None


@pytest.mark.slow
def test_a_killed_command_line_run_is_resumed_by_the_command_line(tmp_path):
    """The real thing: python -m sslbench, SIGKILL, python -m sslbench resume; and the run that nobody killed
    beside it."""
    env, start = {**os.environ, "OMP_NUM_THREADS": "1"}, [sys.executable, "-m", "sslbench"]
    train_it = [*start, "train", "--data", "series", "--pretext", "autoencoder", "--backbone", "mlp",
                "--steps", "130",
                "--batch-size", "16", "--device", "cpu", "--quiet", "--out"]
    subprocess.run([*train_it, tmp_path / "whole"], env=env, check=True, timeout=200)
    folder = next(filter(None, (killed_at_100(train_it, tmp_path / f"killed-{i}", env) for i in range(5))),
                  None)
    assert folder, "it ended each time before it could be killed"
    resume_it = [*start, "resume", folder, "--device", "cpu"]
    again = subprocess.run(resume_it, env=env, check=True, timeout=200, text=True, capture_output=True)
    assert "going on after step 100 of 130" in again.stdout
    whole, resumed = load_run(tmp_path / "whole"), load_run(folder)
    assert resumed.history == whole.history and len(whole.history) == 130 and resumed.scores == whole.scores
    assert_same_weights(whole.weights, resumed.weights)


@pytest.fixture
def recorded(toy, tmp_path):
    """A recorded run with checkpoints after the steps 4 and 6; (folder, run)."""
    return tmp_path / "run", fit(toy, tmp_path / "run", progress=False, device="cpu", evaluations=1,
                                 checkpoint_every=2)


def damage(path: Path, how: str) -> None:
    whole = path.read_bytes()
    path.write_bytes({"truncated": whole[:-100], "empty": b"",
                      "changed": whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:],
                      "header": b"\0" * 64 + whole[64:]}[how])


@pytest.mark.parametrize("how", ["truncated", "empty", "changed", "header"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before_and_says_so(recorded, how):
    folder, run = recorded
    damage(folder / "checkpoint-0000006.safetensors", how)
    (folder / "weights.safetensors").unlink()  # with them the run is finished, and nothing is trained
    with pytest.warns(UserWarning, match=r"0000006.* is damaged .*going on from the one before, step 4"):
        resumed = resume(folder, progress=False, device="cpu", evaluations=1, checkpoint_every=2)
    assert resumed.history == run.history
    assert_same_weights(run.weights, resumed.weights)


def test_when_all_checkpoints_are_damaged_one_line_says_what_to_do(recorded):
    folder, _ = recorded
    for path in folder.glob("checkpoint-*"):
        damage(path, "truncated")
    with pytest.raises(ValueError, match=r"and so is every other checkpoint .*; train again") as error:
        last_checkpoint(folder)
    assert "\n" not in str(error.value)


def test_resuming_where_no_checkpoint_is_says_so(tmp_path, toy):
    with pytest.raises(FileNotFoundError, match="is not a run folder"):
        resume(tmp_path)
    tensor_files.write_bytes(tmp_path / "recipe.json", toy.to_json().encode())
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        resume(tmp_path)


def test_a_checkpoint_of_another_recipe_is_refused(recorded, toy):
    state = last_checkpoint(recorded[0])
    with pytest.raises(ValueError, match=r"another recipe \(seed 0 there, 1 here\)"):
        next(train(replace(toy, seed=1), resume=state))


def test_resuming_a_finished_run_trains_nothing_and_doubles_nothing(recorded):
    folder, run = recorded
    before = [type(e) for e in replay(folder)]
    resumed = resume(folder, progress=False, device="cpu", evaluations=1)
    assert [type(e) for e in replay(folder)] == before and resumed.scores == run.scores


def test_another_run_in_the_same_folder_leaves_nothing_of_the_first(recorded, toy):
    folder, _ = recorded
    shorter = replace(toy, steps=2, seed=3)
    for event in record(train(shorter, device="cpu", evaluations=1), shorter, folder, overwrite=True):
        assert all(int(path.name[11:18]) <= event.step for path in folder.glob("checkpoint-*"))
    assert last_checkpoint(folder)["step"] == 2 and load_run(folder).step == 2


class Diverging(SimCLR, listed=False):
    """A loss (or only its gradient) that is no number from step 4 on."""

    gradient_only = False

    def __init__(self, backbone, data):
        super().__init__(backbone, data, projection_dim=8)
        self.register_buffer("steps", torch.zeros(()))

    def after_step(self, progress):
        self.steps += 1

    def forward(self, inputs):
        scalars = super().forward(inputs)
        bad = torch.tensor(float("nan") if self.steps >= 3 else 1.0)
        if self.gradient_only:
            scalars["loss"].register_hook(lambda grad: grad * bad)
            return scalars
        return scalars | {"loss": scalars["loss"] * bad}


@pytest.mark.parametrize("gradient_only, says",
                         [(False, "loss became nan at step 4"), (True, r"weight is no .* step 4")])
def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_weights(toy, tmp_path, gradient_only,
    says):
    task = type("Diverging", (Diverging,), {"name": "diverging", "gradient_only": gradient_only})
    recipe = replace(toy, pretext=task.name)
    with pytest.raises(FloatingPointError, match=says) as error:
        fit(recipe, tmp_path, progress=False, device="cpu", evaluations=1, checkpoint_every=2)
    assert "the last good weights, of step 2, are kept" in str(error.value) and "lr" in str(error.value)
    run = load_run(tmp_path)
    assert not run.done and run.step == 3 + gradient_only and run.weights["steps"] == 2
    z, _ = run.embed("validation", 20)
    assert z.isfinite().all()


def test_weights_that_are_no_numbers_are_not_evaluated(toy):
    """A probe would end on them with an error of its own that says nothing of the training."""
    task = type("Diverging", (Diverging,), {"name": "diverging", "gradient_only": True})
    with pytest.raises(FloatingPointError, match=r"weight is no .* step 4.* of step 0, are kept"):
        fit(replace(toy, pretext=task.name), progress=False, device="cpu", evaluations=toy.steps,
            checkpoint_every=1000)


def test_the_good_weights_of_a_run_that_never_had_a_checkpoint_are_the_first(toy, tmp_path):
    type("Diverging", (Diverging,), {"name": "diverging"})
    with pytest.raises(FloatingPointError, match="of step 0"):
        fit(replace(toy, pretext="diverging"), tmp_path, progress=False, device="cpu", evaluations=1)
    assert load_run(tmp_path).embed("validation", 5)[0].isfinite().all()


def test_a_run_that_is_not_recorded_is_not_lost_either(toy):
    type("Diverging", (Diverging,), {"name": "diverging"})
    with pytest.raises(FloatingPointError) as error:
        fit(replace(toy, pretext="diverging"), progress=False, device="cpu", evaluations=1,
            checkpoint_every=2)
    run = error.value.run
    assert run.step == 3 and run.weights["steps"] == 2 and run.embed("validation", 5)[0].isfinite().all()


def test_a_batch_larger_than_the_data_is_refused(toy):
    with pytest.raises(ValueError,
                       match=r"500 is larger than the 128 training samples .*; set batch_size to 128"):
        next(train(replace(toy, batch_size=500), device="cpu"))


def test_closing_the_generator_stops_and_the_run_can_go_on(toy, tmp_path):
    whole = fit(toy, progress=False, device="cpu", evaluations=1)
    events = record(train(toy, device="cpu", evaluations=1, checkpoint_every=1), toy, tmp_path)
    for event in events:
        if isinstance(event, Checkpoint) and event.step == 3:
            break
    events.close()
    assert load_run(tmp_path).step == 3 and not any(isinstance(e, Done) for e in replay(tmp_path))
    assert resume(tmp_path, progress=False, device="cpu", evaluations=1).history == whole.history
