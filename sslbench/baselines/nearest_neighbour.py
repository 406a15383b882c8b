"""The label of the one training sample that lies nearest (Cover & Hart 1967, doi:10.1109/TIT.1967.1053964):
the bar of the UCR archive of series."""

import torch
from torch import Tensor

from ..field import MEANS, Field

MOST = 2048  # numbers of a sample; of longer ones means of neighbouring numbers


def values_and_presence(field: Field, train, *others) -> list[Tensor]:
    """Of numbers [B, C, *size] the values, 0 where absent, and where they are present: [2, n, D]."""
    return [torch.cat([of_batch(x, field.rank) for x in part], 1) for part in (train, *others)]


def of_batch(x: Tensor, rank: int) -> Tensor:
    there = x.isfinite()
    shrink = (x[0].numel() / MOST) ** (1 / rank)
    value, there = torch.where(there, x, 0.0), there.float()
    if shrink > 1:
        size = [max(1, int(n / shrink)) for n in x.shape[2:]]
        value, there = MEANS[rank - 1](value, size), MEANS[rank - 1](there, size)
        value, there = value / there.clamp(min=1e-6), (there > 0).float()
    return torch.stack([value.flatten(1), there.flatten(1)])
