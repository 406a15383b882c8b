"""Pictures that lie in one .npz or .npy file, [n, H, W], [n, H, W, C] or [n, C, H, W], read as a folder of
them would be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...machine.hardware import memory_limit
from .. import parts
from ..arrays import npz
from ..arrays.shapes import channels_of_images
from ..metadata import metadata_of
from .bands import colours
from .brightness import LOOKED_AT, spread, statistics_of
from .opening import kind
from .pictures import Asked, Pictures, scaled
from .to_square import Form, in_eight_bits

ENDINGS = {".npz", ".npy"}
CHUNK = 256  # pictures that are scaled at once


class Stack:
    """Pictures [n, H, W, C] of any numbers as `form` wants them: [LongTensor] -> uint8 [B, C, size, size]."""

    def __init__(self, x: np.ndarray, form: Form):
        self.x, self.form = x, form

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Tensor) -> Tensor:
        shape = (0, self.form.bands, self.form.size, self.form.size)
        return torch.cat([torch.empty(shape, dtype=torch.uint8),
                          *(self.squares(self.x[some.numpy()]) for some in rows.split(CHUNK))])

    def squares(self, x: np.ndarray) -> Tensor:
        """The middle squares, scaled as Pillow scales."""
        side, size = min(x.shape[1:3]), self.form.size
        top, left = (x.shape[1] - side) // 2, (x.shape[2] - side) // 2
        x = x[:, top:top + side, left:left + side]
        x = in_eight_bits(x.reshape(-1, side, x.shape[3]),
                          self.form.ranges.get(kind(x.dtype))).reshape(x.shape)
        x = torch.from_numpy(np.ascontiguousarray(x)).movedim(-1, 1)  # [B, C, side, side]
        if side != size:
            x = F.interpolate(x, (size, size), mode="bicubic", antialias=True)
        return x.expand(-1, self.form.bands, -1, -1)


def alone(root: Path) -> Path:
    """The .npz that lies alone in a folder, in its place; else the path itself."""
    try:
        files = [path for path in root.iterdir() if not path.name.startswith(".")] if root.is_dir() else []
    except OSError:
        return root
    return files[0] if len(files) == 1 and files[0].suffix.lower() == ".npz" else root


def channels(path: Path) -> int:
    """How many bands the pictures have, from the header: 3 for grey and colours."""
    found = npz.header_of_samples(path, (3, 4))
    return colours(channels_last(np.broadcast_to(np.zeros((), found.dtype), found.shape), []).shape[3])


def channels_last(x: np.ndarray, notes: list[str]) -> np.ndarray:
    return x[..., None] if x.ndim == 3 else np.moveaxis(x, channels_of_images(x, notes), -1)


def read(path: Path, form: Form, memory: float, asked: Asked) -> Pictures:
    """All pictures of a file with their labels, groups and splits, which its other arrays hold."""
    found = npz.load(path, (3, 4), "data.folder")
    notes = list(found.notes)
    x = channels_last(found.x, notes)
    parts.enough(len(x), "pictures", path.name)
    form = with_range(x, form)
    images = Stack(x, form)
    if form.bands * form.size ** 2 * len(x) <= memory * memory_limit():
        images = images[torch.arange(len(x))]
    keys = [str(i) for i in range(len(x))]
    metadata = metadata_of(keys, found.columns, label=asked.label, group=asked.group or found.group,
                     split=asked.split or found.split,
                     likely=[found.label] if found.label else [])
    metadata = replace(metadata, names=found.names)
    return Pictures(keys, images, form, metadata, notes + scaled(form) + metadata.said)


def with_range(x: np.ndarray, form: Form) -> Form:
    """The form with one range for all pictures whose numbers are not eight bits."""
    if not kind(x.dtype) or kind(x.dtype) in form.ranges:
        return form
    some = [statistics_of(np.asarray(one), form.bands == 3) for one in x[:: max(1, -(-len(x) // LOOKED_AT))]]
    return Form(form.size, form.bands, {kind(x.dtype): spread([s for s in some if s is not None])})
