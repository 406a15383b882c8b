"""What simple baselines tell of a source is the same in every run on it: reckoned once on a machine, then
read from the cache, as long as neither the data nor the code that reckons has changed."""

import hashlib
import json
import math
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from .. import baselines, field, probes, training
from ..data import Data, locations
from ..data.digest import digest_of
from ..data.rows import in_memory
from ..storage import regular_files
from .simple_baselines import Scores, simple_baselines
from .some_rows import Split

LARGEST = 2**20  # bytes of a file in the cache


def known_baselines(data: Data, train: Split, test: Split, validation: Split, device=None,
                    check: Callable[[], None] = lambda: None) -> Scores:
    """As simple_baselines(); of streamed rows nothing is kept, since nobody sees whether they changed."""
    splits = {"train": train, "test": test, "validation": validation}
    if not all(in_memory(x) for split in splits for x in data.loaded(split)[0].values()):
        return simple_baselines(data, train, test, validation, device, check)
    path = place(data, splits)
    if (found := read(path)) is None:
        found = simple_baselines(data, train, test, validation, device, check)
        write(path, found)
    return found


def place(data: Data, splits: dict[str, Split]) -> Path | None:
    """The file for these rows, labels and baselines; None where no folder can be written."""
    sha = hashlib.sha256(code().encode())
    sha.update(repr([each.name for each in data.baselines()] + sorted(data.fields.items())).encode())
    for name, split in splits.items():
        sha.update(digest_of(*data.loaded(name)).encode() + split.numbers.numpy().tobytes())
    try:
        return locations.cache() / "baselines" / f"{sha.hexdigest()[:32]}.json"
    except OSError:
        return None


@cache
def code() -> str:
    """A digest of the files that reckon and of the libraries that they use."""
    files = sorted(file for package in (baselines, probes, training)
                   for file in Path(package.__file__).parent.glob("*.py"))
    own = b"".join(file.read_bytes() for file in [*files, Path(field.__file__)])
    libraries = [version(name) for name in ("torch", "scikit-learn", "scipy", "numpy")]
    return hashlib.sha256(own + " ".join(libraries).encode()).hexdigest()


def read(path: Path | None) -> Scores | None:
    """None for what is not there or cannot be right."""
    try:
        with regular_files.reading(path) as file:
            found = json.loads(file.read(LARGEST))
        fits = all(math.isfinite(value) for scores in found.values() for value in scores.values())
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return found if fits else None


def write(path: Path | None, scores: Scores) -> None:
    """What cannot be written is reckoned again the next time."""
    if path is None:
        return
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(exist_ok=True)
        with regular_files.new(part) as file:
            file.write(json.dumps(scores).encode())
        part.replace(path)
    except OSError:
        return
