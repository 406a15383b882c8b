"""Items of a torch Dataset, of one by Hugging Face, or of a list: their samples in one array, what else they
hold as columns.

An item is x, (x, label), (x, label, anything else) or a dict with a key such as "image" and perhaps "label".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset

from ...machine.hardware import memory_limit
from ...messages import in_words
from ..image.to_square import flat
from .npz import LABELS, SAMPLES

X_KEYS = (*SAMPLES, "pixel_values", "img", "picture", "photo", "audio", "waveform", "input_values",
          "input_ids", "sequence", "values")
LABEL_KEYS = (*LABELS, "label_ids")
AN_ITEM = "an item must be x, (x, label) or a dict such as {'image': x, 'label': y}"


@dataclass
class Taken:
    """x: [n, ...], or a list of n arrays of unequal shapes.  columns: name -> n values; label: the name of
    one of them, or "".
    notes: what was not used."""

    x: Any
    columns: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    notes: list[str] = field(default_factory=list)


def is_dataset(x: Any) -> bool:
    """Whether samples have to be asked for one by one; arrays, tensors and tables hand over all of them at
    once."""
    if isinstance(x, (torch.utils.data.Dataset, DataLoader)):
        return True
    kind = type(x)
    return not isinstance(x, (str, bytes, Mapping, list, tuple, Tensor)) and all(
        callable(getattr(kind, name, None)) for name in ("__len__", "__getitem__")) and not any(
        name in dir(kind) for name in ("__array__", "__array_interface__", "__buffer__", "__dlpack__"))


def taken(dataset: Any) -> Taken:
    """All items of a dataset."""
    if isinstance(dataset, IterableDataset):
        raise ValueError("an IterableDataset gives its items in one order and has no length; read some of "
                         "them first: arrays(list(itertools.islice(dataset, 10000)))")
    if isinstance(dataset, DataLoader):
        raise ValueError("a DataLoader gives batches; give the dataset that it reads: loader.dataset")
    if isinstance(dataset, TensorDataset):
        x, *rest = dataset.tensors
        more = [f"{len(rest) - 1} more tensors of the dataset are not used"] if len(rest) > 1 else []
        return Taken(x, {"label": rest[0]} if rest else {}, "label" if rest else "", more)
    found = of_items(dataset)
    inside = dataset
    while isinstance(inside, Subset):
        inside = inside.dataset
    if not found.label and len(getattr(inside, "targets", ())) == len(dataset) > 0 and inside is dataset:
        found.columns["label"], found.label = list(inside.targets), "label"
    with_names(found, inside)
    return found


def renamed(found: Taken) -> Taken:
    """The label is called label where it was y, targets ...: its name stands in every chart."""
    if found.label in LABEL_KEYS and "label" not in found.columns:
        found.columns["label"], found.label = found.columns.pop(found.label), "label"
    return found


def with_names(found: Taken, dataset: Any) -> None:
    """Numbers of classes become their names where the dataset has them, as torchvision's and Hugging Face's
    have."""
    features = getattr(dataset, "features", None)
    feature = features.get(found.label) if isinstance(features, Mapping) else None
    names = getattr(feature, "names", None) or getattr(dataset, "classes", None)
    y = found.columns.get(found.label)
    if not isinstance(names, (list, tuple)) or not names or not isinstance(y, list):
        return
    if all(v is None or (isinstance(v, int) and -1 <= v < len(names)) for v in y):
        found.columns[found.label] = [None if v is None or v < 0 else str(names[v]) for v in y]


def of_items(items: Any) -> Taken:
    """Every item, read once. Samples of one shape go straight into their array: a list of them would double
    the memory."""
    n, xs, columns, label, unused = len(items), Stack(len(items)), {}, "", set()
    for i in range(n):
        try:
            item = items[i]
        except Exception as error:
            raise ValueError(f"item {i} of the dataset cannot be read: {in_words(error)}") from error
        x, found, label, odd = parted(item)
        xs.add(i, array_of(x))
        unused |= odd
        for name, value in found.items():
            columns.setdefault(name, [None] * n)[i] = value
    notes = [f"of each item {', '.join(sorted(unused))} is not used"] if unused else []
    label = label or next((key for key in LABEL_KEYS if key in columns), "")
    return Taken(xs.done(), columns, label, notes)


def parted(item: Any) -> tuple[Any, dict[str, Any], str, set[str]]:
    """One item: x, its other values by name, the name of the label, and the names of what is no single
    value."""
    if isinstance(item, Mapping):
        key = next((k for k in X_KEYS if k in item), None)
        if key is None:
            raise ValueError(f"an item of the dataset has the keys {', '.join(map(str, list(item)[:8]))}; "
                             f"{AN_ITEM}")
        x = item[key]["array"] if isinstance(item[key], Mapping) and "array" in item[key] else item[key]
        rest, label = {str(k): v
                       for k, v in item.items() if k != key}, next((k for k in LABEL_KEYS if k in item), "")
    elif isinstance(item, (tuple, list)) and not is_numbers(item):
        names = ["label", *(f"part {i}" for i in range(3, len(item) + 1))]
        x, rest, label = item[0] if item else None, dict(zip(names,
                                                             item[1:])), "label" if len(item) > 1 else ""
    else:
        x, rest, label = item, {}, ""
    if isinstance(x, (tuple, list)) and not is_numbers(x):
        raise ValueError(f"x of an item is a list of {len(x)} samples (views?); give the dataset without "
                         "the transform that makes them")
    if isinstance(x, (str, bytes)) or x is None or isinstance(x, Mapping):
        raise ValueError(f"x of an item is {type(x).__name__}, and numbers are read; texts in a file are "
                         "read by the source 'text'")
    values = {name: single(value) for name, value in rest.items()}
    odd = {name for name, value in values.items() if value is NotImplemented}
    if label in odd:
        raise ValueError(f"the label of an item is {type(rest[label]).__name__} of shape "
                         f"{list(np.shape(rest[label]))}; {AN_ITEM}")
    return x, {name: value for name, value in values.items() if name not in odd}, label, odd


def is_numbers(item: Any) -> bool:
    """Whether a list is a sample itself: numbers, or lists of numbers."""
    while isinstance(item, (tuple, list)) and item:
        item = item[0]
    return (isinstance(item, (int, float, complex, np.generic))
            or (isinstance(item, (tuple, list)) and not item))


def single(value: Any) -> Any:
    """A label as a plain value, a row of an array for several at once; NotImplemented for what is none."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    value = value.detach().cpu().numpy() if isinstance(value, Tensor) else value
    value = np.asarray(value) if isinstance(value, (np.generic, np.ndarray, list, tuple)) else NotImplemented
    if value is NotImplemented or value.dtype.kind not in "fiubU" or value.ndim > 1:
        return NotImplemented
    return value.item() if value.size == 1 else value


