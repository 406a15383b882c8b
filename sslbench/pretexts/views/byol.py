"""Predict how a slow copy of yourself sees another view; no negatives (BYOL, Grill et al. 2020)."""

from typing import Annotated

from .. import Hyperparameter, nn, torch
from ..parts import Teacher, embed_views, head, rising
from . import TwoViews, compared, distance, spread


class BYOL(TwoViews):
    """Predict what a slowly following copy of the network says of another view of the same sample."""

    name = "byol"
    paper = "https://arxiv.org/abs/2006.07733"
    chance_is_a_direction = True

    def __init__(self, backbone, data, *,
                 momentum: Annotated[float, Hyperparameter(
                     "share of itself the teacher keeps at every step; rises to 1", 0.0, 1.0)] = 0.98,
                 projection_dim: Annotated[
                     int, Hyperparameter("numbers in the projection that is predicted", 8, 1024)] = 128):
        super().__init__(backbone, data)
        self.momentum = momentum
        self.projector = head(backbone.dim, 2 * backbone.dim, projection_dim)
        self.predictor = head(projection_dim, 2 * backbone.dim, projection_dim)
        self.teacher = Teacher(nn.ModuleList([backbone, self.projector]))

    def target(self, batch):
        backbone, projector = self.teacher.copy
        return projector(backbone.embed(batch))

    def project(self, views):
        """Predictions [B, P] of both views and the teacher's projections of both."""
        guesses = embed_views(lambda batch: self.predictor(self.projector(self.embed(batch))), views)
        with torch.no_grad():
            targets = embed_views(self.target, views)
        return guesses, targets

    def forward(self, inputs):
        (a, b), (target_a, target_b) = self.project(inputs)
        return {"loss": (distance(a, target_b) + distance(b, target_a)).mean() / 2, "deviation": spread(a)}

    def after_step(self, progress):
        self.teacher.follow(nn.ModuleList([self.backbone, self.projector]),
                            rising(self.momentum, progress))

    def chance(self, inputs):
        # a prediction that knows nothing points at right angles to the target; the constant answer gets 0
        return 2.0

    def show(self, inputs):
        (a, _), (_, target_b) = self.project(inputs)
        return compared(inputs, a, target_b, "prediction from view 1 (rows) and teacher's view 2 (columns)")
