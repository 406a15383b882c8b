"""Put the pieces of a sample back in order: which of a few rearrangements is it (Noroozi and Favaro 2016)."""

import math
from itertools import permutations, product
from typing import Annotated

from .. import Hyperparameter, Pretext, Row, Says, nn, randint, torch
from ..parts import head
from .windows import Cells, one_field, unfit

TRIED = 20_000  # random orders, from which those are taken that differ most


class Jigsaw(Pretext):
    """Guess how the pieces of each sample were rearranged."""

    name = "jigsaw"
    paper = "https://arxiv.org/abs/1603.09246"

    def __init__(self, backbone, data, *,
                 cells: Annotated[int, Hyperparameter("pieces along every axis", 2, 3)] = 2,
                 orders: Annotated[int, Hyperparameter("rearrangements to tell apart", 2, 100)] = 24):
        super().__init__(backbone, data)
        ((_, field),) = self.fields.items()
        self.cells = Cells(field, cells)
        self.places = torch.tensor(list(product(range(cells), repeat=field.rank)))  # [P, rank]
        self.orders = far_apart(len(self.places), orders)  # [O, P]
        self.classify = head(len(self.places) * backbone.dim, backbone.dim, len(self.orders))

    @classmethod
    def incompatible(cls, backbone, data):
        return unfit(cls, backbone, data, 3)

    def inputs(self, batch, generator):
        """The pieces in the order in which they are shown, and which of the rearrangements that is [B]."""
        name, x = one_field(self.own(self.data.augment(batch, generator)))
        which = randint(generator, len(self.orders), len(x))
        places = self.places[self.orders[which.cpu()]]  # [B, P, rank]
        return [{name: self.cells.windows(x, at, generator)} for at in places.unbind(1)], which

    def logits(self, pieces):
        name = next(iter(pieces[0]))
        together = {name: torch.cat([piece[name] for piece in pieces])}
        z = torch.cat(self.embed(together).chunk(len(pieces)), 1)  # [B, P * D]
        return self.classify(z).float()  # [B, O]

    def forward(self, inputs):
        pieces, which = inputs
        logits = self.logits(pieces)
        return {"loss": nn.functional.cross_entropy(logits, which),
                "accuracy": (logits.argmax(1) == which).float().mean()}

    def chance(self, inputs):
        return math.log(len(self.orders))

    def show(self, inputs):
        pieces, which = inputs
        guess = self.logits(pieces).argmax(1)
        shuffled = self.joined(pieces, torch.zeros_like(which))  # order 0 moves nothing
        return [Row("pieces as they are shown", shuffled),
                Row("put back as guessed", self.joined(pieces, guess), "guess"),
                Row("put back rightly", self.joined(pieces, which), "truth"),
                Says([f"order {a}, guess {b}" for a, b in zip(which.tolist(), guess.tolist())],
                     (guess == which).tolist())]

    def joined(self, pieces, which):
        """The pieces beside each other, each where order `which` [B] says it came from."""
        name, (rank, size) = next(iter(pieces[0])), (self.places.shape[1], self.cells.size)
        x = torch.stack([piece[name] for piece in pieces], 1)  # [B, P, (C,) *window]
        back = self.orders[which.cpu()].argsort(1).to(x.device)  # [B, P]
        x = x[torch.arange(len(x), device=x.device)[:, None], back]
        cells = round(len(self.places) ** (1 / rank))
        x = x.unflatten(1, (cells,) * rank)  # [B, cells, ..., (C,) *window]
        first = x.ndim - rank  # the windows' own axes
        channels = list(range(1 + rank, first))
        order = [0, *channels, *(axis for i in range(rank) for axis in (1 + i, first + i))]
        shape = [len(x), *(x.shape[c] for c in channels), *(cells * s for s in size)]
        return {name: x.permute(order).reshape(shape)}


def far_apart(n: int, count: int):
    """Orders of n pieces [count, n] that differ from each other in as many places as possible; the first is
    the one in which nothing is moved."""
    generator = torch.Generator().manual_seed(0)
    some = (list(permutations(range(n))) if n <= 7
            else [list(range(n)), *(torch.randperm(n, generator=generator).tolist() for _ in range(TRIED))])
    every = torch.tensor(some)
    chosen, least = [0], (every != every[0]).sum(1)
    while len(chosen) < min(count, len(every)):
        chosen.append(int(least.argmax()))
        least = torch.minimum(least, (every != every[chosen[-1]]).sum(1))
    return every[chosen]
