"""Random convolutions of series: what 500 random filters find, and how often (ROCKET, Dempster et al. 2020,
arXiv:1910.13051).

As there: kernels of 7, 9 or 11 normal weights of mean 0 on random channels, random dilation, with and without
padding, and of each two features: the share of positive values and the maximum. Unlike there a long series is
read at 1024 evenly spaced places; dilations are powers of 2, so that kernels of one form are one convolution;
and biases are values that kernels give for training samples (MiniRocket, Dempster et al. 2021,
arXiv:2012.08791), so that the scale of a series does not matter.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..field import Field

KERNELS = 500
LENGTHS = (7, 9, 11)
MOST = 1024  # places at which a series is read


@dataclass
class Kernels:
    """Those of one form: weights [k, C, length], bias [k]."""

    weights: Tensor
    dilation: int
    padding: int
    bias: Tensor | None = None


def random_convolutions(field: Field, train, *others) -> list[Tensor]:
    """Of series [B, C, T] the features [n, 2 * KERNELS] of each split; always the same kernels. Places where
    no channel is present count for nothing."""
    generator = torch.Generator().manual_seed(0)
    first = next(iter(train))
    kernels = drawn(first.shape[1], first.shape[2], generator)
    for each in kernels:
        each.bias = bias_of(each, first, generator)
    return [torch.cat([transformed(x, kernels) for x in part]) for part in (train, *others)]


def long_enough(field: Field) -> bool:
    return field.size[0] >= LENGTHS[-1]


def drawn(C: int, T: int, generator: torch.Generator) -> list[Kernels]:
    """KERNELS kernels, sorted by their form."""
    forms: dict[tuple[int, int, bool], int] = {}
    for _ in range(KERNELS):
        length = LENGTHS[int(torch.randint(len(LENGTHS), (), generator=generator))]
        most = math.log2(max(1.0, (T - 1) / (length - 1)))
        dilation = 2 ** int(torch.rand((), generator=generator) * (most + 1e-9))
        form = length, dilation, bool(torch.rand((), generator=generator) < 0.5)
        forms[form] = forms.get(form, 0) + 1
    return [Kernels(weights_of(n, C, length, generator), dilation, (length - 1) * dilation // 2 * padded)
            for (length, dilation, padded), n in sorted(forms.items())]


def weights_of(n: int, C: int, length: int, generator: torch.Generator) -> Tensor:
    """[n, C, length]: normal numbers of mean 0 on some channels, few more often than many."""
    weights = torch.randn(n, C, length, generator=generator)
    weights -= weights.mean(2, keepdim=True)
    most = math.log2(min(C, length) + 1)
    count = (2 ** (torch.rand(n, 1, generator=generator) * most)).long()  # 1 or more
    rank = torch.rand(n, C, generator=generator).argsort(1).argsort(1)
    return weights * (rank < count).unsqueeze(2)


def bias_of(kernels: Kernels, x: Tensor, generator: torch.Generator) -> Tensor:
    """[k]: of each kernel one value that it gives for one of these series; 0 where none has any."""
    found, there = convolved(kernels, x)  # [B, k, t], [B, 1, t]
    places = there[:, 0].nonzero()
    if not len(places):
        return torch.zeros(len(kernels.weights), device=x.device)
    chosen = places[torch.randint(len(places), (len(kernels.weights),), generator=generator).to(x.device)]
    return -found[chosen[:, 0], torch.arange(len(chosen), device=x.device), chosen[:, 1]]


def transformed(x: Tensor, kernels: list[Kernels]) -> Tensor:
    """[B, 2 * KERNELS]: shares of positive values, then maxima; 0 where nothing is present."""
    shares, maxima = [], []
    for each in kernels:
        found, there = convolved(each, x)
        found = found + each.bias.view(1, -1, 1)
        shares.append(((found > 0) & there).sum(2) / there.sum(2).clamp(min=1))
        top = found.masked_fill(~there, -math.inf).amax(2)
        maxima.append(torch.where(top.isfinite(), top, 0.0))
    return torch.cat([*shares, *maxima], 1)


def convolved(kernels: Kernels, x: Tensor) -> tuple[Tensor, Tensor]:
    """What kernels give at each place that is read [B, k, t], and where the middle of the kernel is present
    [B, 1, t]."""
    there, every = x.isfinite(), -(-x.shape[2] // MOST)
    found = F.conv1d(torch.where(there, x, 0.0), kernels.weights.to(x.device), stride=every,
                     dilation=kernels.dilation, padding=kernels.padding)
    middle = (kernels.weights.shape[2] - 1) * kernels.dilation // 2 - kernels.padding  # of the first
    return found, there.any(1, keepdim=True)[..., middle::every][..., :found.shape[2]]
