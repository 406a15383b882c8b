"""The player: the same events from a thread, from a cell and with pauses; stop at once; errors are kept."""

import os
import signal
import threading
import time

import pytest

from sslbench.training.player import Player, Snapshot


def walk(n=60, seconds=0.001, seed=0, closed=None):
    """A toy training: each event depends on all before it."""
    x = seed
    try:
        for i in range(n):
            time.sleep(seconds)
            x = (1103515245 * x + 12345) % 2**31
            yield i, x
    finally:
        if closed is not None:
            closed.append(threading.current_thread().name)


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.002)


@pytest.fixture
def started():
    players = []

    def start(events, **options):
        player = Player(events, **options)
        players.append(player)
        player.start()
        return player

    yield start
    for player in players:
        player.stop(30)


def test_a_cell_a_thread_and_a_thread_with_pauses_give_the_same_events(started):
    blocking = Player(walk())
    blocking.run()
    threaded = started(walk())
    paused = started(walk())
    for _ in range(3):
        paused.pause()
        until(lambda: paused.snapshot().state == "paused")
        paused.resume()
        until(lambda: paused.snapshot().state != "paused")
    events = blocking.snapshot().events
    assert len(events) == 60
    assert threaded.wait(60).events == events == paused.wait(60).events
    other = Player(walk(seed=1))  # negative control: other numbers would be noticed
    other.run()
    assert other.snapshot().events != events


def test_start_returns_at_once_and_pause_holds(started):
    player = started(walk(10_000))
    assert player.alive and player.snapshot().state == "running"  # it takes ten seconds to the end
    until(lambda: player.snapshot().events)
    player.pause()
    until(lambda: player.snapshot().state == "paused")
    held = player.snapshot().events
    time.sleep(0.1)
    assert player.snapshot().events == held
    player.resume()
    until(lambda: len(player.snapshot().events) > len(held))


@pytest.mark.parametrize("while_paused", [False, True])
def test_stop_does_not_wait_for_the_end_and_closes_the_events(started, while_paused):
    closed = []
    player = started(walk(100_000, closed=closed))
    until(lambda: player.snapshot().events)
    if while_paused:
        player.pause()
        until(lambda: player.snapshot().state == "paused")
    player.stop(timeout=60)
    # 100,000 events take longer than the timeout
    assert player.snapshot().state == "stopped" and not player.alive
    assert closed == ["sslbench-train"]  # in the thread that played it
    player.start()
    assert not player.alive  # stopped is final


def test_a_long_event_that_checks_is_stopped_inside(started):
    def long():
        yield 0
        for _ in range(10_000):
            time.sleep(0.001)
            player.check()
        yield 1

    player = started(long())
    until(lambda: player.snapshot().events)
    player.stop(timeout=60)
    # had it played the event to its end, there would be a 1
    assert player.snapshot() == Snapshot("stopped", (0,))


def test_an_error_is_kept_and_raised(started):
    def failing():
        yield 1
        raise FloatingPointError("the loss became nan at step 2")

    player = started(failing())
    with pytest.raises(FloatingPointError, match="step 2"):
        player.wait(60)
    snapshot = player.snapshot()
    assert snapshot.state == "failed" and snapshot.events == (1,) and "nan" in str(snapshot.error)
    with pytest.raises(FloatingPointError):
        Player(failing()).run()
    Player(walk(2)).run()  # negative control: without an error nothing is raised


def test_an_interrupt_in_a_cell_is_a_pause_between_events_and_raised():
    seen, before = [], signal.getsignal(signal.SIGINT)

    def interrupting():
        for event in walk(30):
            if event[0] == 10:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.01)  # the signal arrives in the middle of an event
            yield event

    whole = Player(walk(30))
    whole.run()
    player = Player(interrupting(), tell=seen.append)
    with pytest.raises(KeyboardInterrupt):
        player.run()
    assert player.snapshot().state == "paused" and len(player.snapshot().events) == 11
    player.resume()  # goes on in a thread
    assert player.wait(60).events == whole.snapshot().events
    assert signal.getsignal(signal.SIGINT) is before


def test_stop_after_an_interrupt_needs_no_thread():
    closed = []

    def interrupting():
        for event in walk(30, closed=closed):
            if event[0] == 3:
                os.kill(os.getpid(), signal.SIGINT)
            yield event

    player = Player(interrupting())
    with pytest.raises(KeyboardInterrupt):
        player.run()
    player.stop()
    assert player.snapshot().state == "stopped"


@pytest.mark.parametrize("state", ["running", "paused", "done"])
def test_a_question_is_answered_between_events(started, state):
    player = started(walk(5 if state == "done" else 100_000))
    if state == "paused":
        player.pause()
    until(lambda: player.snapshot().state == state)
    assert (player.ask(lambda: threading.current_thread().name).result(60) == ("MainThread"
        if state == "done" else "sslbench-train"))
    with pytest.raises(ZeroDivisionError):
        player.ask(lambda: 1 / 0).result(60)
    assert player.snapshot().state == state  # a bad question does not end the run


def test_a_snapshot_does_not_change_and_some_events_are_not_kept(started):
    player = started(walk(100_000), keep=lambda event: event if event[0] % 2 else None)
    until(lambda: player.snapshot().events)
    snapshot = player.snapshot()
    before = list(snapshot.events)
    until(lambda: len(player.snapshot().events) > len(before))
    assert list(snapshot.events) == before and all(i % 2 for i, _ in before)
    with pytest.raises(AttributeError):
        snapshot.state = "done"


def test_every_change_of_state_is_told_as_urgent():
    told = []
    player = Player(walk(3), tell=told.append)
    player.run()
    assert told == [True, False, False, False, True]
