"""What a column of labels means: classes, a quantity, several yes-or-no answers at once, or nothing. Plain
functions.

Unlabelled samples are no class: -1 among classes and answers, NaN among quantities. Where that had to be
guessed, `said` says so.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..messages import printable

# What files write where there is no label. "none" in small letters may well be a class, so it is none of
# them.
NO_LABEL = {"", "nan", "NaN", "NAN", "NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "None", "?"}
# whole numbers in a text file: more different ones, with fewer samples each, are a quantity
MANY, FEW_EACH = 20, 5
SHOWN = 6  # names of classes in a sentence


@dataclass(frozen=True)
class Label:
    """One label of n samples.

    values: int64 [n], a class each, -1 where there is none; float32 [n], a quantity, NaN where there is none;
    or int64 [n, k] of 0 and 1, k answers at once, a row of -1 where there are none.
    names: of the classes, or of the k answers; [] for a quantity.  said: what had to be decided, in words.
    """

    values: Tensor
    names: list[str] = field(default_factory=list)
    said: str = ""


def label_of(values: Any, chosen: bool = True) -> tuple[Label | None, str]:
    """The label that a column means, or None and why it is none.

    values: words and numbers, None among them; or an array [n] or [n, k]. Arrays of whole numbers are classes
    and arrays of floats a quantity; words that are numbers are a quantity when one has decimals.  chosen:
    somebody named this column, so a value of its own in every row does not count against it.
    """
    array = plain(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        return of_rows(array)
    if array.ndim != 1:
        raise ValueError(f"labels must have the shape [n] or [n, k], not {list(array.shape)}")
    kind = array.dtype.kind
    if kind == "c":
        raise ValueError("labels must not be complex numbers; give the real part, or two labels")
    label, why = (of_floats(array) if kind == "f" else of_whole(array)
                  if kind in "biu" else of_words(array.tolist(), chosen))
    if label is None:
        return None, why
    if not label.names and len(np.unique(label.values[labelled(label.values)])) < 2:
        return None, "has the same value everywhere"
    if len(label.names) == 1:
        return None, "has one value only"
    return label, ""


def plain(values: Any) -> np.ndarray:
    """Whatever holds labels as an array; masked ones become None."""
    if isinstance(values, Tensor):
        return values.detach().cpu().numpy()
    if isinstance(values, np.ma.MaskedArray):
        return np.array([None if gone else v for v, gone in zip(values.tolist(), np.ma.getmaskarray(values))],
                        object)
    if isinstance(values, np.ndarray):
        return values
    values = list(values)
    mixed = any(v is None or isinstance(v, str) for v in values)
    return np.array(values, object) if mixed else np.asarray(values)


def of_rows(array: np.ndarray) -> tuple[Label | None, str]:
    """[n, k]: one-hot rows are classes, other rows of 0 and 1 are k answers at once."""
    numbers = array.astype(np.float32)
    gone = np.isnan(numbers).any(1) | (numbers == -1).all(1)
    if not np.isin(numbers[~gone], (0, 1)).all():
        raise ValueError(f"labels of shape {list(array.shape)} must be 0 or 1 (one-hot, or several answers "
                         "at once); give other columns as a dict of labels, name -> [n]")
    names = [str(i) for i in range(array.shape[1])]
    if len(numbers[~gone]) and numbers[~gone].sum(1).max() <= 1:
        none = gone | (np.where(gone[:, None], 0, numbers).sum(1) == 0)
        y = np.where(none, -1, np.nan_to_num(numbers).argmax(1))
        return Label(torch.from_numpy(y.astype(np.int64)), names, "read as one-hot" + without(none)), ""
    y = np.where(gone[:, None], -1, np.nan_to_num(numbers)).astype(np.int64)
    return Label(torch.from_numpy(y), names, "several answers at once" + without(gone)), ""


def of_floats(array: np.ndarray) -> tuple[Label | None, str]:
    """A quantity, unless the numbers are whole and few and some are missing: a table's classes become floats
    then."""
    there = np.isfinite(array)
    if not there.any():
        return None, "has no value"
    if (not there.all() and np.isnan(array).any() and whole(array[there])
        and len(np.unique(array[there])) <= MANY):
        return of_words([str(int(v)) if ok else "" for v, ok in zip(array.tolist(), there)], True)
    return quantity(array, there)


def quantity(array: np.ndarray, there: np.ndarray) -> tuple[Label, str]:
    values = np.where(there, array, np.nan).astype(np.float32)
    return Label(torch.from_numpy(values)), ""


def of_whole(array: np.ndarray) -> tuple[Label | None, str]:
    """Classes, one for each whole number; -1 means not labelled, unless 1 is the only other."""
    array = array.astype(np.int64)
    return classes(array, array == -1 if means_unlabelled(np.unique(array)) else np.zeros(len(array), bool))


def of_words(words: list, chosen: bool) -> tuple[Label | None, str]:
    """Classes in the order of their names; numbers with decimals are a quantity."""
    words = ["" if w is None or w != w else text(w) for w in words]
    gone = np.array([w in NO_LABEL for w in words], bool)
    if gone.all():
        return None, "has no value"
    there = [w for w, none in zip(words, gone) if not none]
    different = len(set(there))
    numbers = as_numbers(there)
    if numbers is None or not whole(numbers):
        if numbers is not None:
            full = np.full(len(words), np.nan)
            full[~gone] = numbers
            return quantity(full, np.isfinite(full))
        if different == len(there) > 1 and not chosen:
            return None, "has a value of its own in every row"
        # as objects: an array of strings is as wide as its longest
        return classes(np.array(words, object), gone)
    if different == len(there) > 1 and not chosen:
        return None, "has a value of its own in every row"
    full = np.full(len(words), -1, np.int64)
    full[~gone] = numbers
    if different > MANY and len(there) < FEW_EACH * different:
        return quantity(full.astype(np.float64), ~gone)
    return classes(full, gone | ((full == -1) & means_unlabelled(np.unique(full[~gone]))))


def classes(values: np.ndarray, gone: np.ndarray) -> tuple[Label | None, str]:
    """Each different value a class, numbers in their own order and words in that of the alphabet."""
    if gone.all():
        return None, "has no value"
    names = sorted(set(values[~gone].tolist()))
    number = {name: i for i, name in enumerate(names)}
    y = [number[v] for v in values[~gone].tolist()]
    full = np.full(len(values), -1, np.int64)
    full[~gone] = y
    return Label(torch.from_numpy(full), [str(n) for n in names], without(gone).removeprefix(", ")), ""


def means_unlabelled(different: np.ndarray) -> bool:
    """Whether -1 stands for "not labelled": not beside 1 alone, where it is the other class, nor beside other
    negative numbers."""
    return -1 in different and different.min() == -1 and different.tolist() != [-1, 1]


def without(gone: np.ndarray) -> str:
    return f", {gone.sum():,} unlabelled" if gone.any() else ""


def text(word: Any) -> str:
    """A label as it is written: 3.0 of a table that holds floats is 3."""
    return str(int(word)) if isinstance(word, (bool, np.bool_)) else str(word).strip()


def as_numbers(words: list[str]) -> np.ndarray | None:
    if any("_" in word for word in words):  # a name: Python would read 1_0 as 10
        return None
    try:
        numbers = np.array([float(w) for w in words])
    except (ValueError, OverflowError):
        return None
    return numbers


def whole(numbers: np.ndarray) -> bool:
    return bool(np.isfinite(numbers).all() and (numbers == np.round(numbers)).all()
                and (np.abs(numbers) < 2**53).all())


def labelled(y: Tensor) -> Tensor:
    """[n], True where a sample has this label."""
    if y.is_floating_point():
        return ~y.isnan()
    return y >= 0 if y.ndim == 1 else (y >= 0).all(1)


def nobodys(y: Tensor) -> Tensor:
    """Labels of that kind for as many samples, of which none has one."""
    return torch.full_like(y, torch.nan if y.is_floating_point() else -1)


def printable_classes(names: dict[str, list]) -> dict[str, list]:
    """The names of labels and of their values as they may be shown: a terminal obeys control characters."""
    return {printable(name): [printable(str(one)) for one in own or []] for name, own in names.items()}


def phrase(y: Tensor, names: list[str] | None) -> str:
    """A label in words: "2 classes (cat, dog), 30 unlabelled" or "a quantity from 0.2 to 9"."""
    there = labelled(y)
    rest = without((~there).cpu().numpy())
    if y.is_floating_point():
        some = y[there]
        return (f"a quantity from {some.min():.3g} to {some.max():.3g}{rest}"
                if len(some) else "a quantity without values")
    names = [str(n) for n in names or []]
    if y.ndim == 2:
        return f"{y.shape[1]} yes-or-no answers{named(names)}{rest}"
    k = len(y[there].unique())
    return f"{k} class{'es' * (k != 1)}{named(names)}{rest}"


def named(names: list[str]) -> str:
    if not names:
        return ""
    shown = [" ".join(n[:30].split()) for n in names[:SHOWN]]
    return f" ({', '.join(shown)}{', ...' * (len(names) > SHOWN)})"
