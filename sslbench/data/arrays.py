"""What a researcher already holds in memory: tensors, NumPy arrays or a torch Dataset, listed as a data source.

Nothing is copied: samples are picked and brought to their stored form batch by batch, so a memory map stays on the disk.

    name = arrays(x, y)                 # x [n, H, W], [n, C, H, W], [n, H, W, C], [n, T], [n, C, T] or symbols [n, T]
    fit(Recipe(data=name, pretext="simclr", backbone="small_cnn"))
"""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import Data, Field, parts, series_augment
from .image_augment import Color, Crop, Flip, Rotation, color, geometry
from .rows import Picked
from .series_augment import Amplitude, Jitter, Offset, TimeCrop
from .text_bytes import Hide, TextCrop, excerpt

KINDS = ("image", "series", "symbols")
PIECE = 2**24  # bytes


class Held(Data, listed=False):
    """Interface of the three below: samples that are in memory already, or mapped. `arrays` sets the class attributes."""

    x: Tensor
    mapped = False  # x is on the disk
    found: dict[str, Any]  # what was learned from x once: keywords of the Field
    stored: Callable[[Tensor], Tensor] | None = None  # some samples of x -> as they are stored
    given: dict[str, Tensor] = {}  # labels of all samples

    def load(self, split):
        y = next(iter(self.given.values()), None)
        words = y.tolist() if y is not None and not y.is_floating_point() else None
        rows = torch.tensor(parts.part([str(i) for i in range(len(self.x))], split, words))
        (name,) = self.fields
        return {name: Picked(self.x, rows, self.stored, self.mapped)}, {key: y[rows] for key, y in self.given.items()}

    def cite(self):
        return "your own arrays"


class HeldImages(Held, listed=False):
    """Your own images, held in memory."""

    def __init__(self, *, crop: Crop = 0.4,
                 color: Color = 0.4,
                 rotation: Rotation = 5.0,
                 flip: Flip = False):
        self.crop, self.color, self.rotation, self.flip = crop, color, rotation, flip
        C, *size = self.x.shape[1:]
        self.fields = {"image": Field(tuple(size), tuple(map(parts.patch_for, size)), C, **self.found)}

    def augment(self, batch, generator):
        x = geometry(batch["image"], generator, self.crop, self.rotation, self.flip)
        return {"image": color(x, generator, self.color)}


class HeldSeries(Held, listed=False):
    """Your own series, held in memory; NaN is absent."""

    def __init__(self, *, crop: TimeCrop = 0.6,
                 amplitude: Amplitude = 0.3,
                 offset: Offset = 0.2,
                 jitter: Jitter = 0.1):
        self.crop, self.amplitude, self.offset, self.jitter = crop, amplitude, offset, jitter
        C, T = self.x.shape[1:]
        self.fields = {"signal": Field((T,), (parts.patch_of_series(T),), C, **self.found)}

    def augment(self, batch, generator):
        x = series_augment.excerpt(batch["signal"], generator, self.crop)
        x = series_augment.jitter(x, generator, self.jitter)
        x = series_augment.amplitude(x, generator, self.amplitude)
        return {"signal": series_augment.offset(x, generator, self.offset)}


class HeldSymbols(Held, listed=False):
    """Your own sequences of symbols, held in memory; -1 is absent."""

    def __init__(self, *, crop: TextCrop = 0.5,
                 hide: Hide = 0.15):
        self.crop, self.hide = crop, hide
        self.fields = {"symbols": Field((self.x.shape[1],), (1,), **self.found)}

    def augment(self, batch, generator):
        return {"symbols": excerpt(batch["symbols"], generator, self.crop, self.hide, 4, self.fields["symbols"].vocab)}


CLASSES = {"image": HeldImages, "series": HeldSeries, "symbols": HeldSymbols}


def arrays(x: Any, labels: Any = None, *, name: str = "arrays", kind: str | None = None) -> str:
    """List your own samples as the data source `name`; returns the name, for Recipe(data=name).

    x: a tensor, an array, or a torch Dataset of x or (x, label). Images [n, C, H, W], [n, H, W, C] or [n, H, W]; series
    [n, C, T] or [n, T] (NaN: absent); symbols [n, T] whole numbers from 0 (-1: absent).
    labels: [n] whole numbers or words (classes) or floats (a quantity), or a dict of several; the first is the label.
    kind: "image", "series" or "symbols" where the shape leaves it open: three axes count as images when they are square or
    uint8, two axes of whole numbers as symbols. The source lasts as long as this Python process and copies nothing, so x
    must not be changed afterwards.
    """
    if kind not in (None, *KINDS):
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    if name in Data.all() and not issubclass(Data.catalogue[name], Held):
        raise ValueError(f"{name!r} is the name of a source that ships with sslbench; give another name=")
    if isinstance(x, torch.utils.data.Dataset):
        x, found = collected(x)
        labels = found if labels is None else labels
    mapped, x = isinstance(x, np.memmap), as_tensor(x)
    parts.enough(len(x) if x.ndim else 0, "samples", name)
    kind = kind or kind_of(x)
    given, classes = named(labels, len(x))
    x = shaped(x, kind)
    found, stored = LEARNED[kind](x)
    body = {"name": name, "x": x, "mapped": mapped, "found": found, "stored": staticmethod(stored) if stored else None,
            "given": given, "classes": classes, "__doc__": CLASSES[kind].__doc__, "__module__": __name__}
    return type("Arrays", (CLASSES[kind],), body).name


