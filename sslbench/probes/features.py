"""Features as linear probes read them: mean 0, deviation 1, and no wider than they need to be. Plain
functions, and what remembers how it was done."""

import torch
from torch import Tensor

from ..field import finite, spread_of

WITHIN = 0.1  # of the mean variance of views, which no direction has less of


class Standard:
    """Zero mean, unit deviation by the statistics of z [n, D]; wider features are first turned onto about
    their `most` main directions. Called with other features [m, D] it does the same to them."""

    def __init__(self, z: Tensor, most: int = 512):
        z = finite(z.float())
        self.mean, self.directions = z.mean(0), None
        scale = spread_of(z, 0).clamp(min=1e-4 * spread_of(z).clamp(min=1e-6).item())
        # less is the rounding of a number that does not change
        self.scale = torch.maximum(scale, 1e-6 * self.mean.abs())
        if z.shape[1] <= most:
            return
        x = self(z)
        # not the global one, which a user's own numbers would move
        generator = torch.Generator(z.device).manual_seed(0)
        directions = torch.randn(z.shape[1], min(most, len(z)), generator=generator, device=z.device)
        for _ in range(3):  # subspace iteration (Halko et al. 2011)
            directions, _ = torch.linalg.qr(x.T @ (x @ directions))  # [D, most]
        self.directions = directions

    def __call__(self, z: Tensor) -> Tensor:
        x = ((finite(z.float()) - self.mean) / self.scale).clamp_(-1e6, 1e6)  # nothing real comes near it
        return x if self.directions is None else x @ self.directions


def standardise(z: Tensor, *others: Tensor, most: int = 512) -> list[Tensor]:
    """Zero mean, unit deviation by z's statistics; wider features are first turned onto about their `most`
    main directions."""
    standard = Standard(z, most)
    return [standard(x) for x in (z, *others)]


def whitened_by_views(views: Tensor) -> Tensor:
    """[D, D], what turns standardised features so that views of one sample differ alike in all directions:
    those that an augmentation moves count less, and no label is needed for it. views: [V, n, D], V of each
    of n samples. The identity where views do not differ."""
    own = (views - views.mean(0)).flatten(0, 1)
    variance, directions = torch.linalg.eigh(own.T @ own / len(own))
    if variance.mean() < 1e-9:
        return torch.eye(len(variance), device=views.device)
    return directions / (variance.clamp(min=0) + WITHIN * variance.mean()).sqrt()
