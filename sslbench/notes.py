"""What a user should know though nobody asked: one line each, as a warning of a kind of its own, or to
somebody who listens."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .messages import printable

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("listener", default=None)


class Note(UserWarning):
    """Something was lost, changed or decided; the work goes on."""


def note(text: str) -> None:
    """Say it to whoever listens in this thread, else as a warning."""
    text = printable(text)
    if listener := _listener.get():
        listener(text)
    else:
        _warn(text)


def _warn(text: str) -> None:
    """As a warning, never as an error: the work goes on, though somebody made errors of all warnings."""
    try:
        # a line of our source would say nothing to who reads it
        warnings.warn_explicit(text, Note, "sslbench", 1, registry={})
    except Note as said:
        warnings.showwarning(said, Note, "sslbench", 1)


@contextmanager
def heard_by(listener: Callable[[str], None]) -> Iterator[None]:
    """Inside, what is noted in this thread goes to `listener`: a warning from a thread would land in
    somebody's cell."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
