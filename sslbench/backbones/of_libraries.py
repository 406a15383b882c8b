"""What the networks of other libraries share as backbones: weights that are downloaded once, weights that
rest, and how a map or a vision transformer is read."""

from typing import Annotated

import torch
from torch import Tensor, nn

from ..catalog import Hyperparameter
from ..field import Field
from ..messages import in_words, one_line
from . import Backbone, one_field_of_numbers
from .adopted import Adopted

Pretrained = Annotated[bool, Hyperparameter("start from the weights of the library, downloaded once")]
Frozen = Annotated[bool, Hyperparameter("the network rests: no gradient, evaluation mode; heads alone learn")]


class OfLibrary(Backbone, listed=False):
    """A network of another library that reads pictures, without its head.

    pretrained: its weights are those that the library offers.  frozen: its weights get no gradient and its
    batch normalisation keeps its statistics; what learns are the heads of the task, and the scores are those
    of the checkpoint."""

    net: nn.Module
    frozen = False

    @classmethod
    def incompatible(cls, fields):
        two_axes = all(field.rank == 2 for field in fields.values())
        why = "" if two_axes else "reads images (two axes); small_cnn reads one to three axes"
        return one_field_of_numbers(fields) or why

    def rest(self, frozen: bool) -> None:
        self.frozen = frozen
        if frozen:
            self.net.requires_grad_(False).eval()

    def train(self, mode: bool = True):
        super().train(mode)
        if self.frozen:
            self.net.eval()
        return self


class Headless(nn.Module):
    """The library's network, of which everything but the head is run: `net` keeps the library's names.
    [B, C, H, W] -> [B, D, h, w] or tokens [B, N, D]."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.net.children():
            x = layer(x)
        return x


class Maps(OfLibrary, Adopted, listed=False):
    """A network whose output is a map, or a fixed number of tokens."""

    resizable = True

    def __init__(self, fields: dict[str, Field], *, pretrained: Pretrained = False, frozen: Frozen = False):
        super().__init__(fields, pretrained=pretrained)
        self.rest(frozen)

    def stem(self, batch):
        name = next(iter(self.fields))
        return super().stem({name: batch[name].contiguous(memory_format=torch.channels_last)})

    def inner_state(self):
        """By the library's own names, without the head."""
        return self.net.net.state_dict()


class VisionTransformer(OfLibrary, listed=False):
    """A ViT (Dosovitskiy et al. 2020): patches with their place are the stem, attention blocks the trunk, so
    that masked modelling and jepa read the visible patches alone. Class and register tokens are dropped at
    the end."""

    maskable = resizable = True
    paper = "https://arxiv.org/abs/2010.11929"
    patch: tuple[int, int]

    def stem(self, batch):
        ((name, x),) = self.ordered(batch)
        h, w = self.grid(name, tuple(x.shape[2:]))
        x = self.fields[name].fill(x)[:, :, :h * self.patch[0], :w * self.patch[1]]
        return self.patches(x) + self.places((h, w))  # [B, N, D]

    def trunk(self, tokens, causal=0):
        first = self.first().to(tokens.dtype).expand(len(tokens), -1, -1)  # [B, P, D]
        return self.attended(torch.cat([first, tokens], 1))[:, first.shape[1]:]

    def grid(self, name, size=None):
        return tuple(n // p for n, p in zip(size or self.fields[name].size, self.patch))

    def inner_state(self):
        """By the library's own names, without the head."""
        return self.net.state_dict()

    def patches(self, x: Tensor) -> Tensor:
        """Samples [B, C, H, W] -> [B, N, D], each patch alone."""
        raise NotImplementedError

    def places(self, grid: tuple[int, int]) -> Tensor:
        """The position embedding [1, N, D] of a grid."""
        raise NotImplementedError

    def first(self) -> Tensor:
        """Tokens that come before the patches, [1, P, D], with their place; P may be 0."""
        raise NotImplementedError

    def attended(self, tokens: Tensor) -> Tensor:
        """[B, P + N, D] through the attention blocks and the last normalisation."""
        raise NotImplementedError


def obtained(name: str, make, where: str, pretrained: bool):
    """What `make` gives; ValueError in one line where the library cannot make it. where: what to do so that
    weights are there without the network."""
    try:
        return make()
    except Exception as error:  # libraries raise whatever a download or a size makes them stumble over
        if not pretrained:
            raise ValueError(f"{name} cannot be built for these samples: {in_words(error)}") from error
        why = one_line(in_words(error), 120)
        raise ValueError(f"the weights of {name} are not on this machine and could not be loaded ({why}); "
                         f"{where}, or set backbone.pretrained to false") from error


def wanted(pretrained: bool) -> bool:
    """Whether weights are to be read now: not where only shapes are asked for."""
    return pretrained and torch.get_default_device().type != "meta"


def steady(net: nn.Module) -> None:
    """Dropout and stochastic depth are turned off: the forward pass of a step is a function of its inputs."""
    from torchvision.ops import StochasticDepth
    for module in net.modules():
        if isinstance(module, (nn.modules.dropout._DropoutNd, StochasticDepth)):
            module.p = 0.0
        elif isinstance(module, nn.MultiheadAttention):
            module.dropout = 0.0
