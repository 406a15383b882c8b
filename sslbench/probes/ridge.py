"""Ridge regression: how well one layer of weights on the frozen embedding tells a quantity."""

import math

from . import Probe, Tensor, measures, torch
from .features import standardise
from .scores import r_squared

QUICK_STRENGTH = 1e-2  # of the penalty while training; at the end it is chosen on validation
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)


class Ridge(Probe):
    """Ridge regression on the frozen embedding: R^2 of a quantity; below 0 it tells less than its mean."""

    name, title, reads, leads, low = "ridge", "ridge regression", ("quantity",), True, None

    def answers(self, train, test, validation=None, check=lambda: None):
        return guesses(train.standardised, train.y, test.standardised,
                       *(() if validation is None else (validation.standardised, validation.y)))

    def judge(self, answers, y, drawn=None):
        return measures.determination(answers, y, drawn)

    def chance(self, y, y_test):
        """R^2 of always answering with the mean of the training samples: 0, or less where the test samples
        lie elsewhere."""
        return r_squared(y.float().mean().expand(len(y_test)), y_test)

    def by_chance(self, score, samples):
        score = min(max(score, 1 / (samples + 2)), 1.0)  # its error is 2 (1 - R^2) sqrt(R^2 / n)
        return 4 * (1 - score) * math.sqrt(score / samples)


def regress(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, z_val: Tensor | None = None,
            y_val: Tensor | None = None) -> float:
    """R^2 of ridge regression on standardised features; y [n] float32, for quantities such as a place or a
    size. 1 - squared error / squared distance from the mean of y_test: 1 is perfect, below 0 worse than that
    mean.

    The strength of the penalty is chosen on z_val where there is one."""
    z, z_test, *z_val = standardise(z, z_test, *([] if z_val is None else [z_val]))
    return regress_on_standardised(z, z_test, y, y_test, *(x for x in (*z_val, y_val) if x is not None))


def regress_on_standardised(z: Tensor, z_test: Tensor, y: Tensor, y_test: Tensor,
                            z_val: Tensor | None = None, y_val: Tensor | None = None) -> float:
    """The same for features that `standardise` gave."""
    return r_squared(guesses(z, y, z_test, z_val, y_val), y_test)


def guesses(z: Tensor, y: Tensor, z_test: Tensor, z_val: Tensor | None = None,
            y_val: Tensor | None = None) -> Tensor:
    """What is said of the quantity of z_test, [n]."""
    mean, y = y.float().mean(), y.float() - y.float().mean()
    gram, target = z.T @ z / len(z), z.T @ y / len(z)
    weights = [torch.linalg.solve(gram + strength * torch.eye(len(gram), device=z.device), target)
               for strength in ((QUICK_STRENGTH,) if z_val is None else STRENGTHS)]
    best = weights[0] if z_val is None else max(weights, key=lambda w: r_squared(z_val @ w + mean, y_val))
    return z_test @ best + mean
