"""ResNet-18 (He et al. 2015), torchvision's, with a 3x3 first layer for small images."""

import torch
from torch import nn

from . import Backbone, Field, one_field_of_numbers
from .few_places import FewPlaces
from .short_samples import made_right


class ResNet18(Backbone):
    """The standard residual network of self-supervised papers on small images; slow without a GPU."""

    name = "resnet18"
    paper = "https://arxiv.org/abs/1512.03385"
    resizable = True
    dim = 512

    def __init__(self, fields: dict[str, Field]):
        super().__init__()
        from torchvision.models import resnet18

        self.fields, ((_, field),) = fields, fields.items()
        small, net = max(field.size) <= 64, resnet18()
        for block in net.layer4:  # 4 x 4 places of a small image
            block.conv1, block.conv2 = FewPlaces.instead_of(block.conv1), FewPlaces.instead_of(block.conv2)
        first = nn.Conv2d(field.channels, 64, *((3, 1, 1) if small else (7, 2, 3)), bias=False)
        rest = (net.bn1, net.relu, *(() if small else (net.maxpool,)), net.layer1, net.layer2, net.layer3,
                net.layer4)
        self.net, self.stride = made_right(nn.Sequential(first, *rest)), 8 if small else 32

    @classmethod
    def incompatible(cls, fields):
        two_axes = all(field.rank == 2 for field in fields.values())
        why = "" if two_axes else "reads images (two axes); small_cnn reads one to three axes"
        return one_field_of_numbers(fields) or why

    def stem(self, batch):
        ((name, x),) = self.ordered(batch)
        x = self.fields[name].fill(x).contiguous(memory_format=torch.channels_last)
        return self.net(x).flatten(2).transpose(1, 2)  # [B, N, 512]

    def inner_state(self):
        """torchvision's names. (Small images have a 3 x 3 first layer, for which a network of torchvision has
        to be changed.)"""
        parts = ["conv1", "bn1", "relu", *(["maxpool"] if len(self.net) == 8 else []), "layer1", "layer2",
                 "layer3", "layer4"]
        numbered = {name.removeprefix("net."): x for name, x in super().inner_state().items()}
        return {f"{parts[int(name.partition('.')[0])]}.{name.partition('.')[2]}": x
                for name, x in numbered.items()}

    def grid(self, name, size=None):
        return tuple(-(-n // self.stride) for n in size or self.fields[name].size)
