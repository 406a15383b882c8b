"""The shape of the embedding, no label needed: how many directions it uses, how evenly, how near two views
lie, and whether they have the same neighbours."""

import math

import torch.nn.functional as F

from ..field import finite, spread_of
from . import Probe, Tensor, torch
from .neighbours import nearest, unit

NEAREST = 5  # neighbours of a sample that are compared

class Geometry(Probe, listed=False):
    """Interface of the five: they read the samples of the map while training."""

    reads, at_the_end, low, high = ("nothing",), False, None, None


class RankMe(Geometry):
    """Effective rank of the embedding: how many directions it uses; 1 is collapsed."""

    name, title, meaning = "rankme", "effective rank", "how many directions the embedding uses"
    paper = "https://arxiv.org/abs/2210.02885"

    def score(self, train, test, validation=None, check=lambda: None):
        return rankme(test.z)


class Deviation(Geometry):
    """Deviation of the unit-length embeddings' features: 0 is collapsed, 1 evenly spread."""

    name, title, meaning = "deviation", "deviation", "0 collapsed, 1 evenly spread"

    def score(self, train, test, validation=None, check=lambda: None):
        return deviation(test.z)


class Alignment(Geometry):
    """Squared distance of the embeddings of two views of a sample; 0 is perfect."""

    name, title, meaning = "alignment", "alignment", "distance of two views, 0 is perfect"
    paper = "https://arxiv.org/abs/2005.10242"

    def score(self, train, test, validation=None, check=lambda: None):
        return alignment(*test.views) if test.views else None


class Uniformity(Geometry):
    """How evenly the embeddings lie on the sphere; lower is more even, 0 is collapsed."""

    name, title, meaning = "uniformity", "uniformity", "lower is more even, 0 collapsed"
    paper = "https://arxiv.org/abs/2005.10242"

    def score(self, train, test, validation=None, check=lambda: None):
        return uniformity(test.z)


class Agreement(Geometry):
    """Whether two views of a sample have the same nearest neighbours: the share of five; 1 is perfect."""

    name, title, meaning = "agreement", "agreement of neighbours", "share of neighbours, 1 is perfect"

    def score(self, train, test, validation=None, check=lambda: None):
        there = test.views and len(test.views[0]) > NEAREST + 1
        return agreement(*test.views, check=check) if there else None


def rankme(z: Tensor, epsilon: float = 1e-7) -> float:
    """Effective rank: the exponential of the entropy of the singular values (Garrido et al. 2023); 1 to D."""
    values = torch.linalg.svdvals(finite(z.double() if len(z) <= 64 else z.float()))
    share = values / values.sum().clamp(min=1e-12) + epsilon
    return math.exp(-(share * share.log()).sum().item())


def deviation(z: Tensor) -> float:
    """Standard deviation of the unit-length embeddings' features times sqrt(D): 1 when they spread evenly, 0
    collapsed."""
    z = F.normalize(finite(z.float()), dim=1)
    return spread_of(z, 0).mean().item() * math.sqrt(z.shape[1])


def alignment(a: Tensor, b: Tensor) -> float:
    """Mean squared distance of the unit-length embeddings of two views (Wang and Isola 2020); 0 is
    perfect."""
    return (F.normalize(finite(a.float()), dim=1)
            - F.normalize(finite(b.float()), dim=1)).square().sum(1).mean().item()


def uniformity(z: Tensor, t: float = 2.0) -> float:
    """Log mean Gaussian potential of unit-length embeddings (Wang and Isola 2020); lower is more even, 0 is
    collapsed."""
    z = F.normalize(finite(z.float()), dim=1)[:2048]
    if len(z) < 2:
        return 0.0
    potential = (t * (2 * z @ z.T - 2)).exp()  # [n, n]; the squared distance of unit vectors is 2 - 2 cos
    return ((potential.sum() - potential.diagonal().sum()) / (len(z) * (len(z) - 1))).log().item()


def agreement(a: Tensor, b: Tensor, k: int = NEAREST, check=lambda: None) -> float:
    """Which share of the k nearest neighbours of a sample is the same in two views of all samples, a and b
    [n, D]; k / (n - 1) by chance, 1 at best."""
    if len(a) < 2:
        return 0.0
    one, other = (nearest(unit(z), unit(z), k, itself=False, check=check)[1] for z in (a, b))  # [n, k]
    return (one.unsqueeze(2) == other.unsqueeze(1)).any(2).float().mean().item()
