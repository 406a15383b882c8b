"""One sample as plain data to look at; plots and the explorer draw it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..field import Field


@dataclass(frozen=True)
class Picture:
    """Plain data that shows one sample.

    kind "image": uint8 array [H, W, 3];  "line": float array [C, T], NaN where absent;  "text": str;
    "frames": uint8 array [T, H, W, 3];  "sound": (samples per second, float array [T]), drawn as its
    waveform; "boxes": (uint8 array [H, W, 3], array [k, 4] of left, top, right and bottom in pixels).
    """

    kind: str
    value: Any


def picture_of(field: Field, x: Tensor, spell) -> Picture:
    """The picture that a field's shape suggests: two axes an image, one axis lines or text, three axes
    frames."""
    x = x.detach().cpu()
    if field.vocab:
        return Picture("text", spell(torch.where(x >= field.vocab, -1, x).flatten()))
    x = field.encode(x.float())
    if field.rank == 1:
        return Picture("line", x.numpy())
    pixels = torch.nan_to_num(x).round().clamp(0, 255).byte()
    pixels = pixels[:3] if len(pixels) >= 3 else pixels[:1].expand(3, *pixels.shape[1:])
    return Picture("image" if field.rank == 2 else "frames", pixels.movedim(0, -1).numpy())


def waveform(sound: np.ndarray, points: int) -> np.ndarray:
    """The lowest and the highest value of at most `points` equal stretches of a sound [T]: [2, n], NaN where
    nothing is."""
    sound = np.asarray(sound, "float32").reshape(-1)
    sound = sound if len(sound) else np.array([np.nan])
    start = np.linspace(0, len(sound), min(points, len(sound)), endpoint=False).astype(int)
    known = np.isfinite(sound)
    low, high = np.minimum.reduceat(np.where(known, sound, np.inf),
                                    start), np.maximum.reduceat(np.where(known, sound, -np.inf), start)
    return np.where(low <= high, np.stack([low, high]), np.nan)


def outlined(image: np.ndarray, boxes: np.ndarray, color=(255, 200, 0)) -> np.ndarray:
    """The image [H, W, 3] with the edges of boxes [k, 4] drawn into it."""
    out = np.array(image)
    limit = np.array(out.shape[1::-1] * 2) - 1
    for box in np.asarray(boxes, "float64").reshape(-1, 4):
        left, top, right, bottom = np.clip(np.nan_to_num(box).round(), 0, limit).astype(int)
        out[[top, bottom], left:right + 1] = color
        out[top:bottom + 1, [left, right]] = color
    return out


def drawable(picture: Picture, points: int = 128) -> Picture:
    """The same as an image, lines or text: of frames the middle one, of a sound its waveform, of boxes the
    image with their edges."""
    if picture.kind == "frames":
        return Picture("image", picture.value[len(picture.value) // 2])
    if picture.kind == "sound":
        return Picture("line", waveform(picture.value[1], points))
    return Picture("image", outlined(*picture.value)) if picture.kind == "boxes" else picture
