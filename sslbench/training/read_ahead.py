"""Results that depend on the number of the step alone, worked out in a thread while earlier steps compute."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..machine.openmp import release_workers

DEPTH = 2  # one is being read while another waits: a slow file or a slow step is made up for


class ReadAhead:
    """read(step), begun a step or two before it is asked for. What it raises is raised to whoever asks for
    that step.

    read must be a function of the step alone, so it makes no difference to a run. steps: none is read from
    there on.
    The thread ends when this object goes away; a pause leaves it at most DEPTH results ahead.
    """

    def __init__(self, read: Callable[[int], Any], steps: int):
        self.read, self.steps = read, steps
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="sslbench-read-ahead")
        self.waiting: dict[int, Future] = {}

    def __call__(self, step: int) -> Any:
        for other in set(self.waiting) - set(range(step, step + 1 + DEPTH)):  # a run that begins elsewhere
            self.waiting.pop(other).cancel()
        for coming in range(step, min(step + 1 + DEPTH, max(self.steps, step + 1))):
            if coming not in self.waiting:
                self.waiting[coming] = self.pool.submit(self._read, coming)
        return self.waiting.pop(step).result()

    def _read(self, step: int) -> Any:
        try:
            return self.read(step)
        finally:
            release_workers()  # they would slow the step that computes
