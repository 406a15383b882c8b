"""A network of your own as a backbone: any nn.Module that reads one field."""

import inspect
import math
import re

import torch
from torch import Tensor

from ..field import Field
from ..messages import in_words
from . import Backbone, evaluating, one_field
from .short_samples import made_right


class Adopted(Backbone, listed=False):
    """Any nn.Module of one field as a backbone; its output may be [B, D], [B, D, *grid], [B, N, D] or hold a
    `last_hidden_state`."""

    make = None  # () or fields -> nn.Module; set by adopt
    prefix = 0  # tokens before those of the grid, which are dropped

    def __init__(self, fields: dict[str, Field], **given):
        super().__init__()
        self.fields, (self.field,) = fields, fields.values()
        make = type(self).make
        self.net = made_right(make(fields, **given) if takes_fields(make) else make())
        out = self.tried(self.field.size)
        self.maps = self.is_map(out)
        self.dim = out.shape[1] if self.maps or out.ndim == 2 else out.shape[2]
        # size of a sample -> grid of its tokens
        self.grids = {self.field.size: self.grid_of(out, self.field.size)}

    incompatible = staticmethod(one_field)

    def tried(self, size: tuple[int, ...]) -> Tensor:
        """What the network makes of two empty samples of that size; ValueError when that is no embedding."""
        shape, dtype = (((2, *size), torch.long)
                        if self.field.vocab else ((2, self.field.channels, *size), torch.float32))
        at = next((p.device for p in self.net.parameters()), torch.device("cpu"))
        try:
            with torch.no_grad(), evaluating(self.net):
                out = tensor_in(self.net(torch.zeros(shape, dtype=dtype, device=at)))
        except Exception as error:
            raise ValueError(
                f"{type(self).name} cannot read a batch of shape {shape}: {in_words(error)}") from error
        if not isinstance(out, Tensor) or out.ndim not in (2, 3, 2 + self.field.rank) or 0 in out.shape:
            raise ValueError(f"{type(self).name} must return [B, D], [B, N, D] or [B, D, *grid]; it returned "
                             f"{tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__}")
        return out

    def inner_state(self):
        return self.net.state_dict()

    def is_map(self, out: Tensor) -> bool:
        """[B, D, *grid] rather than [B, N, D]; for one axis both have three dimensions, and N is that of the
        field."""
        axis = self.field.rank == 1
        return (out.ndim == 2 + self.field.rank
                and not (axis and (self.prefix or out.shape[1] in self.field.grid)))

    def grid_of(self, out: Tensor, size: tuple[int, ...]) -> tuple[int, ...]:
        """The grid of the tokens of samples of that size; ValueError when so many tokens fill none."""
        if out.ndim == 2:
            return (1,) * self.field.rank
        if self.maps:
            return tuple(out.shape[2:])
        n = out.shape[1]
        if grid := grid_for(n - self.prefix, self.field, size):
            return grid
        more = next((k for k in range(1, 9) if grid_for(n - k, self.field, size)), 0)
        hint = (f"; {more} of them may come before the others: adopt(..., prefix={more})"
                if more and not self.prefix else "")
        less, sides = f" (prefix {self.prefix} left out)" if self.prefix else "", " x ".join(map(str, size))
        raise ValueError(f"{type(self).name} returned {n} tokens{less}, which fill no grid on a sample of "
                         f"{sides}{hint}")

    def stem(self, batch):
        ((_, x),) = self.ordered(batch)
        out = tensor_in(self.net(self.field.fill(x)))
        if out.ndim == 2:
            return out.unsqueeze(1)  # [B, 1, D]
        return out.flatten(2).transpose(1, 2) if self.maps else out[:, self.prefix:]  # [B, N, D]

    def grid(self, name, size=None):
        size = tuple(size or self.field.size)
        if size not in self.grids:
            try:
                self.grids[size] = (self.grid_of(self.tried(size), size)
                                    if self.resizable else self.grids[self.field.size])
            except ValueError:  # too small to be read
                self.grids[size] = (0,) * self.field.rank
        return self.grids[size]


def takes_fields(make) -> bool:
    """Whether it needs an argument: the fields, of which it makes the network."""
    needed = [p for p in inspect.signature(make).parameters.values()
              if p.default is p.empty and p.kind <= p.POSITIONAL_OR_KEYWORD]
    if len(needed) > 1:
        raise ValueError(f"{made_by(make)} needs {', '.join(p.name for p in needed)}; adopt() takes a class "
                         "or a function without arguments, or one that takes the fields alone")
    return bool(needed)


def made_by(make) -> str:
    return getattr(make, "__name__", type(make).__name__)


def tensor_in(out):
    """What a network returned, or the last hidden state in it, as the networks of transformers return it."""
    return getattr(out, "last_hidden_state", out)


def grid_for(n: int, field: Field, size: tuple[int, ...]) -> tuple[int, ...]:
    """The grid that n tokens fill on a sample of that size: the field's own, one token, or one of the
    sample's proportions; () is none."""
    own = tuple(s // p for s, p in zip(size, field.patch))
    if n == math.prod(own):
        return own
    if n < 2 or field.rank == 1:
        return (n,) + (1,) * (field.rank - 1) if n > 0 else ()
    scale = (n / math.prod(size)) ** (1 / field.rank)
    grid = tuple(max(1, round(s * scale)) for s in size)
    return grid if math.prod(grid) == n else ()


def adopt(make, name: str | None = None, *, resizable: bool = False, prefix: int = 0) -> str:
    """List an nn.Module class (or a function that makes one) as a backbone; returns its name.

    adopt(MyNet) lists "my_net": it is in the menu, on the command line of this process and in `catalog()`.
    make: takes nothing, or the fields that the network will read, name -> Field. Its forward reads one field
    ([B, C, *size], or ids [B, *size]: vocab means hidden, vocab + 1 absent) and returns [B, D], [B, D,
    *grid], [B, N, D], or what has such a `last_hidden_state`.  resizable: it reads samples of other sizes
    too.  prefix: tokens to drop from the front, such as a class token.  ValueError for a name of other signs.

        adopt(lambda: torch.nn.Conv1d(3, 32, 16, stride=16), "stretches")
        fit(Recipe(data="waves", backbone="stretches", steps=20), progress=False)
    """
    name = name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", made_by(make)).lower()
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(f"a backbone's name is letters, digits, _ and -, not {name!r}; give one: "
                         "adopt(make, \"my_net\")")
    return class_for(make, name, resizable, prefix).name


def class_for(make, name: str, resizable: bool = False, prefix: int = 0) -> type[Adopted]:
    """What `adopt` lists, whatever the name is."""
    # that is torch's
    own = isinstance(make, type) and make.__doc__ and not make.__doc__.startswith("Base class for all")
    body = {"make": staticmethod(make), "__doc__": make.__doc__ if own else f"Your own {made_by(make)}.",
            "name": name, "resizable": resizable, "prefix": prefix}
    return type(made_by(make), (Adopted,), body)
