"""Histograms of oriented gradients: which way edges run, cell by cell (Dalal & Triggs 2005,
doi:10.1109/CVPR.2005.177), many pictures at once and as scikit-image counts them."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..field import Field

ORIENTATIONS, BLOCK, CELLS, MOST_CELLS = 9, 2, 8, 16
EPS, CLIP = 1e-5, 0.2


def hog(field: Field, train, *others) -> list[Tensor]:
    """Of pictures [B, C, H, W] the features [n, D] of each split; about 8 cells along the shorter side."""
    cell = cell_of(field.size)
    return [torch.cat([descriptors(field.fill(x), cell) for x in part]) for part in (train, *others)]


def large_enough(field: Field) -> bool:
    return min(field.size) >= 8


def cell_of(size: tuple[int, ...]) -> tuple[int, ...]:
    """Height and width of a cell in pixels: square, unless one side is more than twice as long."""
    side = max(2, round(min(size) / CELLS))
    return tuple(max(side, -(-n // MOST_CELLS)) for n in size)


def descriptors(x: Tensor, cell: tuple[int, ...]) -> Tensor:
    """[B, C, H, W] -> [B, D] float32: in each cell the strength of the edges that run in each of 9
    directions, then each block of 2 x 2 cells divided by its length, cut at 0.2 and divided again (L2-Hys).
    Of several channels the steepest counts at each pixel. Pixels over the last whole cell are not read."""
    down, right = torch.zeros_like(x), torch.zeros_like(x)
    down[:, :, 1:-1], right[..., 1:-1] = x[:, :, 2:] - x[:, :, :-2], x[..., 2:] - x[..., :-2]
    steepest = torch.hypot(down, right).argmax(1, keepdim=True)
    down, right = down.gather(1, steepest)[:, 0], right.gather(1, steepest)[:, 0]  # [B, H, W]
    angle = torch.rad2deg(torch.atan2(down, right)) % 180
    at = (angle / (180 / ORIENTATIONS)).long().clamp(max=ORIENTATIONS - 1)
    strength = torch.zeros(len(x), ORIENTATIONS, *x.shape[2:], device=x.device)
    strength.scatter_(1, at.unsqueeze(1), torch.hypot(down, right).unsqueeze(1))
    cells = F.avg_pool2d(strength, cell)  # [B, 9, rows, columns]
    blocks = cells.unfold(2, BLOCK, 1).unfold(3, BLOCK, 1).permute(0, 2, 3, 4, 5, 1)
    return normalised(normalised(blocks.flatten(3)).clamp(max=CLIP)).flatten(1)


def normalised(v: Tensor) -> Tensor:
    return v / (v.square().sum(-1, keepdim=True) + EPS**2).sqrt()
