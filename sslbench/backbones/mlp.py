"""Multilayer perceptron: the whole sample as one vector, no notion of place."""

import math
from itertools import pairwise
from typing import Annotated

from torch import nn

from ..catalog import Hyperparameter
from . import Backbone, Field, one_field_of_numbers


class MLP(Backbone):
    """Fully connected layers on the flattened sample; with one layer of 64 it is the encoder of the classic
    autoencoder."""

    name = "mlp"

    def __init__(self, fields: dict[str, Field], *,
                 width: Annotated[int, Hyperparameter("numbers in the embedding", 2, 2048)] = 64,
                 depth: Annotated[int, Hyperparameter("layers; all but the last have 256 units", 1, 8)] = 1):
        super().__init__()
        self.fields, self.dim, ((_, field),) = fields, width, fields.items()
        sizes = [math.prod(field.size) * field.channels, *[256] * (depth - 1), width]
        self.net = nn.Sequential(nn.Flatten(),
                                 *[m for a, b in pairwise(sizes) for m in (nn.Linear(a, b), nn.ReLU())])

    incompatible = staticmethod(one_field_of_numbers)

    def stem(self, batch):
        ((name, x),) = self.ordered(batch)
        return self.net(self.fields[name].fill(x)).unsqueeze(1)  # [B, 1, D]

    def grid(self, name, size=None):
        return (1,) * self.fields[name].rank
