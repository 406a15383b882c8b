"""MNIST's idx files and CIFAR-10's batches as they lie on a disk after unpacking: found by their names, read
without running code.

CIFAR-10's batches are pickles. Only the parts of a dictionary of arrays and lists are let in, and arrays are
built from their bytes.
"""

import gzip
import hashlib
import io
import math
import os
import pickle
import re
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

DEPTH = 3  # folders below a root
IDX = re.compile(r"(train|t10k|test)[-_.](images|labels)[-_.]idx[13][-_.]ubyte(\.gz)?", re.I)
BATCH = re.compile(r"(data_batch_[1-9]|test_batch)(\.bin)?")
OTHER_SETS = re.compile(r"fashion|kmnist|kuzushiji", re.I)  # their files have MNIST's names
FASHION = "9018921c3c673c538a1fc5bad174d6f9"  # MD5 of the unpacked training labels
MOST = 2**28  # bytes of one file; the largest of these sets has 47 million
# train_images uint8 [n, C, H, W], train_labels int64 [n], test_images, test_labels
Arrays = dict[str, np.ndarray]


def found(name: str, roots: list[Path]) -> tuple[Arrays, Path] | None:
    """The arrays of mnist, fashion_mnist or cifar10 and the folder they are read from; None where none has
    all files."""
    for root in roots:
        for folder, files in files_below(root, BATCH if name == "cifar10" else IDX).items():
            inside = str(folder.relative_to(root)) if folder != root else root.name
            arrays = cifar10(files) if name == "cifar10" else mnist(files, inside, name)
            if arrays:
                return arrays, folder
    return None


def files_below(root: Path, names: re.Pattern) -> dict[Path, dict[str, Path]]:
    """Folder -> file name in small letters -> file, for files of these names, at most DEPTH folders below the
    root. A file in a folder of its own name, as some archives bring it, counts as in the folder above."""
    kept: dict[Path, dict[str, Path]] = defaultdict(dict)
    for place, folders, files in os.walk(root):
        here = Path(place)
        folders[:] = (sorted(f for f in folders if not f.startswith("."))
                      if len(here.relative_to(root).parts) < DEPTH else [])
        for file in sorted(files):
            if names.fullmatch(file) and (here / file).is_file():
                kept[here.parent if names.fullmatch(here.name) else here].setdefault(file.lower(),
                    here / file)
    return kept


def mnist(files: dict[str, Path], inside: str, name: str) -> Arrays | None:
    """The four idx files of a folder, when they are those of this set."""
    four: dict[str, Path] = {}
    for file, path in files.items():
        split, what, _ = IDX.fullmatch(file).groups()
        four.setdefault(f"{'train' if split == 'train' else 'test'}_{what}", path)
    if len(four) < 4:
        return None
    labels = idx(four["train_labels"], 1)
    fashion = (hashlib.md5(contents(four["train_labels"])).hexdigest() == FASHION
               or "fashion" in inside.lower())
    if fashion != (name == "fashion_mnist") or (not fashion and OTHER_SETS.search(inside)):
        return None
    arrays = {"train_images": idx(four["train_images"], 3)[:, None], "train_labels": labels,
              "test_images": idx(four["test_images"], 3)[:, None], "test_labels": idx(four["test_labels"], 1)}
    return checked(arrays, four["train_images"], (1, 28, 28))


def checked(arrays: Arrays, file: Path, size: tuple[int, ...]) -> Arrays:
    """The same with labels int64; ValueError when images and labels are not as many, or of another size."""
    for split in ("train", "test"):
        x, y = arrays[f"{split}_images"], arrays[f"{split}_labels"]
        if x.shape[1:] != size or len(x) != len(y) or not len(y) or y.max() > 9:
            raise ValueError(f"{file.parent} holds {split} images {list(x.shape)} and labels "
                             f"{list(y.shape)}; images must be {list(size)}, one label from 0 to 9 for each")
        arrays[f"{split}_labels"] = y.astype(np.int64)
    return arrays


