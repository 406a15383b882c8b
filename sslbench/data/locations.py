"""Where files are: the project's `data/`, the folders of SSLBENCH_DATA (read-only), and a cache that can be
written."""

import difflib
import glob
import itertools
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..messages import in_words, one_line, quoted

ARRAYS = ".npz", ".npy"  # files that may stand in the place of a folder
PROJECT = Path(__file__).resolve().parents[2]


def project() -> Path | None:
    """The project's `data/`, which ships the samples; None when the package was installed without its
    repository."""
    folder = PROJECT / "data"
    return folder if (folder / "README.md").is_file() else None


def cache() -> Path:
    """A folder for downloads and prepared files: the project's `data/cache`, else one in the user's own
    cache."""
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sslbench"
    for folder in ([project() / "cache"] if project() else []) + [own]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise PermissionError(f"no folder for downloads can be written; make {own} writable or set "
                          "XDG_CACHE_HOME")


def given() -> list[Path]:
    """The folders of SSLBENCH_DATA that exist: your own copies of known data sets, never written to."""
    return [Path(p) for p in os.environ.get("SSLBENCH_DATA", "").split(os.pathsep) if p and Path(p).is_dir()]


def roots() -> list[Path]:
    """Where known data sets are looked for: the user's own folders first, then the project's and the
    cache."""
    return [root for root in (*given(), project(), cache()) if root]


def copies(file: str) -> Iterator[Path]:
    """All files of that name, at most three folders deep."""
    for root in roots():
        for folders in ("", "*/", "*/*/", "*/*/*/"):
            yield from sorted(root.glob(folders + file))


def not_here(name: str, error: BaseException, what: str) -> FileNotFoundError:
    """One line for a known data set that is not on this machine and could not be downloaded. what: the files
    that can be put here by hand."""
    return FileNotFoundError(f"{name} is not on this machine and could not be downloaded "
                             f"({one_line(in_words(error), 100)}); put {what} into {cache()} or a folder of "
                             "SSLBENCH_DATA")


def sample(name: str) -> str:
    """One of the small samples, the default of a source: the one that ships, or made in the cache where it is
    not there."""
    shipped = PROJECT / "data" / name
    if shipped.exists():
        return str(shipped)
    made = cache() / "samples" / name
    if not made.exists():
        from .small_samples import make
        # moved into place whole, so nobody reads half of it
        with tempfile.TemporaryDirectory(dir=cache()) as folder:
            fresh = make(name, Path(folder))
            made.parent.mkdir(exist_ok=True)
            if not made.exists():
                fresh.replace(made)
    return str(made)


def absolute(path: str | Path) -> Path:
    """The path as it stays right from another working directory, "~" the user's own home; ValueError where
    there is no such home."""
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(f"{quoted(str(path))} cannot be found: {in_words(error).lower()}") from None


def several(file: str, parameter: str) -> list[tuple[Path, list[Path]]]:
    """The files that are meant: one, a pattern, or several of these with commas between them, which are none
    where the whole is a file or fits files. Each as it is given with the files that it stands for: [] for a
    folder.

    OSError or ValueError in one line where there is none.
    """
    parts = [part.strip() for part in file.split(",") if part.strip()]
    whole = fitting(file)
    if whole or len(parts) < 2:
        parts = [file] if whole or not parts else parts  # blanks alone are no name
    return [whole_or_folder(part, fitting(part), parameter) for part in parts]


def fitting(pattern: str) -> list[Path]:
    """The file of this name, or else the files that fit the pattern, in the order of their names."""
    path = absolute(pattern)
    return ([path] if os.path.isfile(path)
            else [Path(p) for p in sorted(glob.glob(str(path), recursive=True)) if Path(p).is_file()])


def whole_or_folder(name: str, found: list[Path], parameter: str) -> tuple[Path, list[Path]]:
    if not found and any(c in name for c in "*?[") and not absolute(name).exists():
        raise FileNotFoundError(f"there is no file that fits {name[:200]!r}; check {parameter}")
    return (absolute(name) if found else existing(name, "file", parameter)), found


def existing(path: str | Path, what: str, parameter: str) -> Path:
    """The user's own file or folder, as an absolute path: it is found again from another working directory.

    OSError or ValueError in one line that says which parameter to set, also for a pipe or a device, whose
    reading might never end.
    """
    try:
        found = absolute(as_pasted(path))
        kind = found.stat().st_mode
    except FileNotFoundError:
        raise FileNotFoundError(
            f"there is no {what} {quoted(str(path))}{instead_of(found, what)}; check {parameter}") from None
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        # too long, a NUL in it, no such user's home, links in a circle
        why = getattr(error, "strerror", None) or in_words(error)
        file = next((above for above in found.parents if above.is_file()), None) if isinstance(
            error, NotADirectoryError) else None
        if file:
            why += f", {quoted(file.name)} in {quoted(str(file.parent))} is a file"
        raise ValueError(
            f"{parameter} cannot be {quoted(path if path is None else str(path))}: "
            f"{why[:1].lower()}{why[1:]}") from None
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise ValueError(f"{quoted(str(path))} is a {special(kind)}, not a {what}; check {parameter}")
    if not os.access(found, os.R_OK | (os.X_OK if stat.S_ISDIR(kind) else 0)):
        raise PermissionError(f"{quoted(str(path))} may not be read by you; change its permissions or check "
                              f"{parameter}")
    return found


def as_pasted(path: str | Path) -> str | Path:
    """Without the blanks and quotation marks that come along when a path is copied, unless a file is called
    so."""
    if not isinstance(path, str) or os.path.lexists(os.path.expanduser(path)):
        return path
    return path.strip().strip("\"'").strip() or path


def instead_of(missing: Path, what: str) -> str:
    """Where was looked for what is not there, and the name there that is most like it; where a folder is
    meant and files are like it, their folder."""
    place = missing.parent
    while not place.is_dir() and place != place.parent:
        place = place.parent
    wanted = missing.relative_to(place).parts[0]
    try:
        names = list(itertools.islice((entry.name for entry in os.scandir(place)), 1000))
    except OSError:
        names = []
    # notebooks/photos, looked for in notebooks
    own = [name for name in missing.parts[len(place.parts) + 1:] if name in names]
    close = own[-1:] or difflib.get_close_matches(wanted, names, 1, 0.6)
    if close and what == "folder" and (place / close[0]).is_file() and not close[0].lower().endswith(ARRAYS):
        return f"; did you mean the folder {quoted(str(place))}, which holds {quoted(close[0])}?"
    return f" in {quoted(str(place))}" + (f"; did you mean {quoted(close[0])}?" if close else "")


def special(kind: int) -> str:
    """What a file is that is neither a regular one nor a folder; kind: its st_mode."""
    return "pipe" if stat.S_ISFIFO(kind) else "socket" if stat.S_ISSOCK(kind) else "device"
