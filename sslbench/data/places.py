"""Where files are: the project's `data/`, the folders of SSLBENCH_DATA (read-only), and a cache that can be written."""

import os
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def project() -> Path | None:
    """The project's `data/`, which ships the samples; None when the package was installed without its repository."""
    folder = PROJECT / "data"
    return folder if (folder / "README.md").is_file() else None


def cache() -> Path:
    """A folder for downloads and prepared files: the project's `data/cache`, else one in the user's own cache."""
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sslbench"
    for folder in ([project() / "cache"] if project() else []) + [own]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise PermissionError(f"no folder for downloads can be written; make {own} writable or set XDG_CACHE_HOME")


def given() -> list[Path]:
    """The folders of SSLBENCH_DATA that exist: your own copies of known data sets, never written to."""
    return [Path(p) for p in os.environ.get("SSLBENCH_DATA", "").split(os.pathsep) if p and Path(p).is_dir()]


def sample(name: str) -> str:
    """One of the small samples, the default of a source: the one that ships, or made in the cache where it is not there."""
    shipped = PROJECT / "data" / name
    if shipped.exists():
        return str(shipped)
    made = cache() / "samples" / name
    if not made.exists():
        from .samples import make
        with tempfile.TemporaryDirectory(dir=cache()) as folder:  # moved into place whole, so nobody reads half of it
            fresh = make(name, Path(folder))
            made.parent.mkdir(exist_ok=True)
            if not made.exists():
                fresh.replace(made)
    return str(made)


def existing(path: str, what: str, parameter: str) -> Path:
    """The user's own file or folder; FileNotFoundError that says which parameter to set."""
    found = Path(path).expanduser()
    if not found.exists():
        raise FileNotFoundError(f"there is no {what} {str(found)!r}; check {parameter}")
    return found
