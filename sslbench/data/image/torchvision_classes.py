"""What the data sets of torchvision are, read from their signatures: which splits they have and how each is
asked for, where their files are, and which of their attributes holds the labels."""

import inspect
import itertools
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ...messages import in_words, one_line, quoted
from .. import locations
from ..rows import evenly
from .library_sets import split_of
from .streamed import in_threads
from .torchvision_files import PictureFile, guarded

# What cannot be told without their files: no class is their answer, or they are folders of one's own
OTHERS = {"VisionDataset", "ImageFolder", "DatasetFolder", "FakeData", "LSUN", "LSUNClass", "SBU",
          "SBDataset", "VOCSegmentation", "VOCDetection", "Cityscapes", "WIDERFace", "Kitti", "LFWPairs",
          "MovingMNIST"}
SPLITS = {"CelebA": ("train", "valid", "test"), "PCAM": ("train", "val", "test")}  # look at files first
FIXED = {"EMNIST": {"split": "balanced"}}  # which of several sets
# what lies in their folder before they may be asked: they would make a folder, or unpack, where it is not
INSIDE = {"Caltech101": "caltech101", "Caltech256": "caltech256", "ImageNet": "meta.bin"}
LOOKED_AT = 32  # samples that tell which attribute holds the labels
MOST = 2000  # folders that are looked into


@cache
def names() -> list[str]:
    """All classes of torchvision.datasets that give a picture and its class."""
    from torchvision import datasets
    kinds = {name: getattr(datasets, name) for name in datasets.__all__}
    return sorted(name for name, kind in kinds.items()
                  if inspect.isclass(kind) and name not in OTHERS and needed(kind) <= set(FIXED.get(name, ()))
                  and not kind.__module__.rpartition(".")[2].startswith(("_optical_flow", "_stereo")))


def parameters(kind: type) -> dict[str, inspect.Parameter]:
    """Arguments of the constructor, with those that **kwargs hands to the next one."""
    found: dict[str, inspect.Parameter] = {}
    for cls in kind.__mro__:
        own = dict(inspect.signature(cls.__init__).parameters)
        found = {**own, **found}
        if not any(p.kind is p.VAR_KEYWORD for p in own.values()):
            break
    return found


def needed(kind: type) -> set[str]:
    """Arguments without which it cannot be made, beside the folder."""
    return {name for name, p in parameters(kind).items()
            if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD} - {"self", "root"}


@cache
def own_splits(name: str) -> dict[str, dict]:
    """The set's own words for its splits -> the arguments that ask for each; {"": {}} where it has none."""
    from torchvision import datasets
    kind, fixed = getattr(datasets, name), FIXED.get(name, {})
    known = parameters(kind)
    if "split" in known and "split" not in fixed:
        words = SPLITS.get(name) or asked(kind)
        if words:
            return {word: {"split": word} for word in words}
    if "train" in known:
        return {word: {**fixed, "train": word == "train"} for word in ("train", "test")}
    return {"": fixed}


def asked(kind: type) -> tuple[str, ...]:
    """The splits that a class knows: it says them when it is asked for another."""
    with tempfile.TemporaryDirectory() as empty:
        try:
            kind(empty, split="?")
        except Exception as error:  # whatever it looks for first
            said = re.search(r"Valid values are \{(.*?)\}", str(error))
            return tuple(re.findall(r"'([^']+)'", said[1])) if said else ()
    return ()


def used_splits(name: str, train: str) -> dict[str, dict]:
    """Of these one each to train, choose and test on. train: which one trains, "" for the one called so.

    ValueError in one line where there is no such split.
    """
    known = own_splits(name)
    if train and train not in known:
        has = ", ".join(word for word in known if word) or "no splits"
        raise ValueError(f"torchvision:{name} has no split {train[:40]!r}; data.train must be one of: {has}")
    order = sorted(known, key=lambda word: (word != train, word not in ("train", "val", "test")))
    chosen: dict[str | None, str] = {}
    for word in order:
        ours = "train" if word == train else split_of(word)
        if ours or not word:
            chosen.setdefault(ours, word)
    if "val" in chosen.get("train", "") and "validation" in chosen:
        del chosen["validation"]  # trainval holds its samples
    return {word: known[word] for word in known if word in chosen.values()}


