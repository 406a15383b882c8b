"""Drives an iterator of events from a thread, or from the caller: start, pause, resume, stop, snapshot.

It knows neither widgets nor training. The thread and the blocking call share one loop, so they give the same events.
"""

import atexit
import contextlib
import contextvars
import signal
import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from .openmp import release_workers

ENDED = ("done", "stopped", "failed")
_playing = weakref.WeakSet()


@atexit.register
def stop_all(seconds: float = 2.0) -> None:
    """End what still plays when Python ends: a thread that is cut off in the middle of a computation can crash it."""
    for player in list(_playing):
        player.stop(seconds)


class Stopped(Exception):
    """Raised inside a long event by `Player.check`, so that stop need not wait for its end."""


@dataclass(frozen=True)
class Snapshot:
    """What had happened at one moment. state: ready, running, paused, stopped, done or failed."""

    state: str
    events: tuple
    error: BaseException | None = None

    @property
    def live(self) -> bool:
        return self.state in ("running", "paused")


class Player:
    """Plays `events` once: `start()` in a daemon thread, or `run()` in the calling thread.

    Pause, stop and `ask` act between two events; an event that takes long can call `check` to be stopped sooner.
    keep: event -> what is remembered of it, None for nothing (checkpoints hold live state).
    tell: called with True after a change of state, with False after any other event, from the thread that plays.
    """

    def __init__(self, events: Iterable, keep: Callable[[Any], Any] = lambda event: event,
                 tell: Callable[[bool], None] = lambda urgent: None):
        self._events, self._keep, self._tell = iter(events), keep, tell
        self._turn = threading.Condition()  # guards everything below
        self._state, self._seen, self._error = "ready", [], None
        self._pausing = self._stopping = self._interrupted = False
        self._asked: list[tuple[Callable, Future]] = []
        self._thread: threading.Thread | None = None

    # the four buttons

    def start(self) -> None:
        """Play in a daemon thread; the call returns at once. Goes on where an interrupted `run` was left."""
        with self._turn:
            if self._state in ENDED or self.alive:
                return
            self._pausing = self._interrupted = False
            self._state = "running"  # from now on, not from when the thread gets its turn
            release_workers()  # of the thread that starts it: they would slow the new one
            _playing.add(self)
            self._thread = spawn("sslbench-train", self._guarded)

    def pause(self) -> None:
        self._change(pausing=True)

    def resume(self) -> None:
        release_workers()
        self._change(pausing=False)
        if self._state == "paused" and not self.alive:  # interrupted in a cell
            self.start()

    def stop(self, timeout: float | None = None) -> None:
        """End after the event that is being made; wait for that at most `timeout` seconds."""
        self._change(stopping=True)
        if self._state in ("ready", "paused") and not self.alive:
            self._close()
        if timeout is not None:
            self._join(timeout)

    def run(self, after: Callable[[], None] = lambda: None) -> None:
        """Play to the end in the calling thread and call `after` between events; raises what the events raise.

        KeyboardInterrupt takes effect between two events: the player is then paused, and `start` or `run` go on.
        """
        if self.alive:
            raise RuntimeError("it already runs in the background; stop it, or wait for it")
        self._pausing = self._interrupted = False
        with self._interrupts_between_events():
            self._guarded(after)
        if self._interrupted and self._state == "paused":
            raise KeyboardInterrupt
        if self._error:
            raise self._error

    def wait(self, timeout: float | None = None) -> Snapshot:
        """Wait until the thread has ended or `timeout` seconds have passed; raises what the events raised."""
        self._join(timeout)
        if self._error:
            raise self._error
        return self.snapshot()

    def ask(self, question: Callable[[], Any]) -> Future:
        """Have `question()` answered between two events, by the thread that plays: it may look at the live network."""
        answer = Future()
        with self._turn:
            if self.alive:
                self._asked.append((question, answer))
                self._turn.notify_all()
                return answer
        settle(question, answer)
        return answer

    def check(self) -> None:
        """Raises Stopped when stop was called."""
        if self._stopping:
            raise Stopped

    def snapshot(self) -> Snapshot:
        with self._turn:
            return Snapshot(self._state, tuple(self._seen), self._error)

    @property
    def alive(self) -> bool:
        return bool(self._thread and self._thread.is_alive())

    # the loop

    def _guarded(self, after: Callable[[], None] = lambda: None) -> None:
        try:
            self._play(after)
        except Stopped:
            self._close()
        except KeyboardInterrupt:  # a second interrupt, in the middle of an event
            self._set("paused" if self._state == "paused" else "stopped")
            raise
        except BaseException as error:
            self._error = error
            self._set("failed")
        finally:
            self._answer()

    def _play(self, after) -> None:
        self._set("running")
        for event in iter(self._next, None):
            kept = self._keep(event)
            if kept is not None:
                with self._turn:
                    self._seen.append(kept)
                self._tell(False)
            after()
        if self._interrupted:
            self._set("paused")
        elif self._stopping:
            self._close()
        else:
            self._set("done")
        after()

    def _next(self):
        """The next event; None at the end, after a stop and after an interrupt. Holds still while paused."""
        self._answer()
        if self._pausing and not self._stopping:
            self._set("paused")
            with self._turn:
                while self._pausing and not self._stopping:
                    self._turn.wait_for(lambda: self._asked or not self._pausing or self._stopping)
                    self._answer()
            self._set("running")
        return None if self._stopping or self._interrupted else next(self._events, None)

    def _answer(self) -> None:
        while self._asked:
            settle(*self._asked.pop(0))

    def _close(self) -> None:
        close = getattr(self._events, "close", None)  # generators have it, other iterators need none
        if close:
            close()
        self._set("stopped")

    def _change(self, **wishes: bool) -> None:
        with self._turn:
            for name, value in wishes.items():
                setattr(self, f"_{name}", value)
            self._turn.notify_all()

    def _set(self, state: str) -> None:
        with self._turn:
            self._state = state
        self._tell(True)

    def _join(self, timeout: float | None) -> None:
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    @contextlib.contextmanager
    def _interrupts_between_events(self):
        """An interrupt would end a generator for good, so the first one waits for the end of the event."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)

        def interrupt(number, frame):
            if self._interrupted or self._state == "paused":
                raise KeyboardInterrupt
            self._interrupted = True

        signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def settle(question: Callable, answer: Future) -> None:
    try:
        answer.set_result(question())
    except Exception as error:
        answer.set_exception(error)


def spawn(name: str, function: Callable, *arguments) -> threading.Thread:
    """A daemon thread in a copy of the caller's context: ipykernel 7.0 cannot update a widget from an empty one."""
    thread = threading.Thread(target=contextvars.copy_context().run, args=(function, *arguments), name=name, daemon=True)
    thread.start()
    return thread
