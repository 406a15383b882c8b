"""The features of two views agree one by one and repeat none of the others (Barlow Twins, Zbontar et al.
2021)."""

from typing import Annotated

from ...machine.hardware import gather, in_float32
from .. import Hyperparameter, Tensor
from ..parts import head
from . import TwoViews, compared

EPSILON = 1e-5  # that of batch normalisation, with which the authors standardise


class BarlowTwins(TwoViews):
    """Make each feature agree between two views, and no two features say the same."""

    name = "barlow_twins"
    paper = "https://arxiv.org/abs/2103.03230"

    def __init__(self, backbone, data, *,
                 redundancy_weight: Annotated[float, Hyperparameter(
                     "how much features must differ from each other", 1e-4, 1.0, log=True)] = 5e-3,
                 projection_dim: Annotated[
                     int, Hyperparameter("numbers in the expanded projection", 8, 4096)] = 512):
        super().__init__(backbone, data)
        self.redundancy_weight = redundancy_weight
        self.projector = head(backbone.dim, projection_dim, projection_dim)

    def forward(self, inputs):
        agreement, redundancy = terms(*(gather(z) for z in self.project(inputs)))
        return {"loss": agreement + self.redundancy_weight * redundancy, "invariance": agreement,
                "redundancy": redundancy}

    def chance(self, inputs):
        return float(self.projector[-1].out_features)  # the constant projection: nothing correlates

    def show(self, inputs):
        return compared(inputs, *(z - z.mean(0) for z in self.project(inputs)))


def terms(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Of the features [G, P] of two views: how far each is from agreeing with itself, and how much it repeats
    others; the squared errors of their cross-correlation [P, P] on the diagonal and off it."""
    a, b = ((z - z.mean(0)) / (z.var(0, correction=0) + EPSILON).sqrt() for z in (a, b))
    with in_float32(a):
        c = a.T @ b / len(a)  # [P, P]
    own = c.diagonal()
    return (own - 1).square().sum(), c.square().sum() - own.square().sum()
