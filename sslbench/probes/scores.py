"""How right answers are, and what answers that ignore the sample would score. Plain functions."""

from torch import Tensor

from . import measures


def score_of(logits: Tensor, y: Tensor) -> float:
    """Accuracy for classes y [n]; for k answers at once, y [n, k] of 0 and 1, the mean area under their ROC
    curves."""
    return measures.right_answers(logits.detach().cpu(), y.cpu()).item()


def r_squared(guess: Tensor, y: Tensor) -> float:
    """R^2 of guesses of a quantity y [n]: 1 - squared error / squared distance from the mean of y; 0 where y
    does not vary."""
    return measures.determination(guess.detach().cpu(), y.cpu()).item()


def chance_of(y: Tensor, y_test: Tensor) -> float:
    """What always answering with the most frequent class scores; 0.5 for several answers."""
    return 0.5 if y.ndim == 2 else (y_test == y.mode().values).float().mean().item()
