"""A thread that has computed gives its workers back, so that the next one is not slowed by them."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from sslbench import Recipe, train
from sslbench.machine import hardware, openmp
from sslbench.training.player import Player
from sslbench.workbench.background import BackgroundJobs
from sslbench.workbench.painter import Painter, short_turns

gnu = pytest.mark.skipif(not openmp._gnu(), reason="torch's OpenMP is not GNU's")
COUNTED = """
import psutil, time, torch
from sslbench.machine.openmp import release_workers
torch.set_num_threads(4)
threads = psutil.Process().num_threads
before = threads()
x = torch.ones(1_000_000).exp()
working = threads()
release_workers()
for _ in range(500):  # a thread is counted until it has left, a moment after it was waited for
    released = threads()
    if released == before:
        break
    time.sleep(0.01)
same = x.exp().sum().item() == x.exp().sum().item()
print(working - before, released - before, threads() - before, same)
"""


@pytest.mark.slow
@gnu
def test_workers_leave_and_come_back():
    done = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, text=True, timeout=120,
                          check=True,
                          env={**os.environ, "OMP_NUM_THREADS": "4"}, cwd=Path(__file__).parents[1])
    assert done.stdout.split() == ["3", "0", "3", "True"]


@pytest.fixture
def released(monkeypatch):
    """Names of the threads that gave their workers back."""
    names = []
    for module in ("sslbench.training.player", "sslbench.workbench.background", "sslbench.workbench.painter",
                   "sslbench.training.loop"):
        monkeypatch.setattr(f"{module}.release_workers",
                            lambda: names.append(threading.current_thread().name))
    return names


def test_who_starts_a_training_gives_its_workers_back(released):
    player = Player(iter([1]))
    player.start()
    player.wait(5)
    assert released == [threading.current_thread().name]
    player.resume()
    assert len(released) == 2


@pytest.mark.parametrize("steps", [1, 3])
def test_who_has_trained_gives_its_workers_back_at_the_end_and_when_stopped(released, steps):
    events = train(Recipe("waves", "autoencoder", "mlp", steps=3, batch_size=16), test=False)
    while next(events).step < steps:
        assert not released
    events.close()
    assert released


def test_a_job_aside_gives_its_workers_back_before_anybody_who_waits_goes_on(released):
    jobs = BackgroundJobs(name="jobs-here")
    jobs.do("a job", lambda check: None)
    while jobs.busy:
        time.sleep(0.01)
    jobs.close()
    assert released == ["jobs-here"]


def test_the_painter_gives_its_workers_back(released):
    painted = threading.Event()
    painter = Painter(lambda: None, painted.set)
    painter.wake()
    assert painted.wait(5)
    painter.close()
    assert set(released) == {"sslbench-ui"}


def test_turns_are_short_while_something_is_drawn_and_usual_afterwards():
    usual = sys.getswitchinterval()
    with short_turns, short_turns:  # two benches
        assert sys.getswitchinterval() < usual
    assert sys.getswitchinterval() == usual


def test_words_come_between_two_pictures_and_no_more_often_than_twice_a_second(monkeypatch):
    now, seen = [100.0], []

    def pictures():
        seen.append("pictures")
        now[0] += 0.2  # so long does drawing take: the next may come 4 seconds later

    monkeypatch.setattr("sslbench.workbench.painter.time.perf_counter", lambda: now[0])
    painter = Painter(lambda: seen.append("words"), pictures)
    painter.here = True  # as in a cell that trains: no thread paints
    monkeypatch.setattr("sslbench.workbench.painter.spawn", lambda *_: None)
    for _ in range(30):
        painter.wake(urgent=False)
        painter.turn()
        now[0] += 0.125
    assert seen == ["words", "pictures", *["words"] * 7]
    now[0] += 1
    painter.wake(urgent=False)
    painter.turn()
    assert seen[-2:] == ["words", "pictures"]


def test_threads_are_taken_away_and_never_added(monkeypatch):
    """torch counts the cores of the host, of which a container may use a few; who wants fewer has said so."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        for allowed, left in ((4, 2), (1, 1)):
            monkeypatch.setattr(hardware, "threads", lambda allowed=allowed: allowed)
            hardware.Hardware("cpu")
            assert torch.get_num_threads() == left
    finally:
        torch.set_num_threads(before)
