"""A label as a field of its own: the only way it meets a loss."""

import torch
from torch import Tensor

from ..field import Field, spread_of
from .labels import labelled


def label_field(y: Tensor, names: list[str], gaps: bool = False) -> Field:
    """The field of a label: one symbol of its classes, k symbols of two, or a number brought to mean 0 and
    deviation 1."""
    there = y[labelled(y)]
    gaps = gaps or len(there) < len(y)
    if y.is_floating_point():
        return Field((1,), (1,), scale=1 / max(float(spread_of(there)), 1e-9), offset=float(there.mean()),
                     gaps=gaps)
    if y.ndim == 2:
        return Field((y.shape[1],), (1,), vocab=2, gaps=gaps)
    return Field((1,), (1,), vocab=max(len(names), int(there.max()) + 1), gaps=gaps)


def stored_label(y: Tensor, field: Field) -> Tensor:
    """Labels as rows of their field: [n, 1] or [n, k] symbols, [n, 1, 1] numbers."""
    if field.vocab is None:
        return y[:, None, None]
    return torch.where(y < 0, field.absent, y).reshape(len(y), -1)
