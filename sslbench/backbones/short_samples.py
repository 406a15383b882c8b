"""Convolutions whose gradients are right on samples that are shorter than the kernel, too.

On a CPU in bfloat16 oneDNN's gradient of the weights holds memory that nobody wrote where the last axis has
one place and the stride is 2, and with three axes where the first has two (torch 2.14.1 on an EPYC; float32
and float16 are exact): the kernel then reaches over both ends of the sample. With the padding laid around the
sample beforehand, all of them are exact.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class PaddedFirst(nn.Module):
    """Mixin of the three classes below; the same weights, names and, but for rounding, numbers as torch's."""

    convolve = None  # torch's function for this number of axes

    def forward(self, x: Tensor) -> Tensor:
        long = all(n >= k for n, k in zip(x.shape[2:], self.kernel_size))
        if long or x.device.type != "cpu" or isinstance(self.padding, str) or self.padding_mode != "zeros":
            return super().forward(x)
        x = F.pad(x, [p for p in reversed(self.padding) for _ in range(2)])
        return type(self).convolve(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class Conv1d(PaddedFirst, nn.Conv1d):
    """nn.Conv1d."""

    convolve = staticmethod(F.conv1d)


class Conv2d(PaddedFirst, nn.Conv2d):
    """nn.Conv2d."""

    convolve = staticmethod(F.conv2d)


class Conv3d(PaddedFirst, nn.Conv3d):
    """nn.Conv3d."""

    convolve = staticmethod(F.conv3d)


INSTEAD = {nn.Conv1d: Conv1d, nn.Conv2d: Conv2d, nn.Conv3d: Conv3d}


def made_right(net: nn.Module) -> nn.Module:
    """The same network, with torch's convolutions in it made ours; weights, hooks and names stay what they
    are."""
    for module in net.modules():
        module.__class__ = INSTEAD.get(type(module), type(module))
    return net
