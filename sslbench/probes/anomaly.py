"""Anomalies: do samples of a kind that training never saw lie apart? The mean distance to the nearest
training samples tells (Bergman et al. 2020, arXiv:2002.10445).

A class is new where no training row has it: a folder of defects in the test split alone, or a yes-or-no label
of which training has one value only. Training rows without a label are not known to be of it.
"""

from . import Probe, Tensor, measures, torch
from .neighbours import nearest, unit

K = 2  # neighbours, as in the paper
FEWEST = 5  # test samples of new classes, and of known ones


class Anomaly(Probe):
    """Whether test samples of classes that training never saw lie further from the training samples than
    others: the area under the ROC curve."""

    title, reads, further, unseen = "anomalies", ("classes",), True, True
    factors, while_training, paper = False, False, "https://arxiv.org/abs/2002.10445"

    def answers(self, train, test, validation=None, check=lambda: None):
        new = unseen(train.y if train.seen is None else train.seen, test.y)
        if new is None:
            return None
        return torch.stack([distances(test.z, train.z, K, check), new.float()], 1)

    def judge(self, answers, y, drawn=None):
        return measures.area_under_roc(answers[:, 0], answers[:, 1] > 0, drawn)

    def chance(self, y, y_test):
        return None if unseen(y, y_test) is None else 0.5

    def measure(self, reads):
        return "AUC"


def unseen(seen: Tensor, y_test: Tensor) -> Tensor | None:
    """Whether each test sample [n] is of a class that is not among those seen; None where too few are, or too
    few are not."""
    new = ~torch.isin(y_test, seen.to(y_test))
    return new if min(new.sum(), (~new).sum()) >= FEWEST else None


def distances(z: Tensor, z_train: Tensor, k: int = K, check=lambda: None) -> Tensor:
    """The mean distance [n] of each unit-length embedding to its k nearest training samples; z [n, D],
    z_train [m, D]."""
    cosine, _ = nearest(unit(z), unit(z_train), k, check=check)
    return (2 - 2 * cosine).clamp(min=0).sqrt().mean(1)