def contents(file: Path) -> bytes:
    """All bytes, unpacked; ValueError in one line where that cannot be."""
    try:
        with gzip.open(file) if file.suffix.lower() == ".gz" else open(file, "rb") as f:
            data = f.read(MOST + 1)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ValueError(f"{file} is damaged ({error}); unpack or download it again") from None
    if len(data) > MOST:
        raise ValueError(f"{file} has more than {MOST >> 20} MB, which no file of this set has")
    return data


def idx(file: Path, axes: int) -> np.ndarray:
    """An idx file of bytes as an array."""
    data = contents(file)
    shape = tuple(np.frombuffer(data[4:4 + 4 * axes], ">u4").tolist())
    if (data[:4] != bytes([0, 0, 8, axes]) or len(shape) != axes
        or len(data) != 4 + 4 * axes + math.prod(shape)):
        raise ValueError(f"{file} is damaged or no idx file of {axes} axes ({len(data)} bytes); unpack or "
                         "download it again")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def cifar10(files: dict[str, Path]) -> Arrays | None:
    """The six batches of a folder, pickled or as .bin."""
    for ending in ("", ".bin"):
        parts = {split: [files[f] for f in names if f in files] for split, names in (
            ("train", [f"data_batch_{i}{ending}" for i in range(1, 10)]), ("test", [f"test_batch{ending}"]))}
        if all(parts.values()):
            arrays = {}
            for split, paths in parts.items():
                images, labels = zip(*map(batch, paths))
                arrays |= {f"{split}_images": np.concatenate(images),
                           f"{split}_labels": np.concatenate(labels)}
            return checked(arrays, parts["train"][0], (3, 32, 32))
    return None


def batch(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [n, 3, 32, 32] and labels [n] of one file."""
    data = contents(file)
    try:
        if file.suffix == ".bin":
            rows = np.frombuffer(data, np.uint8).reshape(-1, 1 + 3 * 32 * 32)
            return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0]
        held = Unpickler(data).load()
        images, labels = (array(held.get(key.encode(), held.get(key))) for key in ("data", "labels"))
        return images.astype(np.uint8, copy=False).reshape(-1, 3, 32, 32), labels.astype(np.int64)
    except Exception as error:  # a damaged pickle raises whatever it likes
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:100]
        raise ValueError(
            f"{file} is damaged or no batch of CIFAR-10 ({reason}); unpack or download it again") from None


class Parts:
    """What a pickle says of an array or of its kind of numbers: arguments and state, not yet an array."""

    def __init__(self, *given: Any):
        self.given, self.state = given, None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def array(parts: Any) -> np.ndarray:
    """The array of uint8 or whole numbers that these parts describe; its bytes must be there, so nothing
    large comes of nothing."""
    if not isinstance(parts, Parts):
        return np.asarray(parts)
    if parts.state is not None:
        _, shape, kind, fortran, data = parts.state
    else:
        (data, kind, shape), fortran = parts.given[:3], parts.given[3:] == ("F",)
    if isinstance(data, str):  # of Python 2
        data = data.encode("latin1")
    dtype = np.dtype({"u1": "u1", "i8": "<i8", "i4": "<i4", "uint8": "u1",
                      "int64": "<i8"}[text(kind.given[0]).lstrip("|<")])
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def text(word: str | bytes) -> str:
    return word.decode("latin1") if isinstance(word, bytes) else word


class Unpickler(pickle.Unpickler):
    """Lets in the names of NumPy's arrays as `Parts`, and nothing that runs."""

    def __init__(self, data: bytes):
        super().__init__(io.BytesIO(data), encoding="bytes")

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("numpy") and name in ("_reconstruct", "ndarray", "dtype", "_frombuffer"):
            return Parts
        if (module, name) == ("_codecs", "encode"):
            return lambda word, coding: word.encode("latin1") if isinstance(word, str) else word
        raise ValueError(f"it asks for {module}.{name}, which no batch needs")
