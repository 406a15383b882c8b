"""Transformer: a ViT on images (Dosovitskiy et al. 2020), BERT or GPT on text, the same on series and
video."""

from typing import Annotated

import torch
from torch import nn

from ..catalog import Hyperparameter
from . import Backbone, Field
from .parts import Blocks, Places, Reader


class Transformer(Backbone):
    """Cuts the sample into patches and lets every patch attend to every other: a ViT on images, GPT or BERT
    on text."""

    name = "transformer"
    paper = "https://arxiv.org/abs/2010.11929"
    maskable = causal = resizable = True

    def __init__(self, fields: dict[str, Field], *,
                 width: Annotated[int, Hyperparameter("numbers per token, a multiple of 32", 32, 1024)] = 128,
                 depth: Annotated[int, Hyperparameter("attention blocks", 1, 24)] = 3):
        super().__init__()
        if width % 32:
            raise ValueError("backbone.width must be a multiple of 32 (the width of one attention head), "
                             f"not {width}")
        self.fields, self.dim = fields, width
        self.read = nn.ModuleDict({name: Reader(field, width) for name, field in fields.items()})
        self.place = nn.ModuleDict({name: Places(field.grid, width) for name, field in fields.items()})
        self.blocks = Blocks(width, depth)

    def stem(self, batch):
        return torch.cat([self.read[name](x)
                          + self.place[name](self.grid(name, tuple(x.shape[-self.fields[name].rank:])))
                          for name, x in self.ordered(batch)], 1)  # [B, N, D]

    def trunk(self, tokens, causal=0):
        return self.blocks(tokens, causal)

    def attention(self, batch):
        return self.blocks.weights(self.stem(batch), self.one_way)
