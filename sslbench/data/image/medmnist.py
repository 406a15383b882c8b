"""MedMNIST: small medical pictures and volumes, each set one .npz with its own splits, found or downloaded.

Yang et al. 2023, MedMNIST v2; the larger sizes are MedMNIST+. The file holds train_images, train_labels and
the same of val and test: pictures uint8 [n, S, S] or [n, S, S, 3], volumes uint8 [n, S, S, S]; labels [n, 1],
or [n, k] of 0 and 1.
"""

import re
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from ...catalog import Hyperparameter
from ...machine.hardware import memory_limit
from ...messages import quoted
from .. import Data, Field, locations
from ..arrays import npz_members
from ..arrays.npz_members import Member
from ..arrays.on_disk import OnDisk
from ..parts import mixed, patch_for
from ..rows import Picked
from .augment import Color, Crop, Flip, Rotation, color, geometry
from .medmnist_sets import SETS, Known

URL = "https://zenodo.org/records/10519652/files/{}?download=1"
MOST = 10_000  # classes
PARTS = {"train": "train", "validation": "val", "test": "test"}  # ours -> the file's


class MedMNIST(Data):
    """Medical pictures or volumes: one of the 18 MedMNIST sets by name, or a file of that format (4 MB and
    more, downloaded once).

    2-D pictures are images. 3-D volumes are one field of three axes (depth, height, width), so that networks
    and tasks see a volume and not many pictures; only tasks and backbones that read three axes fit. Views
    crop, turn and mirror each volume in its planes, all planes alike. A mirrored picture may mean something
    else (a left kidney is a right one), so `flip` is off. Grades of retinamnist are read as classes, the 14
    findings of chestmnist as answers at once. Files of which the pictures take more than a share of the
    `memory` are unpacked into the cache once and read from there.
    """

    name = "medmnist"
    empty = "the set that name says is read"
    paper = "https://doi.org/10.1038/s41597-022-01721-8"
    unit = "pictures"

    def __init__(self, *, name: Annotated[str, Hyperparameter("which set", choices=tuple(SETS))] =
                 "pneumoniamnist",
                 file: Annotated[str, Hyperparameter("an .npz of that format instead, of any size")] = "",
                 size: Annotated[int, Hyperparameter("width and height in pixels; volumes: 28 or 64",
                                                     choices=(28, 64, 128, 224))] = 28,
                 memory: Annotated[float, Hyperparameter("share of memory for pictures; more are read from "
                                                         "the disk", 0, 1)] = 0.25,
                 crop: Crop = 0.4,
                 color: Color = 0.4,
                 rotation: Rotation = 10.0,
                 flip: Flip = False):
        self.labels: dict[str, Tensor] = {}
        self.memory, self.crop, self.color, self.rotation, self.flip = memory, crop, color, rotation, flip
        self.path = locations.existing(file, "file", "data.file") if file else None
        self.set = set_of(self.path.stem) if self.path else name
        self.known: Known | None = SETS.get(self.set)
        self.file = self.path.name if self.path else f"{name}{f'_{size}' if size > 28 else ''}.npz"
        if self.path:
            shape = images_of(self.path).shape[1:]
        elif size not in self.known.sizes:
            raise ValueError(f"{name} has no {size} pixels; data.size must be one of "
                             f"{', '.join(map(str, self.known.sizes))}")
        else:
            shape = (size,) * self.known.axes + (3,) * (self.known.channels == 3)
        self.fields = {"image": field_of(shape)}
        self.splits_from = "as published" if self.known else "as in the file"
        self.unit = "volumes" if self.fields["image"].rank == 3 else "pictures"

    def load(self, split):
        path = self.path or found(self.file) or downloaded(self.set, self.file)
        if field_of(images_of(path).shape[1:]) != self.fields["image"]:
            raise ValueError(f"{quoted(str(path))} holds {images_of(path)}, which {self.set} does not have "
                             "at this data.size; give it as data.file")
        if not self.labels:
            self.labels, names, said = labels_of(path, self.known)
            self.classes, self.notes = {"label": names}, said + self.said(path)
        y = self.labels[split]
        rows = order(split, len(y))
        x = stored(path, f"{PARTS[split]}_images", self.memory)
        return {"image": Picked(x, rows, channels_first)}, {"label": y[rows]}

    def sample_names(self, split):
        n = len(self.loaded(split)[1]["label"])
        return [f"{PARTS[split]}_images:{i}" for i in order(split, n)]

    def said(self, path: Path) -> list[str]:
        """What a reader should know of the file and of how it is read."""
        field = self.fields["image"]
        sides = " x ".join(map(str, field.size))
        said = [f"read from {path}"] * (path.parent != locations.cache())
        said += [f"each volume is one field of three axes, {sides} voxels (depth, height, width); its middle "
                 "plane is drawn"] * (field.rank == 3)
        return said + ["the labels are grades, read as classes"] * bool(self.known and self.known.ordinal)

    def augment(self, batch, generator):
        x = batch["image"]
        planes = x.flatten(1, 2) if x.ndim == 5 else x  # the planes of a volume are cropped and turned alike
        planes = geometry(planes, generator, self.crop, self.rotation, self.flip)
        if x.ndim == 5:
            planes = planes.flatten(1, 2).unsqueeze(1)  # [B, 1, D * H, W]: one brightness for the volume
        return {"image": color(planes, generator, self.color).view_as(x)}

    @classmethod
    def downloads(cls):
        return "" if lies_somewhere("pneumoniamnist.npz") else "4 MB"  # the default; others are larger

    def cite(self):
        return (f"{self.set}, MedMNIST v2, Yang et al. 2023 ({self.known.licence})" if self.known
                else f"pictures in {self.file}")


