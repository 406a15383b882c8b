"""Random changes of whole batches of series [B, C, T] on their device; absent steps (NaN) stay absent. Plain
functions."""

from typing import Annotated

import torch
from torch import Generator, Tensor

from ...catalog import Hyperparameter
from .. import rand

TimeCrop = Annotated[float, Hyperparameter("smallest share of the time a view keeps", 0.2, 1, augments=True)]
Amplitude = Annotated[float, Hyperparameter("how much loudness changes between views", 0, 2, augments=True)]
Offset = Annotated[float, Hyperparameter("how much the level changes between views", 0, 2, augments=True)]
Jitter = Annotated[float, Hyperparameter("noise added to a view", 0, 1, augments=True)]


def excerpt(x: Tensor, generator: Generator, crop: float = 0.5) -> Tensor:
    """A random stretch of each series, drawn as long as the series was; padding stays at the end.

    Linear interpolation; beside an absent step the nearest one is taken, so that gaps stay as wide as they
    were, and channels that are read in turn keep what they have. crop: the smallest share that is kept.
    """
    B, C, T = x.shape
    r = rand(generator, 2, B, 1).to(x.device)
    kept, t = crop + (1 - crop) * r[0], torch.arange(T, device=x.device)
    last = (t * ~x.isnan().all(1)).amax(1, keepdim=True)  # [B, 1] number of the last step that is there
    at = r[1] * (1 - kept) * last + kept * t.minimum(last)  # [B, T]
    low = at.long()
    high, share = (low + 1).minimum(last), (at - low).unsqueeze(1)
    one, two = (x.gather(2, i.unsqueeze(1).expand(B, C, T)) for i in (low, high))
    out = torch.lerp(one, two, share)
    out = torch.where(out.isnan(), torch.where(share < 0.5, one, two), out)
    return out.masked_fill((t > last).unsqueeze(1), torch.nan)


def amplitude(x: Tensor, generator: Generator, strength: float = 0.5) -> Tensor:
    """Each channel louder or quieter, by a factor of exp(-strength) to exp(strength)."""
    r = 2 * rand(generator, *x.shape[:2], 1).to(x.device) - 1
    return x * (strength * r).exp()


def offset(x: Tensor, generator: Generator, strength: float = 0.5) -> Tensor:
    """Each channel higher or lower, by a normal number of deviation `strength`."""
    return (x + strength * torch.randn(*x.shape[:2], 1, generator=generator,
                                       device=generator.device).to(x.device))


def jitter(x: Tensor, generator: Generator, strength: float = 0.1) -> Tensor:
    """White noise of deviation `strength`."""
    return x + strength * torch.randn(x.shape, generator=generator, device=generator.device).to(x.device)
