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
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .. import locations
from .decoding import understood
from .listing import HEIF, PILLOW
from .opening import Unread, look

FORM = 1  # of what is kept
MOST = 200  # characters of a label
LARGEST = 2**16  # bytes of a .cls or .json that are read
DEEP = "more than 8 bits a colour, which the source images reads"
BARE, NO_TAR, PACKED = "no picture in the sample", "no tar archive", "compressed; unpack it once"
RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass
class Shard:
    """One tar file. names: of its samples.  files, offsets, sizes: of the picture of each; bands: its numbers
    a pixel.  columns: "cls" and the entries of .json -> a value or None for each sample.  lost: why samples
    are left out -> their names.  wrong: why the file itself cannot be read, or ""; cut: it ends too early."""

    names: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    bands: list[int] = field(default_factory=list)
    columns: dict[str, list] = field(default_factory=dict)
    lost: dict[str, list[str]] = field(default_factory=dict)
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
        start, _, ending = base.partition(".")
        name, last = f"{folder}/{start}".strip("./"), "." + ending.rpartition(".")[2].lower()
        if not member.isreg() or not start:
            continue
        said.setdefault(name, {})
        if last in PILLOW | HEIF:
            pictures.setdefault(name, (base, member.offset_data, member.size))
        elif ending.lower() in ("cls", "json") and member.size <= LARGEST:
            f.seek(member.offset_data)
            said[name] |= words_of(f.read(member.size), ending.lower())
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


def words_of(content: bytes, ending: str) -> dict[str, object]:
    """Column -> value, of a .cls or a .json; {} where it says nothing that could be a label."""
    try:
        text = content.decode()
        if ending == "cls":
            return {"cls": text.strip()[:MOST]}
        given = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(name): value[:MOST] if isinstance(value, str) else value for name, value in given.items()
            if isinstance(value, (str, int, float))} if isinstance(given, dict) else {}


def add(found: Shard, f, name: str, picture: tuple[str, int, int] | None, words: dict) -> None:
    """One sample, or why it is left out."""
    header = BARE
    if picture is not None:
        try:
            with understood():
                header = look(io.BufferedReader(Part(f, *picture[1:])), picture[0], 1).header
        except Unread as reason:
            header = str(reason)
    why = header if isinstance(header, str) else DEEP if header.depth else ""
    if why:
        found.lost.setdefault(why, []).append(name)
        return
    for values, value in zip((found.names, found.files, found.offsets, found.sizes, found.bands),
                             (name, *picture, header.bands)):
        values.append(value)
    for column, values in found.columns.items():
        values.append(words.get(column))


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

