"""A setting of the whole process that several may need at once: two trainings, two benches."""

import threading
from collections.abc import Callable


class WhileNeeded:
    """Entered by the first who needs it, `make()` is called; left by the last, `undo()`. Enter the same
    object as often as you like."""

    def __init__(self, make: Callable[[], None], undo: Callable[[], None]):
        self.make, self.undo, self.users = make, undo, 0
        # a generator that is collected may leave in the thread that is just entering
        self.lock = threading.RLock()

    def __enter__(self):
        with self.lock:
            self.users += 1
            if self.users == 1:
                self.make()

    def __exit__(self, *_):
        with self.lock:
            self.users -= 1
            if self.users == 0:
                self.undo()
