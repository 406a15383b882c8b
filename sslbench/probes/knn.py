"""Nearest neighbours: what the most similar training samples are (Wu et al. 2018, arXiv:1805.01978)."""

import torch.nn.functional as F

from . import Probe, Tensor, measures, torch
from .neighbours import nearest, unit
from .scores import chance_of, score_of

QUICK, KS = 20, (20, 1, 5, 10, 50, 100, 200)  # while training; at the end, of equals the first
TEMPERATURE = 0.07


class KNN(Probe):
    """A vote of the most similar training samples, the nearer the heavier: 20, at the end as many as suit
    validation."""

    name, title, reads, factors = "knn", "nearest neighbours", ("classes", "answers"), False
    paper = "https://arxiv.org/abs/1805.01978"

    def answers(self, train, test, validation=None, check=lambda: None):
        among = unit(train.z)
        if validation is None:
            return votes(*nearest(unit(test.z), among, QUICK, check=check), train.y)
        k = best_k(*nearest(unit(validation.z), among, max(KS), check=check), train.y, validation.y)
        return votes(*nearest(unit(test.z), among, k, check=check), train.y)

    def judge(self, answers, y, drawn=None):
        return measures.right_answers(answers, y, drawn)

    def chance(self, y, y_test):
        return chance_of(y, y_test)


def vote(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, k: int = QUICK,
         temperature: float = TEMPERATURE) -> float:
    """Score of a vote of the k nearest by cosine, weighted exp(cos / T) (Wu et al. 2018); z [n, D], y as in
    `score_of`."""
    return score_of(votes(*nearest(unit(z_test), unit(z), k), y, temperature), y_test)


def votes(cosine: Tensor, index: Tensor, y: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Votes [t, classes], or answers [t, answers], of neighbours [t, k] with labels y."""
    weight = (cosine / temperature).exp()
    if y.ndim == 2:
        parts = zip(weight.split(512), index.split(512))  # [t, k, answers] of all at once would not fit
        return torch.cat([(w.unsqueeze(2) * y[i]).sum(1) / w.sum(1, keepdim=True) for w, i in parts])
    empty = torch.zeros(len(index), int(y.max()) + 1, device=weight.device)
    return empty.scatter_add_(1, y[index], weight)


def best_k(cosine: Tensor, index: Tensor, y: Tensor, y_val: Tensor) -> int:
    """Of KS the number of voters that suits validation best, of neighbours [v, k] nearest first."""
    able = [k for k in KS if k <= index.shape[1]] or [index.shape[1]]
    return max(able, key=lambda k: score_of(votes(cosine[:, :k], index[:, :k], y), y_val))


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
