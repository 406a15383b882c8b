"""One picture file of any kind as a square uint8 image; whatever a damaged file makes a decoder raise means that it cannot be read."""

import errno
import os

import numpy as np

from .opening import Header, Unread, look, regular
from .to_square import Form, made, room, values

DAMAGED, CLOSED = "cannot be read", "cannot be opened"
GONE = {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENOTDIR, errno.EISDIR}


def square(file: os.PathLike, form: Form) -> np.ndarray | None:
    """The middle square of a picture as uint8 [bands, size, size], transparency on white; None when it cannot be read.
    What the system says (it is gone, too many files are open) is raised: another picture in its place would hide it."""
    try:
        with open(file, "rb", opener=regular) as f:
            found = look(f, os.fspath(file), form.size)
            return made(found, form) if found.header.bands == form.bands else None
    except OSError as error:
        if error.errno is not None:
            raise
    except MemoryError:
        raise
    except Exception:  # decoders raise whatever a damaged file makes them stumble over
        pass
    return None


def begun(file: os.PathLike, form: Form, decode: bool) -> tuple[Header | str, np.ndarray | None]:
    """The header of a picture, or why it is left out; and the picture, where eight bits say how bright it is."""
    try:
        with open(file, "rb", opener=regular) as f:
            found = look(f, os.fspath(file), form.size)
            ready = decode and not found.header.depth and found.header.bands == form.bands
            return found.header, made(found, form) if ready else None
    except Unread as reason:
        return str(reason), None
    except OSError as error:
        if error.errno is not None and error.errno not in GONE:
            raise
        return (CLOSED if error.errno else DAMAGED), None
    except MemoryError:
        raise
    except Exception:
        return DAMAGED, None


def numbers_of(file: os.PathLike) -> tuple[np.ndarray, bool] | None:
    """All numbers of a picture beyond eight bits [H, W, C] and whether they are colours; None when it cannot be read."""
    try:
        with open(file, "rb", opener=regular) as f:
            found = look(f, os.fspath(file), 1)
            with room(found.size):
                return values(found.pixels), found.header.bands == 3
    except MemoryError:
        raise
    except Exception:
        return None
