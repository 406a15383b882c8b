"""Drives an iterator of events from a thread, or from the caller: start, pause, resume, stop, snapshot.

It knows neither widgets nor training. The thread and the blocking call share one loop, so they
give the same events.
"""

import atexit
import contextlib
import contextvars
import signal
import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from ..machine.openmp import release_workers
from .pausing import ENDED, Playing, Snapshot, Stopped, settle

_players = weakref.WeakSet()


@atexit.register
def stop_all(seconds: float = 2.0) -> None:
    """End what still plays when Python ends: a thread that is cut off in the middle of a computation can
    crash it."""
    for player in list(_players):
        player.stop(seconds)


class Player:
    """Plays `events` once: `start()` in a daemon thread, or `run()` in the calling thread.

    Pause, stop and `ask` act between two events; an event that takes long can call `check` to be stopped
    sooner.
    keep: event -> what is remembered of it, None for nothing (checkpoints hold live state).
    tell: called with True after a change of state, with False after any other event, from the thread that
    plays.
    """

    def __init__(self, events: Iterable, keep: Callable[[Any], Any] = lambda event: event,
                 tell: Callable[[bool], None] = lambda urgent: None):
        self._playing = Playing(events, keep, tell)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Play in a daemon thread; the call returns at once. Goes on where an interrupted `run` was left."""
        playing = self._playing
        with playing.turn:
            if playing.state in ENDED or self.alive:
                return
            playing.pausing = playing.interrupted = False
            playing.state = "running"  # from now on, not from when the thread gets its turn
            release_workers()  # of the thread that starts it: they would slow the new one
            _players.add(self)
            self._thread = spawn("sslbench-train", playing.play)

    def pause(self) -> None:
        self._playing.wish(pausing=True)

    def resume(self) -> None:
        release_workers()
        self._playing.wish(pausing=False)
        if self._playing.state == "paused" and not self.alive:  # interrupted in a cell
            self.start()

    def stop(self, timeout: float | None = None) -> None:
        """End after the event that is being made; wait for that at most `timeout` seconds."""
        playing = self._playing
        playing.wish(stopping=True)
        with playing.turn:
            idle = playing.state in ("ready", "paused") and not self.alive
            if idle:
                playing.state = "stopped"  # before the events are closed: nobody may start them meanwhile
        if idle:
            playing.close()
        if timeout is not None:
            self._join(timeout)

    def run(self, after: Callable[[], None] = lambda: None) -> None:
        """Play to the end in the calling thread and call `after` between events; raises what the events
        raise.

        KeyboardInterrupt takes effect between two events: the player is then paused, and `start` or `run` go
        on.
        """
        playing = self._playing
        if self.alive:
            raise RuntimeError("it already runs in the background; stop it, or wait for it")
        playing.pausing = playing.interrupted = False
        with interrupts_between_events(playing):
            playing.play(after)
        if playing.interrupted and playing.state == "paused":
            raise KeyboardInterrupt
        if playing.error:
            raise playing.error

    def wait(self, timeout: float | None = None) -> Snapshot:
        """Wait until the thread has ended or `timeout` seconds have passed; raises what the events raised."""
        self._join(timeout)
        if self._playing.error:
            raise self._playing.error
        return self.snapshot()

    def ask(self, question: Callable[[], Any]) -> Future:
        """Have `question()` answered between two events, by the thread that plays: it may look at the live
        network."""
        with self._playing.turn:
            if self.alive and self._playing.state not in ENDED:
                return self._playing.ask(question)
        answer = Future()
        settle(question, answer)
        return answer

    def check(self) -> None:
        """Raises Stopped when stop was called."""
        self._playing.check()

    def snapshot(self) -> Snapshot:
        return self._playing.snapshot()

    @property
    def state(self) -> str:
        """ready, running, paused, stopped, done or failed."""
        return self._playing.state

    @property
    def pausing(self) -> bool:
        """A pause is wanted, and the event before it is still being made."""
        playing = self._playing
        return playing.state == "running" and playing.pausing and not playing.stopping

    @property
    def error(self) -> BaseException | None:
        """What the events raised."""
        return self._playing.error

    @property
    def alive(self) -> bool:
        return bool(self._thread and self._thread.is_alive())

    def _join(self, timeout: float | None) -> None:
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(timeout)


@contextlib.contextmanager
def interrupts_between_events(playing: Playing):
    """An interrupt would end a generator for good, so the first one waits for the end of the event."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def interrupt(number, frame):
        if playing.interrupted or playing.state == "paused":
            raise KeyboardInterrupt
        playing.interrupted = True

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def spawn(name: str, function: Callable, *arguments) -> threading.Thread:
    """A daemon thread in a copy of the caller's context: ipykernel 7.0 cannot update a widget from an empty
    one."""
    thread = threading.Thread(target=contextvars.copy_context().run, args=(function, *arguments), name=name,
                              daemon=True)
    thread.start()
    return thread


__all__ = ["ENDED", "Player", "Snapshot", "Stopped", "spawn", "stop_all"]
