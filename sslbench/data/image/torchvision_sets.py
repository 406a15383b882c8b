"""MNIST, Fashion-MNIST and CIFAR-10 through torchvision: from your folders, or downloaded once into the
cache.

The original archives, or the plain files that they hold, are looked for in the project's `data/` and the
folders of SSLBENCH_DATA (those are only read). What was unpacked once is kept as one .npz in the cache.
"""

import hashlib
import os
import re
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import torch

from .. import Field, locations
from ..arrays import npz_members
from . import unpacked
from .augment import Color, Crop, Rotation
from .source import PictureSource

VALIDATION = 5_000  # the last images of the training set
KEYS = ["train_images", "train_labels", "test_images", "test_labels"]


class TorchvisionSet(PictureSource, listed=False):
    """Interface of the three: a torchvision class, the field it fills, and whether a mirrored image means the
    same."""

    source = ""  # class in torchvision.datasets
    archive, size = "train-images-idx3-ubyte.gz", ""  # one of its files, and the size of all
    citation = ""
    splits_from = "test as published, validation the last of the training pictures"
    held: unpacked.Arrays | None = None

    def load(self, split):
        if self.held is None:
            self.held, said = read(self.source, self.name)
            self.notes = [said] if said else []
        images, labels = (self.held[f"{'test' if split == 'test' else 'train'}_{what}"]
                          for what in ("images", "labels"))
        if split != "test":
            last = len(labels) - min(VALIDATION, max(1, len(labels) // 10))
            part = slice(last, None) if split == "validation" else slice(None, last)
            images, labels = images[part], labels[part]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nobody writes
            return {"image": torch.from_numpy(images)}, {next(iter(self.classes)): torch.from_numpy(labels)}

    @classmethod
    def downloads(cls):
        return ("" if (locations.cache() / f"{cls.name}.npz").is_file()
                or lies_somewhere(cls.source, cls.archive) else cls.size)

    def cite(self):
        return self.citation


class MNIST(TorchvisionSet):
    """70,000 handwritten digits, 28 x 28 grey pixels: the classic (12 MB, downloaded once)."""

    name, source, size = "mnist", "MNIST", "12 MB"
    paper = "http://yann.lecun.com/exdb/mnist"
    citation = "MNIST, LeCun, Cortes and Burges (CC BY-SA 3.0)"
    classes = {"digit": [str(i) for i in range(10)]}

    def __init__(self, *, crop: Crop = 0.5, color: Color = 0.4, rotation: Rotation = 15.0):
        self.crop, self.color, self.rotation = crop, color, rotation
        self.fields = {"image": Field((28, 28), (4, 4), 1, scale=1 / 78.6, offset=33.3)}


class FashionMNIST(TorchvisionSet):
    """70,000 pictures of clothes, 28 x 28 grey pixels, ten kinds: MNIST's harder sister (31 MB, downloaded
    once)."""

    name, source, flip, size = "fashion_mnist", "FashionMNIST", True, "31 MB"
    paper = "https://arxiv.org/abs/1708.07747"
    citation = "Fashion-MNIST, Xiao, Rasul and Vollgraf 2017, Zalando (MIT)"
    classes = {"garment": ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker",
                           "bag", "boot"]}

    def __init__(self, *, crop: Crop = 0.4, color: Color = 0.4, rotation: Rotation = 5.0):
        self.crop, self.color, self.rotation = crop, color, rotation
        self.fields = {"image": Field((28, 28), (4, 4), 1, scale=1 / 90, offset=72.9)}


class CIFAR10(TorchvisionSet):
    """60,000 small colour photographs of ten kinds of thing, 32 x 32 pixels (170 MB, downloaded once)."""

    name, source, flip, size = "cifar10", "CIFAR10", True, "170 MB"
    archive = "cifar-10-python.tar.gz"
    paper = "https://www.cs.toronto.edu/~kriz/cifar.html"
    citation = "CIFAR-10, Krizhevsky 2009 (no licence stated; cite)"
    classes = {"object": ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
                          "truck"]}

    def __init__(self, *, crop: Crop = 0.3, color: Color = 0.5, rotation: Rotation = 0.0):
        self.crop, self.color, self.rotation = crop, color, rotation
        self.fields = {"image": Field((32, 32), (4, 4), 3, scale=1 / 64, offset=120.7)}


def read(source: str, name: str) -> tuple[unpacked.Arrays, str]:
    """Images uint8 [n, C, H, W] and labels int64 [n] of both splits, and where they come from: what was kept,
    the archives, the plain files that they hold, or a download. What was kept and is damaged is made
    again."""
    kept, damage = locations.cache() / f"{name}.npz", None
    if kept.is_file():
        try:
            return dict(zip(KEYS, npz_members.named(kept, KEYS))), ""
        except ValueError as error:
            damage = f"{error}; delete {kept}"
    if not any_archive(source) and (plain := unpacked.found(name, locations.roots())):
        return plain[0], f"read from {plain[1]}"
    try:
        return prepared(source, name, kept), ""
    except FileNotFoundError as error:
        if damage:
            raise ValueError(damage) from None
        raise error


def archives_of(kind: type) -> dict[str, str]:
    """Names of the archives of a torchvision class -> MD5; {} where it does not say them."""
    said = getattr(kind, "resources", None) or [(getattr(kind, "filename", ""), getattr(kind, "tgz_md5", ""))]
    return dict(said) if isinstance(said, list) and all(said[0]) else {}


def any_archive(source: str) -> bool:
    """Whether all archives of the set are on this machine."""
    from torchvision import datasets
    return all(find(file, md5) for file, md5 in archives_of(getattr(datasets, source)).items())


def prepared(source: str, name: str, kept: Path) -> unpacked.Arrays:
    """Unpack the archives, found or downloaded, in a folder of our own and keep the arrays: two processes
    never collide."""
    from torchvision import datasets
    kind = getattr(datasets, source)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=f"{name}-") as folder:
        put_archives(kind, Path(folder))
        try:
            kind(folder, download=True)
        except (OSError, RuntimeError) as error:
            archives = f"{', '.join(archives_of(kind))}, or what they hold,"
            raise locations.not_here(name, error, archives) from None
        arrays, _ = unpacked.found(name, [Path(folder)])
        part = Path(folder, "arrays.npz")
        np.savez(part, **arrays)
        os.replace(part, kept)
        return arrays


def put_archives(kind: type, root: Path) -> None:
    """Copies of its archives that lie on this machine, where a torchvision class looks for them before it
    downloads."""
    inside = root / kind.__name__ / "raw" if "resources" in kind.__dict__ else root
    for file, md5 in archives_of(kind).items():
        if found := find(file, md5):
            inside.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, inside / file)


@cache
def lies_somewhere(source: str, file: str) -> bool:
    """Whether a file of that name seems to be there; its content is looked at when it is read. MNIST and
    Fashion-MNIST share names."""
    return any(source == "CIFAR10" or source.lower() in re.sub("[-_]", "", str(path).lower()).split(os.sep)
               for path in locations.copies(file))


def find(file: str, md5: str) -> Path | None:
    """The archive of that name and content; MNIST and Fashion-MNIST share their file names."""
    return next((path for path in locations.copies(file)
                 if hashlib.md5(path.read_bytes()).hexdigest() == md5), None)
