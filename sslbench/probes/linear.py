"""The linear probe: what one layer of weights on the frozen embedding can tell, and measures of its answers
that do not go by the most frequent class (Brodersen et al. 2010; Opitz and Burst 2019; Hanley and McNeil
1982)."""

import math

from . import Probe, measures
from .regression import STRENGTHS, apply, best_weights
from .scores import chance_of

QUICK_STRENGTH = 1e-2  # of the penalty while training; at the end it is chosen on validation


class Linear(Probe):
    """Logistic regression on the frozen embedding: what can be told with a single layer of weights."""

    name, title, reads, leads = "linear", "linear probe", ("classes", "answers"), True

    def answers(self, train, test, validation=None, check=lambda: None):
        strengths = (QUICK_STRENGTH,) if validation is None else STRENGTHS
        chosen_on = () if validation is None else (validation.standardised, validation.y)
        return apply(test.standardised,
                     best_weights(train.standardised, train.y, *chosen_on, strengths=strengths, check=check))

    def judge(self, answers, y, drawn=None):
        return measures.right_answers(answers, y, drawn)

    def chance(self, y, y_test):
        return chance_of(y, y_test)


class OfLinear(Probe, listed=False):
    """Interface of the three: other measures of the answers that the linear probe gives at the end."""

    of, reads, factors, while_training, further = Linear, ("classes",), False, False, True


class BalancedAccuracy(OfLinear):
    """The share of each class that the linear probe tells rightly, the mean over classes: rare ones count as
    much."""

    title, paper = "balanced accuracy", "https://doi.org/10.1109/ICPR.2010.764"

    def judge(self, answers, y, drawn=None):
        return measures.balanced_accuracy(answers, y, drawn)

    def chance(self, y, y_test):
        """1 / classes that the test has, whichever is said."""
        return 1 / len(y_test.unique())

    def measure(self, reads):
        return "mean recall"


class MacroF1(OfLinear):
    """F1 of each class that the linear probe says (how rarely it is missed or said wrongly), the mean over
    classes."""

    name, title, paper = "macro_f1", "macro F1", "https://arxiv.org/abs/1911.03347"

    def judge(self, answers, y, drawn=None):
        return measures.macro_f1(answers, y, drawn)

    def chance(self, y, y_test):
        """Of classes said as often as training has them, drawn without a look at the sample."""
        classes = int(max(y.max(), y_test.max())) + 1
        said, there = (x.bincount(minlength=classes).double() / len(x) for x in (y, y_test))
        return (2 * said * there / (said + there)).nanmean().item()

    def measure(self, reads):
        return "F1"


class AUC(OfLinear):
    """Area under the ROC curve of each class against the rest by the linear probe's probability, the mean
    over classes."""

    name, title = "auc", "AUC, one against the rest"
    paper = "https://doi.org/10.1148/radiology.143.1.7063747"

    def judge(self, answers, y, drawn=None):
        return measures.macro_auc(answers, y, drawn)

    def chance(self, y, y_test):
        return 0.5

    def by_chance(self, score, samples):
        """By Hanley and McNeil (1982), of as many samples of a class as of the rest."""
        area, half = min(max(score, 0.5), 1 - 1 / (samples + 2)), max(samples / 2, 1)
        q1, q2 = area / (2 - area) - area**2, 2 * area**2 / (1 + area) - area**2
        return 2 * math.sqrt((area * (1 - area) + (half - 1) * (q1 + q2)) / half**2)

    def measure(self, reads):
        return "AUC"
