"""Retrieval: does a sample find others of its class? Each test sample asks for the most similar of the other
test samples; no label is fitted, and classes that training never saw count as well (Manning et al. 2008,
chapter 8; Musgrave et al. 2020, arXiv:2003.08505)."""

from . import Probe, Tensor, measures
from .neighbours import nearest, unit

K = 10


class PrecisionAt10(Probe):
    """Of the 10 test samples most similar to each test sample, the share that is of its class."""

    name, title, reads, unseen = "precision_at_10", "retrieval, precision at 10", ("classes",), True
    factors, while_training, further, paper = False, False, True, "https://arxiv.org/abs/2003.08505"

    def answers(self, train, test, validation=None, check=lambda: None):
        return precisions(test.z, test.y, K, check) if len(test.y) > 1 else None

    def judge(self, answers, y, drawn=None):
        return measures.mean(answers, y, drawn)

    def chance(self, y, y_test):
        """How often another test sample, whichever, is of the same class."""
        sizes, n = y_test.unique(return_counts=True)[1].double(), len(y_test)
        return (sizes * (sizes - 1)).sum().item() / max(n * (n - 1), 1)

    def measure(self, reads):
        return "precision at 10"


def precisions(z: Tensor, y: Tensor, k: int = K, check=lambda: None) -> Tensor:
    """The precision at k of every sample [n]: the share of its k nearest others by cosine that is of its
    class; z [n, D], y [n]. With k or fewer samples, of all others."""
    z = unit(z)
    _, index = nearest(z, z, k, itself=False, check=check)
    return (y[index] == y.unsqueeze(1)).float().mean(1)
