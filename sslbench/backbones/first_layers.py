"""The first layers of somebody's network, made for other channels and for smaller pictures than it was
designed for."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..field import Field
from . import evaluating
from .few_places import FewPlaces

SMALL = 64  # pixels of the longer side up to which a network starts small, as resnet18 does
TRIED = 128  # pixels of a side of the empty picture that shows where strides are
QUARTER = 0.35  # of that side: what reads less comes after the start


def is_small(field: Field) -> bool:
    return max(field.size) <= SMALL


def filters_for(weight: Tensor, channels: int, kernel: tuple[int, ...]) -> Tensor:
    """Filters [D, C, h, w] as [D, channels, *kernel] whose answer to an even picture stays about the same.

    One channel: the sum over the colours, as a grey picture would be shown to all of them; more than there
    are: the colours again and again, scaled (both as timm does). Another kernel: interpolated."""
    colours = weight.shape[1]
    if channels == 1:
        weight = weight.sum(1, keepdim=True)
    elif channels != colours:
        weight = weight[:, torch.arange(channels) % colours] * (colours / channels)
    if tuple(kernel) == tuple(weight.shape[2:]):
        return weight
    area = math.prod(weight.shape[2:]) / math.prod(kernel)
    return F.interpolate(weight.float(), tuple(kernel), mode="bilinear", antialias=True) * area


def begin_with(net: nn.Module, channels: int, kernel: tuple[int, ...] = (), stride: tuple[int, ...] = (),
               padding: tuple[int, ...] = (), kept: bool = True) -> None:
    """Give the network a first convolution for so many channels, with another kernel where one is given.
    kept: its filters are made of those that are there (trained ones); else they are drawn."""
    name, old = first_convolution(net)
    shape = kernel or old.kernel_size, stride or old.stride, padding if kernel else old.padding
    if (channels, *shape) == (old.in_channels, old.kernel_size, old.stride, old.padding):
        return
    new = nn.Conv2d(channels, old.out_channels, *shape, bias=old.bias is not None)
    if kept:
        with torch.no_grad():
            new.weight.copy_(filters_for(old.weight, channels, new.kernel_size))
            if old.bias is not None:
                new.bias.copy_(old.bias)
    net.set_submodule(name, new)


def first_convolution(net: nn.Module) -> tuple[str, nn.Conv2d]:
    """Its name and the convolution that reads the picture: all networks of both libraries register it
    first."""
    return next((name, module) for name, module in net.named_modules() if isinstance(module, nn.Conv2d))


def start_small(net: nn.Module, see, channels: int, kept: bool) -> None:
    """Nothing that reads the picture at its full or at half its size makes it smaller: convolutions there get
    stride 1, pools there are left out, a first kernel beyond 3 x 3 becomes one of 3 x 3. So a network that
    shrank pictures to a 32nd shrinks them to an 8th.  see: (picture) -> what the network makes of it."""
    strided = {name: side for name, side in sides_read(net, see, channels).items() if side > QUARTER * TRIED}
    first, convolution = first_convolution(net)
    for name in strided:
        module = net.get_submodule(name)
        if isinstance(module, nn.Conv2d):
            module.stride = (1, 1)
        else:
            net.set_submodule(name, nn.Identity())
    if first in strided and type(convolution) is nn.Conv2d and max(convolution.kernel_size) > 3:
        begin_with(net, channels, (3, 3), (1, 1), (1, 1), kept)


def sides_read(net: nn.Module, see, channels: int) -> dict[str, int]:
    """Name of each layer with a stride -> the side of what it reads of a picture of TRIED pixels."""
    sides: dict[str, int] = {}

    def noting(name):
        return lambda _, given: sides.setdefault(name, given[0].shape[-1]) and None

    hooks = [module.register_forward_pre_hook(noting(name)) for name, module in net.named_modules()
             if isinstance(module, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d))
             and (module.stride if isinstance(module.stride, int) else max(module.stride)) > 1]
    with torch.no_grad(), evaluating(net):
        see(torch.zeros(2, channels, TRIED, TRIED))
    for hook in hooks:
        hook.remove()
    return sides


def patch_for(field: Field, own: int) -> tuple[int, int]:
    """The patch of a ViT on this field: its own, unless samples are small, hold fewer than four of them along
    an axis or are no multiple of it; then the field's."""
    fits = not is_small(field) and all(n % own == 0 and n >= 4 * own for n in field.size)
    return (own, own) if fits else tuple(field.patch)


def with_few_places(net: nn.Module) -> None:
    """3 x 3 convolutions that are one matrix product where their output has few places; weights and names
    stay."""
    for module in net.modules():
        if type(module) is nn.Conv2d and module.kernel_size == (3, 3) and plain(module):
            module.__class__ = FewPlaces


def plain(conv: nn.Conv2d) -> bool:
    return (conv.bias is None and conv.groups == 1 and conv.dilation == (1, 1)
            and not isinstance(conv.padding, str) and conv.padding_mode == "zeros")
