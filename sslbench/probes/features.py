"""Features as linear probes read them: mean 0, deviation 1, and no wider than they need to be. Plain
functions."""

import torch
from torch import Tensor

from ..field import finite, spread_of


def standardise(z: Tensor, *others: Tensor, most: int = 512) -> list[Tensor]:
    """Zero mean, unit deviation by z's statistics; wider features are first turned onto about their `most`
    main directions."""
    z, *others = (finite(x.float()) for x in (z, *others))
    mean, scale = z.mean(0), spread_of(z, 0).clamp(min=1e-4 * spread_of(z).clamp(min=1e-6).item())
    scale = torch.maximum(scale, 1e-6 * mean.abs())  # less is the rounding of a number that does not change
    every = [((x - mean) / scale).clamp_(-1e6, 1e6) for x in (z, *others)]  # nothing real comes near it
    if z.shape[1] <= most:
        return every
    # not the global one, which a user's own numbers would move
    generator = torch.Generator(z.device).manual_seed(0)
    directions = torch.randn(z.shape[1], min(most, len(z)), generator=generator, device=z.device)
    for _ in range(3):  # subspace iteration (Halko et al. 2011)
        directions, _ = torch.linalg.qr(every[0].T @ (every[0] @ directions))  # [D, most]
    return [x @ directions for x in every]
