"""Tar shards in WebDataset's layout: where every sample lies in its file and what is said of it.

Files of one sample share their name up to the first dot: 000123.jpg, 000123.cls, 000123.json. A shard is
read through once, header by header, and what was found is kept in the cache; later samples are read by their
place.
"""

import hashlib
import io
import json
import os
import tarfile
import uuid
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from .. import locations
from .decoding import CLOSED, GONE, understood
from .listing import HEIF, PILLOW
from .opening import Header, Unread, look, regular
from .tar_members import BROKEN, Archive

FORM = 3  # of what is kept
MOST = 200  # characters of a label
LARGEST = 2**16  # bytes of a .cls or .json that are read
DEEP = "more than 8 bits a colour, which the source images reads"
BARE = "no picture in the sample"


@dataclass
class Shard:
    """One tar file. names: of its samples.  files, offsets, sizes: of the picture of each; bands: its numbers
    a pixel.  columns: "cls" and the entries of .json -> a value or None for each sample.  lost: why samples
    are left out -> their names.  unread: ending -> how many files are left unread beside the pictures.
    animated, upper: pictures of which the first page, the upper 8 of 16 bits are read.  wrong: why the file
    itself cannot be read, or "".  cut: it ends too early.  broken: it cannot be read to its end."""

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
    broken: bool = False


def shard(path: Path) -> Shard:
    """What lies in a shard: as it was kept for this file, else read through now. One that is no file, or not
    there any more, is wrong."""
    try:
        with open(path, "rb", opener=regular) as f:
            about = os.fstat(f.fileno())
            key = digest(f"{FORM} {path} {about.st_size} {about.st_mtime_ns}")[:24]
            kept = locations.cache() / "shards" / f"{key}.json"
            if found := read_kept(kept):
                return found
            found = read_through(f, about.st_size)
    except Unread as reason:
        return Shard(wrong=str(reason))
    except OSError as error:
        if error.errno not in GONE:
            raise
        return Shard(wrong=CLOSED)
    keep(found, kept)
    return found


def read_kept(kept: Path) -> Shard | None:
    """What was kept, None where nothing was, or the file is not as it was written."""
    try:
        own, _, text = kept.read_text().partition("\n")
    except (OSError, ValueError):
        return None
    return Shard(**json.loads(text)) if own == digest(text) else None


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def keep(found: Shard, kept: Path) -> None:
    text = json.dumps(asdict(found))
    kept.parent.mkdir(exist_ok=True)
    part = kept.with_name(f"{kept.stem}-{uuid.uuid4().hex}.part")
    part.write_text(f"{digest(text)}\n{text}")
    os.replace(part, kept)


def read_through(f, end: int) -> Shard:
    """f: the open file, of `end` bytes."""
    found, said, pictures = Shard(), {}, {}
    archive = Archive(f, end)
    try:
        for member in archive.members():
            taken(member, f, said, pictures, found)
    except ValueError as why:
        return Shard(wrong=str(why))
    columns = dict.fromkeys(column for words in said.values() for column in words)
    found.columns = {column: [] for column in columns}
    for name, words in said.items():
        add(found, f, name, pictures.get(name), words)
    found.cut, found.broken = archive.cut, archive.broken
    return Shard(wrong=BROKEN) if found.broken and not found.names else found


def taken(member, f, said: dict[str, dict], pictures: dict[str, tuple], found: Shard) -> None:
    """One file of a sample: its picture, its words, or what is left unread."""
    folder, _, base = member.name.rpartition("/")
    start, dot, ending = base.partition(".")
    if not member.isreg() or not start:
        return
    name, last = f"{folder}/{start}".strip("./"), Path(base).suffix.lower()
    words = said.setdefault(name, {})
    if member.issparse():  # its bytes do not lie as they are
        found.unread["sparse file"] = found.unread.get("sparse file", 0) + 1
    elif last in PILLOW | HEIF and name not in pictures:
        pictures[name] = base, member.offset_data, member.size
    elif (given := words_of(f, member, ending.lower())) is not None:
        words |= given
    else:
        found.unread[dot + ending] = found.unread.get(dot + ending, 0) + 1


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