def collected(dataset) -> tuple[np.ndarray, np.ndarray | None]:
    """Every item of a torch Dataset, stacked."""
    items = [dataset[i] for i in range(len(dataset))]
    pairs = bool(items) and isinstance(items[0], (tuple, list)) and len(items[0]) == 2
    samples = [np.asarray(item[0] if pairs else item) for item in items]
    if len({s.shape for s in samples}) > 1:
        raise ValueError("the samples of the dataset differ in shape; give it a transform that makes them alike")
    labels = np.array([np.asarray(item[1]).item() for item in items]) if pairs else None
    return np.stack(samples) if samples else np.zeros(0), labels


def kind_of(x: Tensor) -> str:
    if x.ndim == 4:
        return "image"
    if x.ndim == 3:
        return "image" if x.dtype == torch.uint8 or x.shape[1] == x.shape[2] else "series"
    if x.ndim == 2:
        return "series" if x.is_floating_point() else "symbols"
    raise ValueError(f"x has the shape {list(x.shape)}; images are [n, C, H, W], series [n, C, T], symbols [n, T]")


def as_tensor(x: Any) -> Tensor:
    """x itself where it is an array or a tensor on the CPU: no copy, of a memory map neither."""
    if isinstance(x, Tensor):
        return x.detach().cpu()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nobody writes
        return torch.as_tensor(np.asarray(x))


def shaped(x: Tensor, kind: str) -> Tensor:
    """A view of the samples with the axes as they are stored: images [n, C, H, W], series [n, C, T], symbols [n, T]."""
    if kind == "symbols":
        if x.ndim != 2 or x.is_floating_point():
            raise ValueError(f"symbols must be whole numbers [n, T], not {x.dtype} {list(x.shape)}")
        return x
    axes = 4 if kind == "image" else 3
    if x.ndim == axes - 1:
        x = x.unsqueeze(1)  # one channel
    if x.ndim != axes:
        raise ValueError(f"x of shape {list(x.shape)} does not fit kind {kind!r}; see the shapes in help(arrays)")
    if kind == "series":
        return x
    if x.shape[-1] in (1, 3, 4) and x.shape[1] not in (1, 3, 4):
        x = x.movedim(-1, 1)
    x = x[:, :3] if x.shape[1] == 4 else x  # transparency is no colour
    H, W = (n - n % parts.patch_for(n) for n in x.shape[2:])
    return x[..., :H, :W]  # a prime number of pixels cannot be cut into patches: the last few are left out


# What is learned from all samples once, and how some of them are stored. What has to be exact is read piece by piece.

def of_images(x: Tensor):
    """Stored as 0..255."""
    if x.dtype == torch.uint8:
        return standard(x), None
    ends = [piece.float().aminmax() for piece in pieces(x)]
    low, high = float(min(e.min for e in ends)), float(max(e.max for e in ends))
    stored = partial(stretched, low=low, high=high)
    return standard(x, stored), stored


def of_series(x: Tensor):
    """Stored as float32."""
    return {"gaps": any(bool(piece.isnan().any()) for piece in pieces(x)), **standard(x)}, Tensor.float


def of_symbols(x: Tensor):
    """Stored as int64, absent ones as the extra id."""
    ends = [piece.long().aminmax() for piece in pieces(x)]  # not every kind of whole number has it
    vocab = int(max(e.max for e in ends)) + 1
    return {"vocab": vocab, "gaps": bool(min(e.min for e in ends) < 0)}, partial(numbered_from_0, vocab=vocab)


LEARNED = {"image": of_images, "series": of_series, "symbols": of_symbols}


def stretched(x: Tensor, low: float, high: float) -> Tensor:
    return 255 * (x.float() - low) / max(high - low, 1e-9)


def numbered_from_0(x: Tensor, vocab: int) -> Tensor:
    x = x.long()
    return torch.where(x < 0, vocab, x)


def pieces(x: Tensor) -> Iterator[Tensor]:
    """All samples, some megabytes at a time."""
    yield from x.split(max(1, PIECE // x[:1].nbytes))


def standard(x: Tensor, stored: Callable[[Tensor], Tensor] = Tensor.float) -> dict[str, float]:
    """scale and offset that bring the numbers of x, as they are stored, to mean 0 and deviation 1: from some of them."""
    few = stored(x[:: max(1, len(x) // 2000)]).float()
    few = few[~few.isnan()]
    return {"scale": 1 / max(float(few.std()), 1e-6), "offset": float(few.mean())}


def named(labels: Any, n: int) -> tuple[dict[str, Tensor], dict[str, list[str]]]:
    """Labels as name -> [n], and the names of the values of those that were words."""
    given, classes = {}, {}
    for key, y in (labels if isinstance(labels, dict) else {} if labels is None else {"label": labels}).items():
        y = np.asarray(y.detach().cpu() if isinstance(y, Tensor) else y)
        if y.shape != (n,):
            raise ValueError(f"labels must have the shape [{n}], one for each sample, not {list(y.shape)}")
        if y.dtype.kind == "f":
            given[key] = torch.from_numpy(y.astype(np.float32))
        else:
            given[key], classes[key] = parts.numbered(y.tolist())
    return given, classes