def order(split: str, n: int) -> list[int]:
    """The numbers of a split's samples mixed: where a file is sorted by class, the first would show one."""
    return mixed([f"{split} {i}" for i in range(n)], list(range(n)))


def set_of(stem: str) -> str:
    """The set that a file is called like, without its size: "chestmnist" of chestmnist_64."""
    name = re.sub(r"_\d+$", "", stem.lower())
    return name if name in SETS else stem


def field_of(shape: tuple[int, ...]) -> Field:
    """Of one sample: [H, W], [H, W, 3], or a volume [D, H, W]."""
    channels, axes = (3, shape[:2]) if len(shape) == 3 and shape[2] == 3 else (1, shape)
    return Field(axes, tuple(map(patch_for, axes)), channels, scale=1 / 64, offset=128)


def images_of(path: Path) -> Member:
    """The training pictures by their header. ValueError in one line for a file of another kind."""
    with npz_members.damage_in_one_line(path), zipfile.ZipFile(path) as archive:
        members = {m.name: m for m in npz_members.members(path, archive)}
    missing = [name for part in PARTS.values() for name in (f"{part}_images", f"{part}_labels")
               if name not in members]
    if missing:
        raise ValueError(f"{path.name} is no file of MedMNIST: it has no {', '.join(missing)}; the source "
                         "'images' reads any .npz of pictures (data.folder)")
    images = [members[f"{part}_images"] for part in PARTS.values()]
    if (len({m.shape[1:] for m in images}) > 1 or len(images[0].shape) not in (3, 4)
        or any(m.dtype != np.uint8 for m in images)):
        raise ValueError(f"{path.name} holds {', '.join(map(str, images))} of {images[0].dtype}; pictures of "
                         "MedMNIST are uint8 [n, H, W], [n, H, W, 3] or [n, D, H, W], alike in all splits")
    for part in PARTS.values():
        fitting(path, members[f"{part}_images"], members[f"{part}_labels"])
    return images[0]


def fitting(path: Path, images: Member, labels: Member) -> None:
    """ValueError in one line where there is nothing, or no label for each picture."""
    if not all(images.shape):
        raise ValueError(f"{path.name} holds {images}, in which there is no picture; each of "
                         f"{', '.join(PARTS.values())} must have some")
    if len(labels.shape) not in (1, 2) or not all(labels.shape[1:]):
        raise ValueError(f"{path.name} holds {labels}; labels must be [n, 1], or 0 and 1 [n, k]")
    if labels.shape[0] != images.shape[0]:
        raise ValueError(f"{path.name} holds {images} and {labels}; there must be one label for each "
                         "picture, in the same order")


def labels_of(path: Path, known: Known | None) -> tuple[dict[str, Tensor], list[str], list[str]]:
    """Labels of each split, int64 [n] or [n, k] of 0 and 1; the names of their values or answers; what had to
    be decided."""
    found = npz_members.named(path, [f"{part}_labels" for part in PARTS.values()])
    found = [y if y.ndim == 2 else y.reshape(len(y), -1) for y in found]
    values = np.unique(np.concatenate([y.reshape(-1) for y in found]))
    k = found[0].shape[1]
    if {y.shape[1] for y in found} != {k} or values.dtype.kind not in "iub" or (k > 1 and values.max() > 1):
        raise ValueError(f"labels in {path.name} must be whole numbers [n, 1], or 0 and 1 [n, k]")
    if values.min() < -1 or values.max() >= MOST:
        odd = values.max() if values.max() >= MOST else values.min()
        raise ValueError(f"labels in {path.name} hold {odd}; classes are whole numbers from 0 to {MOST - 1}, "
                         "-1 where there is none; number them anew")
    several = k if k > 1 else int(values.max()) + 1
    named = known is not None and len(known.classes) >= several and (k == 1 or len(known.classes) == k)
    said = [f"labels of other values than {set_of(path.stem)} has: numbers are their names"] if (
        known and not named) else []
    names = list(known.classes) if named else [str(i) for i in range(several)]
    labels = {split: torch.from_numpy(y.astype(np.int64)) for split, y in zip(PARTS, found)}
    return {split: y if k > 1 else y[:, 0] for split, y in labels.items()}, names, said


def stored(path: Path, name: str, memory: float) -> Tensor | OnDisk:
    """The pictures of one split, held in memory or left on the disk."""
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(f"{name}.npy").file_size
    if size <= memory * memory_limit():
        return torch.from_numpy(npz_members.named(path, [name])[0])
    return OnDisk(npz_members.on_disk(path, name, locations.cache() / "unpacked"))


def channels_first(x: Tensor) -> Tensor:
    """[B, H, W] -> [B, 1, H, W]; [B, H, W, 3] -> [B, 3, H, W]; volumes [B, D, H, W] -> [B, 1, D, H, W]."""
    return x.movedim(-1, 1).contiguous() if x.ndim == 4 and x.shape[3] == 3 else x.unsqueeze(1)


def found(file: str) -> Path | None:
    return next(locations.copies(file), None)


@cache
def lies_somewhere(file: str) -> bool:
    return found(file) is not None


def downloaded(name: str, file: str) -> Path:
    """Into the cache, whole or not at all."""
    target = locations.cache() / file
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        part = Path(folder, file)
        try:
            torch.hub.download_url_to_file(URL.format(file), str(part))
            images_of(part)  # of a file that was cut off the list at its end is missing
        except (OSError, RuntimeError, ValueError) as error:
            raise locations.not_here(name, error, file) from None
        part.replace(target)
    return target
