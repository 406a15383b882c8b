"""Nearest neighbours: what the most similar training samples are (Wu et al. 2018, arXiv:1805.01978)."""

import torch.nn.functional as F

from ..field import finite
from . import Probe, Tensor, torch
from .scores import chance_of, score_of


class KNN(Probe):
    """A vote of the 20 most similar training samples, the nearer the heavier: reads what lies near what, with
    nothing to fit."""

    name, title, reads, factors = "knn", "nearest neighbours", ("classes", "answers"), False

    def score(self, train, test, validation=None, check=lambda: None):
        return vote(train.z, train.y, test.z, test.y)

    def chance(self, y, y_test):
        return chance_of(y, y_test)


def vote(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, k: int = 20,
         temperature: float = 0.07) -> float:
    """Score of a vote of the k nearest by cosine, weighted exp(cos / T) (Wu et al. 2018); z [n, D], y as in
    `score`."""
    a, b = F.normalize(finite(z_test.float()), dim=1), F.normalize(finite(z.float()), dim=1)
    votes = []
    for part in a.split(4096):
        cosine, index = (part @ b.T).topk(min(k, len(b)), 1)  # [t, k]
        weight = (cosine / temperature).exp()
        if y.ndim == 1:
            votes.append(torch.zeros(len(part), int(y.max()) + 1, device=z.device).scatter_add_(1, y[index],
                weight))
        else:
            votes.append((weight.unsqueeze(2) * y[index]).sum(1) / weight.sum(1, keepdim=True))
    return score_of(torch.cat(votes), y_test)


def vote_of_nearest(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor) -> float:
    """Score of the label of the one training sample that lies nearest; z [2, n, D], values and where they are
    present (1, else 0): the mean squared distance over what is present in both."""
    (a, there), (b, there_b) = z_test, z
    nearest = []
    for value, here in zip(a.split(1024), there.split(1024)):
        common = here @ there_b.T
        square = value.square() @ there_b.T + here @ b.square().T - 2 * value @ b.T
        nearest.append((square / common).masked_fill(common == 0, torch.inf).argmin(1))
    told = y[torch.cat(nearest)]
    return score_of(F.one_hot(told, int(y.max()) + 1) if y.ndim == 1 else told, y_test)
