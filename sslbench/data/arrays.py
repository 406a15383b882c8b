"""What a researcher already holds in memory: tensors, NumPy arrays or a torch Dataset, listed as a data source.

    name = arrays(x, y)                 # x [n, H, W], [n, C, H, W], [n, H, W, C], [n, T], [n, C, T] or symbols [n, T]
    fit(Recipe(data=name, pretext="simclr", backbone="small_cnn"))
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import Data, Field, parts, series_augment
from .image_augment import Color, Crop, Flip, Rotation, color, geometry
from .series_augment import Amplitude, Jitter, Offset, TimeCrop
from .text_bytes import Hide, TextCrop, excerpt

KINDS = ("image", "series", "symbols")


class Held(Data, listed=False):
    """Interface of the three below: samples that are in memory already. `arrays` sets the class attributes."""

    x: Tensor
    given: dict[str, Tensor] = {}  # labels of all samples

    def load(self, split):
        y = next(iter(self.given.values()), None)
        words = y.tolist() if y is not None and not y.is_floating_point() else None
        rows = torch.tensor(parts.part([str(i) for i in range(len(self.x))], split, words))
        (name,) = self.fields
        return {name: self.x[rows]}, {key: y[rows] for key, y in self.given.items()}

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
        self.fields = {"image": Field(tuple(size), tuple(map(parts.patch_for, size)), C, **standard(self.x))}

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
        gaps = bool(self.x.isnan().any())
        self.fields = {"signal": Field((T,), (parts.patch_of_series(T),), C, gaps=gaps, **standard(self.x))}

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
        vocab, gaps = int(self.x.max()) + 1, bool((self.x < 0).any())
        self.fields = {"symbols": Field((self.x.shape[1],), (1,), vocab=vocab, gaps=gaps)}

    def load(self, split):
        rows, labels = super().load(split)
        x = rows["symbols"]
        return {"symbols": torch.where(x < 0, self.fields["symbols"].vocab, x)}, labels

    def augment(self, batch, generator):
        return {"symbols": excerpt(batch["symbols"], generator, self.crop, self.hide, 4, self.fields["symbols"].vocab)}


CLASSES = {"image": HeldImages, "series": HeldSeries, "symbols": HeldSymbols}


def arrays(x: Any, labels: Any = None, *, name: str = "arrays", kind: str | None = None) -> str:
    """List your own samples as the data source `name`; returns the name, for Recipe(data=name).

    x: a tensor, an array, or a torch Dataset of x or (x, label). Images [n, C, H, W], [n, H, W, C] or [n, H, W]; series
    [n, C, T] or [n, T] (NaN: absent); symbols [n, T] whole numbers from 0 (-1: absent).
    labels: [n] whole numbers or words (classes) or floats (a quantity), or a dict of several; the first is the label.
    kind: "image", "series" or "symbols" where the shape leaves it open: three axes count as images when they are square or
    uint8, two axes of whole numbers as symbols. The source lasts as long as this Python process.
    """
    if kind not in (None, *KINDS):
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    if name in Data.all() and not issubclass(Data.catalogue[name], Held):
        raise ValueError(f"{name!r} is the name of a source that ships with sslbench; give another name=")
    if isinstance(x, torch.utils.data.Dataset):
        x, found = collected(x)
        labels = found if labels is None else labels
    x = torch.as_tensor(np.asarray(x) if not isinstance(x, Tensor) else x.detach().cpu())
    parts.enough(len(x) if x.ndim else 0, "samples", name)
    kind = kind or kind_of(x)
    given, classes = named(labels, len(x))
    body = {"name": name, "x": shaped(x, kind), "given": given, "classes": classes, "__doc__": CLASSES[kind].__doc__,
            "__module__": __name__}
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


def shaped(x: Tensor, kind: str) -> Tensor:
    """Samples as they are stored: images as 0..255 with channels first, series as float32 [n, C, T], symbols as [n, T]."""
    if kind == "symbols":
        if x.ndim != 2 or x.is_floating_point():
            raise ValueError(f"symbols must be whole numbers [n, T], not {x.dtype} {list(x.shape)}")
        return x.long()
    axes = 4 if kind == "image" else 3
    if x.ndim == axes - 1:
        x = x.unsqueeze(1)  # one channel
    if x.ndim != axes:
        raise ValueError(f"x of shape {list(x.shape)} does not fit kind {kind!r}; see the shapes in help(arrays)")
    if kind == "series":
        return x.float()
    if x.shape[-1] in (1, 3, 4) and x.shape[1] not in (1, 3, 4):
        x = x.movedim(-1, 1)
    x = x[:, :3] if x.shape[1] == 4 else x  # transparency is no colour
    H, W = (n - n % parts.patch_for(n) for n in x.shape[2:])
    x = x[..., :H, :W]  # a prime number of pixels cannot be cut into patches: the last few are left out
    if x.dtype == torch.uint8:
        return x.contiguous()
    low, high = x.amin().float(), x.amax().float()
    return (255 * (x.float() - low) / (high - low).clamp(min=1e-9)).contiguous()


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


def standard(x: Tensor) -> dict[str, float]:
    """scale and offset that bring the numbers of x to mean 0 and deviation 1."""
    few = x[:: max(1, len(x) // 2000)].float()
    few = few[~few.isnan()]
    return {"scale": 1 / max(float(few.std()), 1e-6), "offset": float(few.mean())}
