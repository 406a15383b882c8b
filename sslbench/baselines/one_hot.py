"""Which symbol stands where, as 0 and 1: the perceptron's reading of sequences (Stormo et al. 1982,
doi:10.1093/nar/10.9.2997)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..field import Field

MOST = 16384  # features; longer sequences of more symbols are not read by place


def one_hot(field: Field, train, *others) -> list[Tensor]:
    """Of symbols [B, T] a column for each place and each symbol that occurs in training, [n, T * symbols];
    what is absent, or another symbol, is 0 everywhere."""
    known = torch.cat([x.unique() for x in train]).unique()
    known = known[known < field.vocab]
    return [torch.cat([at_places(x, known) for x in part]) for part in (train, *others)]


def at_places(x: Tensor, known: Tensor) -> Tensor:
    """[B, T * len(known)] of 0 and 1, known in ascending order."""
    if not len(known):
        return torch.zeros(len(x), 1, device=x.device)
    place = torch.searchsorted(known, x.contiguous()).clamp(max=len(known) - 1)
    there = known[place] == x
    return (F.one_hot(place, len(known)) * there.unsqueeze(-1)).flatten(1).float()
