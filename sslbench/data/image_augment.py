"""Random changes of whole image batches [B, C, H, W] on their device: crop, rotation, flip, colour. Plain functions.

Everything geometric is one affine map and everything about colour is one 3 x 3 matrix and bias per sample, so a view
costs one grid_sample and one small matrix product.
"""

import math
from functools import lru_cache
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..catalog import Hyperparameter
from . import rand

Crop = Annotated[float, Hyperparameter("smallest share of the image a view keeps", 0.1, 1)]
Color = Annotated[float, Hyperparameter("how much colour, contrast and brightness change between views", 0, 1)]
Rotation = Annotated[float, Hyperparameter("largest turn of a view in degrees", 0, 45)]
Flip = Annotated[bool, Hyperparameter("whether a mirrored picture means the same")]
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601: how bright each of R, G, B looks


def geometry(x: Tensor, generator: Generator, crop: float = 1.0, rotation: float = 0.0, flip: bool = False) -> Tensor:
    """One random window per sample, drawn at full size: Inception's random resized crop with a rotation.

    crop: the smallest share of the area that is kept.  rotation: largest angle in degrees.  flip: mirror half of them.
    """
    B, _, H, W = x.shape
    r = 2 * rand(generator, 6, B) - 1  # all random numbers at once, in [-1, 1)
    area = crop + (1 - crop) * (r[0] + 1) / 2
    ratio = torch.exp(r[1] * math.log(4 / 3) * min(1.0, 4 * (1 - crop)))  # 3:4 to 4:3; none when nothing is cropped
    w, h = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    angle = r[2] * math.radians(rotation)
    cos, sin = angle.cos(), angle.sin()
    mirror = torch.where(r[3] < 0, -1.0, 1.0) if flip else 1.0
    theta = torch.stack([mirror * cos * w, -sin * h * H / W, r[4] * (1 - w),
                         mirror * sin * w * W / H, cos * h, r[5] * (1 - h)], 1).to(x.device)  # [B, 6]
    grid = (theta @ affine_basis(H, W, x.device)).view(B, H, W, 2)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


@lru_cache(maxsize=16)
def affine_basis(H: int, W: int, device: torch.device) -> Tensor:
    """[6, H * W * 2]: what the six numbers of an affine map do to the centre of every pixel. One matrix product with it is
    F.affine_grid, which makes B small ones and takes longer than the sampling itself."""
    y, x = torch.meshgrid(*((2 * torch.arange(n) + 1) / n - 1 for n in (H, W)), indexing="ij")
    point = torch.stack([x, y, torch.ones(H, W)])  # [3, H, W]
    return torch.block_diag(point.view(3, -1), point.view(3, -1)).view(6, 2, H * W).transpose(1, 2).reshape(6, -1).to(device)


def color(x: Tensor, generator: Generator, strength: float = 0.5) -> Tensor:
    """Random hue, saturation, contrast, brightness, sometimes inversion or grey; 0 changes nothing, 1 leaves no colour to
    rely on. One channel gets contrast, brightness and inversion. Numbers are expected around 0 with deviation about 1."""
    B, C = x.shape[:2]
    r = 2 * rand(generator, 6, B) - 1
    inverted = r[1] + 1 < 2 * strength - 1  # none up to strength 0.5, then up to half of them
    contrast = torch.exp(0.7 * strength * r[0]) * torch.where(inverted, -1.0, 1.0)
    matrix = torch.eye(C, device=generator.device).expand(B, C, C)
    if C == 3:
        gray = (r[3] + 1) / 2 < 0.4 * strength
        saturation = torch.where(gray, 0.0, torch.exp(strength * r[4]))
        matrix = hue_matrix(math.pi * strength * r[5], saturation)
    matrix, contrast, shift = matrix.to(x), contrast.to(x).view(B, 1, 1), (0.8 * strength * r[2]).to(x).view(B, 1, 1)
    center = matrix @ x.mean((2, 3)).unsqueeze(2)  # [B, C, 1]: contrast turns about the sample's own mean
    return torch.baddbmm((1 - contrast) * center + shift, contrast * matrix, x.flatten(2)).view_as(x)


def hue_matrix(angle: Tensor, saturation: Tensor) -> Tensor:
    """[B, 3, 3]: turn colours by `angle` (radians) about the grey axis and stretch them away from it by `saturation`."""
    mean, rest, cross, luma = axes(angle.device)
    c, s, k = (v.view(-1, 1, 1) for v in (angle.cos(), angle.sin(), saturation))
    gray = torch.where(k == 0, luma, mean)  # grey keeps the brightness that is seen
    return gray + k * (c * rest + s * cross)  # Rodrigues' formula


@lru_cache(maxsize=4)
def axes(device: torch.device) -> tuple[Tensor, ...]:
    """Four maps [3, 3] of colours: to their mean, to what is left, across the grey axis, to the brightness that is seen.
    Once per device: a copy from Python's numbers at each step would wait for the GPU."""
    mean, a = torch.full((3, 3), 1 / 3), 3 ** -0.5
    cross = torch.tensor([[0.0, -a, a], [a, 0.0, -a], [-a, a, 0.0]])
    return tuple(m.to(device) for m in (mean, torch.eye(3) - mean, cross, torch.tensor(LUMA).expand(3, 3)))
