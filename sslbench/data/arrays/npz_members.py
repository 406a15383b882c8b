"""The arrays of .npy and .npz files, read safely: nothing is unpickled, and what a header claims is compared
with what the file can hold and memory can take before any of it is read."""

import io
import math
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from ...machine.hardware import memory_limit
from ...messages import one_line

LONGEST_HEADER = 10_000  # bytes that are read to find it; those that NumPy writes have some hundred
MOST_MEMBERS = 10_000
# a member of more than 256 MB must not be packed to less than 1/500; zeros can be, to 1/1032
SMALL, DENSEST = 2**28, 500


class Refused(ValueError):
    """A file that may be whole and is not read."""


@dataclass(frozen=True)
class Member:
    """One array, as its header describes it."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    start: int  # bytes of the header

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{short(self.name)} {list(self.shape)}"


def short(name: str) -> str:
    """A name for a message."""
    return one_line(name, 60)


@contextmanager
def damage_in_one_line(path: Path) -> Iterator[None]:
    """What NumPy and zipfile raise for damaged files as ValueError in one line."""
    try:
        yield
    except Refused:
        raise
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, TypeError,
            SyntaxError, LookupError,
            OverflowError, MemoryError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path.name} is damaged, or not what numpy.save or numpy.savez writes "
                         f"({short(said)}); make or download it again") from None


def header(file: IO[bytes], name: str) -> Member:
    """The header of an .npy that stands at its beginning. ValueError where it cannot be right."""
    start = io.BytesIO(file.read(LONGEST_HEADER))  # no more of it, whatever it says of its own length
    version = np.lib.format.read_magic(start)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(start)
    if min(shape, default=0) < 0:
        raise ValueError(f"{short(name)} has a size below zero")
    return Member(name, dtype, shape, start.tell())


def plain(path: Path, member: Member) -> Member:
    """The member itself; ValueError when it is no plain array of numbers or words."""
    name = f"{short(member.name)} in {path.name}"
    if member.dtype.names:
        raise Refused(f"{name} is a table of records; save each of its columns as an array: "
                      f"{short(', '.join(member.dtype.names))}")
    if member.dtype.hasobject:
        raise Refused(f"{name} holds Python objects, which could run code and are not read; save numbers or "
                      "words of one kind, series of unequal length padded with NaN")
    if member.dtype.kind == "c":
        raise Refused(f"{name} is complex; save real and imaginary part as two channels")
    return member


def mapped(path: Path) -> tuple[Member, np.ndarray]:
    """The array of an .npy, which stays on the disk."""
    with open(path, "rb") as file:
        found = plain(path, header(file, "the array"))
    there = path.stat().st_size - found.start
    if found.nbytes > there:
        raise ValueError(f"its header promises {found.nbytes} bytes and {there} are there")
    return found, np.load(path, "r" if found.nbytes else None)  # nothing cannot be mapped


def members(path: Path, archive: zipfile.ZipFile) -> list[Member]:
    """The arrays of an .npz, each name once; only headers are read."""
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise Refused(f"{path.name} has {len(infos)} members, and {MOST_MEMBERS} are the most that are "
                      "read; save the samples as one array")
    found = {info.filename: one_member(path, archive, info)
             for info in infos if info.filename.endswith(".npy")}
    return list(found.values())


def one_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = info.filename.removesuffix(".npy")
    with archive.open(info) as file:
        member = header(file, name)
    there = info.file_size - member.start
    if member.dtype.hasobject:  # of which the header does not know the size
        return member
    if member.nbytes != there:
        raise ValueError(f"the header of {short(name)} promises {member.nbytes} bytes and {there} are there")
    if member.nbytes > SMALL and member.nbytes > DENSEST * info.compress_size:
        raise Refused(f"{short(name)} in {path.name} claims {member.nbytes / 1e9:.1f} GB in "
                      f"{info.compress_size / 1e6:.1f} MB, which only an array of zeros can be; if it is "
                      "one, save it with numpy.savez")
    return member


def within_memory(path: Path, used: list[Member]) -> None:
    need, limit = sum(m.nbytes for m in used), memory_limit()
    if need > limit // 2:
        raise Refused(f"{path.name} unpacks to {need / 1e9:.1f} GB, more than half of the {limit / 1e9:.1f} "
                      "GB this process may use; save the samples with numpy.save as an .npy, which is read "
                      "from the disk")


def named(path: Path, names: list[str]) -> list[np.ndarray]:
    """These arrays of an .npz; ValueError in one line where one is missing or damaged."""
    with damage_in_one_line(path), zipfile.ZipFile(path) as archive:
        found = {m.name: plain(path, m) for m in members(path, archive)}
        return [read(archive, [found[name]]) for name in names]


def on_disk(path: Path, name: str, folder: Path) -> np.ndarray:
    """One array of an .npz that is larger than memory, unpacked once into a folder of ours: a memory map."""
    folder.mkdir(parents=True, exist_ok=True)
    with damage_in_one_line(path), zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"{name}.npy")
        plain(path, one_member(path, archive, info))
        target = folder / f"{path.stem}-{name}-{info.CRC:08x}.npy"
        if not target.is_file():
            # moved into place whole, so nobody reads half of it
            with tempfile.TemporaryDirectory(dir=folder) as place, archive.open(info) as packed:
                with open(Path(place, "part"), "wb") as part:
                    shutil.copyfileobj(packed, part, 2**20)
                Path(place, "part").replace(target)
    return mapped(target)[1]


def read(archive: zipfile.ZipFile, parts: list[Member]) -> np.ndarray:
    """These members one after the other in one array: [n, ...]."""
    if len(parts) == 1:
        return unpacked(archive, parts[0])
    out = np.empty((sum(m.shape[0] for m in parts), *parts[0].shape[1:]),
                   np.result_type(*(m.dtype for m in parts)))
    start = 0
    for m in parts:  # one at a time: together they may be half of what memory can take
        out[start:start + m.shape[0]] = unpacked(archive, m)
        start += m.shape[0]
    return out


def unpacked(archive: zipfile.ZipFile, member: Member) -> np.ndarray:
    with archive.open(member.name + ".npy") as file:
        x = np.lib.format.read_array(file, allow_pickle=False)
        file.read(1)  # the checksum is compared at the end
        return x
