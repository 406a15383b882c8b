"""Gated recurrent unit (Cho et al. 2014): reads tokens one after the other, in both directions unless
causal."""

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
                 width: Annotated[
                     int, Hyperparameter("numbers per token and in the memory", 16, 1024)] = 128):
        super().__init__()
        self.fields, self.dim = fields, width
        self.read = nn.ModuleDict({name: Reader(field, width) for name, field in fields.items()})
        self.forwards, self.backwards = nn.GRU(width, width, batch_first=True), nn.GRU(width, width,
            batch_first=True)

    def stem(self, batch):
        return torch.cat([self.read[name](x) for name, x in self.ordered(batch)], 1)  # [B, N, D]

    def trunk(self, tokens, causal=0):
        left = self.forwards(tokens)[0]
        return left if causal == 1 else left + self.from_the_end(tokens, causal)

    def from_the_end(self, tokens, causal):
        """What a memory says that reads [B, N, D] from its end, or every block of `causal` tokens from the
        block's end."""
        if not causal or causal >= tokens.shape[1]:
            return self.backwards(tokens.flip(1))[0].flip(1)
        whole = tokens.shape[1] // causal * causal
        blocks = self.from_the_end(tokens[:, :whole].unflatten(1, (-1, causal)).flatten(0, 1), 0)
        rest = [self.from_the_end(tokens[:, whole:], 0)] if whole < tokens.shape[1] else []
        return torch.cat([blocks.unflatten(0, (len(tokens), -1)).flatten(1, 2), *rest], 1)
