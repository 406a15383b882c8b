"""Views agree, and embeddings are a standard normal cloud: nothing else is needed against collapse (LeJEPA,
Balestriero and LeCun 2025)."""

from typing import Annotated

from ...machine.hardware import gather, in_float32
from .. import Hyperparameter, Tensor, nn, size_of, torch
from ..parts import head
from . import TwoViews, compared

POINTS, REACH = 17, 3.0  # at which characteristic functions are compared; they are even, so from 0 on


class LeJEPA(TwoViews):
    """Make two views agree while all embeddings together look like one round cloud (SIGReg)."""

    name = "lejepa"
    paper = "https://arxiv.org/abs/2511.08544"
    chance_is_a_direction = True

    def __init__(self, backbone, data, *,
                 regularisation: Annotated[float, Hyperparameter(
                     "share of the loss that asks for the round cloud", 0.0, 0.99)] = 0.05,
                 directions: Annotated[int, Hyperparameter(
                     "random directions in which the cloud is looked at, for each sample of a batch", 1,
                     64)] = 2,
                 projection_dim: Annotated[
                     int, Hyperparameter("numbers in the projection", 4, 1024)] = 64):
        super().__init__(backbone, data)
        self.regularisation, self.directions = regularisation, directions
        self.projector = head(backbone.dim, 2 * backbone.dim, projection_dim)

    def inputs(self, batch, generator):
        """The views, and some of the directions of this step for each sample [B, directions, P]."""
        shape = size_of(batch), self.directions, self.projector[-1].out_features
        directions = torch.randn(shape, generator=generator, device=generator.device)
        return super().inputs(batch, generator), nn.functional.normalize(directions, dim=2)

    def forward(self, inputs):
        views, directions = inputs
        directions = gather(directions).flatten(0, 1).T  # [P, G * directions], of all processes
        a, b = self.project(views)
        agreement = nn.functional.mse_loss(a, b) / 4  # the squared distance from the mean of both views
        roundness = (sigreg(gather(a), directions) + sigreg(gather(b), directions)) / 2
        return {"loss": (1 - self.regularisation) * agreement + self.regularisation * roundness,
                "invariance": agreement, "sigreg": roundness}

    def show(self, inputs):
        views, _ = inputs
        return compared(views, *(z - z.mean(0) for z in self.project(views)))


def sigreg(z: Tensor, directions: Tensor) -> Tensor:
    """How far z [G, P] is from a standard normal cloud: the Epps-Pulley statistic of its projections on
    directions [P, M], the weighted squared distance of characteristic functions, times G, mean over M."""
    t = torch.linspace(0, REACH, POINTS, device=z.device, dtype=z.dtype)
    normal = (-t.square() / 2).exp()
    with in_float32(z):
        x = (z @ directions).unsqueeze(2) * t  # [G, M, points]
    error = (x.cos().mean(0) - normal).square() + x.sin().mean(0).square()  # [M, points]
    return 2 * torch.trapezoid(error * normal, t, dim=1).mean() * len(z)
