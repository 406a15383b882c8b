"""The Backbone contract: how to read a sample. One file per backbone; `adopt` lists any nn.Module of your
own."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ..catalog import Listed
from ..field import MEANS, Batch, Field
from .readable import batch_for


class Backbone(nn.Module, Listed):
    """Reads a batch as tokens [B, N, D]; pooled, they are the embedding [B, D]. Sets `fields` and `dim` (D).

    `stem` makes tokens of parts of the sample, each read alone; in `trunk` they may look at each other.

        class Linear(sslbench.Backbone):
            "One linear map of the whole sample."

            def __init__(self, fields):
                super().__init__()
                self.fields, self.dim, ((_, field),) = fields, 64, fields.items()
                self.map = torch.nn.Linear(field.channels * math.prod(field.size), self.dim)

            def stem(self, batch):
                ((name, x),) = self.ordered(batch)
                return self.map(self.fields[name].fill(x).flatten(1)).unsqueeze(1)  # [B, 1, D]

            def grid(self, name, size=None):
                return (1,) * self.fields[name].rank

        sslbench.fit(sslbench.Recipe(data="waves", backbone="linear", steps=20), progress=False)
    """

    kind = "backbone"
    maskable = False  # the trunk may see any subset of the tokens
    # forward(causal=n) lets blocks of n tokens see themselves and earlier blocks alone; 1: no token sees
    # later ones
    causal = False
    resizable = False  # accepts samples smaller than the field says
    contextual = True  # tokens mix; a lookup table's do not
    # the `causal` it was trained with, which `embed` keeps; a task that trains it otherwise sets it, weights
    # carry it
    one_way = 0
    fields: dict[str, Field]
    dim: int

    @classmethod
    def incompatible(cls, fields: dict[str, Field]) -> str:
        """Why this backbone cannot read these fields, or ""."""
        return ""

    def stem(self, batch: Batch) -> Tensor:
        """Its own fields (`ordered`), whatever else there is -> tokens [B, N, D], each from its own part of
        the sample."""
        raise NotImplementedError

    def trunk(self, tokens: Tensor, causal: int = 0) -> Tensor:
        """Tokens -> tokens [B, N, D]; here they may look at each other: all (causal 0), or blocks of `causal`
        tokens, such as the frames of a video, at themselves and at earlier blocks."""
        return tokens

    def __call__(self, batch: Batch | Tensor, *rest, **how) -> Tensor:
        """Tokens [B, N, D] of a batch, or of the tensor of its one field; ValueError in one line for what is
        none."""
        return super().__call__(self.batch_of(batch), *rest, **how)

    def forward(self, batch: Batch, causal: int = 0) -> Tensor:
        return self.trunk(self.stem(batch), causal)  # [B, N, D]

    def batch_of(self, given: Batch | Tensor) -> Batch:
        """field -> [B, ...], also where the one field is given alone; ValueError in one line where there are
        several, and for what this network cannot read."""
        return batch_for(self, given)

    def embed(self, batch: Batch | Tensor) -> Tensor:
        """One vector per sample [B, D] of a batch, or of the tensor of its one field; differentiable. A
        network that was trained reading forwards (`one_way`) reads forwards."""
        batch = self.batch_of(batch)
        return self.pool(self(batch, self.one_way), self.present(batch))

    def pool(self, tokens: Tensor, present: Tensor | None = None) -> Tensor:
        """[B, N, D] -> [B, D]: the mean over the tokens that are present [B, N]."""
        if present is None:
            return tokens.mean(1)
        weight = present.to(tokens.dtype).unsqueeze(-1)
        return (tokens * weight).sum(1) / weight.sum(1).clamp(min=1e-6)

    def attention(self, batch: Batch) -> list[Tensor]:
        """Of each layer how much each token (row) takes of each other, [B, heads, P + N, P + N]; rows sum to
        1. P: tokens that come before those of `forward`, such as a class token. ValueError in one line where
        a network has no attention."""
        raise ValueError(f"{type(self).name} has no attention weights to look at; occlusion shows where any "
                         "network looks")

    def present(self, batch: Batch) -> Tensor | None:
        """[B, N]: the share of each token that is there; None when no field has gaps."""
        if not any(self.fields[name].gaps for name, _ in self.ordered(batch)):
            return None
        parts = []
        for name, x in self.ordered(batch):
            field, there = self.fields[name], self.fields[name].present(x)
            there = x.new_ones(len(x), *x.shape[-field.rank:]) if there is None else there.float()
            grid = self.grid(name, tuple(x.shape[-field.rank:]))
            parts.append(MEANS[field.rank - 1](there.unsqueeze(1).float(), grid).flatten(1))
        return torch.cat(parts, 1)

    def grid(self, name: str, size: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Token grid of one field for samples of `size` (the field's own by default); an axis of 0: too small
        to read."""
        field = self.fields[name]
        return tuple(s // p for s, p in zip(size or field.size, field.patch))

    def inner_state(self) -> dict[str, Tensor]:
        """The weights of the network inside, by the names that it has elsewhere: torchvision's, or those of
        somebody's own module."""
        return {name: x for name, x in self.state_dict().items() if not name.endswith("_extra_state")}

    def get_extra_state(self) -> Tensor:
        """`one_way` as part of the weights."""
        return torch.tensor(self.one_way, device="cpu")

    def set_extra_state(self, state: Tensor) -> None:
        self.one_way = int(state)

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        # weights written before there was a one_way
        state_dict.setdefault(f"{prefix}_extra_state", self.get_extra_state())
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def ordered(self, batch: Batch) -> list[tuple[str, Tensor]]:
        """The fields of a batch that this backbone reads, in declared order."""
        return [(name, batch[name]) for name in self.fields if name in batch]


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Inside, the module is in evaluation mode; afterwards in the one it was in, whatever happens."""
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)


def one_field(fields: dict[str, Field]) -> str:
    return "" if len(fields) == 1 else "reads one field; the transformer and gru read several"


def one_field_of_numbers(fields: dict[str, Field]) -> str:
    if any(field.vocab for field in fields.values()):
        return "reads numbers, not symbols; the transformer, gru and small_cnn read symbols"
    return one_field(fields)


__all__ = ["Backbone", "Batch", "Field", "evaluating", "one_field", "one_field_of_numbers"]
