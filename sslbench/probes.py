"""What can be read off frozen embeddings: plain functions, (z, y, z_test, y_test) -> score, and measures of z alone."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .optimisers import LBFGS

WITHOUT_LABELS = ("rankme", "deviation", "uniformity", "alignment")  # what the embedding alone tells
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)  # of the L2 penalty, per weight, on standardised features


def knn(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, k: int = 20, temperature: float = 0.07) -> float:
    """Accuracy of a vote of the k nearest by cosine, weighted exp(cos / T) (Wu et al. 2018); z [n, D], y [n] int64."""
    a, b = F.normalize(z_test.float(), dim=1), F.normalize(z.float(), dim=1)
    hits = 0
    for part, truth in zip(a.split(4096), y_test.split(4096)):
        cosine, index = (part @ b.T).topk(min(k, len(b)), 1)  # [t, k]
        votes = torch.zeros(len(part), int(y.max()) + 1, device=z.device).scatter_add_(1, y[index], (cosine / temperature).exp())
        hits += (votes.argmax(1) == truth).sum().item()
    return hits / len(y_test)


def linear(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, z_val: Tensor | None = None, y_val: Tensor | None = None) -> float:
    """Accuracy of L2-regularised multinomial logistic regression on standardised features (L-BFGS).

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
        return accuracy(z_test, y_test, logistic_regression(z, y, int(y.max()) + 1, *strengths, check=check))
    if z_val is None:
        cut = len(z) * 4 // 5
        z, y, z_val, y_val = z[:cut], y[:cut], z[cut:], y[cut:]
    classes, start, best = int(y.max()) + 1, None, (-1.0, None)
    for strength in reversed(strengths):  # strong to weak, each fit starting from the one before
        start = logistic_regression(z, y, classes, strength, start, check=check)
        score = accuracy(z_val, y_val, start)
        best = max(best, (score, start), key=lambda pair: pair[0])
    return accuracy(z_test, y_test, best[1])


def logistic_regression(z: Tensor, y: Tensor, classes: int, strength: float, start: Tensor | None = None, iterations: int = 40,
                        check: Callable[[], None] = lambda: None) -> Tensor:
    """Weights [D + 1, classes], the last row the bias, that minimise cross-entropy + strength / 2 * |W|^2.

    They are sought as W = turn @ U, which bends the loss alike in every direction of U: a third of the iterations leave a
    tenth of the distance to the minimum. It ends when the loss falls by less than 1e-5.
    """
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
        loss = F.cross_entropy(torch.addmm(weights[-1], turned, weights[:-1]), y) + penalty
        loss.backward()
        return loss

    with torch.enable_grad():
        optimiser.step(closure)
    weights = weights.detach()
    return torch.cat([turn @ weights[:-1], weights[-1:]])


def accuracy(z: Tensor, y: Tensor, weights: Tensor) -> float:
    return ((z @ weights[:-1] + weights[-1]).argmax(1) == y).float().mean().item()


def standardise(z: Tensor, *others: Tensor, most: int = 512) -> list[Tensor]:
    """Zero mean, unit deviation by z's statistics; wider features are first turned onto about their `most` main directions."""
    z, others = z.float(), [o.float() for o in others]
    mean, scale = z.mean(0), z.std(0).clamp(min=1e-4 * z.std().clamp(min=1e-6).item())
    every = [(x - mean) / scale for x in (z, *others)]
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
    """What always answering with the most frequent class (0 for a quantity) scores."""
    return 0.0 if y.is_floating_point() else (y_test == y.mode().values).float().mean().item()


def rankme(z: Tensor, epsilon: float = 1e-7) -> float:
    """Effective rank: the exponential of the entropy of the singular values (Garrido et al. 2023); 1 to D."""
    values = torch.linalg.svdvals(z.double() if len(z) <= 64 else z.float())
    share = values / values.sum().clamp(min=1e-12) + epsilon
    return math.exp(-(share * share.log()).sum().item())


def deviation(z: Tensor) -> float:
    """Standard deviation of the unit-length embeddings' features times sqrt(D): 1 when they spread evenly, 0 collapsed."""
    z = F.normalize(z.float(), dim=1)
    return z.std(0).mean().item() * math.sqrt(z.shape[1])


def alignment(a: Tensor, b: Tensor) -> float:
    """Mean squared distance of the unit-length embeddings of two views (Wang and Isola 2020); 0 is perfect."""
    return (F.normalize(a.float(), dim=1) - F.normalize(b.float(), dim=1)).square().sum(1).mean().item()


def uniformity(z: Tensor, t: float = 2.0) -> float:
    """Log mean Gaussian potential of unit-length embeddings (Wang and Isola 2020); lower is more even, 0 is collapsed."""
    z = F.normalize(z.float(), dim=1)[:2048]
    potential = (t * (2 * z @ z.T - 2)).exp()  # [n, n]; the squared distance of unit vectors is 2 - 2 cos
    return ((potential.sum() - potential.diagonal().sum()) / (len(z) * (len(z) - 1))).log().item()