def made(name: str, root: Path, splits: dict[str, dict], download: bool = False) -> dict[str, Any]:
    """The data sets of these splits, by torchvision, which opens no picture. RuntimeError or OSError where
    they are not there, ValueError in one line where what is there cannot be read."""
    from torchvision import datasets
    kind = guarded(getattr(datasets, name))
    known = parameters(kind)
    given = {"download": download} if "download" in known else {}
    given |= {"loader": PictureFile} if "loader" in known else {}
    try:
        return {word: kind(str(root), **arguments, **given) for word, arguments in splits.items()}
    except (RuntimeError, OSError):
        raise
    except Exception as error:  # whatever a damaged list makes it stumble over
        raise unreadable(f"torchvision:{name}", root, error) from error


def unreadable(name: str, root: Path, error: Exception) -> ValueError:
    """One line for a set that lies there and is damaged, or is another of the same name."""
    why = re.split(r"[.:]\s", in_words(error).removeprefix("UnpicklingError: "))[0]
    return ValueError(f"{name} in {quoted(str(root))} cannot be read by torchvision ({one_line(why, 120)}); "
                      "a file of it is damaged or no part of it: put the set there anew, or move it away")


def found(name: str, splits: dict[str, dict]) -> tuple[dict[str, Any], Path] | None:
    """The splits and the folder that torchvision reads them from; None where none has them all, ValueError
    where they can be read in none. Nothing is written."""
    damaged: ValueError | None = None
    for root in itertools.islice(folders(name), MOST):
        if (root / INSIDE.get(name, "")).exists():
            try:
                return made(name, root, splits), root
            except ValueError as error:
                damaged = damaged or error
            except (RuntimeError, OSError):  # its way to say that it is not there
                continue
    if damaged:
        raise damaged
    return None


def kept(name: str) -> Path:
    """Where what is downloaded is kept."""
    return locations.cache() / "torchvision" / name


def folders(name: str) -> Iterator[Path]:
    """Our own, then those where known sets are looked for, two folders deep."""
    yield kept(name)
    for root in locations.roots():
        level = [root]
        for _ in range(3):
            yield from level
            level = [folder for place in level for folder in inside(place)]


def inside(place: Path) -> list[Path]:
    """The folders in a folder; none where it may not be opened."""
    try:
        return sorted(Path(e.path) for e in os.scandir(place) if e.is_dir() and not e.name.startswith("."))
    except OSError:
        return []


def targets_of(data: Any) -> list | np.ndarray:
    """The answer of each sample: int [n], or [n, k] of 0 and 1, or a list with None for no answer.

    Taken from the attribute that says the same as the samples do, so that no picture is decoded; from the
    samples where there is none.
    """
    said = {i: item(data, i) for i in evenly(len(data), LOOKED_AT).tolist()}
    some = [i for i, pair in said.items() if pair is not None]
    truth = [plain(said[i][1]) for i in some]
    if len(set(map(str, truth))) > 1:  # else anything constant would say the same
        for values in vars(data).values():
            if isinstance(values, (list, tuple, np.ndarray, Tensor)) and len(values) == len(data):
                for take in takers(values[0]):
                    if [take(values[i]) for i in some] == truth:
                        return arranged([take(v) for v in values])
    pairs = in_threads(partial(item, data), range(len(data)))
    return arranged([pair and plain(pair[1]) for pair in pairs])


def item(data: Any, i: int, then: Callable = lambda pair: pair) -> Any:
    """What `then` makes of a picture and its answer; None where the file is damaged."""
    try:
        return then(data[i])
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow says of it
        if isinstance(error, OSError) and error.errno is not None:
            raise
        return None


def takers(first: Any) -> list:
    """How an entry may hold the answer: it is it, or a part of it."""
    if isinstance(first, (tuple, list)):
        return [lambda v, i=i: plain(v[i]) for i in range(len(first))]
    return [plain]


def plain(value: Any) -> Any:
    """A number or a list of numbers of whatever holds them."""
    if isinstance(value, (Tensor, np.ndarray, np.generic)):
        return value.tolist() if value.ndim < 2 else None
    return value


def arranged(values: list) -> list | np.ndarray:
    return values if any(v is None for v in values) else np.asarray(values)
