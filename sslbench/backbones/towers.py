"""One backbone per field, side by side: an image network and a text network, say. A recipe asks for it in
words.

    caption:gru+image:small_cnn     the fields by name;  gru+small_cnn: the fields in their order
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..catalog import Hyperparameter, nearest
from . import Backbone, Field


class Towers(Backbone, listed=False):
    """Reads every field with its own network and can do what all of them can; narrower tokens are filled up
    with zeros.

    A subset of the tokens does not say whose they are, so it is never maskable; what is hidden is hidden at
    the input.
    """

    def __init__(self, nets: dict[str, Backbone]):
        super().__init__()
        self.nets, self.fields = nn.ModuleDict(nets), {name: net.fields[name] for name, net in nets.items()}
        self.dim = max(net.dim for net in nets.values())
        self.causal, self.resizable, self.contextual = abilities(*nets.values()).values()

    def stem(self, batch):
        # [B, N, D]
        return torch.cat([self.widened(self.nets[name].stem({name: x}))
                          for name, x in self.ordered(batch)], 1)

    def trunk(self, tokens, causal=0):
        """Each network on the tokens of its field; tokens [B, N, D] of all fields of whole samples."""
        parts = zip(self.nets.values(), self.parts(tokens))
        return torch.cat([self.widened(net.trunk(part[..., : net.dim], causal)) for net, part in parts], 1)

    def forward(self, batch, causal=0):
        """Tokens [B, N, D] of the fields that are in the batch, of any size."""
        return torch.cat([self.widened(self.nets[name]({name: x}, causal))
                          for name, x in self.ordered(batch)], 1)

    def embed(self, batch):
        """The mean over the fields that are in the batch, each pooled by its own network: [B, D]."""
        own = [(self.nets[name], {name: x}) for name, x in self.ordered(batch)]
        pooled = [self.widened(net.pool(net(part, self.one_way), net.present(part))) for net, part in own]
        return torch.stack(pooled).mean(0)

    def pool(self, tokens, present=None):
        """[B, N, D] of all fields of whole samples -> [B, D], as `embed` does."""
        theirs = [None] * len(self.nets) if present is None else self.parts(present)
        parts = zip(self.nets.values(), self.parts(tokens), theirs)
        return torch.stack([self.widened(net.pool(part[..., : net.dim], there))
                            for net, part, there in parts]).mean(0)

    def parts(self, tokens: Tensor) -> tuple[Tensor, ...]:
        """Tokens [B, N, ...] field by field."""
        return tokens.split([torch.Size(net.grid(name)).numel() for name, net in self.nets.items()], 1)

    def widened(self, x: Tensor) -> Tensor:
        return F.pad(x, (0, self.dim - x.shape[-1]))

    def grid(self, name, size=None):
        return self.nets[name].grid(name, size)


def abilities(*backbones: Backbone | type[Backbone]) -> dict[str, bool]:
    """What all of them can do, each by itself."""
    return {name: all(getattr(b, name) for b in backbones) for name in ("causal", "resizable", "contextual")}


def named(words: str) -> list[tuple[str, type[Backbone]]]:
    """The fields ("" where none are named) and backbones of a recipe's word; ValueError when it cannot be
    read."""
    found = [(field, Backbone.find(name)) for field, name in map(field_and_name, words.split("+"))]
    names = [field for field, _ in found if field]
    if names and (len(names) < len(found) or len(set(names)) < len(names)):
        raise ValueError(f"{words!r} must name a field of its own for each backbone, or none: "
                         "caption:gru+image:small_cnn")
    return found


def field_and_name(part: str) -> tuple[str, str]:
    """("image", "small_cnn") of "image:small_cnn"; the word before a name may also be its family's."""
    field, _, name = part.rpartition(":")
    before, _, family = field.rpartition(":")
    return (before, f"{family}:{name}") if f"{family}:NAME" in Backbone.all_families() else (field, name)


def hyperparameters(words: str) -> dict[str, Hyperparameter]:
    """Those of one backbone; of several, each that one of them has, and once more for every named field
    (image.width)."""
    found = named(words)
    shared = {h: meaning for _, cls in reversed(found) for h, meaning in cls.hyperparameters().items()}
    return (shared | {f"{field}.{h}": meaning for field, cls in found if field
                      for h, meaning in cls.hyperparameters().items()})


def checked(words: str, given: dict[str, Any]) -> dict[str, Any]:
    """`given` hyperparameters, converted; ValueError for an unknown name, or a value out of range for one of
    the backbones."""
    known, found = hyperparameters(words), named(words)
    for name in given:
        if name not in known:
            raise ValueError(nearest(f"hyperparameter of {words}", name, known))
    meant = {name: [cls.hyperparameters()[name] for _, cls in found if name in cls.hyperparameters()]
             or [known[name]] for name in given}
    return {name: next(h.check(f"backbone.{name}", given[name]) for h in meant[name]) for name in given}


def towers(words: str, fields: dict[str, Field]) -> dict[str, type[Backbone]]:
    """The backbone of each field, in the fields' order; ValueError in one line when the words do not fit the
    fields."""
    found = named(words)
    names = [field for field, _ in found]
    if not any(names):
        if len(found) != len(fields):
            raise ValueError(f"{words} names {len(found)} backbones for {len(fields)} "
                             f"field{'s' * (len(fields) > 1)}: {', '.join(fields)}")
        return {field: cls for field, (_, cls) in zip(fields, found)}
    if unknown := [name for name in names if name not in fields]:
        raise ValueError(nearest("field", unknown[0], fields))
    if missing := [name for name in fields if name not in names]:
        raise ValueError(f"{words} names no backbone for the field {missing[0]}; add +{missing[0]}:…")
    return {field: dict(found)[field] for field in fields}


def class_of(words: str, fields: dict[str, Field]) -> type[Backbone]:
    """What a recipe's backbone can do and read: one listed class, or one that stands for several side by
    side."""
    (field, cls), *others = named(words)
    if not field and not others:
        return cls
    each = towers(words, fields)
    return type("Towers", (Towers,),
                {**abilities(*each.values()), "name": words,
                 "incompatible": staticmethod(lambda fields: next(
                     (why for name, cls in each.items() if (why := cls.incompatible({name: fields[name]}))),
                     ""))}, listed=False)


def make(words: str, fields: dict[str, Field], given: dict[str, Any]) -> Backbone:
    """The backbone, with its hyperparameters: of several, `width` is for all that have one, `image.width` for
    that of one field."""
    (field, cls), *others = named(words)
    if not field and not others:
        return cls(fields, **given)
    return Towers({name: cls({name: fields[name]}, **own(cls, name, given))
                   for name, cls in towers(words, fields).items()})


def own(cls: type[Backbone], field: str, given: dict[str, Any]) -> dict[str, Any]:
    of_field = {h: given[f"{field}.{h}"] for h in cls.hyperparameters() if f"{field}.{h}" in given}
    return {h: given[h] for h in cls.hyperparameters() if h in given} | of_field
