"""Work beside the training: previews, estimates, maps. One thread, one job at a time, each can be cancelled."""

import threading
from collections.abc import Callable

from ..openmp import release_workers
from ..player import spawn


class Cancelled(Exception):
    """Raised inside a job that is no longer wanted."""


class Aside:
    """Jobs by name: a new job takes the place of a waiting or running one with the same name. Errors go to `failed`."""

    def __init__(self, failed: Callable[[Exception], None] = lambda error: None, name: str = "sslbench-aside"):
        self._failed, self._name = failed, name
        self._turn = threading.Condition()
        self._waiting: dict[str, Callable] = {}
        self._running = self._thread = None
        self._unwanted = threading.Event()

    def do(self, name: str, job: Callable[[Callable], None]) -> None:
        """Run job(check) soon. It calls check(seconds=0) often: that waits, and raises Cancelled when the job must end."""
        with self._turn:
            self._waiting.pop(name, None)
            self._waiting[name] = job
            if self._running == name:
                self._unwanted.set()
            self._thread = self._thread or spawn(self._name, self._run)
            self._turn.notify_all()

    def clear(self, wait: bool = True) -> None:
        """Cancel everything; wait until nothing runs any more."""
        with self._turn:
            self._waiting.clear()
            self._unwanted.set()
            if wait and self._thread is not threading.current_thread():
                self._turn.wait_for(lambda: self._running is None)

    @property
    def busy(self) -> bool:
        with self._turn:
            return bool(self._waiting or self._running)

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._waiting)
                self._running, job = next(iter(self._waiting.items()))
                del self._waiting[self._running]
                self._unwanted.clear()
            try:
                job(self._check)
            except Cancelled:
                pass
            except Exception as error:
                self._failed(error)
            finally:
                release_workers()  # before anybody who waits for this trains
                with self._turn:
                    self._running = None
                    self._turn.notify_all()

    def _check(self, seconds: float = 0) -> None:
        if self._unwanted.wait(seconds) if seconds else self._unwanted.is_set():
            raise Cancelled
