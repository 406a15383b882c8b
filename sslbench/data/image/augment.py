"""Random changes of whole image batches [B, C, H, W] on their device: crop, rotation, flip, colour. Plain
functions.

Everything geometric is one affine map and everything about colour is one 3 x 3 matrix and bias per sample, so
a view costs one grid_sample and one small matrix product.
"""

import math
from functools import lru_cache
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ...catalog import Hyperparameter
from .. import rand

Crop = Annotated[float, Hyperparameter("smallest share of the image a view keeps", 0.1, 1, augments=True)]
Color = Annotated[float, Hyperparameter(
                  "how much colour, contrast and brightness change between views", 0, 1, augments=True)]
Rotation = Annotated[float, Hyperparameter("largest turn of a view in degrees", 0, 45, augments=True)]
Flip = Annotated[bool, Hyperparameter("whether a mirrored picture means the same", augments=True)]
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601: how bright each of R, G, B looks


def geometry(x: Tensor, generator: Generator, crop: float = 1.0, rotation: float = 0.0,
             flip: bool = False) -> Tensor:
    """One random window per sample, drawn at full size: Inception's random resized crop with a rotation.

    crop: the smallest share of the area that is kept.  rotation: largest angle in degrees.  flip: mirror half
    of them.
    """
    B, _, H, W = x.shape
    r = 2 * rand(generator, 6, B) - 1  # all random numbers at once, in [-1, 1)
    area = (1 + crop) / 2 + (1 - crop) / 2 * r[0]
    # 3:4 to 4:3; none when nothing is cropped
    ratio = torch.exp(math.log(4 / 3) * min(1.0, 4 * (1 - crop)) * r[1])
    side = torch.stack([area * ratio, area / ratio]).sqrt_().clamp_(max=1)  # [2, B]: width and height
    angle = math.radians(rotation) * r[2]
    turn = torch.stack([angle.cos(), angle.sin()])  # [2, B]
    width = side[0] * torch.where(r[3] < 0, -1.0, 1.0) if flip else side[0]
    theta = torch.cat([turn * width, turn * side[1], r[4:] * (1 - side)]).to(x.device)  # [6, B]
    grid = (theta.T @ affine_basis(H, W, x.device)).view(B, H, W, 2)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


@lru_cache(maxsize=16)
def affine_basis(H: int, W: int, device: torch.device) -> Tensor:
    """[6, H * W * 2]: what the six numbers of an affine map do to the centre of every pixel: w cos, w sin, h
    cos, h sin of a window w wide, h high and turned, and its place x, y. One matrix product with it is
    F.affine_grid, which makes B small ones and takes longer than the sampling itself."""
    y, x = torch.meshgrid(*((2 * torch.arange(n) + 1) / n - 1 for n in (H, W)), indexing="ij")
    no, one = torch.zeros(H, W), torch.ones(H, W)
    to_x, to_y = (x, no, no, -y * H / W, one, no), (no, x * W / H, y, no, no, one)
    return torch.stack([torch.stack(to_x), torch.stack(to_y)], -1).view(6, -1).to(device)


def color(x: Tensor, generator: Generator, strength: float = 0.5) -> Tensor:
    """Random hue, saturation, contrast, brightness, sometimes inversion or grey; 0 changes nothing, 1 leaves
    no colour to rely on. One channel gets contrast, brightness and inversion. Numbers are expected around 0
    with deviation about 1."""
    B, C = x.shape[:2]
    r = 2 * rand(generator, 6, B) - 1
    contrast = torch.exp(0.7 * strength * r[0])
    if strength > 0.5:  # then up to half of them are inverted
        contrast = contrast * torch.where(r[1] < 2 * strength - 2, -1.0, 1.0)
    matrix = torch.eye(C, device=generator.device).expand(B, C, C)
    if C == 3:
        gray = r[3] < 0.8 * strength - 1
        matrix = hue_matrix(math.pi * strength * r[5], torch.exp(strength * r[4]).masked_fill_(gray, 0.0))
    matrix, contrast, shift = matrix.to(x), contrast.to(x).view(B, 1,
        1), (0.8 * strength * r[2]).to(x).view(B, 1, 1)
    center = matrix @ x.mean((2, 3)).unsqueeze(2)  # [B, C, 1]: contrast turns about the sample's own mean
    return torch.baddbmm((1 - contrast) * center + shift, contrast * matrix, x.flatten(2)).view_as(x)


def hue_matrix(angle: Tensor, saturation: Tensor) -> Tensor:
    """[B, 3, 3]: turn colours by `angle` (radians) about the grey axis and stretch them away from it by
    `saturation` (Rodrigues' formula). Saturation 0 keeps the brightness that is seen."""
    gray = (saturation == 0).to(saturation.dtype)
    share = torch.stack([1 - gray, gray, saturation * angle.cos(), saturation * angle.sin()], 1)  # [B, 4]
    return (share @ axes(angle.device)).view(-1, 3, 3)


@lru_cache(maxsize=4)
def axes(device: torch.device) -> Tensor:
    """[4, 3 * 3]: four maps of colours, to their mean, to the brightness that is seen, to what is left,
    across the grey axis.
    Once per device: a copy from Python's numbers at each step would wait for the GPU."""
    mean, a = torch.full((3, 3), 1 / 3), 3 ** -0.5
    cross = torch.tensor([[0.0, -a, a], [a, 0.0, -a], [-a, a, 0.0]])
    return torch.stack([mean, torch.tensor(LUMA).expand(3, 3), torch.eye(3) - mean, cross]).view(4,
        9).to(device)
