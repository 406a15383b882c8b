"""One picture file of any kind as a square uint8 image; whatever a damaged file makes a decoder raise means
that it cannot be read."""

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from .opening import Header, Opened, Unread, look, regular
from .to_square import Form, made, room, values

DAMAGED, CLOSED = "cannot be read", "cannot be opened"
GONE = {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENOTDIR, errno.EISDIR,
        errno.ENAMETOOLONG, errno.ENXIO, errno.ENODEV}  # the last two: sockets, devices that are not there


@contextmanager
def opened(file: os.PathLike | bytes, size: int, name: str = "") -> Iterator[Opened]:
    """A picture, a file or what one holds, of which the header is read; what goes wrong as in `understood`.
    name: of the file whose bytes these are: some kinds are told by it alone."""
    held = isinstance(file, bytes)
    with understood(), io.BytesIO(file) if held else open(file, "rb", opener=regular) as f:
        yield look(f, name if held else os.fspath(file), size)


@contextmanager
def understood() -> Iterator[None]:
    """Unread where what is done inside fails because of what the file holds; what the system says (it is
    gone, too many files are open) is raised as it is."""
    try:
        yield
    except (Unread, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever a damaged file makes them stumble over
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Unread(DAMAGED) from None


def square(file: os.PathLike | bytes, form: Form) -> np.ndarray | None:
    """The middle square of a picture as uint8 [bands, size, size], transparency on white; None when it cannot
    be read.
    OSError where the system says no: another picture in its place would hide it."""
    try:
        with opened(file, form.size) as found:
            return made(found, form) if found.header.bands == form.bands else None
    except Unread:
        return None


def begun(file: os.PathLike | bytes, form: Form, decode: bool,
          name: str = "") -> tuple[Header | str, np.ndarray | None]:
    """The header of a picture, or why it is left out; and the picture, where eight bits say how bright it
    is."""
    try:
        with opened(file, form.size, name) as found:
            ready = decode and not found.header.depth and found.header.bands == form.bands
            return found.header, made(found, form) if ready else None
    except Unread as reason:
        return str(reason), None
    except OSError as error:
        if error.errno not in GONE:
            raise
        return CLOSED, None


def numbers_of(file: os.PathLike | bytes) -> tuple[np.ndarray, bool] | None:
    """All numbers of a picture beyond eight bits [H, W, C] and whether they are colours; None when it cannot
    be read."""
    try:
        with opened(file, 1) as found, room(found.size):
            return values(found.pixels), found.header.bands == 3
    except (Unread, OSError):
        return None
