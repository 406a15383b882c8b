"""Files that are files: no link is written through, and a pipe or a device is not waited for."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

NO_LINK = getattr(os, "O_NOFOLLOW", 0)
AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
KINDS = ((stat.S_ISLNK, "a link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"),
         (stat.S_ISSOCK, "a socket"),
         (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))


def reading(path: Path) -> BinaryIO:
    """The file, open for reading; OSError for what is no regular file, at once. A link to a file may be
    read."""
    _regular(path, os.stat(path))  # a device may do something when it is opened
    file = os.open(path, os.O_RDONLY | AT_ONCE)
    try:
        _regular(path, os.fstat(file))
    except OSError:
        os.close(file)
        raise
    return os.fdopen(file, "rb")


def _regular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, f"this is {kind(status)}, no file", str(path))


def kind(status: os.stat_result) -> str:
    """What something is that is no regular file; "" for one."""
    return next((words for holds, words in KINDS if holds(status.st_mode)), "")


def what(path: Path) -> str:
    """What lies at a path, links not followed: "a link", "a folder", "a pipe" ...; "" for a file, or
    nothing."""
    try:
        return kind(os.lstat(path))
    except OSError:
        return ""


def new(path: Path) -> BinaryIO:
    """A new file, open for writing, in the place of a regular one that lies there. OSError when something
    else does."""
    if found := what(path):
        raise OSError(errno.EEXIST, f"{found} lies at {path.name}; remove it", str(path))
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK | AT_ONCE, 0o666), "wb")


def appending(path: Path) -> BinaryIO:
    """The file, open for appending without a buffer; OSError when it is a link."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | NO_LINK | AT_ONCE, 0o666), "ab",
                     buffering=0)
