"""Frozen features as few labels read them: those of a network or of none, of samples and of views of them."""

import math
from collections.abc import Callable
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import Data
from ..field import Batch, decode
from ..machine.hardware import Hardware
from ..machine.torch_settings import own_settings
from ..pretexts import Pretext, evaluating
from ..probes.features import Standard, whitened_by_views
from ..training import evaluate
from ..training.some_rows import Split

VIEWS, UNLABELLED = 8, 500  # views of so many training samples say what an augmentation changes
MOST_VIEWS, MOST_ROWS = 16, 4000  # of each labelled sample, and of all of them together
Check = Callable[[], None]


class Frozen:
    """Features of one network (None: the numbers of the samples themselves) on the rows of a source.

    They are standardised by all training rows, whitened by views of some of them, and brought to one length:
    no label is needed for any of it."""

    def __init__(self, network: Pretext | None, data: Data, splits: dict[str, Split], hardware: Hardware,
                 check: Check):
        self.network, self.data, self.splits = network, data, splits
        self.hardware, self.check = hardware, check
        if network is not None:
            hardware.place(network)

    @own_settings()
    @torch.no_grad()
    def read(self, split: str, rows: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Features [n, D] of rows of a split by their places there; generator: of one view of each."""
        part, found = self.splits[split], []
        for index in part.index[rows].split(250):
            self.check()
            batch = decode(self.data.fields, {name: part.rows[name] for name in self.data.fields}, index,
                           self.hardware.device)
            if generator is not None:
                batch = self.data.augment(batch, generator)
            found.append(self.of(batch))
        return torch.cat(found)

    def of(self, batch: Batch) -> Tensor:
        seen = {name: batch[name] for name in evaluate.visible(self.data)}
        if self.network is None:
            return next(iter(self.data.raw(seen).values())).float()
        with evaluating(self.network), self.hardware.autocast():
            return self.network.embed(seen).float()

    def views(self, rows: Tensor, count: int, seed: int) -> Tensor:
        """[count, n, D]: the rows of training as they are, then changed by the source's augmentations."""
        generator = self.hardware.generator(seed)
        return torch.stack([self.read("train", rows, generator if i else None) for i in range(count)])

    @cached_property
    def standard(self) -> Standard:
        return Standard(self.read("train", torch.arange(len(self.splits["train"]))))

    @cached_property
    def turn(self) -> Tensor:
        """[D, D], from standardised features to whitened ones."""
        some = torch.arange(min(UNLABELLED, len(self.splits["train"])))
        views = self.views(some, VIEWS, 0)
        return whitened_by_views(self.standard(views.flatten(0, 1)).unflatten(0, views.shape[:2]))

    @cached_property
    def linear_map(self) -> tuple[Tensor, Tensor]:
        """mean [D] and turn [D, d]: whitened features are (features - mean) @ turn."""
        turn = self.turn if self.standard.directions is None else self.standard.directions @ self.turn
        return self.standard.mean, turn / self.standard.scale[:, None]

    def white(self, z: Tensor) -> Tensor:
        """Standardised and whitened."""
        return self.standard(z) @ self.turn

    def ready(self, z: Tensor) -> Tensor:
        """The same, and of the same length: a mean square of 1."""
        z = self.white(z)
        return F.normalize(z, dim=1) * math.sqrt(z.shape[1])

    @cached_property
    def test(self) -> Tensor:
        return self.ready(self.read("test", torch.arange(len(self.splits["test"]))))

    def labelled(self, rows: Tensor, seed: int) -> Tensor:
        """[V * n, D], V views of each of n labelled rows, the samples themselves first."""
        return self.ready(self.views(rows, self.count(rows), seed).flatten(0, 1))

    @staticmethod
    def count(rows: Tensor) -> int:
        """How many views of each labelled sample are read."""
        return min(MOST_VIEWS, max(1, MOST_ROWS // len(rows)))