def array_of(x: Any) -> np.ndarray:
    """One sample, or all of them, as a NumPy array that shares its memory where that is possible."""
    if isinstance(x, Tensor):
        if x.layout is not torch.strided or x.is_quantized:
            raise ValueError("x is a sparse or quantised tensor; give x.to_dense() or x.dequantize()")
        if x.device.type == "meta":
            raise ValueError("x is a tensor on the device meta, which holds no numbers")
        x = x.detach().cpu().resolve_conj().resolve_neg()
        return (x.float() if x.dtype is torch.bfloat16 or (x.is_floating_point() and x.itemsize == 1)
                else x).numpy()
    if type(x).__module__.startswith("PIL."):
        return pixels(x)
    return x if isinstance(x, np.ndarray) else np.asarray(x)


def pixels(image: Any) -> np.ndarray:
    """A Pillow image: grey ones [H, W], others [H, W, 3] with transparency on white."""
    grey = image.mode in ("L", "1", "F") or image.mode.startswith("I")
    return np.asarray(image if grey else flat(image))


class Stack:
    """n arrays in one, as long as their shapes agree; else a list of them."""

    def __init__(self, n: int):
        self.n, self.out, self.list = n, None, None

    def add(self, i: int, x: np.ndarray) -> None:
        if self.out is None and self.list is None:
            if self.n * x.nbytes > memory_limit() // 2:
                raise ValueError(f"{self.n} samples of {x.nbytes} bytes do not fit into memory; save them "
                                 "as one .npy and give numpy.load(file, mmap_mode='r')")
            self.out = np.zeros((self.n, *x.shape), x.dtype)
        if self.list is None and (x.shape != self.out.shape[1:] or x.dtype != self.out.dtype):
            self.list, self.out = list(self.out[:i]), None
        if self.list is None:
            self.out[i] = x
        else:
            self.list.append(x)

    def done(self) -> Any:
        return (self.list if self.out is None and self.list is not None else np.zeros(0)
                if self.out is None else self.out)
