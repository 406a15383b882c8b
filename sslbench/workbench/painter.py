"""When to paint: words at most twice a second, pictures in a twentieth of the time, both at once after a
change of state."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from ..machine.openmp import release_workers
from ..machine.process_settings import WhileNeeded
from ..training.player import spawn

RATE = 2.0  # times a second that something is written at most
SHARE = 0.05  # of the time that painting pictures may take
LONGEST = 6.0  # seconds that a picture may be late: the first one of a kind loads fonts, and takes long
# seconds that painting may keep the interpreter while the training wants it (Python's own: 0.005)
TURN = 0.0005


def threads_are_shown() -> bool:
    """Colab shows what the running cell or a click changes, not what a thread changes."""
    return "google.colab" not in sys.modules


class Painter:
    """Calls `lines` and `pictures` from its own thread when something has changed; no others write output
    widgets.

    lines: words and buttons, cheap; after an urgent change they are also written at once, in the thread that
    changed it, so that a click is answered while a picture is being drawn. pictures: all that takes time.
    While a cell trains (`here` is True), and on hosts that show nothing from threads, painting happens in the
    calling thread instead. What painting raises goes to `failed`, and nothing that is raised ends the thread:
    without it no picture would ever be painted again.
    """

    def __init__(self, lines: Callable[[], None], pictures: Callable[[], None],
                 failed: Callable[[BaseException], None] = lambda error: None):
        self._lines, self._pictures, self._failed = lines, pictures, failed
        self._lock, self._lines_lock = threading.RLock(), threading.RLock()
        self._changed, self._urgent = threading.Event(), threading.Event()
        self._thread, self._quit = None, False
        # the earliest time of the next painting, and of the next words alone
        self._next = self._next_lines = 0.0
        self.here = False
        self.frames = 0

    def wake(self, urgent: bool = True) -> None:
        """Something has changed. urgent: do not wait for the next turn."""
        if urgent and self._may_write():
            self._write_lines()
        self._changed.set()
        if urgent:
            self._urgent.set()
        if not threads_are_shown():
            if not self.here and self._may_write():
                self.paint()
        elif self._thread is None and not self._quit:
            with self._lock:
                self._thread = self._thread or spawn("sslbench-ui", self._run)

    def paint(self) -> None:
        """Paint now, in the calling thread."""
        with self._lock:
            self._changed.clear()
            self._urgent.clear()
            if self._quit:  # what close() has set, so that the thread ends
                self._changed.set()
            began = time.perf_counter()
            self._write_lines()
            self._guarded(self._pictures)
            now = time.perf_counter()
            self._next = max(began + 1 / RATE, now + min((now - began) * (1 / SHARE - 1), LONGEST))
            self.frames += 1
        release_workers()  # maps are computed here

    def _write_lines(self) -> None:
        with self._lines_lock:
            self._guarded(self._lines)
            self._next_lines = time.perf_counter() + 1 / RATE

    def _guarded(self, paint: Callable[[], None]) -> None:
        """Painting must end neither this thread nor the training, a click or a cell that asked for it."""
        try:
            paint()
        except Exception as error:
            with contextlib.suppress(Exception):
                self._failed(error)

    def _may_write(self) -> bool:
        return threads_are_shown() or threading.current_thread() is threading.main_thread()

    def turn(self) -> None:
        """Write what is due; also for a cell that trains."""
        now = time.perf_counter()
        if self._urgent.is_set() or (self._changed.is_set() and now >= self._next):
            self.paint()
        elif self._changed.is_set() and now >= self._next_lines:
            self._write_lines()

    def close(self) -> None:
        self._quit = True
        self._changed.set()
        self._urgent.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._quit:
            self._changed.wait()
            if self.here:  # a cell is training and paints
                time.sleep(0.05)
                continue
            self._urgent.wait(max(0.0, min(self._next, self._next_lines) - time.perf_counter()))
            if not self._quit and not self.here:
                try:
                    with short_turns:
                        self.turn()
                except BaseException as error:  # the last resort
                    self._guarded(partial(self._failed, error))
                    time.sleep(1 / RATE)


# Threads take turns with the interpreter more often: a step asks for it some hundred times, and every time it
# would wait for a full turn of the thread that draws.
short_turns = WhileNeeded(partial(sys.setswitchinterval, TURN),
                          partial(sys.setswitchinterval, sys.getswitchinterval()))
