"""Any data set of torchvision that gives a picture and its class, by its name: torchvision:SVHN,
torchvision:Flowers102, torchvision:EuroSAT ..."""

import os
import re
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

from ...catalog import Hyperparameter, nearest
from .. import locations
from . import torchvision_classes as of_torchvision
from .augment import Color, Crop, Flip, Rotation
from .library_sets import Collected, LibrarySet, Piece
from .pictures import Asked
from .source import Memory, Size
from .streamed import in_threads
from .torchvision_files import square
from .torchvision_sets import put_archives


class TorchvisionByName(LibrarySet, family="torchvision"):
    """Any data set of torchvision with pictures and classes by name, such as torchvision:SVHN (downloaded
    once).

    Its own splits are kept, a missing one is cut from the training pictures. Pictures of any size are cut to
    a square and scaled as `images` does. `train` names another of its splits for training: train+unlabeled
    of STL10, trainval of FGVCAircraft. Turn `flip` off for digits and letters. Files are looked for as
    torchvision keeps them, in the project's `data/`, in the folders of SSLBENCH_DATA (only read) and in the
    cache, two folders deep.
    """

    paper = "https://docs.pytorch.org/vision/stable/datasets.html"
    own = ""  # its name in torchvision.datasets

    def __init__(self, *, size: Size = 32,
                 train: Annotated[str, Hyperparameter("which of the set's own splits trains; else the one "
                                                      "called so")] = "",
                 memory: Memory = 0.25,
                 crop: Crop = 0.4,
                 color: Color = 0.5,
                 rotation: Rotation = 5.0,
                 flip: Flip = True):
        self.begin(size, memory, crop, color, rotation, flip)
        self.splits = of_torchvision.used_splits(self.own, train)

    @classmethod
    def member(cls, name):
        if name not in of_torchvision.names():
            raise ValueError(nearest("data set of torchvision", name, of_torchvision.names()))
        from torchvision import datasets
        paper = re.search(r"<(https?://[^>]+)>", getattr(datasets, name).__doc__ or "")
        body = {"name": f"torchvision:{name}", "own": name, "paper": paper[1] if paper else cls.paper,
                "__doc__": f"The pictures of torchvision's {name}."}
        return type(name, (cls,), body)

    def collected(self):
        sets, root = of_torchvision.found(self.own, self.splits) or downloaded(self.own, self.splits)
        pieces = [TorchvisionPiece(word, data, self.name) for word, data in sets.items()]
        names = [words for data in sets.values() if (words := getattr(data, "classes", None))]
        # of several names for one the first
        names = [word if isinstance(word, str) else word[0] for word in (names[0] if names else [])]
        unused = [word for word in of_torchvision.own_splits(self.own) if word not in self.splits]
        notes = [f"read from {root}"] * (root != of_torchvision.kept(self.own))
        notes += [f"of its several sets {fixed}" for fixed in
                  of_torchvision.FIXED.get(self.own, {}).values()]
        notes += [f"splits of the set that are not read: {', '.join(unused)} (data.train)"] * bool(unused)
        return Collected(pieces, {"class": names}, notes, Asked("class"))

    @classmethod
    def downloads(cls):
        return "" if of_torchvision.kept(cls.own).is_dir() else "what is not on this machine"

    def cite(self):
        return f"{self.own}, read by torchvision; its licence: {self.paper}"


class TorchvisionPiece(Piece):
    """One split; ValueError where its answers are no classes."""

    def __init__(self, word: str, data, name: str):
        self.word, self.data = word, data
        try:
            targets = of_torchvision.targets_of(data)
        except (LookupError, TypeError, AttributeError, ValueError) as error:  # its lists do not fit
            raise of_torchvision.unreadable(name, Path(data.root), error) from error
        if isinstance(targets, list):
            odd = [t for t in targets if not isinstance(t, (int, float, type(None)))]
            kind = type(odd[0]).__name__ if odd else ""
        else:
            kind = "" if targets.ndim in (1, 2) and targets.dtype.kind in "iubf" else str(targets.dtype)
        if kind:
            raise ValueError(f"{name} has answers of the kind {kind}, which are no classes")
        self.columns = {"class": targets}

    def __len__(self):
        return len(self.data)

    def decoded(self, rows, form):
        then = partial(square, form=form)
        return in_threads(partial(of_torchvision.item, self.data, then=then), rows)


def downloaded(name: str, splits: dict[str, dict]) -> tuple[dict, Path]:
    """Into the cache, whole or not at all; archives that lie on this machine are taken from there."""
    from torchvision import datasets
    target = of_torchvision.kept(name)
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{name}-") as folder:
        # into what somebody put there, where it is
        place = target if target.is_dir() else Path(folder, name)
        place.mkdir(exist_ok=True)
        put_archives(getattr(datasets, name), place)
        try:
            of_torchvision.made(name, place, splits, download=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise locations.not_here(f"torchvision:{name}", error, "it, as torchvision keeps it,") from None
        if place != target:
            with suppress(OSError):  # another process was faster
                os.replace(place, target)
    return of_torchvision.made(name, target, splits), target
