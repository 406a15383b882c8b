"""What a researcher already holds in memory: tensors, NumPy arrays, tables of pandas or a torch Dataset,
listed as a data source.

Nothing is copied that can be shared: samples are picked and brought to their stored form batch by batch, so a
memory map stays on the disk.

    name = arrays(x, y)  # x [n, H, W], [n, C, H, W], [n, H, W, C], [n, T], [n, C, T] or symbols [n, T]
    fit(Recipe(data=name, pretext="simclr", backbone="small_cnn"))
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...machine.torch_settings import own_settings
from ...messages import quoted
from .. import Data, Field, parts
from ..as_stored import AsStored
from ..image.augment import Color, Crop, Flip, Rotation
from ..image.source import PictureSource
from ..metadata import Metadata, metadata_of
from ..rows import Picked
from ..series import augment
from ..series.augment import Amplitude, Jitter, Offset, TimeCrop
from ..text.as_bytes import Hide, TextCrop, excerpt
from .on_disk import OnDisk, on_disk, piece_of, readable
from .pieces import Handed, handed
from .scaled import LEARNED
from .shapes import KINDS, LAYOUTS, understood


class Held(Data, listed=False):
    """Interface of the three below: samples that are in memory already, or mapped. `arrays` sets the class
    attributes."""

    group = "yours"
    x: "list[Tensor | OnDisk]"  # pieces, one after the other
    mapped = False  # x is on the disk
    found: dict[str, Any]  # what was learned from x once: keywords of the Field
    stored: Callable[[Tensor], Tensor] | None = None  # some samples of x -> as they are stored
    metadata: Metadata

    def load(self, split):
        rows, labels = self.metadata.of(split)
        (name,) = self.fields
        return {name: Picked(*piece_of(self.x, torch.tensor(rows)), self.stored, self.mapped)}, labels

    def sample_names(self, split):
        return self.metadata.names_of(split)

    @property
    def as_stored(self):
        return {name: self.stored for name in self.fields if isinstance(self.stored, AsStored)}

    def cite(self):
        return "your own arrays"


class HeldImages(PictureSource, Held, listed=False):
    """Your own images, held in memory."""

    def __init__(self, *, crop: Crop = 0.4,
                 color: Color = 0.4,
                 rotation: Rotation = 5.0,
                 flip: Flip = False):
        self.crop, self.color, self.rotation, self.flip = crop, color, rotation, flip
        C, *size = self.x[0].shape[1:]
        self.fields = {"image": Field(tuple(size), tuple(map(parts.patch_for, size)), C, **self.found)}


class HeldSeries(Held, listed=False):
    """Your own series, held in memory; NaN is absent."""

    def __init__(self, *, crop: TimeCrop = 0.6,
                 amplitude: Amplitude = 0.3,
                 offset: Offset = 0.2,
                 jitter: Jitter = 0.1):
        self.crop, self.amplitude, self.offset, self.jitter = crop, amplitude, offset, jitter
        C, T = self.x[0].shape[1:]
        patch = parts.patch_of_series(T)
        self.fields = {"signal": Field((-(-T // patch) * patch,), (patch,), C, **self.found)}

    def augment(self, batch, generator):
        x = augment.excerpt(batch["signal"], generator, self.crop)
        x = augment.jitter(x, generator, self.jitter)
        x = augment.amplitude(x, generator, self.amplitude)
        return {"signal": augment.offset(x, generator, self.offset)}


class HeldSymbols(Held, listed=False):
    """Your own sequences of symbols, held in memory; -1 is absent."""

    def __init__(self, *, crop: TextCrop = 0.5,
                 hide: Hide = 0.15):
        self.crop, self.hide = crop, hide
        self.fields = {"symbols": Field((self.x[0].shape[1],), (1,), **self.found)}

    def augment(self, batch, generator):
        return {"symbols": excerpt(batch["symbols"], generator, self.crop, self.hide, 4,
                                   self.fields["symbols"].vocab)}


CLASSES = {"image": HeldImages, "series": HeldSeries, "symbols": HeldSymbols}


def arrays(x: Any, labels: Any = None, *, groups: Any = None, splits: Any = None, name: str = "arrays",
           kind: str | None = None) -> str:
    """List your own samples as the data source `name`; returns the name, for Recipe(data=name).

    x: an array, a tensor, a list, a table of pandas, a torch Dataset of x, (x, label) or dicts, or one of
    these for each split: {"train": (x, y), "test": (x, y)}. Images [n, C, H, W], [n, H, W, C] or [n, H, W];
    series [n, C, T], [n, T, C] or [n, T] (NaN or masked: absent; of unequal lengths as a list); symbols [n,
    T] whole numbers from 0 (-1: absent).
    labels: [n] whole numbers or words (classes; -1, None, NaN: not labelled) or floats (a quantity), [n, k]
    one-hot or several answers of 0 and 1, or a dict of several: the first is the label.  groups: [n] a
    person, patient, speaker ... who stays in one split.  splits: [n] "train", "validation" or "test", or
    {"train": row numbers, ...}.  Both may name one of the labels.
    kind: "image", "series" or "symbols" where the shape leaves it open, or "nchw", "nhwc", "nct", "ntc" to
    say where the channels are. What was decided stands in Data.find(name)().reading(). The source lasts as
    long as this Python process and shares the memory of x, which must not be changed afterwards.
    ValueError in one line for what cannot be read.

        x, y = torch.randn(200, 1, 64), torch.arange(200) % 2
        fit(Recipe(data=arrays(x, y, name="noise"), steps=20), progress=False)
    """
    if kind not in (None, *KINDS, *LAYOUTS):
        raise ValueError(f"kind must be one of {', '.join((*KINDS, *LAYOUTS))}, not {quoted(kind)}")
    if not isinstance(name, str) or not name:
        raise ValueError(f"name must be a word, not {quoted(name)}")
    if name in Data.all() and not issubclass(Data.catalogue[name], Held):
        raise ValueError(f"{name!r} is the name of a source that ships with sslbench; give another name=")
    with own_settings():  # a default device of the user's would take our numbers elsewhere
        return listed(handed(x, labels, groups, splits), name, kind)


def listed(given: Handed, name: str, kind: str | None) -> str:
    """The source of what was handed over; returns its name."""
    parts.enough(len(given), "samples", name)
    kind, views, notes = understood(given.pieces, kind)
    pieces, more = as_stored(views, kind)
    metadata = labels_and_splits(given)
    training = np.zeros(len(given), bool)
    training[metadata.splits.rows["train"]] = True
    learned = LEARNED[kind](pieces, training)
    body = {"name": name, "x": pieces, "mapped": any(map(on_disk, views)), "found": learned.found,
            "stored": staticmethod(learned.stored) if learned.stored else None, "metadata": metadata,
            "classes": metadata.classes,
            "splits_from": metadata.splits.origin,
            "notes": [*notes, *given.notes, *more, *learned.notes, *metadata.said],
            "__doc__": CLASSES[kind].__doc__, "__module__": __name__}
    return type("Arrays", (CLASSES[kind],), body).name


def labels_and_splits(given) -> Metadata:
    """Labels and splits of what was handed over."""
    names = given.label
    asked = ",".join(names) if names and not any("," in name or "{" in name for name in names) else ""
    return metadata_of([str(i) for i in range(len(given))], given.columns, label=asked, likely=names,
                     group=given.group, given=given.given,
                     split="none" if given.given is None else "")


def as_stored(views: list[np.ndarray], kind: str) -> tuple[list, list[str]]:
    """Tensors that share memory with the arrays wherever torch can read them; and what is left out, in
    words."""
    notes = []
    masked = sum(int(np.ma.count_masked(v)) for v in views if isinstance(v, np.ma.MaskedArray))
    if masked and kind == "symbols":  # of others, what is absent is counted where it is read
        notes.append(f"{masked:,} masked numbers are absent")
    views = [unmasked(v, kind) for v in views]
    if kind == "image":
        H, W = views[0].shape[2:]
        h, w = (n - n % parts.patch_for(n) for n in (H, W))
        if (h, w) != (H, W):  # a prime number of pixels cannot be cut into patches
            notes.append(f"{h} x {w} of {H} x {W} pixels are read, which patches divide")
            views = [v[:, :, :h, :w] for v in views]
    return [as_tensor(v) for v in views], notes


def unmasked(x: np.ndarray, kind: str) -> np.ndarray:
    """Without a mask: what it covers is NaN, or -1 among symbols."""
    if not isinstance(x, np.ma.MaskedArray):
        return x
    if not np.ma.is_masked(x):
        return x.data
    if kind == "symbols":
        return x.astype(np.int64).filled(-1)
    return (x if x.dtype.kind == "f" else x.astype(np.float32)).filled(np.nan)


def as_tensor(x: np.ndarray) -> "Tensor | OnDisk":
    """The same memory as a tensor; a copy of what torch cannot share (turned round, other byte order), none
    of a memory map."""
    shared = x.dtype.isnative and x.dtype.itemsize <= 8 and min(x.strides, default=0) >= 0
    if not shared and on_disk(x):
        return OnDisk(x)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nobody writes
        return torch.from_numpy(np.asarray(x)) if shared else readable(x)
