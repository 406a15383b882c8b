"""Several processes train as one: the same gradients, buffers and events."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch
from two_processes import CASES

from sslbench.data import Data
from sslbench.machine.hardware import Hardware
from sslbench.pretexts import Pretext
from sslbench.recipe import Recipe
from sslbench.runs.fitting import fit
from sslbench.runs.launching import last_error, launch
from sslbench.runs.run import load_run
from sslbench.training.loop import Checkpoint, Done, Evaluation, Step, train
from sslbench.training.step import Training

HERE = Path(__file__).parent
SHORT = Recipe(data="series", pretext="simclr", backbone="mlp", steps=4, batch_size=16)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each of two processes found, by case."""
    folder, port = tmp_path_factory.mktemp("ranks"), str(free_port())
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    processes = [subprocess.Popen([sys.executable, "two_processes.py", str(rank), "2", port, str(folder)],
                                  cwd=HERE, env=env,
                                  stderr=subprocess.PIPE, text=True) for rank in range(2)]
    errors = [p.communicate(timeout=250)[1] for p in processes]
    assert [p.returncode for p in processes] == [0, 0], errors[0][-2000:]
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["-".join(names) for names in CASES])
def test_two_processes_give_the_gradients_and_buffers_of_one(found, case):
    assert [ranks[case] for ranks in found] == ["", ""]


def test_every_pretext_task_was_compared():
    assert {pretext for pretext, _, _ in CASES} == set(Pretext.all())


@pytest.mark.slow
def test_pseudo_labels_are_the_same_in_all_processes_when_what_they_saw_is_gathered(found):
    assert ([ranks["pseudo-labels"] for ranks in found] == ["", ""]
            and all(ranks["own labels"] for ranks in found))


@pytest.mark.slow
def test_gathering_without_gradients_is_caught(found):
    for ranks in found:
        plain = {name: words for name, words in ranks.items() if name.startswith("plain ")}
        assert len(plain) >= 2 and all(words.startswith("gradient of") for words in plain.values()), plain


