"""The loop that plays an iterator of events: between two of them it pauses, stops and answers questions. No
threads are made here."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

ENDED = ("done", "stopped", "failed")


class Stopped(Exception):
    """Raised inside a long event by `check`, so that stop need not wait for its end."""


@dataclass(frozen=True)
class Snapshot:
    """What had happened at one moment. state: ready, running, paused, stopped, done or failed."""

    state: str
    events: tuple
    error: BaseException | None = None

    @property
    def live(self) -> bool:
        return self.state in ("running", "paused")


class Playing:
    """Events being played, once. `turn` guards what several threads read and write: state, wishes and
    questions."""

    def __init__(self, events: Iterable, keep: Callable[[Any], Any], tell: Callable[[bool], None]):
        self._events, self._keep, self._tell = iter(events), keep, tell
        self.turn = threading.Condition()
        self.state, self.error = "ready", None
        self.pausing = self.stopping = self.interrupted = False
        self._seen: list = []
        self._asked: list[tuple[Callable, Future]] = []

    def play(self, after: Callable[[], None] = lambda: None) -> None:
        """To the end, or until somebody stops or interrupts it. What the events raise is kept in `error`."""
        try:
            self._play(after)
        except Stopped:
            self.close()
        except KeyboardInterrupt:  # a second interrupt, in the middle of an event
            self.change("paused" if self.state == "paused" else "stopped")
            raise
        except BaseException as error:
            self.error = error
            self.change("failed")
        finally:
            self._answer()

    def close(self) -> None:
        """End the events for good."""
        close = getattr(self._events, "close", None)  # generators have it, other iterators need none
        if close:
            close()
        self.change("stopped")

    def wish(self, pausing: bool | None = None, stopping: bool | None = None) -> None:
        """What is wanted; it is done between two events."""
        with self.turn:
            self.pausing = self.pausing if pausing is None else pausing
            self.stopping = self.stopping if stopping is None else stopping
            self.turn.notify_all()

    def change(self, state: str) -> None:
        with self.turn:
            self.state = state
        self._tell(True)

    def ask(self, question: Callable[[], Any]) -> Future:
        """Have it answered between two events."""
        answer = Future()
        with self.turn:
            self._asked.append((question, answer))
            self.turn.notify_all()
        return answer

    def check(self) -> None:
        """Raises Stopped when stop was called."""
        if self.stopping:
            raise Stopped

    def snapshot(self) -> Snapshot:
        with self.turn:
            return Snapshot(self.state, tuple(self._seen), self.error)

    def _play(self, after) -> None:
        self.change("running")
        for event in iter(self._next, None):
            kept = self._keep(event)
            if kept is not None:
                with self.turn:
                    self._seen.append(kept)
                self._tell(False)
            after()
        if self.interrupted:
            self.change("paused")
        elif self.stopping:
            self.close()
        else:
            self.change("done")
        after()

    def _next(self):
        """The next event; None at the end, after a stop and after an interrupt. Holds still while paused."""
        self._answer()
        if self.pausing and not self.stopping:
            self.change("paused")
            with self.turn:
                while self.pausing and not self.stopping:
                    self.turn.wait_for(lambda: self._asked or not self.pausing or self.stopping)
                    self._answer()
            self.change("running")
        return None if self.stopping or self.interrupted else next(self._events, None)

    def _answer(self) -> None:
        while self._asked:
            settle(*self._asked.pop(0))


def settle(question: Callable, answer: Future) -> None:
    try:
        answer.set_result(question())
    except Exception as error:
        answer.set_exception(error)
