"""Predict the cluster that another view is assigned to, all clusters being equally large (SwAV, Caron et al.
2020)."""

import math
from typing import Annotated

from ...machine.hardware import gather, in_float32, rank
from .. import Hyperparameter, Row, Says, Tensor, nn, torch
from ..parts import embed_views, head, nearest_to_centers
from . import TwoViews


class SwAV(TwoViews):
    """Sort all samples into equally large clusters, and predict from one view where the other was sorted."""

    name = "swav"
    paper = "https://arxiv.org/abs/2006.09882"
    chance_is_a_direction = True
    shows = 64  # so that a prototype finds some that are near

    def __init__(self, backbone, data, *,
                 prototypes: Annotated[int, Hyperparameter("clusters", 2, 4096, log=True)] = 256,
                 temperature: Annotated[float, Hyperparameter(
                     "small: the prediction is sharp", 0.02, 1.0, log=True)] = 0.2,
                 epsilon: Annotated[float, Hyperparameter(
                     "small: the assignment is sharp", 0.01, 1.0, log=True)] = 0.03,
                 projection_dim: Annotated[
                     int, Hyperparameter("numbers in the projection that is sorted", 8, 1024)] = 128):
        super().__init__(backbone, data)
        self.temperature, self.epsilon = temperature, epsilon
        self.projector = head(backbone.dim, 2 * backbone.dim, projection_dim)
        self.prototypes = nn.Linear(projection_dim, prototypes, bias=False)

    def scores(self, views):
        """Cosine of each view with each prototype, 2 x [B, K]."""
        z = embed_views(lambda batch: self.projector(self.embed(batch)), views)
        directions = nn.functional.normalize(self.prototypes.weight.float(), dim=1)
        with in_float32(directions):
            return [nn.functional.normalize(x.float(), dim=1) @ directions.T for x in z]

    def forward(self, inputs):
        scores = self.scores(inputs)
        shares = [self.assigned(s) for s in scores]
        return {"loss": swapped(scores, shares, self.temperature),
                "agreement": (shares[0].argmax(1) == shares[1].argmax(1)).float().mean()}

    @torch.no_grad()
    def assigned(self, scores):
        """The share of each cluster in each sample [B, K], balanced over the samples of all processes."""
        B = len(scores)
        return sinkhorn(gather(scores.detach()), self.epsilon)[rank() * B:][:B]

    def chance(self, inputs):
        return math.log(len(self.prototypes.weight))

    def show(self, inputs):
        scores = self.scores(inputs)
        a, b = (s[:8].argmax(1).tolist() for s in scores)
        first, second = ({name: x[:8] for name, x in view.items()} for view in inputs)
        return [Row("view 1", first), Says([f"cluster {i}" for i in a]), Row("view 2", second),
                Says([f"cluster {j}" for j in b], [i == j for i, j in zip(a, b)], "agree"),
                *nearest_to_centers(inputs[0], scores[0])]


def swapped(scores: list[Tensor], shares: list[Tensor], temperature: float) -> Tensor:
    """Cross-entropy of each view's prediction with the share [B, K] that the other view was given."""
    first, second = ((s / temperature).log_softmax(1) for s in scores)
    return -((shares[0] * second).sum(1) + (shares[1] * first).sum(1)).mean() / 2


def sinkhorn(scores: Tensor, epsilon: float, iterations: int = 3) -> Tensor:
    """Cosines [G, K] -> shares [G, K]: rows sum to 1, and every cluster has the same share of the batch."""
    q = ((scores - scores.max()) / epsilon).exp()  # the same for every choice of the maximum
    for _ in range(iterations):
        q = q / q.sum(0, keepdim=True).clamp(min=1e-30) / q.shape[1]
        q = q / q.sum(1, keepdim=True).clamp(min=1e-30) / len(q)
    return q * len(q)