@pytest.mark.parametrize("world", [1, 2, 4])
def test_the_shares_of_all_processes_joined_are_the_batch_in_its_order(world):
    rows, where = torch.randperm(16), Hardware("cpu", "float32")
    where.world, shares = world, []
    for where.rank in range(world):
        shares.append(where.share(rows))
    assert torch.equal(torch.cat(shares), rows) and {len(share) for share in shares} == {16 // world}
    # every n-th row is another order
    assert world == 1 or not torch.equal(torch.cat([rows[rank::world] for rank in range(world)]), rows)


def first_share(recipe: Recipe) -> tuple[float, float, float]:
    """Before the first step of two processes: the loss and the chance level of the first one's samples, the
    loss of all."""
    run = Training(recipe, Hardware("cpu", "float32"))
    run.task.train()
    batch = run.batch(0)
    share = {name: x.chunk(2)[0] for name, x in batch.items()}
    with torch.no_grad():
        inputs, every = (run.task.inputs(b, run.generator(0)) for b in (share, batch))
        return run.task(inputs)["loss"].item(), run.task.chance(inputs), run.task(every)["loss"].item()


@pytest.mark.slow
def test_launched_processes_yield_the_events_of_one(tmp_path):
    # draws no views, which are another's in every process
    recipe = replace(SHORT, data="waves", pretext="autoencoder")
    events = list(launch(recipe, tmp_path, processes=2, device="cpu"))
    alone = [e for e in train(recipe, device="cpu", precision="float32") if not isinstance(e, Checkpoint)]
    assert [(type(e), e.step) for e in events] == [(type(e), e.step) for e in alone]
    loss, chance, whole = first_share(recipe)
    first = next(e for e in events if isinstance(e, Step)).scalars["loss"]
    assert first == pytest.approx(loss, rel=1e-4) and first != pytest.approx(whole, rel=1e-3)
    assert isinstance(events[0], Evaluation) and isinstance(events[-1], Done)
    assert events[0].chance_loss == pytest.approx(chance, rel=1e-4)
    assert load_run(tmp_path).step == 4


@pytest.mark.slow
def test_closing_a_launch_ends_its_processes(tmp_path):
    before = set(psutil.Process().children(recursive=True))
    events = launch(replace(SHORT, steps=10**6), tmp_path, processes=2, device="cpu")
    assert isinstance(next(events), Evaluation)
    started = set(psutil.Process().children(recursive=True)) - before
    assert len(started) >= 3  # torchrun and two processes
    events.close()  # the run itself would last for hours
    assert not [p for p in started if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_what_stopped_a_launched_process_is_said_in_one_line():
    end = "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:\n=====\n"
    log = ("sslbench: batch_size 15 does not divide\nW1123 closing signal SIGTERM\nTraceback (most "
           "recent\n" + end)
    assert last_error(log) == "batch_size 15 does not divide"
    log = "[rank0]: Traceback (most recent call last):\n[rank0]: ImportError: no module\n" + end
    assert last_error(log) == "ImportError: no module"
    warning = "W1127 06:00:00.1 12 torch/distributed/run.py:7] *****\nx.py:1: UserWarning: old\n"
    assert last_error(warning) == last_error("") == "they said no reason"
    assert "ended by SIGKILL" in last_error(warning, -9)
    orphan = "sslbench: torchrun has ended, and this process ends with it\n"  # may still reach the log
    assert "ended by SIGKILL" in last_error(warning + orphan, -9)
    assert last_error("sslbench: batch_size 15 does not divide\n" + orphan) == "batch_size 15 does not divide"


@pytest.mark.slow
def test_fit_takes_several_processes_as_it_takes_one(tmp_path):
    run = fit(SHORT, tmp_path / "two", processes=2, device="cpu", progress=False)
    assert run.step == 4 and run.weights and run.done
    assert run.reading == Data.find("series")().reading() and len(run.embed("test")[0]) > 0


@pytest.mark.parametrize("folder, options, words", [
    (None, {}, "meet in a run folder; give one"),
    ("run", {"evaluations": 3}, "told device and precision alone, not evaluations"),
    ("run", {"processes": 0}, "processes must be a whole number from 1"),
    ("run", {"precision": "float7"}, "precision")])
def test_what_several_processes_cannot_be_told_is_one_line(tmp_path, folder, options, words):
    with pytest.raises(ValueError, match=words) as error:
        fit(SHORT, folder and tmp_path / folder, progress=False, **{"processes": 2, **options})
    assert "\n" not in str(error.value) and not any(tmp_path.iterdir())


LAUNCHING = """
import sys
from sslbench import Recipe, launch
recipe = Recipe(data="series", pretext="simclr", backbone="mlp", steps=10**6, batch_size=16)
for event in launch(recipe, sys.argv[1], processes=2, device="cpu"):
    print(event.step, flush=True)
"""


def running(processes) -> list:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def launched(tmp_path):
    """A Python process that called launch(), torchrun, and the two that train."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    owner = subprocess.Popen([sys.executable, "-c", LAUNCHING, str(tmp_path / "run")], env=env, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert owner.stdout.readline().strip() == "0"
    (torchrun,) = psutil.Process(owner.pid).children()
    ranks = torchrun.children()
    assert len(ranks) == 2
    yield owner, torchrun, ranks
    if owner.poll() is None:
        owner.kill()
    for p in running([torchrun, *ranks]):
        p.kill()
    owner.communicate()


@pytest.mark.slow
def test_processes_do_not_outlive_a_torchrun_that_is_killed(launched):
    owner, torchrun, ranks = launched
    torchrun.kill()
    psutil.wait_procs(ranks, 30)
    assert running(ranks) == []
    said = owner.communicate(timeout=60)[1].strip().splitlines()[-1]
    assert owner.returncode and "SIGKILL" in said and "resume" in said and "Warning" not in said


@pytest.mark.slow
@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_processes_do_not_outlive_who_launched_them(launched, tmp_path, how):
    owner, torchrun, ranks = launched
    getattr(owner, how)()
    owner.wait(60)
    psutil.wait_procs([torchrun, *ranks], 60)
    assert running([torchrun, *ranks]) == [] and not list((tmp_path / "tmp").glob("sslbench-*"))
