"""What several pretext tasks share: heads, teachers, embedding of views, means over what is present."""

import copy
import math
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn

from ..backbones import Backbone
from ..backbones.parts import Blocks
from ..data import randint
from ..field import Batch, Field, resample, size_of
from ..machine.hardware import gather
from ..shown import Row


def head(*widths: int) -> nn.Sequential:
    """Linear layers with batch normalisation and ReLU between them: the projector of SimCLR, BYOL and
    VICReg."""
    layers = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU()]
    return nn.Sequential(*layers[:-3], nn.Linear(*widths[-2:]))


def embed_views(embed, views: list[Batch]) -> list[Tensor]:
    """The embedding of each view [B, D]; views of the same field go through the network as one batch."""
    if all(view.keys() == views[0].keys() for view in views):
        together = {name: torch.cat([view[name] for view in views]) for name in views[0]}
        return list(embed(together).chunk(len(views)))
    return [embed(view) for view in views]


def two_views(data) -> str:
    """Why a sample of this data has no two views, or ""."""
    n = len([name for name in data.fields if name != data.label_field]) if data.alike else 2
    return ("" if n <= 2 else f"compares two views of a sample, and through {n} fields there are {n}; "
                              "masked and autoencoder fit")


class Teacher(nn.Module):
    """A copy of a module that follows it as a moving average and gets no gradient."""

    def __init__(self, student: nn.Module):
        super().__init__()
        self.copy = copy.deepcopy(student).requires_grad_(False)

    @torch.no_grad()
    def follow(self, student: nn.Module, momentum: float) -> None:
        """Every weight moves by 1 - momentum towards the student's; running statistics are taken over."""
        mine, theirs = list(self.copy.parameters()), list(student.parameters())
        torch._foreach_lerp_(mine, [p.detach() for p in theirs], 1 - momentum)
        for a, b in zip(self.copy.buffers(), student.buffers()):
            a.copy_(b)

    def forward(self, *inputs):
        return self.copy(*inputs)


class DenseGuess(nn.Module):
    """Tokens of the backbone [B, N, D] -> field -> a guess at every position [B, outputs, *size].

    On the field's own grid each token gets its place, attention blocks let them look at each other, and a
    linear map writes its patch. Symbols need no blocks: the backbone has read what is around them.

    depth: attention blocks.
    """

    def __init__(self, backbone: Backbone, fields: dict[str, Field], depth: int = 1):
        super().__init__()
        self.fields, self.grids = fields, {name: backbone.grid(name) for name in fields}
        self.place = nn.Parameter(0.02 * torch.randn(sum(f.tokens for f in fields.values()), backbone.dim))
        symbols_only = all(f.vocab for f in fields.values())
        self.decoder = nn.Identity() if symbols_only else Blocks(backbone.dim, depth)
        self.heads = nn.ModuleDict({name: nn.Linear(backbone.dim, f.width) for name, f in fields.items()})

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        parts = tokens.split([math.prod(grid) for grid in self.grids.values()], 1)
        return self.decoded(torch.cat([resample(part, self.grids[name], f.grid)
                                       for part, (name, f) in zip(parts, self.fields.items())], 1))

    def decoded(self, tokens: Tensor) -> dict[str, Tensor]:
        """The same for tokens that are on the fields' own grids."""
        decoded = self.decoder(tokens + self.place.to(tokens.dtype))
        parts = decoded.split([f.tokens for f in self.fields.values()], 1)
        return {name: f.dense(self.heads[name](part)) for (name, f), part in zip(self.fields.items(), parts)}


def cut_as_read(backbone: Backbone, fields: dict[str, Field]) -> dict[str, Field]:
    """The fields with the patches that this backbone reads as its tokens: a ViT of 16 x 16 patches may read
    what its data cuts into other ones."""
    return {name: replace(f, patch=tuple(s // g for s, g in zip(f.size, backbone.grid(name))))
            for name, f in fields.items()}


def rising(momentum: float, progress: float) -> float:
    """A teacher's momentum, which rises to 1 along a cosine while progress runs from 0 to 1 (BYOL)."""
    return 1 - (1 - momentum) * (math.cos(math.pi * progress) + 1) / 2


def boxes(generator: Generator, B: int, size: tuple[int, ...], side: float) -> Tensor:
    """[B, *size], True in a box at a random place that takes `side` of every axis, at least one position."""
    inside = torch.ones(B, *size, dtype=torch.bool, device=generator.device)
    for axis, n in enumerate(size):
        width = min(n, max(1, round(side * n)))
        start = randint(generator, n - width + 1, B)[:, None]
        along = torch.arange(n, device=generator.device)
        here = (along >= start) & (along < start + width)  # [B, n]
        inside = inside & here.view(B, *[n if a == axis else 1 for a in range(len(size))])
    return inside


def reads_windows(backbone: type[Backbone]) -> str:
    """Why a backbone cannot read windows that are smaller than the sample, or ""."""
    return "" if backbone.resizable else ("cuts out windows, which a backbone must read at their own size: "
                                          "small_cnn, transformer or resnet18")


def mean_over(errors: Tensor, where: Tensor | None = None) -> Tensor:
    """Mean of the errors where `where` is True; the count is that of all processes, so their mean gradient is
    exact."""
    if where is None:
        return errors.mean()
    where = where.to(errors.dtype)
    count = gather(where.sum().detach()[None]).mean()
    return (errors * where).sum() / count.clamp(min=1)


def both(mask: Tensor | None, other: Tensor | None) -> Tensor | None:
    return other if mask is None else mask if other is None else mask & other


def given(field: Field, x: Tensor) -> Tensor | None:
    """[B, *size], True where x says something: an augmented view may hide symbols of a field without gaps."""
    return x < field.vocab if field.vocab else field.present(x)


def constant_guess(field: Field, x: Tensor, where: Tensor | None = None) -> float:
    """Mean error of the best guess that knows nothing of the sample: for numbers the mean over the batch at
    each place, for symbols how often each occurs in the batch (its entropy)."""
    where = both(where, given(field, x))
    if field.vocab:
        ids = x if where is None else x[where]
        share = torch.bincount(ids.flatten(), minlength=field.vocab)[: field.vocab].float()
        share = share[share > 0] / share.sum()
        return -(share * share.log()).sum().item()
    there = (~x.isnan()).float()  # [B, C, *size]: what is absent in one channel may be there in another
    mean = field.fill(x).sum(0) / there.sum(0).clamp(min=1)
    error = field.error(mean.expand_as(x), x)  # [B, *size]
    return (error if where is None else error[where]).mean().item()


def sum_over_fields(values: dict[str, Tensor | float]):
    """A loss over several fields is the mean of the fields' losses."""
    return sum(values.values()) / len(values)


def nearest_to_centers(batch: Batch, closeness: Tensor, centers: int = 3, most: int = 8) -> list[Row]:
    """The samples that are nearest to a centre, for the few centres that are the nearest ones of most
    samples. closeness: [B, K], of each sample to each centre."""
    own = torch.bincount(closeness.argmax(1), minlength=closeness.shape[1])
    rows = []
    for k in own.topk(min(centers, len(own))).indices.tolist():
        near = closeness[:, k].topk(min(most, len(closeness))).indices
        rows.append(Row(f"nearest to cluster {k}", {name: x[near] for name, x in batch.items()}))
    return rows


__all__ = ["DenseGuess", "Teacher", "both", "boxes", "constant_guess", "cut_as_read", "embed_views", "given",
           "head", "mean_over", "nearest_to_centers", "reads_windows", "rising", "size_of", "sum_over_fields",
           "two_views"]
