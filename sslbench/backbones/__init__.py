"""The Backbone contract: how to read a sample. One file per backbone; `adopt` lists any nn.Module of your own."""

import torch
from torch import Tensor, nn

from ..catalog import Listed
from ..field import MEANS, Batch, Field
from ..said import in_words
from .short_samples import made_right


class Backbone(nn.Module, Listed):
    """Reads a batch as tokens [B, N, D]; pooled, they are the embedding [B, D]. Sets `fields` and `dim` (D)."""

    kind = "backbone"
    maskable = False  # the trunk may see any subset of the tokens
    causal = False  # forward(causal=True) lets no token see later ones
    resizable = False  # accepts samples smaller than the field says
    contextual = True  # tokens mix; a lookup table's do not
    fields: dict[str, Field]
    dim: int

    @classmethod
    def incompatible(cls, fields: dict[str, Field]) -> str:
        """Why this backbone cannot read these fields, or ""."""
        return ""

    def stem(self, batch: Batch) -> Tensor:
        """Fields in declared order -> tokens [B, N, D], each from its own part of the sample."""
        raise NotImplementedError

    def trunk(self, tokens: Tensor, causal: bool = False) -> Tensor:
        """Tokens -> tokens [B, N, D]; here they may look at each other."""
        return tokens

    def forward(self, batch: Batch, causal: bool = False) -> Tensor:
        return self.trunk(self.stem(batch), causal)  # [B, N, D]

    def pool(self, tokens: Tensor, present: Tensor | None = None) -> Tensor:
        """[B, N, D] -> [B, D]: the mean over the tokens that are present [B, N]."""
        if present is None:
            return tokens.mean(1)
        weight = present.to(tokens.dtype).unsqueeze(-1)
        return (tokens * weight).sum(1) / weight.sum(1).clamp(min=1e-6)

    def present(self, batch: Batch) -> Tensor | None:
        """[B, N]: the share of each token that is there; None when no field has gaps."""
        if not any(self.fields[name].gaps for name in batch):
            return None
        parts = []
        for name, x in self.ordered(batch):
            field, there = self.fields[name], self.fields[name].present(x)
            there = x.new_ones(len(x), *x.shape[-field.rank:]) if there is None else there.float()
            grid = self.grid(name, tuple(x.shape[-field.rank:]))
            parts.append(MEANS[field.rank - 1](there.unsqueeze(1).float(), grid).flatten(1))
        return torch.cat(parts, 1)

    def grid(self, name: str, size: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Token grid of one field for samples of `size` (the field's own by default); an axis of 0: too small to read."""
        field = self.fields[name]
        return tuple(s // p for s, p in zip(size or field.size, field.patch))

    def ordered(self, batch: Batch) -> list[tuple[str, Tensor]]:
        return [(name, batch[name]) for name in self.fields if name in batch]


def one_field(fields: dict[str, Field]) -> str:
    return "" if len(fields) == 1 else "reads one field; the transformer and gru read several"


def one_field_of_numbers(fields: dict[str, Field]) -> str:
    if any(field.vocab for field in fields.values()):
        return "reads numbers, not symbols; the transformer, gru and small_cnn read symbols"
    return one_field(fields)


class Adopted(Backbone, listed=False):
    """Any nn.Module of one field as a backbone; its output may be [B, D], [B, D, *grid] or [B, N, D]."""

    make = None  # fields -> nn.Module; set by adopt

    def __init__(self, fields: dict[str, Field]):
        super().__init__()
        self.fields, (field,) = fields, fields.values()
        self.net = made_right(type(self).make())
        shape = (2, *field.size) if field.vocab else (2, field.channels, *field.size)
        was_training = self.net.training
        try:
            with torch.no_grad():
                out = self.net.eval()(torch.zeros(shape, dtype=torch.long if field.vocab else torch.float32))
        except Exception as error:
            raise ValueError(f"{type(self).name} cannot read a batch of shape {shape}: {in_words(error)}") from error
        self.net.train(was_training)
        if not isinstance(out, Tensor) or out.ndim not in (2, 3, 2 + field.rank):
            raise ValueError(f"{type(self).name} must return [B, D], [B, N, D] or [B, D, *grid]; it returned "
                             f"{tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__}")
        self.maps = out.ndim == 2 + field.rank and not (field.rank == 1 and out.shape[1] in field.grid)
        self.tokens = (1,) * field.rank if out.ndim == 2 else tuple(out.shape[2:]) if self.maps else (
            field.grid if out.shape[1] == field.tokens else (out.shape[1],) + (1,) * (field.rank - 1))
        self.dim = out.shape[1] if self.maps or out.ndim == 2 else out.shape[2]

    incompatible = staticmethod(one_field)

    def stem(self, batch):
        (name,) = self.fields
        out = self.net(self.fields[name].fill(batch[name]))
        if out.ndim == 2:
            return out.unsqueeze(1)  # [B, 1, D]
        return out.flatten(2).transpose(1, 2) if self.maps else out  # [B, N, D]

    def grid(self, name, size=None):
        return self.tokens


def adopt(make, name: str | None = None) -> str:
    """List an nn.Module class (or a function without arguments that makes one) as a backbone; returns its name.

    adopt(MyNet) lists "my_net": it is in the menu, on the command line of this process and in `catalog()`.
    Its forward reads one field ([B, C, *size] or ids [B, *size]) and returns [B, D], [B, D, *grid] or [B, N, D].
    """
    own = isinstance(make, type) and make.__doc__ and not make.__doc__.startswith("Base class for all")  # that is torch's
    body = {"make": staticmethod(make), "__doc__": make.__doc__ if own else f"Your own {make.__name__}."}
    body |= {"name": name} if name else {}
    return type(make.__name__, (Adopted,), body).name


__all__ = ["Backbone", "Batch", "Field", "adopt", "one_field", "one_field_of_numbers"]
