"""Views agree (invariance), every feature varies (variance), none repeat (covariance): VICReg, Bardes et al.
2022."""

from typing import Annotated

from ...machine.hardware import gather, in_float32
from .. import Hyperparameter, Tensor, nn
from ..parts import head
from . import TwoViews, compared, spread

EPSILON = 1e-4


class VICReg(TwoViews):
    """Make two views agree while every feature keeps varying over the batch and no two features say the
    same."""

    name = "vicreg"
    paper = "https://arxiv.org/abs/2105.04906"

    def __init__(self, backbone, data, *,
                 invariance_weight: Annotated[
                     float, Hyperparameter("how much two views must agree", 0.0, 100.0)] = 25.0,
                 variance_weight: Annotated[
                     float, Hyperparameter("how much every feature must vary", 0.0, 100.0)] = 25.0,
                 covariance_weight: Annotated[float, Hyperparameter(
                     "how much features must differ from each other", 0.0, 100.0)] = 1.0,
                 projection_dim: Annotated[
                     int, Hyperparameter("numbers in the expanded projection", 8, 4096)] = 512):
        super().__init__(backbone, data)
        self.weights = invariance_weight, variance_weight, covariance_weight
        self.projector = head(backbone.dim, projection_dim, projection_dim)

    def forward(self, inputs):
        a, b = (gather(z) for z in self.project(inputs))  # 2 x [G, P]
        terms = {"invariance": invariance(a, b), "variance": (variance(a) + variance(b)) / 2,
                 "covariance": covariance(a) + covariance(b)}
        return {"loss": sum(weight * term for weight, term in zip(self.weights, terms.values())), **terms,
                "deviation": spread(a)}

    def chance(self, inputs):
        return self.weights[1] * (1 - EPSILON**0.5)  # the constant projection: it agrees, but nothing varies

    def show(self, inputs):
        return compared(inputs, *(z - z.mean(0) for z in self.project(inputs)))


def invariance(a: Tensor, b: Tensor) -> Tensor:
    return nn.functional.mse_loss(a, b)


def variance(z: Tensor) -> Tensor:
    """Mean shortfall of the features' standard deviation below 1; z [G, P]."""
    return nn.functional.relu(1 - (z.var(0) + EPSILON).sqrt()).mean()


def covariance(z: Tensor) -> Tensor:
    """Sum of squared covariances between different features, per feature; z [G, P]."""
    z = z - z.mean(0)
    with in_float32(z):
        c = z.T @ z / (len(z) - 1)  # [P, P]
    return (c.square().sum() - c.diagonal().square().sum()) / z.shape[1]
