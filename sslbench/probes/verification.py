"""Verification: are two samples of the same one, a person say? Read off the similarity of their embeddings,
for people who were never seen in training (Huang et al. 2007, Labeled Faces in the Wild).

Pairs come from Data.pairs: rows of (sample, other sample, 1 for the same and 0 for another). Similarity is
the cosine of the standardised features, so that no common part counts.
"""

import torch.nn.functional as F

from . import Probe, Tensor, measures


class Verification(Probe):
    """Whether two samples are of the same one, told by how alike they are: the area under the ROC curve."""

    name, title, reads, leads = "verification", "verification", ("pairs",), True
    paper = "https://hal.inria.fr/inria-00321923"

    def answers(self, train, test, validation=None, check=lambda: None):
        return similarities(test)[0]

    def judge(self, answers, y, drawn=None):
        return measures.area_under_roc(answers, y[:, 2] > 0, drawn)

    def chance(self, y, y_test):
        return 0.5


class EqualErrorAccuracy(Probe):
    """The share of pairs judged rightly where both kinds of error are equally frequent: 1 - EER."""

    name, title, reads, while_training = "equal_error_accuracy", "1 - equal error rate", ("pairs",), False
    of = Verification

    def judge(self, answers, y, drawn=None):
        return 1 - measures.equal_error_rate(answers, y[:, 2] > 0, drawn)

    def chance(self, y, y_test):
        return 0.5


class PairAccuracy(Probe):
    """The share of pairs judged rightly by a threshold that was chosen on the validation pairs."""

    name, title, reads, while_training = "pair_accuracy", "pairs judged rightly", ("pairs",), False

    def answers(self, train, test, validation=None, check=lambda: None):
        if validation is None:
            return None
        return similarities(test)[0] >= best_threshold(*similarities(validation))

    def judge(self, answers, y, drawn=None):
        return measures.mean(answers == (y[:, 2] > 0), y, drawn)

    def chance(self, y, y_test):
        return 0.5


def similarities(samples) -> tuple[Tensor, Tensor]:
    """Cosine [p] of the two samples of every pair, and whether they are of the same one [p]."""
    z, pairs = F.normalize(samples.standardised.float(), dim=1), samples.y
    return (z[pairs[:, 0]] * z[pairs[:, 1]]).sum(1), pairs[:, 2] > 0


def best_threshold(alike: Tensor, same: Tensor) -> float:
    """The similarity from which on pairs are best taken for the same one."""
    order = alike.argsort(descending=True)
    values, right = alike[order], same[order].float()
    judged = right.cumsum(0) + ((1 - right).sum() - (1 - right).cumsum(0))  # right with the first i taken
    return values[judged.argmax()].item()
