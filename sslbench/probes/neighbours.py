"""The most similar samples, in parts: no more similarities at once than fit a little memory. Plain
functions."""

from collections.abc import Callable

import torch.nn.functional as F

from ..field import finite
from . import Tensor, torch

AT_ONCE = 2**26  # similarities: 256 MiB


def unit(z: Tensor) -> Tensor:
    """Embeddings [n, D] of length 1."""
    return F.normalize(finite(z.float()), dim=1)


def nearest(z: Tensor, among: Tensor, k: int, itself: bool = True,
            check: Callable[[], None] = lambda: None) -> tuple[Tensor, Tensor]:
    """Cosines [n, k] and rows [n, k] of the k of `among` [m, D] most similar to each of z [n, D], both of
    length 1; fewer where there are fewer. itself: False where z is `among` and no sample is its own
    neighbour."""
    k, found = min(k, len(among) - (not itself)), []
    for rows in torch.arange(len(z), device=z.device).split(min(4096, max(1, AT_ONCE // len(among)))):
        check()
        cosine = z[rows] @ among.T
        if not itself:
            cosine[torch.arange(len(rows), device=z.device), rows] = -torch.inf
        found.append(cosine.topk(k, 1))
    return torch.cat([c for c, _ in found]), torch.cat([i for _, i in found])
