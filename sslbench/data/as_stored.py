"""Numbers as somebody's file or array holds them -> as they are stored: the same for training and for rows
that are given later."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class AsStored:
    """[n, C, ...] -> float32 [n, C, ...]: (x - mean) / deviation * gain + offset.

    mean, deviation: [C], or [1] for all channels.  absent: what stands where there is no finite number.
    length: steps of a series, shorter ones are filled up with NaN; 0: as long as they are.  clean: nothing is
    looked for, for data that was seen to be finite.
    single: numbers become float32 before anything is done to them.  steps: of a series before it was filled
    up to a multiple of the patch; 0: nobody knows."""

    mean: Tensor
    deviation: Tensor
    gain: float = 1.0
    offset: float = 0.0
    absent: float = math.nan
    length: int = 0
    clean: bool = False
    single: bool = False
    steps: int = 0

    def __call__(self, x: Tensor) -> Tensor:
        x = x.float() if self.single else exact(x)
        mean, deviation = (t.reshape(-1, *[1] * (x.ndim - 2)).to(x.dtype)
                           for t in (self.mean, self.deviation))
        x = ((x - mean) / deviation).float()
        x = x if self.gain == 1 and self.offset == 0 else x.mul_(self.gain).add_(self.offset)
        x = x if self.clean else torch.where(x.isfinite(), x, self.absent)
        return F.pad(x, (0, self.length - x.shape[2]), value=torch.nan) if self.length > x.shape[2] else x

    def plain(self) -> dict[str, Any]:
        """As plain values, for run.json."""
        return {"mean": self.mean.flatten().tolist(), "deviation": self.deviation.flatten().tolist(),
                "gain": self.gain, "offset": self.offset,
                "absent": None if math.isnan(self.absent) else self.absent, "length": self.length,
                "single": self.single, "steps": self.steps}


def as_stored_of(said: dict[str, Any], channels: int, size: tuple[int, ...]) -> AsStored:
    """From plain values; ValueError, KeyError or TypeError when they cannot be right."""
    mean, deviation, length = said["mean"], said["deviation"], said["length"]
    numbers = [*mean, *deviation, said["gain"], said["offset"],
               *([] if said["absent"] is None else [said["absent"]])]
    if not all(isinstance(n, (int, float)) and math.isfinite(n) for n in numbers) or min(deviation) <= 0:
        raise ValueError("no proper numbers")
    if (not {len(mean), len(deviation)} <= {1, channels} or not isinstance(length, int)
        or length not in (0, size[0])):
        raise ValueError("no proper number of channels or steps")
    steps = said.get("steps", 0)  # runs of earlier versions do not say it
    if not isinstance(steps, int) or not 0 <= steps <= length:
        raise ValueError("no proper number of steps")
    absent = math.nan if said["absent"] is None else said["absent"]
    wide = torch.float64
    return AsStored(torch.tensor(mean, dtype=wide), torch.tensor(deviation, dtype=wide), said["gain"],
                    said["offset"], absent, length,
                    single=said["single"] is True, steps=steps)


def exact(x: Tensor) -> Tensor:
    """As floats that tell the numbers apart: the date 1,700,000,001 is none in float32."""
    return (x.double() if x.dtype in (torch.float64, torch.int64, torch.int32, torch.uint32, torch.uint64)
            else x.float())


def plain_range(low: np.ndarray, high: np.ndarray, shares: int) -> list:
    """Darkest and brightest number of pictures, [bands] or [1], as plain values for run.json."""
    return [low.tolist(), high.tolist(), int(shares)]


def range_of(low: list, high: list, shares: int) -> tuple[np.ndarray, np.ndarray, int]:
    """From plain values; ValueError or TypeError when they cannot be right."""
    low, high = np.array(low, np.float64), np.array(high, np.float64)
    if low.ndim != 1 or low.shape != high.shape or not np.isfinite([low, high]).all() or (low > high).any():
        raise ValueError("no proper range")
    return low, high, int(shares)
