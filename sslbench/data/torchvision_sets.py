"""MNIST, Fashion-MNIST and CIFAR-10 through torchvision: from your folders, or downloaded once into the cache.

The original archives are looked for in the project's `data/` and the folders of SSLBENCH_DATA (those are only read). What
was read once is kept as one .npz in the cache.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch

from . import Data, Field, places
from .image_augment import Color, Crop, Rotation, color, geometry

VALIDATION = 5_000  # the last images of the training set


class TorchvisionSet(Data, listed=False):
    """Interface of the three: a torchvision class, the field it fills, and whether a mirrored image means the same."""

    source = ""  # class in torchvision.datasets
    flip = False
    citation = ""

    def load(self, split):
        images, labels = read(self.source, self.name, "test" if split == "test" else "train")
        if split != "test":
            part = slice(-VALIDATION, None) if split == "validation" else slice(None, -VALIDATION)
            images, labels = images[part], labels[part]
        return {"image": torch.from_numpy(images)}, {next(iter(self.classes)): torch.from_numpy(labels)}

    def augment(self, batch, generator):
        x = geometry(batch["image"], generator, self.crop, self.rotation, self.flip)
        return {"image": color(x, generator, self.color)}

    def cite(self):
        return self.citation


class MNIST(TorchvisionSet):
    """70,000 handwritten digits, 28 x 28 grey pixels: the classic (12 MB, downloaded once)."""

    name, source = "mnist", "MNIST"
    paper = "http://yann.lecun.com/exdb/mnist"
    citation = "MNIST, LeCun, Cortes and Burges (CC BY-SA 3.0)"
    classes = {"digit": [str(i) for i in range(10)]}

    def __init__(self, *, crop: Crop = 0.5, color: Color = 0.4, rotation: Rotation = 15.0):
        self.crop, self.color, self.rotation = crop, color, rotation
        self.fields = {"image": Field((28, 28), (4, 4), 1, scale=1 / 78.6, offset=33.3)}


class FashionMNIST(TorchvisionSet):
    """70,000 pictures of clothes, 28 x 28 grey pixels, ten kinds: MNIST's harder sister (31 MB, downloaded once)."""

    name, source, flip = "fashion_mnist", "FashionMNIST", True
    paper = "https://arxiv.org/abs/1708.07747"
    citation = "Fashion-MNIST, Xiao, Rasul and Vollgraf 2017, Zalando (MIT)"
    classes = {"garment": ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]}

    def __init__(self, *, crop: Crop = 0.4, color: Color = 0.4, rotation: Rotation = 5.0):
        self.crop, self.color, self.rotation = crop, color, rotation
        self.fields = {"image": Field((28, 28), (4, 4), 1, scale=1 / 90, offset=72.9)}


class CIFAR10(TorchvisionSet):
    """60,000 small colour photographs of ten kinds of thing, 32 x 32 pixels (170 MB, downloaded once)."""

    name, source, flip = "cifar10", "CIFAR10", True
    paper = "https://www.cs.toronto.edu/~kriz/cifar.html"
    citation = "CIFAR-10, Krizhevsky 2009 (no licence stated; cite)"
    classes = {"object": ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]}

    def __init__(self, *, crop: Crop = 0.3, color: Color = 0.5, rotation: Rotation = 0.0):
        self.crop, self.color, self.rotation = crop, color, rotation
        self.fields = {"image": Field((32, 32), (4, 4), 3, scale=1 / 64, offset=120.7)}


def read(source: str, name: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [n, C, H, W] and labels int64 [n] of "train" or "test"."""
    kept = places.cache() / f"{name}.npz"
    if not kept.is_file():
        prepare(source, name, kept)
    try:
        with np.load(kept) as file:
            return file[f"{split}_images"], file[f"{split}_labels"]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ValueError(f"{kept} is damaged ({error}); delete it and it is made again") from None


def prepare(source: str, name: str, kept: Path) -> None:
    """Unpack the archives, found or downloaded, in a folder of our own and keep the arrays: two processes never collide."""
    from torchvision import datasets
    kind = getattr(datasets, source)
    archives = dict(getattr(kind, "resources", None) or [(kind.filename, kind.tgz_md5)])  # name -> MD5
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=f"{name}-") as folder:
        inside = Path(folder, source, "raw") if "resources" in kind.__dict__ else Path(folder)
        inside.mkdir(parents=True, exist_ok=True)
        for file, md5 in archives.items():
            if found := find(file, md5):
                shutil.copyfile(found, inside / file)
        try:
            sets = {split: kind(folder, train=split == "train", download=True) for split in ("train", "test")}
        except (OSError, RuntimeError) as error:
            raise FileNotFoundError(f"{name} is not on this machine and could not be downloaded ({short(error)}); put "
                                    f"{', '.join(archives)} into {kept.parent} or into a folder of SSLBENCH_DATA") from None
        arrays = {}
        for split, data in sets.items():
            images = np.asarray(data.data)
            arrays[f"{split}_images"] = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2).copy()
            arrays[f"{split}_labels"] = np.asarray(data.targets, np.int64)
        part = Path(folder, "arrays.npz")
        np.savez(part, **arrays)
        os.replace(part, kept)


def short(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(":") if str(error).strip() else type(error).__name__


def find(file: str, md5: str) -> Path | None:
    """The archive of that name and content, at most three folders deep; MNIST and Fashion-MNIST share their file names."""
    roots = [places.project(), places.cache(), *places.given()]
    for root in filter(None, roots):
        for pattern in (file, f"*/{file}", f"*/*/{file}", f"*/*/*/{file}"):
            for path in sorted(root.glob(pattern)):
                if hashlib.md5(path.read_bytes()).hexdigest() == md5:
                    return path
    return None
