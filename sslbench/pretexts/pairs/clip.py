"""Which caption belongs to which picture? Contrast two fields that describe the same thing (CLIP, Radford et
al. 2021)."""

import math
from typing import Annotated

from ...machine.hardware import gather, in_float32, rank, world
from .. import Hyperparameter, Matrix, Pretext, Row, Tensor, nn, size_of, torch

HOTTEST = 100.0  # 1 / temperature never exceeds it, as in the paper


class CLIP(Pretext):
    """Find for each picture its own caption among those of the others, and for each caption its picture."""

    name = "clip"
    paper = "https://arxiv.org/abs/2103.00020"

    def __init__(self, backbone, data, *,
                 temperature: Annotated[float, Hyperparameter(
                     "the learned temperature's first value", 0.01, 1.0, log=True)] = 0.07,
                 projection_dim: Annotated[
                     int, Hyperparameter("numbers in the projection that is compared", 8, 1024)] = 64):
        super().__init__(backbone, data)
        self.projectors = nn.ModuleDict({name: nn.Linear(backbone.dim, projection_dim, bias=False)
                                         for name in self.fields})
        self.scale = nn.Parameter(torch.tensor(-math.log(temperature)))  # log of 1 / temperature

    @classmethod
    def incompatible(cls, backbone, data):
        pair = data.alike and len(cls.reads(data)) == 2
        return ("" if pair else "compares two fields that describe the same thing, such as the data source "
                                "captions")

    def inputs(self, batch, generator):
        return [self.own(view) for view in self.data.views(batch, generator)]

    def project(self, views):
        """One projection of length 1 per field: 2 x [B, P]."""
        return [nn.functional.normalize(projector(self.embed(view)).float(), dim=1)
                for projector, view in zip(self.projectors.values(), views)]

    def forward(self, inputs):
        return matched(*self.project(inputs), self.scale.float().exp().clamp(max=HOTTEST))

    def chance(self, inputs):
        return math.log(size_of(inputs[0]) * world())  # no gather: rank 0 asks alone

    def show(self, inputs):
        a, b = self.project(inputs)
        first, second = self.fields
        return [Row(first, inputs[0]), Row(second, inputs[1]), Matrix(f"similarity of {first} (rows) and "
                                                                      f"{second} (columns)", a @ b.T)]


def matched(a: Tensor, b: Tensor, scale: Tensor) -> dict[str, Tensor]:
    """Cross-entropy of the own partner among those of all processes, both ways; a, b [B, P] of length 1,
    scale 1 / temperature.

    "accuracy": how often the own b is the nearest of an a.
    """
    own = rank() * len(a) + torch.arange(len(a), device=a.device)
    with in_float32(a):
        there, back = scale * a @ gather(b).T, scale * b @ gather(a).T  # [B, G]
    loss = (nn.functional.cross_entropy(there, own) + nn.functional.cross_entropy(back, own)) / 2
    accuracy = (there.argmax(1) == own).float().mean()
    return {"loss": loss, "accuracy": accuracy, "temperature": 1 / scale}
