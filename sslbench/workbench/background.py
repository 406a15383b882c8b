"""Work beside the training: previews, estimates, maps. One thread, one job at a time, each can be
cancelled."""

import contextlib
import threading
import time
from collections.abc import Callable

from ..machine.openmp import release_workers
from ..training.player import spawn


class Cancelled(Exception):
    """Raised inside a job that is no longer wanted."""


class BackgroundJobs:
    """Jobs by name: a new job takes the place of a waiting or running one with the same name. Errors go to
    `failed`."""

    def __init__(self, failed: Callable[[Exception], None] = lambda error: None,
                 name: str = "sslbench-background"):
        self._failed, self._name = failed, name
        self._turn = threading.Condition()
        self._waiting: dict[str, tuple[float, Callable]] = {}  # name -> when, what
        self._running = self._thread = None
        self._unwanted, self._closed = threading.Event(), False

    def do(self, name: str, job: Callable[[Callable], None], after: float = 0.0) -> None:
        """Run job(check) in `after` seconds, or soon. It calls check(seconds=0) often: that waits, and raises
        Cancelled when the job must end."""
        with self._turn:
            if self._closed:
                return
            self._waiting.pop(name, None)
            self._waiting[name] = time.monotonic() + after, job
            if self._running == name:
                self._unwanted.set()
            self._thread = self._thread or spawn(self._name, self._run)
            self._turn.notify_all()

    def drop(self, name: str) -> None:
        """Cancel one job."""
        with self._turn:
            self._waiting.pop(name, None)
            if self._running == name:
                self._unwanted.set()

    def clear(self, wait: bool = True) -> None:
        """Cancel everything; wait until nothing runs any more."""
        with self._turn:
            self._waiting.clear()
            self._unwanted.set()
            if wait and self._thread is not threading.current_thread():
                self._turn.wait_for(lambda: self._running is None)

    def close(self) -> None:
        """Cancel everything and end the thread; nothing is done any more."""
        with self._turn:
            self._closed = True
            self._waiting.clear()
            self._unwanted.set()
            self._turn.notify_all()

    @property
    def busy(self) -> bool:
        with self._turn:
            return bool(self._waiting or self._running)

    def _run(self) -> None:
        while job := self._next():
            try:
                job(self._check)
            except Cancelled:
                pass
            except BaseException as error:  # the thread goes on, whatever a job does
                self._say(error)
            finally:
                release_workers()  # before anybody who waits for this trains
                with self._turn:
                    self._running = None
                    self._turn.notify_all()

    def _next(self) -> Callable | None:
        """The job whose time has come; None when this is closed."""
        with self._turn:
            while not self._closed:
                now = time.monotonic()
                due = [name for name, (when, _) in self._waiting.items() if when <= now]
                if due:
                    self._running = due[0]
                    self._unwanted.clear()
                    return self._waiting.pop(due[0])[1]
                first = min((when for when, _ in self._waiting.values()), default=None)
                self._turn.wait(None if first is None else first - now)
        return None

    def _say(self, error: BaseException) -> None:
        with contextlib.suppress(Exception):  # there would be nobody left to tell
            self._failed(error)

    def _check(self, seconds: float = 0) -> None:
        if self._unwanted.wait(seconds) if seconds else self._unwanted.is_set():
            raise Cancelled
