"""The arrays of .npy and .npz files, read safely: nothing is unpickled, and what a header claims is compared with what the
file can hold and memory can take before any of it is read."""

import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...machine.hardware import memory_limit

LONGEST_HEADER = 10_000  # bytes; those that NumPy writes have some hundred
MOST_MEMBERS = 10_000
SMALL, DENSEST = 2**28, 500  # a member of more than 256 MB must not be packed to less than 1/500; zeros can be, to 1/1032
PIECE = 2**24  # bytes read at once


class Refused(ValueError):
    """A file that may be whole and is not read."""


@dataclass(frozen=True)
class Member:
    """One array, as its header describes it."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    fortran: bool = False

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{short(self.name)} {list(self.shape)}"


def short(name: str) -> str:
    """A name for a message: printable, and no longer than a line."""
    return re.sub(r"[^\x20-\x7e\xa0-\uffff]", "?", name[:60]) + ("..." if len(name) > 60 else "")


@contextmanager
def damage_in_one_line(path: Path) -> Iterator[None]:
    """What NumPy and zipfile raise for damaged files as ValueError in one line."""
    try:
        yield
    except Refused:
        raise
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, TypeError, SyntaxError, LookupError,
            OverflowError, MemoryError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path.name} is damaged, or not what numpy.save or numpy.savez writes ({short(said)}); "
                         "make or download it again") from None


def header(file, name: str) -> Member:
    """Reads the header of an .npy, so that the file stands at its numbers. ValueError where it cannot be right."""
    version = np.lib.format.read_magic(file)
    length = file.read(2 if version == (1, 0) else 4)
    if int.from_bytes(length, "little") > LONGEST_HEADER:  # NumPy would read all of it before it looks
        raise ValueError(f"the header of {short(name)} has {int.from_bytes(length, 'little')} bytes")
    text = file.read(int.from_bytes(length, "little"))
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(_Bytes(length[:2] + text))
    if min(shape, default=0) < 0:
        raise ValueError(f"{short(name)} has a size below zero")
    return Member(name, dtype, shape, fortran)


def plain(path: Path, member: Member) -> Member:
    """The member itself; ValueError when it is no plain array of numbers or words."""
    name = f"{short(member.name)} in {path.name}"
    if member.dtype.names:
        raise Refused(f"{name} is a table of records; save each of its columns as an array: {short(', '.join(member.dtype.names))}")
    if member.dtype.hasobject:
        raise Refused(f"{name} holds Python objects, which could run code and are not read; save numbers or words of one kind, "
                      "series of unequal length padded with NaN")
    if member.dtype.kind == "c":
        raise Refused(f"{name} is complex; save real and imaginary part as two channels")
    return member


class _Bytes:
    """Bytes as a file that can be read once."""

    def __init__(self, rest: bytes):
        self.rest = rest

    def read(self, n: int) -> bytes:
        out, self.rest = self.rest[:n], self.rest[n:]
        return out


def mapped(path: Path) -> tuple[Member, np.ndarray]:
    """The array of an .npy, which stays on the disk."""
    with open(path, "rb") as file:
        found = plain(path, header(file, "the array"))
        start = file.tell()
    there = path.stat().st_size - start
    if found.nbytes > there:
        raise ValueError(f"its header promises {found.nbytes} bytes and {there} are there")
    if not found.nbytes:
        return found, np.zeros(found.shape, found.dtype)
    return found, np.memmap(path, found.dtype, "r", start, found.shape, "F" if found.fortran else "C")


def members(path: Path, archive: zipfile.ZipFile) -> list[Member]:
    """The arrays of an .npz, each name once; only headers are read."""
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise Refused(f"{path.name} has {len(infos)} members, and {MOST_MEMBERS} are the most that are read; "
                      "save the samples as one array")
    found = {info.filename: one_member(path, archive, info) for info in infos if info.filename.endswith(".npy")}
    return list(found.values())


def one_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = info.filename.removesuffix(".npy")
    with archive.open(info) as file:
        member = header(file, name)
        there = info.file_size - file.tell()
    if member.dtype.hasobject:  # of which the header does not know the size
        return member
    if member.nbytes != there:
        raise ValueError(f"the header of {short(name)} promises {member.nbytes} bytes and {there} are there")
    if member.nbytes > SMALL and member.nbytes > DENSEST * info.compress_size:
        raise Refused(f"{short(name)} in {path.name} claims {member.nbytes / 1e9:.1f} GB in {info.compress_size / 1e6:.1f} MB, which only "
                      "an array of zeros can be; if it is one, save it with numpy.savez")
    return member


def within_memory(path: Path, used: list[Member]) -> None:
    need, limit = sum(m.nbytes for m in used), memory_limit()
    if need > limit // 2:
        raise Refused(f"{path.name} unpacks to {need / 1e9:.1f} GB, more than half of the {limit / 1e9:.1f} GB this process may use; "
                      "save the samples with numpy.save as an .npy, which is read from the disk")


def named(path: Path, names: list[str]) -> list[np.ndarray]:
    """These arrays of an .npz; ValueError in one line where one is missing or damaged."""
    with damage_in_one_line(path), zipfile.ZipFile(path) as archive:
        found = {m.name: plain(path, m) for m in members(path, archive)}
        return [read(archive, [found[name]]) for name in names]


def read(archive: zipfile.ZipFile, parts: list[Member]) -> np.ndarray:
    """These members one after the other in one array: [n, ...]; each is unpacked into its place."""
    out = np.empty((sum(m.shape[0] for m in parts), *parts[0].shape[1:]), np.result_type(*(m.dtype for m in parts)))
    start = 0
    for m in parts:
        place = out[start:start + m.shape[0]]
        start += m.shape[0]
        if m.fortran or m.dtype != out.dtype:
            flat = np.empty(math.prod(m.shape), m.dtype)
            unpack(archive, m, flat)
            place[:] = flat.reshape(m.shape[::-1]).T if m.fortran else flat.reshape(m.shape)
        else:
            unpack(archive, m, place.reshape(-1))
    return out


def unpack(archive: zipfile.ZipFile, m: Member, flat: np.ndarray) -> None:
    if not flat.nbytes:
        return
    raw = flat.view(np.uint8)
    with archive.open(m.name + ".npy") as file:
        header(file, m.name)
        for at in range(0, len(raw), PIECE):
            piece = file.read(min(PIECE, len(raw) - at))
            if len(piece) < min(PIECE, len(raw) - at):
                raise EOFError(f"{short(m.name)} ends too early")
            raw[at:at + len(piece)] = np.frombuffer(piece, np.uint8)
        if file.read(1):  # reads to the end, where the checksum is compared
            raise ValueError(f"{short(m.name)} is longer than its header says")
