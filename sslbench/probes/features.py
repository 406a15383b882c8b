"""Embeddings with what is known of their samples, and features as linear probes read them: mean 0, deviation
1, and no wider than they need to be."""

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ..data import labelled
from ..field import finite, spread_of

WITHIN = 0.1  # of the mean variance of views, which no direction has less of
PART = 2**25  # numbers of features that are worked on at once: 128 MiB


class Features:
    """Embeddings of some samples of one split, and what is known of them.

    z [n, D] float32; y [n] int64 classes, [n, k] answers of 0 and 1, [n] float32, or pairs [p, 3]: two rows
    of z and whether they belong together; None for a probe that reads no label.
    views: two views of some samples, [m, D] each.  seen: classes that training has, also in rows that are
    not among these; None: those of y.
    """

    def __init__(self, z: Tensor, y: Tensor | None = None, standardised: Tensor | None = None,
                 views: tuple[Tensor, Tensor] | None = None, seen: Tensor | None = None):
        self.z, self.y, self._standardised, self.views, self.seen = z, y, standardised, views, seen
        self._known: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What make() gives, made once for these samples: several probes read it."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    @cached_property
    def standardised(self) -> Tensor:
        """[n, d] features of mean 0 and deviation 1 by the training samples; wide ones are turned onto their
        main directions."""
        return self._standardised if self._standardised is not None else standardise(self.z)[0]

    def of(self, y: Tensor, seen: Tensor | None = None) -> "Features | None":
        """The samples that have this label; None where nobody has. seen: as in Features."""
        there = labelled(y)
        if not there.any():
            return None
        if there.all():
            return Features(self.z, y.to(self.z.device), self._standardised, self.views, seen)
        rows = there.nonzero().flatten().to(self.z.device)
        some = None if self._standardised is None else self._standardised[rows]
        return Features(self.z[rows], y[there].to(self.z.device), some, self.views, seen)


class Standard:
    """Zero mean, unit deviation by the statistics of z [n, D]; wider features are first turned onto about
    their `most` main directions. Called with other features [m, D] it does the same to them, in parts, so
    that wide ones are never there twice."""

    def __init__(self, z: Tensor, most: int = 512):
        z = finite(z.float())
        self.mean = z.mean(0)
        scale = spread_of(z, 0).clamp(min=1e-4 * spread_of(z).clamp(min=1e-6).item())
        # less is the rounding of a number that does not change
        self.scale = torch.maximum(scale, 1e-6 * self.mean.abs())
        self.directions = main_directions(z, most, self.scaled)

    def __call__(self, z: Tensor) -> Tensor:
        if self.directions is None:
            return self.scaled(z)
        return torch.cat([self.scaled(part) @ self.directions for part in in_parts(z)])

    def scaled(self, z: Tensor) -> Tensor:
        # nothing real comes near the limit
        return ((finite(z.float()) - self.mean) / self.scale).clamp_(-1e6, 1e6)


def in_parts(z: Tensor) -> tuple[Tensor, ...]:
    return z.split(max(1, PART // z.shape[1]))


def main_directions(z: Tensor, most: int = 512, change: Callable[[Tensor], Tensor] = lambda x: x
                    ) -> Tensor | None:
    """[D, d] about the `most` main directions of features z [n, D] after `change`, in parts; None where they
    are no wider."""
    if z.shape[1] <= most:
        return None
    # not the global one, which a user's own numbers would move
    generator = torch.Generator(z.device).manual_seed(0)
    directions = torch.randn(z.shape[1], min(most, len(z)), generator=generator, device=z.device)
    for _ in range(3):  # subspace iteration (Halko et al. 2011)
        gram = sum(x.T @ (x @ directions) for x in map(change, in_parts(z)))
        directions, _ = torch.linalg.qr(gram)
    return directions


def standardise(z: Tensor, *others: Tensor, most: int = 512) -> list[Tensor]:
    """Zero mean, unit deviation by z's statistics; wider features are first turned onto about their `most`
    main directions."""
    standard = Standard(z, most)
    return [standard(x) for x in (z, *others)]


def whitened_by_views(views: Tensor) -> Tensor:
    """[D, D], what turns standardised features so that views of one sample differ alike in all directions:
    those that an augmentation moves count less, and no label is needed for it. views: [V, n, D], V of each
    of n samples. The identity where views do not differ."""
    own = (views - views.mean(0)).flatten(0, 1)
    variance, directions = torch.linalg.eigh(own.T @ own / len(own))
    if variance.mean() < 1e-9:
        return torch.eye(len(variance), device=views.device)
    return directions / (variance.clamp(min=0) + WITHIN * variance.mean()).sqrt()
