"""What can be read off frozen embeddings: plain functions, (z, y, z_test, y_test) -> score, and measures of z alone."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .field import finite, spread_of
from .optimisers import LBFGS

WITHOUT_LABELS = ("rankme", "deviation", "uniformity", "alignment")  # what the embedding alone tells
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)  # of the L2 penalty, per weight, on standardised features


def knn(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, k: int = 20, temperature: float = 0.07) -> float:
    """Score of a vote of the k nearest by cosine, weighted exp(cos / T) (Wu et al. 2018); z [n, D], y as in `score`."""
    a, b = F.normalize(finite(z_test.float()), dim=1), F.normalize(finite(z.float()), dim=1)
    votes = []
    for part in a.split(4096):
        cosine, index = (part @ b.T).topk(min(k, len(b)), 1)  # [t, k]
        weight = (cosine / temperature).exp()
        if y.ndim == 1:
            votes.append(torch.zeros(len(part), int(y.max()) + 1, device=z.device).scatter_add_(1, y[index], weight))
        else:
            votes.append((weight.unsqueeze(2) * y[index]).sum(1) / weight.sum(1, keepdim=True))
    return score(torch.cat(votes), y_test)


def linear(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, z_val: Tensor | None = None, y_val: Tensor | None = None) -> float:
    """Score of L2-regularised logistic regression on standardised features (L-BFGS): multinomial for classes y [n], one for
    each of k answers y [n, k].

    The strength of the penalty is chosen on z_val, or on the last fifth of z where no validation set is given.
    """
    z, z_test, *z_val = standardise(z, z_test, *([] if z_val is None else [z_val]))
    return linear_on_standardised(z, y, z_test, y_test, *(z_val and (z_val[0], y_val)))


def linear_on_standardised(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, z_val: Tensor | None = None,
                           y_val: Tensor | None = None, strengths: tuple[float, ...] = STRENGTHS,
                           check: Callable[[], None] = lambda: None) -> float:
    """The same for features that `standardise` gave: many probes of the same features share that work.

    check: called between the iterations; what it raises ends the fit."""
    if z_val is None and len(strengths) == 1:
        return score(apply(z_test, logistic_regression(z, y, *strengths, check=check)), y_test)
    if z_val is None and len(z) < 5:
        z_val, y_val = z, y
    elif z_val is None:
        cut = len(z) * 4 // 5
        z, y, z_val, y_val = z[:cut], y[:cut], z[cut:], y[cut:]
    start, best = None, (-1.0, None)
    for strength in reversed(strengths):  # strong to weak, each fit starting from the one before
        start = logistic_regression(z, y, strength, start, check=check)
        best = max(best, (score(apply(z_val, start), y_val), start), key=lambda pair: pair[0])
    return score(apply(z_test, best[1]), y_test)


def logistic_regression(z: Tensor, y: Tensor, strength: float, start: Tensor | None = None, iterations: int = 40,
                        check: Callable[[], None] = lambda: None) -> Tensor:
    """Weights [D + 1, classes], the last row the bias, that minimise cross-entropy + strength / 2 * |W|^2; for k answers
    y [n, k] the mean of their binary cross-entropies.

    They are sought as W = turn @ U, which bends the loss alike in every direction of U: a third of the iterations leave a
    tenth of the distance to the minimum. It ends when the loss falls by less than 1e-5.
    """
    classes, error = (int(y.max()) + 1, F.cross_entropy) if y.ndim == 1 else (y.shape[1], F.binary_cross_entropy_with_logits)
    target = y if y.ndim == 1 else y.float()
    curvature = (z.T @ z).cpu() / (classes * len(z)) + strength * torch.eye(z.shape[1])  # of unsure answers
    root = torch.linalg.cholesky(curvature)  # [D, D]; on the CPU, because not every device has it
    turn = torch.linalg.solve_triangular(root.T, torch.eye(len(root)), upper=True).to(z.device)
    root, turned = root.to(z.device), z @ turn
    start = torch.zeros(z.shape[1] + 1, classes, device=z.device) if start is None else start
    weights = torch.cat([root.T @ start[:-1], start[-1:]]).requires_grad_(True)
    optimiser = LBFGS([weights], max_iter=iterations, history_size=10, tolerance_change=1e-5, line_search_fn="strong_wolfe")

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


def score(logits: Tensor, y: Tensor) -> float:
    """Accuracy for classes y [n]; for k answers at once, y [n, k] of 0 and 1, the mean area under their ROC curves."""
    if y.ndim == 1:
        return (logits.argmax(1) == y).float().mean().item()
    from sklearn.metrics import roc_auc_score
    y, logits = y.cpu().numpy(), logits.detach().cpu().numpy()
    told = [i for i in range(y.shape[1]) if 0 < y[:, i].mean() < 1]  # an answer that is always the same cannot be told
    return sum(float(roc_auc_score(y[:, i], logits[:, i])) for i in told) / len(told) if told else 0.5


def standardise(z: Tensor, *others: Tensor, most: int = 512) -> list[Tensor]:
    """Zero mean, unit deviation by z's statistics; wider features are first turned onto about their `most` main directions."""
    z, *others = (finite(x.float()) for x in (z, *others))
    mean, scale = z.mean(0), spread_of(z, 0).clamp(min=1e-4 * spread_of(z).clamp(min=1e-6).item())
    scale = torch.maximum(scale, 1e-6 * mean.abs())  # less is the rounding of a number that does not change
    every = [((x - mean) / scale).clamp_(-1e6, 1e6) for x in (z, *others)]  # nothing real comes near it
    if z.shape[1] <= most:
        return every
    generator = torch.Generator(z.device).manual_seed(0)  # not the global one, which a user's own numbers would move
    directions = torch.randn(z.shape[1], min(most, len(z)), generator=generator, device=z.device)
    for _ in range(3):  # subspace iteration (Halko et al. 2011)
        directions, _ = torch.linalg.qr(every[0].T @ (every[0] @ directions))  # [D, most]
    return [x @ directions for x in every]


