"""The linear probe: what one layer of weights on the frozen embedding can tell."""

from . import Probe
from .regression import STRENGTHS, linear_on_standardised
from .scores import chance_of

QUICK_STRENGTH = 1e-2  # of the penalty while training; at the end it is chosen on validation


class Linear(Probe):
    """Logistic regression on the frozen embedding: what can be told with a single layer of weights."""

    name, title, reads, leads = "linear", "linear probe", ("classes", "answers"), True

    def score(self, train, test, validation=None, check=lambda: None):
        strengths = (QUICK_STRENGTH,) if validation is None else STRENGTHS
        chosen_on = () if validation is None else (validation.standardised, validation.y)
        return linear_on_standardised(train.standardised, train.y, test.standardised, test.y, *chosen_on,
                                      strengths=strengths, check=check)

    def chance(self, y, y_test):
        return chance_of(y, y_test)
