"""How right answers are, and what answers that ignore the sample would score. Plain functions."""

from torch import Tensor


def score_of(logits: Tensor, y: Tensor) -> float:
    """Accuracy for classes y [n]; for k answers at once, y [n, k] of 0 and 1, the mean area under their ROC
    curves."""
    if y.ndim == 1:
        return (logits.argmax(1) == y).float().mean().item()
    from sklearn.metrics import roc_auc_score
    y, logits = y.cpu().numpy(), logits.detach().cpu().numpy()
    # an answer that is always the same cannot be told
    varied = [i for i in range(y.shape[1]) if 0 < y[:, i].mean() < 1]
    return sum(float(roc_auc_score(y[:, i], logits[:, i])) for i in varied) / len(varied) if varied else 0.5


def r_squared(guess: Tensor, y: Tensor) -> float:
    """R^2 of guesses of a quantity y [n]: 1 - squared error / squared distance from the mean of y; 0 where y
    does not vary."""
    spread = (y.float() - y.float().mean()).square().mean()
    return 1 - ((guess - y).square().mean() / spread).item() if spread > 0 else 0.0


def chance_of(y: Tensor, y_test: Tensor) -> float:
    """What always answering with the most frequent class scores; 0.5 for several answers."""
    return 0.5 if y.ndim == 2 else (y_test == y.mode().values).float().mean().item()
