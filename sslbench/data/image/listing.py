"""Which files of a folder are pictures, and what else lies there, in numbers.

Links to folders are followed and each folder is read once, which ends every loop. Nothing is opened, so no
pipe or device can hang.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from ..folders import plain, shown
from ..tables import reading
from ..tables.table import count

PILLOW = {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".bmp", ".dib", ".gif", ".webp", ".tif",
          ".tiff", ".pgm", ".ppm",
          ".pbm", ".pnm", ".pfm", ".jp2", ".j2k", ".jpf", ".jpx", ".avif", ".qoi", ".tga", ".psd"}
HEIF = {".heic", ".heif", ".hif"}
ARRAYS = {".npy", ".npz"}
PICTURES = PILLOW | HEIF | ARRAYS
TABLES = {*reading.KINDS, ".json"}  # that may say something of pictures
UNREAD = {".raw", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw", ".dcm",
          ".dicom", ".ima", ".nii", ".mha",
          ".mhd", ".nrrd", ".svg", ".svgz", ".eps", ".ai", ".xcf", ".jxl", ".jxr", ".wdp", ".exr", ".hdr",
          ".dds", ".fits", ".czi",
          ".nd2", ".lif", ".lsm", ".svs", ".ndpi", ".mrxs", ".vsi", ".djvu", ".wmf", ".emf", ".ico", ".icns",
          ".pcx", ".sgi"}
# and all names that begin with a dot
HIDDEN = {"__macosx", "@eadir", "#recycle", "$recycle.bin", "thumbs", "lost+found"}


# Why a name is left out: what it is, and what is wrong with it
LOOP = "link", "to a folder above"
TWICE = "link", "to what is read already"
NO_FILE = "name", "of a picture but no file (a pipe, a device, a broken link)"
WRITTEN = "link", "to a folder that was unpacked as a text file"
CLOSED = "folder", "that may not be opened"


@dataclass
class Listing:
    """names: paths below the root of all files that are called like pictures.  tables: the same of tables.
    The rest counts what is no picture that can be read."""

    names: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)  # those of `names` that are links
    others: Counter = field(default_factory=Counter)  # ending -> files
    without: set[str] = field(default_factory=set)  # folders with pictures of a kind that is not read
    hidden: Counter = field(default_factory=Counter)  # name of a hidden folder or file -> pictures
    odd: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))  # why -> names
    advice: list[str] = field(default_factory=list)

    def notes(self) -> list[str]:
        """What was left out, in numbers."""
        unread = Counter({end: n
                          for end, n in self.others.items() if end in UNREAD | HEIF | ARRAYS | {".avif"}})
        said = [f"left out: {'; '.join([kinds(unread), *self.advice])}"] if unread else []
        if self.hidden:
            pictures = count(self.hidden.total(), "picture")
            said.append(f"left out: {pictures} in hidden or system folders: {shown(sorted(self.hidden))}")
        return said + [f"left out: {count(len(names), what)} {why}: {shown(names)}"
                       for (what, why), names in self.odd.items()]


def listed(root: Path) -> Listing:
    """All pictures below `root`, in the order of their names; ValueError when there are none."""
    found, seen = Listing(), set()
    level = [(False, "", os.fspath(root))]  # (whether it is a link, name below the root, path)
    while level:
        below = []
        # links after the folders beside them: what they lead to keeps its own name
        for link, name, path in sorted(level):
            place = identity(path)
            if link and os.path.realpath(os.path.dirname(path)).startswith(os.path.realpath(path)):
                found.odd[LOOP].append(name)
            elif place in seen:
                found.odd[TWICE].append(name)
            else:
                seen.add(place)
                below += read_folder(path, name, found)
        level = below
    without_copies(found, root)
    only_readable(found)
    if not found.names:
        raise ValueError(f"there is no image in {plain(str(root))!r}{instead(found)}; data.folder must hold "
                         "files such as .png or .jpg")
    found.names.sort(key=lambda name: name.split("/"))
    return found


def identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def read_folder(path: str, name: str, found: Listing) -> Iterator[tuple[bool, str, str]]:
    """Sorts the files of one folder into the listing; its sub-folders, which are read next."""
    try:
        entries = list(os.scandir(path))
    except PermissionError:
        found.odd[CLOSED].append(name or ".")
        return
    for entry in entries:
        below = f"{name}/{entry.name}" if name else entry.name
        if hidden(entry.name):
            if pictures := hidden_pictures(entry):
                found.hidden[below] += pictures
        elif entry.is_dir():
            yield entry.is_symlink(), below, entry.path
        elif (end := ending(entry.name)) in TABLES:
            found.tables.append(below)
        elif end not in PICTURES:
            found.others[end] += 1
            if not end and written_link(entry):
                found.odd[WRITTEN].append(below)
            if end in UNREAD:
                found.without.add(name)
        elif not entry.is_file():
            found.odd[NO_FILE].append(below)
        else:
            found.names.append(below)
            found.links += [below] if entry.is_symlink() else []


def written_link(entry: os.DirEntry) -> bool:
    """Whether a small file holds nothing but the path of a folder: a link, as Git and some archives write it
    where there are none."""
    try:
        if not entry.is_file(follow_symlinks=False) or not 0 < entry.stat().st_size < 1000:
            return False
        with open(entry.path, "rb") as f:
            target = f.read().strip()
        return (b"\0" not in target and b"\n" not in target
                and os.path.isdir(os.path.join(os.fsencode(os.path.dirname(entry.path)), target)))
    except OSError:
        return False


def hidden_pictures(entry: os.DirEntry) -> int:
    """Pictures in a hidden folder; links are not followed. One hidden file of a name such as ._1.png is
    one."""
    if not entry.is_dir(follow_symlinks=False):
        return int(ending(entry.name) in PICTURES)
    return sum(ending(file) in PICTURES for _, _, files in os.walk(entry.path) for file in files)


def without_copies(found: Listing, root: Path) -> None:
    """Leaves out links to pictures that are read under their own names, and all but one of several links to
    the same."""
    if not found.links:
        return
    here, links = os.path.realpath(root), set(found.links)
    read = {os.path.join(here, name) for name in found.names if name not in links}
    for name in sorted(links):
        target = os.path.realpath(root / name)
        if target in read:
            found.odd[TWICE].append(name)
        read.add(target)
    gone = set(found.odd.get(TWICE, ()))
    found.names = [name for name in found.names if name not in gone]


def only_readable(found: Listing) -> None:
    """Leaves out kinds that need what is not installed, and arrays that lie beside pictures of another
    kind."""
    ends = {ending(name) for name in found.names}
    gone = set()
    if ends & HEIF and find_spec("pillow_heif") is None:
        gone |= HEIF
        found.advice.append("pip install pillow-heif to read them")
    if ".avif" in ends and not avif():
        gone.add(".avif")
        found.advice.append("a newer Pillow reads AVIF")
    if ends - gone - ARRAYS:
        gone |= ARRAYS
    left = [name for name in found.names if ending(name) in gone]
    found.others.update(map(ending, left))
    found.without |= {name.rpartition("/")[0] for name in left}
    found.names = [name for name in found.names if ending(name) not in gone]


def first_files(root: Path, n: int = 8, among: int = 5000) -> list[Path]:
    """The first few files that are called like pictures, cheaply; arrays only where there is nothing else."""
    found, pictures = [], []
    for place, folders, files in os.walk(root, followlinks=True):
        folders[:] = sorted(folder for folder in folders if not hidden(folder))
        among -= len(files) + 1
        files = [name for name in sorted(files) if ending(name) in PICTURES and not name.startswith(".")]
        found += [Path(place, name) for name in files]
        pictures = [file for file in found if ending(file.name) not in ARRAYS]
        if len(pictures) >= n or among < 0:
            break
    return (pictures or found)[:n]


def hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in HIDDEN


def avif() -> bool:
    from PIL import features
    return bool("avif" in features.modules and features.check("avif"))


def instead(found: Listing) -> str:
    """What lies there, for the error that there is no picture."""
    there = found.others + Counter(ending(name) for name in found.tables)
    return (f" (it holds {kinds(there)}{''.join(f'; {line}' for line in found.advice)})"
            if there.total() else "")


def ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def kinds(counts: Counter) -> str:
    """"12 .heic, 3 .cr2": the most frequent endings first."""
    said = [f"{n:,} {plain(end) or 'without an ending'}" for end, n in counts.most_common(5) if n]
    return ", ".join(said) + (", ..." if len(counts) > 5 else "")
