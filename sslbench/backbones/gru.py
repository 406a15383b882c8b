"""Gated recurrent unit (Cho et al. 2014): reads tokens one after the other, in both directions unless causal."""

from typing import Annotated

import torch
from torch import nn

from ..catalog import Hyperparameter
from . import Backbone, Field
from .parts import Reader


class GRU(Backbone):
    """Reads the sample patch by patch and keeps a memory: the recurrent network for text and series."""

    name = "gru"
    paper = "https://arxiv.org/abs/1406.1078"
    causal = resizable = True

    def __init__(self, fields: dict[str, Field], *,
                 width: Annotated[int, Hyperparameter("numbers per token and in the memory", 16, 1024)] = 128):
        super().__init__()
        self.fields, self.dim = fields, width
        self.read = nn.ModuleDict({name: Reader(field, width) for name, field in fields.items()})
        self.forwards, self.backwards = nn.GRU(width, width, batch_first=True), nn.GRU(width, width, batch_first=True)

    def stem(self, batch):
        return torch.cat([self.read[name](x) for name, x in self.ordered(batch)], 1)  # [B, N, D]

    def trunk(self, tokens, causal=False):
        left = self.forwards(tokens)[0]
        return left if causal else left + self.backwards(tokens.flip(1))[0].flip(1)
