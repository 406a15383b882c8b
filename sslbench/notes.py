"""What a user should know though nobody asked: one line each, as a warning of a kind of its own."""

import warnings


class Note(UserWarning):
    """Something was lost, changed or decided; the work goes on."""


def note(text: str) -> None:
    warnings.warn(text, Note, stacklevel=3)
