"""Tokens of pictures with what is at their places, as dense probes read them: masks or boxes."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .features import Standard

FITTED = 20_000  # tokens at most that a dense probe is fitted on
FINE = 4  # points along each side of a token by which it is decided what lies there


@dataclass(eq=False)
class Dense:
    """Tokens z [n, N, D] float32 of n pictures of `size` (height, width) pixels, standardised by those of
    training; `grid` (rows, columns) says where the N lie.

    y: masks [n, H, W] int64, the class at every pixel and -1 where nobody knows; or boxes [n, k, 5] float32:
    left, top, right, bottom in pixels and the class, -1 in all five for none.
    """

    z: Tensor
    grid: tuple[int, int]
    size: tuple[int, int]
    y: Tensor
    known: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What make() gives, made once for these pictures: several probes read it."""
        if key not in self.known:
            self.known[key] = make()
        return self.known[key]

    @property
    def centres(self) -> Tensor:
        """[N, 2], x and y in pixels of the middle of each token."""
        (rows, columns), (height, width) = self.grid, self.size
        y = (torch.arange(rows, device=self.z.device) + 0.5) * height / rows
        x = (torch.arange(columns, device=self.z.device) + 0.5) * width / columns
        return torch.cartesian_prod(y, x).flip(1)

    @property
    def classes(self) -> Tensor:
        """[n, N] of masks: the class that most of each token has, -1 where nobody knows."""
        fine = [FINE * side for side in self.grid]
        points = F.interpolate(self.y[:, None].float(), fine, mode="nearest-exact")[:, 0].long()
        parts = points.unflatten(2, (-1, FINE)).unflatten(1, (-1, FINE))  # [n, rows, FINE, columns, FINE]
        return parts.transpose(2, 3).flatten(3).mode(3).values.flatten(1)


def standardised(train: Tensor, *others: Tensor) -> list[Tensor]:
    """Tokens [n, N, D] of each split, with mean 0 and deviation 1 by those of the first."""
    standard = Standard(train.flatten(0, 1))
    return [standard(z.flatten(0, 1)).unflatten(0, z.shape[:2]) for z in (train, *others)]


def some(there: Tensor, most: int = FITTED) -> Tensor:
    """Places of at most `most` of the true entries of there [m], evenly spread."""
    places = there.nonzero().flatten()
    step = torch.linspace(0, len(places) - 1, min(len(places), most), dtype=torch.float64)
    return places[step.long().to(places.device)]
