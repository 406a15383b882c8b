"""What somebody gives to a function, checked before anything happens: the value as it is used, or one line
that says what is wanted."""

import os
from pathlib import Path

from .catalog import plain
from .messages import quoted


def whole(value, name: str, low: int) -> int:
    """A whole number from `low`; ValueError otherwise."""
    value = plain(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise ValueError(f"{name} must be a whole number from {low}, not {quoted(value)}")
    return value


def yes_or_no(value, name: str) -> bool:
    """True or False; ValueError otherwise: the text "no" would count as yes."""
    value = plain(value)
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, not {quoted(value)}")
    return value


def path(value, name: str = "folder", wanted: str = "a folder, such as \"runs/first\"") -> Path:
    """The path of a file or folder; ValueError for what is none. wanted: what it is a path of, in words."""
    if (not isinstance(value, (str, os.PathLike)) or not os.fspath(value)
        or isinstance(os.fspath(value), bytes) or "\0" in os.fspath(value)):
        raise ValueError(f"{name} must be the path of {wanted}, not {quoted(value)}")
    return Path(value)


def one_of(value, kind: type | tuple[type, ...], name: str, wanted: str):
    """The value itself; ValueError unless it is of this kind. wanted: what to give, in words."""
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be {wanted}, not {quoted(value)}")
    return value


def names(value, name: str, such_as: str) -> list[str]:
    """A list of texts with at least one; ValueError otherwise: the letters of one text would count as names.
    such_as: one of them."""
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(x, str) for x in value):
        raise ValueError(f"{name} must be a list of names, such as [{such_as!r}], not {quoted(value)}")
    return list(value)
