"""Logistic regression by L-BFGS, as exact as it need be and as fast as it can be. Plain functions."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..machine.optimisers import LBFGS
from .features import standardise
from .scores import score_of

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)  # of the L2 penalty, per weight, on standardised features


def linear(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, z_val: Tensor | None = None,
           y_val: Tensor | None = None) -> float:
    """Score of L2-regularised logistic regression on standardised features (L-BFGS): multinomial for classes
    y [n], one for each of k answers y [n, k].

    The strength of the penalty is chosen on z_val, or on the last fifth of z where no validation set is
    given.
    """
    z, z_test, *z_val = standardise(z, z_test, *([] if z_val is None else [z_val]))
    return linear_on_standardised(z, y, z_test, y_test, *(z_val and (z_val[0], y_val)))


def linear_on_standardised(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, z_val: Tensor | None = None,
                           y_val: Tensor | None = None, strengths: tuple[float, ...] = STRENGTHS,
                           check: Callable[[], None] = lambda: None) -> float:
    """The same for features that `standardise` gave: many probes of the same features share that work."""
    return score_of(apply(z_test, best_weights(z, y, z_val, y_val, strengths, check)), y_test)


def best_weights(z: Tensor, y: Tensor, z_val: Tensor | None = None, y_val: Tensor | None = None,
                 strengths: tuple[float, ...] = STRENGTHS,
                 check: Callable[[], None] = lambda: None) -> Tensor:
    """Weights [D + 1, classes] of features that `standardise` gave, with the strength of the penalty that
    suits z_val, or the last fifth of z, best. check: called between the iterations; what it raises ends the
    fit."""
    if z_val is None and len(strengths) == 1:
        return logistic_regression(z, y, *strengths, check=check)
    if z_val is None and len(z) < 5:
        z_val, y_val = z, y
    elif z_val is None:
        cut = len(z) * 4 // 5
        z, y, z_val, y_val = z[:cut], y[:cut], z[cut:], y[cut:]
    start, best = None, (-1.0, None)
    for strength in reversed(strengths):  # strong to weak, each fit starting from the one before
        start = logistic_regression(z, y, strength, start, check=check)
        best = max(best, (score_of(apply(z_val, start), y_val), start), key=lambda pair: pair[0])
    return best[1]


def logistic_regression(z: Tensor, y: Tensor, strength: float, start: Tensor | None = None,
                        iterations: int = 40,
                        check: Callable[[], None] = lambda: None) -> Tensor:
    """Weights [D + 1, classes], the last row the bias, that minimise cross-entropy + strength / 2 * |W|^2;
    for k answers y [n, k] the mean of their binary cross-entropies.

    They are sought as W = turn @ U, which bends the loss alike in every direction of U: a third of the
    iterations leave a tenth of the distance to the minimum. It ends when the loss falls by less than 1e-5.
    """
    classes, error = ((int(y.max()) + 1, F.cross_entropy)
                      if y.ndim == 1 else (y.shape[1], F.binary_cross_entropy_with_logits))
    target = y if y.ndim == 1 else y.float()
    curvature = (z.T @ z).cpu() / (classes * len(z)) + strength * torch.eye(z.shape[1])  # of unsure answers
    root = torch.linalg.cholesky(curvature)  # [D, D]; on the CPU, because not every device has it
    turn = torch.linalg.solve_triangular(root.T, torch.eye(len(root)), upper=True).to(z.device)
    root, turned = root.to(z.device), z @ turn
    start = torch.zeros(z.shape[1] + 1, classes, device=z.device) if start is None else start
    weights = torch.cat([root.T @ start[:-1], start[-1:]]).requires_grad_(True)
    optimiser = LBFGS([weights], max_iter=iterations, history_size=10, tolerance_change=1e-5,
                      line_search_fn="strong_wolfe")

    def closure():
        check()
        optimiser.zero_grad()
        penalty = strength / 2 * (turn @ weights[:-1]).square().sum()
        loss = error(torch.addmm(weights[-1], turned, weights[:-1]), target) + penalty
        loss.backward()
        return loss

    with torch.enable_grad():
        optimiser.step(closure)
    weights = weights.detach()
    return torch.cat([turn @ weights[:-1], weights[-1:]])


def apply(z: Tensor, weights: Tensor) -> Tensor:
    """Logits [n, classes]."""
    return z @ weights[:-1] + weights[-1]
