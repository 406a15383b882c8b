"""Pictures of a folder as square uint8 images: all of them in one tensor, or decoded when they are asked
for."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .brightness import range_of
from .decoding import DAMAGED, begun, square
from .listing import first_files
from .opening import Header
from .streamed import Streamed, in_threads
from .to_square import Form

_first: dict[Path, list[Path]] = {}  # the first few pictures of each folder


class Folder(Streamed):
    """The pictures of a folder, decoded when they are asked for, the same as `held` would hold:
    [LongTensor] -> uint8 [B, C, size, size].

    labels: something for each picture that says which are alike; without it those of one folder are.
    """

    def __init__(self, root: Path, names: list[str], form: Form, labels: Sequence | None = None):
        super().__init__(names, form, str(root), labels or [name.rpartition("/")[0] for name in names])
        self.root = root

    def decoded(self, rows):
        return in_threads(partial(square, form=self.form), below(self.root, [self.names[i] for i in rows]))


def held(root: Path, names: list[str], form: Form) -> tuple[Tensor, list[Header | str], Form]:
    """Every picture as uint8 [n, C, size, size], the header of each or why it is left out, and the form with
    the folder's ranges."""
    images, found = np.zeros((len(names), form.bands, form.size, form.size), np.uint8), []
    begin = partial(begun, form=form, decode=True)
    for i, (header, image) in enumerate(in_threads(begin, below(root, names))):
        found.append(header)
        if image is not None:
            images[i] = image
    form = with_ranges(root, names, found, form)
    deep = [i for i, header in enumerate(found) if isinstance(header, Header) and header.depth]
    for i, image in zip(deep, in_threads(partial(square, form=form), below(root, [names[i] for i in deep]))):
        if image is None:
            found[i] = DAMAGED
        else:
            images[i] = image
    return torch.from_numpy(images), found, form


def headers(root: Path, names: list[str], form: Form) -> tuple[list[Header | str], Form]:
    """The same without the pictures: 0.05 ms each, only what tells how bright a folder of 16 bits or floats
    is gets decoded."""
    found = [header for header, _ in in_threads(partial(begun, form=form, decode=False), below(root, names))]
    return found, with_ranges(root, names, found, form)


def below(root: Path, names: Sequence[str]) -> Iterator[Path]:
    return (root / name for name in names)


def with_ranges(root: Path, names: list[str], found: list[Header | str], form: Form) -> Form:
    """The form with the darkest and the brightest number of this folder, for each kind of numbers beyond
    eight bits whose range it does not have."""
    depths = [header.depth if isinstance(header, Header) else "" for header in found]
    kinds = sorted(set(depths) - {"", *form.ranges})
    own = {kind: range_of(root, [name for name, d in zip(names, depths) if d == kind], in_threads)
           for kind in kinds}
    return replace(form, ranges={**form.ranges, **own})


def channels(root: Path) -> int:
    """How many bands the pictures of a folder have, by the first few: 3 for all that a screen shows."""
    files = _first.get(root, [])
    # a large folder is not listed each time that the source is made
    if not files or not all(map(os.path.exists, files)):
        files = _first[root] = first_files(root)
    found = [header.bands for header in (begun(file, Form(1), False)[0] for file in files)
             if isinstance(header, Header)]
    return max(found, key=found.count, default=3)
