"""Tar shards in WebDataset's layout: which files are meant, where every sample lies in its file and what is
said of it.

Files of one sample share their name up to the first dot: 000123.jpg, 000123.cls, 000123.json. A shard is
read through once, header by header, and what was found is kept in the cache; later samples are read by their
place.
"""

import hashlib
import io
import itertools
import json
import os
import re
import tarfile
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from .. import locations
from .decoding import understood
from .listing import HEIF, PILLOW
from .opening import Header, Unread, look

FORM = 2  # of what is kept
MOST = 200  # characters of a label
LARGEST = 2**16  # bytes of a .cls or .json that are read
DEEP = "more than 8 bits a colour, which the source images reads"
BARE, NO_TAR, PACKED = "no picture in the sample", "no tar archive", "compressed; unpack it once"
RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass
class Shard:
    """One tar file. names: of its samples.  files, offsets, sizes: of the picture of each; bands: its numbers
    a pixel.  columns: "cls" and the entries of .json -> a value or None for each sample.  lost: why samples
    are left out -> their names.  unread: ending -> how many files are left unread beside the pictures.
    animated, upper: pictures of which the first page, the upper 8 of 16 bits are read.  wrong: why the file
    itself cannot be read, or "".  cut: it ends too early."""

    names: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    bands: list[int] = field(default_factory=list)
    columns: dict[str, list] = field(default_factory=dict)
    lost: dict[str, list[str]] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    animated: int = 0
    upper: int = 0
    wrong: str = ""
    cut: bool = False


def meant(file: str) -> tuple[list[Path], list[str]]:
    """The shards of a pattern, a folder or several with commas between them, and the names that are not
    there. OSError or ValueError in one line where there is none at all."""
    found, missing = [], []
    for part in filter(None, map(str.strip, re.split(r",(?![^{]*\})", file))):
        for name in expanded(part):
            path = locations.absolute(name)
            here = sorted(path.glob("*.tar")) if path.is_dir() else locations.fitting(name)
            found, missing = found + here, missing + [name] * (not here)
    if not found:
        locations.whole_or_folder((missing or [file])[0], [], "data.file")
        raise FileNotFoundError(f"there is no .tar in {file!r}; check data.file")
    return list(dict.fromkeys(found)), missing


def expanded(pattern: str) -> list[str]:
    """train-{000000..000127}.tar -> 128 names."""
    parts = RANGE.split(pattern)
    ranges = [[f"{i:0{len(low)}}" for i in range(int(low), int(high) + 1)]
              for low, high in zip(parts[1::3], parts[2::3])]
    return ["".join(a + b for a, b in zip(parts[0::3], (*numbers, "")))
            for numbers in itertools.product(*ranges)]


def shard(path: Path) -> Shard:
    """What lies in a shard: as it was kept for this file, else read through now."""
    about = path.stat()
    key = hashlib.sha256(f"{FORM} {path} {about.st_size} {about.st_mtime_ns}".encode()).hexdigest()[:24]
    kept = locations.cache() / "shards" / f"{key}.json"
    try:
        return Shard(**json.loads(kept.read_bytes()))
    except (OSError, ValueError, TypeError):  # none, or damaged
        found = read_through(path)
    kept.parent.mkdir(exist_ok=True)
    part = kept.with_name(f"{key}-{uuid.uuid4().hex}.part")
    part.write_text(json.dumps(asdict(found)))
    os.replace(part, kept)
    return found


def read_through(path: Path) -> Shard:
    with open(path, "rb") as f:
        packed = f.read(2) == b"\x1f\x8b"
        f.seek(0)
        try:
            tar = tarfile.open(fileobj=f, mode="r:")
        except tarfile.TarError:
            return Shard(wrong=PACKED if packed else NO_TAR)
        return Shard() if tar.firstmember is None else of_members(f, tar, path.stat().st_size)


