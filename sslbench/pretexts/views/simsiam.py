"""Predict the other view of oneself with a stopped gradient; neither negatives nor a teacher (SimSiam, Chen
and He 2021)."""

from typing import Annotated

from .. import Hyperparameter, nn
from ..parts import embed_views, head
from . import TwoViews, compared, distance, spread


class SimSiam(TwoViews):
    """Predict from one view what the same network says of another view, whose gradient is stopped."""

    name = "simsiam"
    paper = "https://arxiv.org/abs/2011.10566"
    chance_is_a_direction = True

    def __init__(self, backbone, data, *,
                 projection_dim: Annotated[
                     int, Hyperparameter("numbers in the projection that is predicted", 8, 2048)] = 256,
                 predictor: Annotated[bool, Hyperparameter("predict, rather than compare")] = True,
                 stop_gradient: Annotated[
                     bool, Hyperparameter("what is predicted gets no gradient")] = True):
        super().__init__(backbone, data)
        self.stop_gradient = stop_gradient
        self.projector = nn.Sequential(*head(backbone.dim, projection_dim, projection_dim),
                                       nn.BatchNorm1d(projection_dim, affine=False))
        self.predictor = (head(projection_dim, max(4, projection_dim // 4), projection_dim) if predictor
                          else nn.Identity())

    def project(self, views):
        """Predictions [B, P] and what is to be predicted [B, P] of both views."""
        z = embed_views(lambda batch: self.projector(self.embed(batch)), views)
        return [self.predictor(x) for x in z], [x.detach() if self.stop_gradient else x for x in z]

    def forward(self, inputs):
        (p1, p2), (z1, z2) = self.project(inputs)
        return {"loss": (distance(p1, z2) + distance(p2, z1)).mean() / 2, "deviation": spread(z1)}

    def chance(self, inputs):
        # a prediction that knows nothing points at right angles to the target
        return 2.0

    def show(self, inputs):
        (p1, _), (_, z2) = self.project(inputs)
        return compared(inputs, p1, z2, "prediction from view 1 (rows) and view 2 (columns)")
