"""One writer for a run folder. The lock ends with its owner, however that ends.

The system holds the lock on an open file and gives it up when the last process with that file ends. A process
that the owner forked has the file too and may outlive it, so the file says whose it is: the lock of an owner
that has ended is nobody's.
Two threads of one process open the file twice and exclude each other. Windows has no such locks: there
nothing is locked.
"""

import errno
import json
import os
import socket
import stat
from contextlib import contextmanager, suppress
from pathlib import Path

from .regular_files import reading, what

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

NAME = ".lock"


class Lock:
    """The right to write into `folder`, which exists. BlockingIOError in one line that says who has it."""

    def __init__(self, folder: Path):
        self._path, self._file = folder / NAME, None
        if fcntl:
            with one_at_a_time(folder):
                self._file = taken(self._path)

    def release(self) -> None:
        """Give it up; in a forked process, only what this process holds of it."""
        if self._file is None:
            return
        file, self._file = self._file, None
        if owner_in(self._path).get("pid") == os.getpid() and same_file(file, self._path):
            self._path.unlink(missing_ok=True)
        os.close(file)


def check(folder: Path) -> None:
    """BlockingIOError when somebody writes into `folder` now; nothing is changed."""
    if not fcntl or not os.path.lexists(folder / NAME):
        return
    with suppress(FileNotFoundError), one_at_a_time(folder):
        file = opened(folder / NAME, os.O_RDONLY)
        try:
            if not locked(file) and alive(owner_in(folder / NAME)):
                raise held(folder, owner_in(folder / NAME))
        finally:
            os.close(file)


def sweep(folder: Path) -> None:
    """Remove the lock that an owner of this machine left when it was killed."""
    owner = owner_in(folder / NAME)
    if owner and not alive(owner):
        with suppress(OSError):
            Lock(folder).release()


def taken(path: Path) -> int:
    """The open file that holds the lock."""
    while True:
        file = opened(path, os.O_RDWR | os.O_CREAT)
        free, owner = locked(file), owner_in(path)
        if not free and not alive(owner):  # what its owner forked still has the file
            path.unlink(missing_ok=True)
        if free and same_file(file, path):
            sign(file, path)
            return file
        os.close(file)
        if not free and alive(owner):
            raise held(path.parent, owner)


def sign(file: int, path: Path) -> None:
    """Write into the lock whose it is. OSError that names it where that fails; nobody has it then."""
    try:
        os.truncate(file, 0)
        os.pwrite(file, json.dumps(me()).encode(), 0)
    except BaseException as error:
        path.unlink(missing_ok=True)
        os.close(file)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def opened(path: Path, how: int) -> int:
    """The lock's file; OSError in one line when something else lies there: a link, which may lead to
    somebody's file, or a pipe."""
    try:
        file = os.open(path, how | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise no_lock(path) from None
        raise
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(file)
        raise no_lock(path)
    return file


def no_lock(path: Path) -> OSError:
    return FileExistsError(f"{path} is no lock of a run but "
                           f"{what(path) or 'a second name of another file'}; remove it, "
                           f"or choose another folder")


@contextmanager
def one_at_a_time(folder: Path):
    """Inside, nobody else takes the lock of this folder."""
    place = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a disk over the network may know no locks
            fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disk over the network may know no locks: then nothing is locked
        return True
    return True


def same_file(file: int, path: Path) -> bool:
    """Whether the path still leads to this open file."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except OSError:
        return False


def me() -> dict:
    return {"pid": os.getpid(), "started": started(os.getpid()), "host": socket.gethostname()}


def owner_in(path: Path) -> dict:
    try:
        with reading(path) as file:
            owner = json.loads(file.read(1000))
    except (OSError, ValueError):
        return {}
    return owner if isinstance(owner, dict) and isinstance(owner.get("pid"), int) and owner["pid"] > 0 else {}


def alive(owner: dict) -> bool:
    """Whether the owner still runs; of another machine, or of nobody who can be named, it cannot be known and
    counts as yes."""
    if not owner or owner.get("host") != socket.gethostname():
        return True
    try:
        os.kill(owner["pid"], 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return started(owner["pid"]) == owner.get("started")  # the system gives numbers of processes again


def started(pid: int) -> str:
    """When a process began, as Linux counts it; "" elsewhere, "ended" for one that only waits to be
    noticed."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "ended" if state == "Z" else rest[18]


def held(folder: Path, owner: dict) -> BlockingIOError:
    who = "this process" if owner.get("pid") == os.getpid() else f"process {owner.get('pid', '?')}"
    where = f" on {owner['host']}" if owner.get("host") not in (None, socket.gethostname()) else ""
    return BlockingIOError(f"{who}{where} is writing into {folder}; wait for its end or stop it, or choose "
                           "another folder")