def of_members(f, tar: tarfile.TarFile, end: int) -> Shard:
    found, said, pictures = Shard(), {}, {}
    for member in members(tar, end, found):
        folder, _, base = member.name.rpartition("/")
        start, dot, ending = base.partition(".")
        if not member.isreg() or not start:
            continue
        name, last = f"{folder}/{start}".strip("./"), Path(base).suffix.lower()
        words = said.setdefault(name, {})
        if last in PILLOW | HEIF and name not in pictures:
            pictures[name] = base, member.offset_data, member.size
        elif (given := words_of(f, member, ending.lower())) is not None:
            words |= given
        else:
            found.unread[dot + ending] = found.unread.get(dot + ending, 0) + 1
    columns = dict.fromkeys(column for words in said.values() for column in words)
    found.columns = {column: [] for column in columns}
    for name, words in said.items():
        add(found, f, name, pictures.get(name), words)
    return found


def members(tar: tarfile.TarFile, end: int, found: Shard) -> Iterator[tarfile.TarInfo]:
    """What the archive holds whole; `found` is told where it is cut."""
    try:
        while (member := tar.next()) is not None:
            if member.offset_data + member.size > end:
                found.cut = True
                return
            yield member
        tar.fileobj.seek(tar.offset)
        # an archive ends with blocks of zeros
        found.cut = tar.fileobj.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE
    except tarfile.TarError:
        found.cut = True


def words_of(f, member: tarfile.TarInfo, ending: str) -> dict[str, object] | None:
    """Column -> value, of a .cls or a .json; None for any other file, and for one of them that is damaged or
    too large."""
    if ending not in ("cls", "json") or member.size > LARGEST:
        return None
    f.seek(member.offset_data)
    try:
        text = f.read(member.size).decode()
        given = {"cls": text.strip()} if ending == "cls" else json.loads(text)
    except (ValueError, RecursionError):
        return None
    return {str(name): value[:MOST] if isinstance(value, str) else value for name, value in given.items()
            if isinstance(value, (str, int, float))} if isinstance(given, dict) else None


def add(found: Shard, f, name: str, picture: tuple[str, int, int] | None, words: dict) -> None:
    """One sample, or why it is left out."""
    header = BARE if picture is None else header_of(f, *picture)
    why = header if isinstance(header, str) else DEEP if header.depth else ""
    if why:
        found.lost.setdefault(why, []).append(name)
        return
    for values, value in zip((found.names, found.files, found.offsets, found.sizes, found.bands),
                             (name, *picture, header.bands)):
        values.append(value)
    for column, values in found.columns.items():
        values.append(words.get(column))
    found.animated += header.animated
    found.upper += header.cut


def header_of(f, file: str, start: int, size: int) -> Header | str:
    """The header of a picture that lies in an open file, or why it is left out."""
    try:
        with understood():
            return look(io.BufferedReader(Part(f, start, size)), file, 1).header
    except Unread as reason:
        return str(reason)


def of_bands(found: Shard, bands: int) -> Shard:
    """The same with the pictures of so many bands alone; the others are lost."""
    rows = [i for i, b in enumerate(found.bands) if b == bands]
    if len(rows) == len(found.bands):
        return found
    other = [name for name, b in zip(found.names, found.bands) if b != bands]
    return replace(found, lost={**found.lost, f"other than {bands} bands": other},
                   columns={name: [values[i] for i in rows] for name, values in found.columns.items()},
                   **{name: [getattr(found, name)[i] for i in rows]
                      for name in ("names", "files", "offsets", "sizes", "bands")})


class Part(io.RawIOBase):
    """`size` bytes of a file from `start` on, as a file."""

    def __init__(self, f, start: int, size: int):
        self.f, self.start, self.size, self.at = f, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence])
        return self.at

    def readinto(self, into) -> int:
        self.f.seek(self.start + self.at)
        content = self.f.read(min(len(into), max(0, self.size - self.at)))
        into[:len(content)] = content
        self.at += len(content)
        return len(content)