def ridge(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, strength: float = 1e-2) -> float:
    """Explained variance R^2 (at least 0) of ridge regression; y [n] float32, for quantities such as a place or a size."""
    return ridge_on_standardised(*standardise(z, z_test), y, y_test, strength)


def ridge_on_standardised(z: Tensor, z_test: Tensor, y: Tensor, y_test: Tensor, strength: float = 1e-2) -> float:
    """The same for features that `standardise` gave."""
    mean, y = y.float().mean(), y.float() - y.float().mean()
    gram = z.T @ z / len(z) + strength * torch.eye(z.shape[1], device=z.device)
    guess = z_test @ torch.linalg.solve(gram, z.T @ y / len(z)) + mean
    left = (guess - y_test).square().mean() / (y_test.float() - mean).square().mean().clamp(min=1e-12)
    return max(0.0, 1 - left.item())


def chance(y: Tensor, y_test: Tensor) -> float:
    """What always answering with the most frequent class scores; 0 for a quantity, 0.5 for several answers."""
    if y.ndim == 2:
        return 0.5
    return 0.0 if y.is_floating_point() else (y_test == y.mode().values).float().mean().item()


def rankme(z: Tensor, epsilon: float = 1e-7) -> float:
    """Effective rank: the exponential of the entropy of the singular values (Garrido et al. 2023); 1 to D."""
    values = torch.linalg.svdvals(finite(z.double() if len(z) <= 64 else z.float()))
    share = values / values.sum().clamp(min=1e-12) + epsilon
    return math.exp(-(share * share.log()).sum().item())


def deviation(z: Tensor) -> float:
    """Standard deviation of the unit-length embeddings' features times sqrt(D): 1 when they spread evenly, 0 collapsed."""
    z = F.normalize(finite(z.float()), dim=1)
    return spread_of(z, 0).mean().item() * math.sqrt(z.shape[1])


def alignment(a: Tensor, b: Tensor) -> float:
    """Mean squared distance of the unit-length embeddings of two views (Wang and Isola 2020); 0 is perfect."""
    return (F.normalize(finite(a.float()), dim=1) - F.normalize(finite(b.float()), dim=1)).square().sum(1).mean().item()


def uniformity(z: Tensor, t: float = 2.0) -> float:
    """Log mean Gaussian potential of unit-length embeddings (Wang and Isola 2020); lower is more even, 0 is collapsed."""
    z = F.normalize(finite(z.float()), dim=1)[:2048]
    if len(z) < 2:
        return 0.0
    potential = (t * (2 * z @ z.T - 2)).exp()  # [n, n]; the squared distance of unit vectors is 2 - 2 cos
    return ((potential.sum() - potential.diagonal().sum()) / (len(z) * (len(z) - 1))).log().item()
