"""Linear models on features that are mostly 0, such as counts of words: as they are, since standardising
would fill them and blow up what is rare. Plain functions."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .scores import r_squared, score_of

STRENGTHS = (1e-6, 1e-5, 1e-4, 1e-3)  # of the L2 penalty, per weight, on rows of length 1
ITERATIONS = 60
Check = Callable[[], None]


def linear_on_sparse(parts: list, labels: list[Tensor], check: Check = lambda: None) -> float:
    """The linear probe's score on scipy.sparse rows: classes y [n] by multinomial, k answers y [n, k] by
    binary logistic regressions, a quantity by ridge regression.

    parts, labels: of training, test and validation, on which the strength of the penalty is chosen. check:
    called between the iterations; what it raises ends the fit."""
    (x, x_test, x_val), (y, y_test, y_val) = [part.astype(np.float64) for part in parts], labels
    start, best = None, None
    for strength in reversed(STRENGTHS):
        start = fitted(x, y, strength, start, check)
        score = told(x_val, start, y_val, y)
        if best is None or score > best[0]:
            best = score, start
    return told(x_test, best[1], y_test, y)


def fitted(x, y: Tensor, strength: float, start: np.ndarray | None, check: Check) -> np.ndarray:
    """Weights [D + 1, outputs], the last row the bias, that minimise the error + strength / 2 * |W|^2."""
    from scipy.optimize import minimize

    target, outputs = targets(y)
    shape = x.shape[1] + 1, outputs
    back = x.T.tocsr()

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        check()
        w = flat.reshape(shape)
        error, slope = error_of(x @ w[:-1] + w[-1], target, y)
        slope /= len(target)
        gradient = np.concatenate([back @ slope + strength * w[:-1], slope.sum(0, keepdims=True)])
        return error / len(target) + strength / 2 * float((w[:-1] ** 2).sum()), gradient.ravel()

    begin = np.zeros(shape) if start is None else start
    done = minimize(loss, begin.ravel(), jac=True, method="L-BFGS-B",
                    options={"maxiter": ITERATIONS, "ftol": 1e-7, "maxcor": 10})
    return done.x.reshape(shape)


def targets(y: Tensor) -> tuple[np.ndarray, int]:
    """What is to be told [n, outputs]: classes as 0 and 1, two of them as one answer, a quantity in
    deviations from its mean."""
    if y.is_floating_point():
        return ((y.double() - mean_of(y)) / scale_of(y)).unsqueeze(1).cpu().numpy(), 1
    y = y if y.ndim == 2 else y.unsqueeze(1) if y.max() < 2 else torch.nn.functional.one_hot(y)
    return y.double().cpu().numpy(), y.shape[1]


def error_of(guess: np.ndarray, target: np.ndarray, y: Tensor) -> tuple[float, np.ndarray]:
    """The sum of the errors, and its slope by the guesses [n, outputs]."""
    if y.is_floating_point():
        return float(((guess - target) ** 2).sum()) / 2, guess - target
    if y.ndim == 2 or target.shape[1] == 1:
        error, slope = np.logaddexp(0, guess) - target * guess, (1 + np.tanh(guess / 2)) / 2 - target
        return float(error.sum()) / target.shape[1], slope / target.shape[1]
    guess = guess - guess.max(1, keepdims=True)
    total = np.log(np.exp(guess).sum(1, keepdims=True))
    return float((target * (total - guess)).sum()), np.exp(guess - total) - target


def told(x, weights: np.ndarray, y: Tensor, y_train: Tensor) -> float:
    """The score on these rows."""
    guess = torch.from_numpy(x @ weights[:-1] + weights[-1])
    if y.is_floating_point():
        return r_squared(guess[:, 0] * scale_of(y_train) + mean_of(y_train), y.double().cpu())
    two = y.ndim == 1 and guess.shape[1] == 1
    return score_of(torch.cat([torch.zeros_like(guess), guess], 1) if two else guess, y.cpu())


def mean_of(y: Tensor) -> float:
    return y.double().mean().item()


def scale_of(y: Tensor) -> float:
    return max(y.double().std(correction=0).item(), 1e-12)
