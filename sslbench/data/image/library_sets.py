"""What data sets of other libraries share: pictures behind an index, one label, splits of their own. They are
brought to the square that `images` makes, held or decoded while it trains."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from ...machine.hardware import memory_limit
from .. import Field, parts
from ..column_names import split_name
from ..labels import NO_LABEL
from ..metadata import Metadata, metadata_of
from ..rows import Picked
from ..tables.table import count
from .decoding import DAMAGED
from .pictures import Asked, Pictures, scaled
from .source import FoundPictures
from .streamed import Streamed
from .to_square import Form, Range


class Piece:
    """One split as a library holds it. word: its own name, "" where the set has no splits.  columns: name ->
    values of each picture."""

    word = ""
    columns: dict[str, Any]

    def __len__(self) -> int:
        raise NotImplementedError

    def decoded(self, rows: Sequence[int], form: Form) -> Iterable[np.ndarray | None]:
        """These pictures as uint8 [3, size, size]; None for one that cannot be read."""
        raise NotImplementedError


@dataclass
class Collected:
    """pieces: the splits.  names: column -> names of its values 0, 1, ...  notes: what had to be decided.
    asked: which columns are label and group.  ranges: as in a Form, where pictures have more than eight
    bits."""

    pieces: list[Piece]
    names: dict[str, list[str]]
    notes: list[str]
    asked: Asked
    ranges: Mapping[str, Range] = field(default_factory=dict)


class Some(Streamed):
    """Some rows of several pieces, numbered through."""

    def __init__(self, pieces: list[Piece], rows: Sequence[int], *given):
        super().__init__(*given)
        self.pieces, self.rows = pieces, np.asarray(rows, np.int64)
        self.ends = np.cumsum([len(piece) for piece in pieces])

    def decoded(self, rows):
        rows = self.rows[rows]
        of, images = np.searchsorted(self.ends, rows, side="right"), [None] * len(rows)
        for p in np.unique(of):
            at = np.flatnonzero(of == p)
            start = self.ends[p] - len(self.pieces[p])
            found = self.pieces[p].decoded((rows[at] - start).tolist(), self.form)
            for i, image in zip(at, found):
                images[i] = image
        return images


class LibrarySet(FoundPictures, listed=False):
    """Interface of such sets: `collected` says what they hold; the rest is as for `images`."""

    found: Pictures | None = None

    def begin(self, size: int, memory: float, crop: float, color: float, rotation: float, flip: bool):
        self.size, self.memory = size, memory
        self.crop, self.color, self.rotation, self.flip = crop, color, rotation, flip
        self.fields = {"image": Field((size, size), (size // 8, size // 8), 3, scale=1 / 64, offset=128)}

    def collected(self) -> Collected:
        """The splits of the set, found or downloaded."""
        raise NotImplementedError

    def load(self, split):
        if self.found is None:
            collected = self.collected()
            collected = replace(collected, ranges={**collected.ranges, **self.ranges})
            self.pieces, self.found = read(collected, self.size, self.memory, self.name)
            self.ranges = self.found.form.ranges
            self.classes, self.splits_from = self.found.metadata.classes, self.found.metadata.splits.origin
            self.notes = self.found.notes
        rows, labels = self.found.metadata.of(split)
        if self.found.images is not None:
            return {"image": Picked(self.found.images, rows)}, labels
        alike = next(iter(labels.values())).tolist() if labels else [0] * len(rows)
        names = self.found.metadata.names_of(split)
        return {"image": Some(self.pieces, rows, names, self.found.form, self.name, alike)}, labels




def read(found: Collected, size: int, memory: float, name: str) -> tuple[list[Piece], Pictures]:
    """All pictures with their labels and splits; ValueError in one line where there are too few."""
    form, asked = Form(size, ranges=found.ranges), found.asked
    pieces, notes = probed(found.pieces, asked.label, found.notes + scaled(form))
    keys = [f"{piece.word}/{i}".lstrip("/") for piece in pieces for i in range(len(piece))]
    images, rows = None, list(range(len(keys)))
    if form.bands * form.size ** 2 * len(keys) <= memory * memory_limit():
        images, rows = held(pieces, form)
    if lost := len(keys) - len(rows):
        notes.append(f"left out: {lost:,} of {count(len(keys), 'picture')} ({DAMAGED})")
    parts.enough(len(rows), "readable images", name)
    columns = {title: column(pieces, title, rows) for title in pieces[0].columns}
    words = [split_of(piece.word) for piece in pieces for _ in range(len(piece))]
    metadata = metadata_of([keys[i] for i in rows], columns, label=asked.label, group=asked.group,
                           given=[words[i] for i in rows])
    metadata = with_names(metadata, found.names)
    images = None if images is None else Picked(images, rows)
    return pieces, Pictures(metadata.keys, images, form, metadata, notes + metadata.said)


def held(pieces: list[Piece], form: Form) -> tuple[torch.Tensor, list[int]]:
    """All pictures, uint8 [n, 3, size, size], and the numbers of those that can be read."""
    images = np.zeros((sum(map(len, pieces)), form.bands, form.size, form.size), np.uint8)
    rows, start = [], 0
    for piece in pieces:
        for i, image in enumerate(piece.decoded(range(len(piece)), form), start):
            if image is not None:
                images[i] = image
                rows.append(i)
        start += len(piece)
    return torch.from_numpy(images), rows


def split_of(word: str) -> str | None:
    """Ours for the name of a split: "train-standard" and "trainval" train."""
    return split_name(word) or ("train" if word.lower().startswith("train") else None)


def probed(pieces: list[Piece], label: str, notes: list[str]) -> tuple[list[Piece], list[str]]:
    """Without validation and test splits of which nothing is labelled, where others are: a competition keeps
    these labels, and no probe could use them."""
    bare = [piece for piece in pieces if split_of(piece.word) in ("validation", "test")
            and label and unlabelled(piece.columns.get(label))]
    if not bare or len(bare) == len(pieces):
        return pieces, notes
    words = " and ".join(piece.word for piece in bare)
    notes.append(f"left out: {words} of {count(sum(map(len, bare)), 'picture')}, none of which has a label")
    return [piece for piece in pieces if piece not in bare], notes


def unlabelled(values: Any) -> bool:
    if values is None:
        return False
    if isinstance(values, np.ndarray) and values.dtype.kind in "iub":
        return bool((values.reshape(len(values), -1) == -1).all())
    return all(v is None or str(v) in NO_LABEL for v in values)


def column(pieces: list[Piece], title: str, rows: list[int]) -> Any:
    """One column over all pieces, of these rows."""
    each = [piece.columns[title] for piece in pieces]
    if all(isinstance(values, np.ndarray) for values in each):
        return np.concatenate(each)[rows]
    values = [v for some in each for v in some]
    return [values[i] for i in rows]


def with_names(metadata: Metadata, names: dict[str, list[str]]) -> Metadata:
    """Classes by their own names where the set has them for its numbers."""
    named = {title: [own[int(word)] for word in metadata.classes[title]] for title, own in names.items()
             if own and all(word.isdecimal() and int(word) < len(own)
                            for word in metadata.classes.get(title, ["none"]))}
    return replace(metadata, classes={**metadata.classes, **named})
