"""Features as linear probes read them: mean 0, deviation 1, and no wider than they need to be. Plain functions."""

import torch
from torch import Tensor


def standardise(z: Tensor, *others: Tensor, most: int = 512) -> list[Tensor]:
    """Zero mean, unit deviation by z's statistics; wider features are first turned onto about their `most` main directions."""
    z, others = z.float(), [o.float() for o in others]
    mean, scale = z.mean(0), z.std(0).clamp(min=1e-4 * z.std().clamp(min=1e-6).item())
    every = [(x - mean) / scale for x in (z, *others)]
    if z.shape[1] <= most:
        return every
    generator = torch.Generator(z.device).manual_seed(0)  # not the global one, which a user's own numbers would move
    directions = torch.randn(z.shape[1], min(most, len(z)), generator=generator, device=z.device)
    for _ in range(3):  # subspace iteration (Halko et al. 2011)
        directions, _ = torch.linalg.qr(every[0].T @ (every[0] @ directions))  # [D, most]
    return [x @ directions for x in every]
