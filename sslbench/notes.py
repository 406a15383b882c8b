"""What a user should know though nobody asked: one line each, as a warning of a kind of its own."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class Note(UserWarning):
    """Something was lost, changed or decided; the work goes on."""


def note(text: str) -> None:
    warnings.warn(text, Note, stacklevel=3)


@contextmanager
def printed() -> Iterator[None]:
    """Inside, notes are one line each on standard error, whatever Python's -W says: the command line has no other voice."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", Note)
        other = warnings.showwarning

        def show(message, category, *where, **more):
            if issubclass(category, Note):
                print(f"note: {message}", file=sys.stderr, flush=True)
            else:
                other(message, category, *where, **more)

        warnings.showwarning = show
        yield
