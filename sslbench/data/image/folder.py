"""Pictures of a folder as square uint8 images: all of them in one tensor, or decoded when they are asked for.

Threads decode, not processes: Pillow lets other threads run while it decodes and scales. Measured on one
core, a photograph of 500 x 375 pixels takes 2.4 ms to 128 pixels, of which Python itself needs about 0.1 ms:
by that ratio threads keep some twenty cores busy; a small PNG takes 0.1 ms, nearly all of it Python's. A
worker process would hold 280 MB of its own (memory is what is short when a folder is streamed), would take
seconds to start, would cost this process 0.03 to 0.1 ms for every picture that it receives, and fails in
scripts without `if __name__ == "__main__"`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...machine.hardware import cpu_limit
from ...notes import note
from .brightness import range_of
from .decoding import DAMAGED, begun, square
from .layout import plain
from .listing import first_files
from .opening import Header
from .to_square import Form

AT_ONCE = 1000  # pictures on their way: a large folder is not decoded into a list first
_first: dict[Path, list[Path]] = {}  # the first few pictures of each folder


class Streamed:
    """Pictures that are decoded when they are asked for: [LongTensor] -> uint8 [B, C, size, size].

    One that turns out to be damaged is replaced by the next that can be read, with the same label where there
    is one.
    names: one for each picture.  where: what they all lie in, in words.  alike: a word or number for each
    picture, such as its label; the next is one that has the same, and of these one that has the same in the
    second sequence, if any.
    """

    def __init__(self, names: list[str], form: Form, where: str, *alike: Sequence):
        self.names, self.form, self.where, self.alike = names, form, where, alike
        self.instead: dict[int, int] = {}  # damaged row -> the row that takes its place

    def decoded(self, row: int) -> np.ndarray | None:
        """One picture, uint8 [C, size, size]; None where it cannot be read. Several threads ask at once."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: Tensor | slice | int) -> Tensor:
        """Row numbers or a slice -> [n, C, size, size]; one number -> one picture."""
        index = index if isinstance(index, Tensor) else torch.arange(len(self))[index]
        rows = [self.instead.get(i, i) for i in index.reshape(-1).tolist()]
        images = side_by_side(self.decoded, rows)
        images = [self.replace(i) if image is None else image for i, image in zip(rows, images)]
        shape = (0, self.form.bands, self.form.size, self.form.size)
        x = torch.from_numpy(np.stack(images)) if images else torch.empty(shape, dtype=torch.uint8)
        return x if index.ndim else x[0]

    def replace(self, row: int) -> np.ndarray:
        """The picture that stands in for a damaged one: always the same, so that a run stays a function of
        its recipe."""
        n = len(self.names)
        others = [(row + i) % n for i in range(1, n)]
        # keeps the label right; the sort is stable
        others.sort(key=lambda i: [x[i] != x[row] for x in self.alike])
        for i in others:
            image = self.decoded(i)
            if image is not None:
                if row not in self.instead:
                    said = f"{plain(self.names[row])} cannot be read; {plain(self.names[i])} takes its place"
                    note(said)
                self.instead[row] = i
                return image
        raise ValueError(f"no image in {self.where!r} can be read any more")


class Folder(Streamed):
    """Pictures of a folder, the same as `held` would hold. Without labels those of one sub-folder are
    alike."""

    def __init__(self, root: Path, names: list[str], form: Form, labels: Sequence | None = None):
        super().__init__(names, form, str(root), labels or [name.rpartition("/")[0] for name in names])
        self.root = root

    def decoded(self, row):
        return square(self.root / self.names[row], self.form)


def held(root: Path, names: list[str], form: Form) -> tuple[Tensor, list[Header | str], Form]:
    """Every picture as uint8 [n, C, size, size], the header of each or why it is left out, and the form with
    the folder's ranges."""
    images, found = np.zeros((len(names), form.bands, form.size, form.size), np.uint8), []
    for i, (header, image) in enumerate(in_threads(partial(begun, form=form, decode=True), root, names)):
        found.append(header)
        if image is not None:
            images[i] = image
    form = with_ranges(root, names, found, form)
    deep = [i for i, header in enumerate(found) if isinstance(header, Header) and header.depth]
    for i, image in zip(deep, in_threads(partial(square, form=form), root, [names[i] for i in deep])):
        if image is None:
            found[i] = DAMAGED
        else:
            images[i] = image
    return torch.from_numpy(images), found, form


def headers(root: Path, names: list[str], form: Form) -> tuple[list[Header | str], Form]:
    """The same without the pictures: 0.05 ms each, only what tells how bright a folder of 16 bits or floats
    is gets decoded."""
    found = [header for header, _ in in_threads(partial(begun, form=form, decode=False), root, names)]
    return found, with_ranges(root, names, found, form)


def with_ranges(root: Path, names: list[str], found: list[Header | str], form: Form) -> Form:
    """The form with the darkest and the brightest number of this folder, for each kind of numbers beyond
    eight bits."""
    depths = [header.depth if isinstance(header, Header) else "" for header in found]
    kinds = sorted(set(depths) - {""})
    return replace(form, ranges={kind: range_of(root, [name for name, d in zip(names, depths) if d == kind],
                                                in_threads) for kind in kinds})


def channels(root: Path) -> int:
    """How many bands the pictures of a folder have, by the first few: 3 for all that a screen shows."""
    files = _first.get(root, [])
    # a large folder is not listed each time that the source is made
    if not files or not all(map(os.path.exists, files)):
        files = _first[root] = first_files(root)
    found = [header.bands for header in (begun(file, Form(1), False)[0] for file in files)
             if isinstance(header, Header)]
    return max(found, key=found.count, default=3)


def in_threads(function: Callable, root: Path, names: Sequence[str]) -> Iterator:
    return side_by_side(lambda name: function(root / name), names)


def side_by_side(function: Callable, what: Sequence) -> Iterator:
    """function(x) for each x, in their order, by several threads."""
    with ThreadPoolExecutor(max(2, min(16, cpu_limit()))) as pool:  # at least two: one may wait for the disk
        for start in range(0, len(what), AT_ONCE):
            yield from pool.map(function, what[start:start + AT_ONCE])
