"""One backbone per field, side by side: an image network and a text network, say."""

import torch
from torch import nn

from . import Backbone


class Towers(Backbone, listed=False):
    """Reads every field with its own network; all have the same width. A recipe asks for it with "small_cnn+gru"."""

    def __init__(self, nets: dict[str, Backbone]):
        super().__init__()
        self.nets, self.fields = nn.ModuleDict(nets), {name: net.fields[name] for name, net in nets.items()}
        widths = {name: net.dim for name, net in nets.items()}
        if len(set(widths.values())) > 1:
            raise ValueError(f"one backbone per field needs equal widths, not {widths}; set backbone.width")
        self.dim = next(iter(widths.values()))

    def forward(self, batch, causal=0):
        return torch.cat([self.nets[name]({name: x}, causal) for name, x in self.ordered(batch)], 1)  # [B, N, D]

    def grid(self, name, size=None):
        return self.nets[name].grid(name, size)
