"""Two views of one sample attract, views of all other samples repel (SimCLR, Chen et al. 2020)."""

import math
from typing import Annotated

from ...machine.hardware import gather, in_float32, rank, world
from .. import Hyperparameter, Tensor, nn, size_of, torch
from ..parts import head
from . import TwoViews, compared, distance, spread


class SimCLR(TwoViews):
    """Make two random views of each sample and find, among all others in the batch, which two belong
    together."""

    name = "simclr"
    paper = "https://arxiv.org/abs/2002.05709"

    def __init__(self, backbone, data, *,
                 temperature: Annotated[float, Hyperparameter(
                     "small: only the nearest others repel", 0.02, 2.0, log=True)] = 0.1,
                 projection_dim: Annotated[
                     int, Hyperparameter("numbers in the projection that is compared", 8, 1024)] = 128,
                 negatives: Annotated[bool, Hyperparameter("views of other samples repel")] = True):
        super().__init__(backbone, data)
        self.temperature, self.negatives = temperature, negatives
        self.projector = head(backbone.dim, backbone.dim, projection_dim)

    def forward(self, inputs):
        a, b = self.project(inputs)
        if not self.negatives:  # what is left of the loss; one answer to everything is perfect
            return {"loss": distance(a, b).mean(), "deviation": spread(a)}
        return nt_xent(a, b, self.temperature) | {"deviation": spread(a)}

    def chance(self, inputs):
        if not self.negatives:
            return 2.0  # projections that know nothing of each other point at right angles
        return math.log(2 * size_of(inputs[0]) * world() - 1)  # no gather: rank 0 asks alone

    def show(self, inputs):
        return compared(inputs, *self.project(inputs))


def nt_xent(a: Tensor, b: Tensor, temperature: float) -> dict[str, Tensor]:
    """Normalised temperature-scaled cross-entropy over the 2G - 1 other views of all processes; a, b [B, P].

    "accuracy": how often the own other view is the nearest.
    """
    own = nn.functional.normalize(torch.cat([a, b]), dim=1)  # [2B, P]
    B, every = len(a), gather(own)  # [2G, P], process by process
    with in_float32(own):
        logits = own @ every.T / temperature  # [2B, 2G]
    here = torch.arange(2 * B, device=a.device)
    start = rank() * 2 * B
    logits = logits.scatter(1, (start + here)[:, None], float("-inf"))  # nobody is compared with itself
    partner = start + (here + B) % (2 * B)
    accuracy = (logits.argmax(1) == partner).float().mean()
    return {"loss": nn.functional.cross_entropy(logits, partner), "accuracy": accuracy}
