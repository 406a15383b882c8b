"""A convolutional network small enough to learn within a minute on two CPU cores; one, two or three axes."""

from typing import Annotated

import torch
from torch import nn
from torch.nn.functional import adaptive_max_pool1d

from ..catalog import Hyperparameter
from . import Backbone, Field, one_field
from .parts import Symbols, conv_and_norm


class SmallCNN(Backbone):
    """Four convolutions that shrink the sample to a quarter of its size: the fast default for images and
    series."""

    name = "small_cnn"
    resizable = True

    def __init__(self, fields: dict[str, Field], *,
                 width: Annotated[int, Hyperparameter(
                     "channels of the first layer; the embedding has 4 times as many", 8, 256)] = 32):
        super().__init__()
        self.fields, self.dim, ((_, field),) = fields, 4 * width, fields.items()
        conv, norm = conv_and_norm(field.rank)
        self.read = Symbols(field.vocab, width) if field.vocab else nn.Identity()
        channels = width if field.vocab else field.channels
        layers = []
        for out, stride in ((width, 1 if field.vocab else 2), (3 * width // 2, 2), (2 * width, 1),
                            (4 * width, 1)):
            layers += [conv(channels, out, 3, stride, 1, bias=False), norm(out), nn.ReLU(inplace=True)]
            channels = out
        self.net, self.stride = nn.Sequential(*layers), 2 if field.vocab else 4

    incompatible = staticmethod(one_field)

    def stem(self, batch):
        ((name, x),) = self.ordered(batch)
        field = self.fields[name]
        x = self.read(x).movedim(-1, 1) if field.vocab else field.fill(x)  # [B, C, *size]
        if field.rank == 2:
            x = x.contiguous(memory_format=torch.channels_last)
        return self.net(x).flatten(2).transpose(1, 2)  # [B, N, D]

    def pool(self, tokens, present=None):
        """[B, N, D] -> [B, D]: the strongest answer of every feature, wherever it is; the mean would say
        where as well."""
        tokens = tokens if present is None else tokens * (present > 0).to(tokens.dtype).unsqueeze(-1)
        # amax(1), whose gradient takes 20 times as long
        return adaptive_max_pool1d(tokens.transpose(1, 2), 1).squeeze(2)

    def grid(self, name, size=None):
        return tuple(-(-n // self.stride) for n in size or self.fields[name].size)
