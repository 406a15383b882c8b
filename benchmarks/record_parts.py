"""What the record trains: another source's whole training set, many views of each image, a residual network
of nine layers."""

from typing import Annotated

import torch
from torch import Tensor, nn

from sslbench import Data, Hyperparameter, Pretext
from sslbench.data import randint
from sslbench.field import size_of
from sslbench.machine.hardware import in_float32
from sslbench.pretexts.parts import embed_views, head

# of augmentation, where the source's own is not the best
STRENGTHS = {"cifar10": {"crop": 0.2, "color": 0.6}, "wild_digits": {}}


class Whole(Data):
    """Another source of which training and validation are the training set, as in the papers."""

    def __init__(self, *, source: Annotated[str, Hyperparameter("name of the source")] = "cifar10",
                 together: Annotated[bool, Hyperparameter("augment the whole batch at once, not one image "
                                                          "after the other")] = True):
        self.source, self.together = Data.find(source)(**STRENGTHS.get(source, {})), together
        self.fields, self.classes = self.source.fields, self.source.classes

    def load(self, split):
        if split != "train":
            return self.source.load("test")
        (rows, labels), (more, names) = self.source.load("train"), self.source.load("validation")
        return ({name: torch.cat([x, more[name]]) for name, x in rows.items()},
                {name: torch.cat([y, names[name]]) for name, y in labels.items()})

    def augment(self, batch, generator):
        if self.together:
            return self.source.augment(batch, generator)
        each = [self.source.augment({name: x[i:i + 1] for name, x in batch.items()}, generator)
                for i in range(size_of(batch))]
        return {name: torch.cat([one[name] for one in each]) for name in batch}


class ManyViews(Pretext):
    """Several views of each sample attract each other, views of all others repel; with two views this is
    SimCLR."""

    name = "many_views"

    def __init__(self, backbone, data, *,
                 views: Annotated[int, Hyperparameter("views of full size of each sample", 2, 32)] = 2,
                 small_views: Annotated[int,
                     Hyperparameter("small windows into further views (multi-crop)", 0, 32)] = 0,
                 small_size: Annotated[int, Hyperparameter("side of a small window in pixels", 8, 512)] = 16,
                 temperature: Annotated[float,
                     Hyperparameter("small: only the nearest others repel", 0.02, 2.0)] = 0.2,
                 hidden: Annotated[int, Hyperparameter("width of the projector's hidden layer", 8,
                                                       8192)] = 1024,
                 projection_dim: Annotated[int, Hyperparameter("numbers in the projection", 8, 2048)] = 128):
        super().__init__(backbone, data)
        self.views, self.small_views, self.small_size = views, small_views, small_size
        self.temperature = temperature
        self.projector = head(backbone.dim, hidden, projection_dim)

    def inputs(self, batch, generator):
        return self.data.views(batch, generator, self.views) + [
            self.window(self.data.augment(batch, generator), generator) for _ in range(self.small_views)]

    def window(self, batch, generator):
        """A random window of small_size pixels: what it costs falls with its area."""
        side, windows = self.small_size, {}
        for name, x in batch.items():
            start = torch.stack([randint(generator, n - side + 1, len(x)) for n in self.fields[name].size], 1)
            windows[name] = self.fields[name].window(x, start, (side,) * start.shape[1])
        return windows

    def project(self, views):
        return embed_views(lambda batch: self.projector(self.embed(batch)), views) if views else []

    def forward(self, inputs):
        V, B = len(inputs), size_of(inputs[0])
        z = self.project(inputs[:self.views]) + self.project(inputs[self.views:])  # one batch for each size
        z = nn.functional.normalize(torch.cat([p.float() for p in z]), dim=1)  # [V * B, P], view by view
        with in_float32(z):
            logits = z @ z.T / self.temperature
        itself = torch.eye(V * B, dtype=torch.bool, device=z.device)
        # log of the share of each other view
        shares = logits.masked_fill(itself, float("-inf")).log_softmax(1)
        own = shares.view(V, B, V, B).diagonal(dim1=1, dim2=3)  # [V, V, B], views of one sample
        i = torch.arange(V, device=z.device)
        # two small windows may show nothing in common
        pair = (i[:, None] != i) & (torch.minimum(i[:, None], i) < self.views)
        pairs = V * (V - 1) - self.small_views * (self.small_views - 1)
        return {"loss": -own.masked_fill(~pair[:, :, None], 0.0).sum() / (pairs * B)}


class ResNet9(nn.Module):
    """Nine layers: convolutions that double the channels while the image halves, and two residual blocks."""

    def __init__(self, width: int = 64, channels: int = 3, layout: torch.memory_format = torch.channels_last):
        super().__init__()
        w, self.layout = width, layout
        self.net = nn.Sequential(conv(channels, w), conv(w, 2 * w), nn.MaxPool2d(2), Residual(2 * w),
                                 conv(2 * w, 4 * w), nn.MaxPool2d(2), conv(4 * w, 8 * w), nn.MaxPool2d(2),
                                 Residual(8 * w))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.contiguous(memory_format=self.layout)).amax((2, 3))  # [B, 8 * width]


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.net = nn.Sequential(conv(channels, channels), conv(channels, channels))

    def forward(self, x):
        return x + self.net(x)


def conv(a: int, b: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))
