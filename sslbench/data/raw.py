"""A batch as plain numbers, and a batch of views as several: what the Data contract does with tensors."""

import torch.nn.functional as F
from torch import Tensor

from ..field import MEANS, Batch, Field

RAW = 4096  # numbers of a sample that the raw baseline reads at most: all of 32 x 32 colour pixels


def chunks(batch: Batch, n: int) -> list[Batch]:
    """A batch of n views one after the other as n batches."""
    parts = {name: x.chunk(n) for name, x in batch.items()}
    return [{name: part[i] for name, part in parts.items()} for i in range(n)]


def raw_numbers(field: Field, x: Tensor) -> Tensor:
    """[B, n]: the numbers as they are, or how often each symbol occurs. Of large samples means of
    neighbouring numbers: what a linear probe reads changes little, and ten thousand pictures of 224 pixels
    would take 6 GB."""
    if field.vocab is None:
        x = field.fill(x)
        shrink = (x[0].numel() / RAW) ** (1 / field.rank)
        return (MEANS[field.rank - 1](x, [max(1, int(n / shrink)) for n in x.shape[2:]])
                if shrink > 1 else x).flatten(1)
    return F.one_hot(x.flatten(1), field.absent + 1).float().mean(1)
