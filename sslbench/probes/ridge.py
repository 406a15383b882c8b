"""Ridge regression: how much of a quantity one layer of weights on the frozen embedding explains."""

from . import Probe, Tensor, torch
from .features import standardise


class Ridge(Probe):
    """Ridge regression on the frozen embedding: the share of a quantity's variance that it explains."""

    name, title, reads, leads = "ridge", "ridge regression", ("quantity",), True

    def score(self, train, test, validation=None, check=lambda: None):
        return regress_on_standardised(train.standardised, test.standardised, train.y, test.y)


def regress(z: Tensor, y: Tensor, z_test: Tensor, y_test: Tensor, strength: float = 1e-2) -> float:
    """Explained variance R^2 (at least 0) of ridge regression; y [n] float32, for quantities such as a place
    or a size."""
    return regress_on_standardised(*standardise(z, z_test), y, y_test, strength)


def regress_on_standardised(z: Tensor, z_test: Tensor, y: Tensor, y_test: Tensor,
                            strength: float = 1e-2) -> float:
    """The same for features that `standardise` gave."""
    mean, y = y.float().mean(), y.float() - y.float().mean()
    gram = z.T @ z / len(z) + strength * torch.eye(z.shape[1], device=z.device)
    guess = z_test @ torch.linalg.solve(gram, z.T @ y / len(z)) + mean
    left = (guess - y_test).square().mean() / (y_test.float() - mean).square().mean().clamp(min=1e-12)
    return max(0.0, 1 - left.item())
