"""Tell the part that really comes a few steps later from parts of other samples (CPC, van den Oord et al.
2018).

A causal backbone gives latents (its stem) and contexts (its trunk) itself: series, text, audio. Any other one
reads overlapping windows of the sample, row by row, and contexts come from a small recurrent network over the
rows: images, video. Each window is augmented alone (Hénaff et al. 2020), or the colour that all of them share
would give a sample away. One formula for one to three axes: k steps later is k * (tokens of one step along
the first axis) tokens later.
"""

import math
from functools import partial
from itertools import product
from typing import Annotated

from ...machine.hardware import gather, in_float32, rank, world
from .. import Hyperparameter, Matrix, Pretext, Row, Tensor, nn, size_of, torch

CELLS = 4  # windows along every axis, each half of the axis wide: they overlap


class CPC(Pretext):
    """Predict what comes a few steps later, well enough to tell it from parts of other samples."""

    name = "cpc"
    paper = "https://arxiv.org/abs/1807.03748"
    chance_is_a_direction = True

    def __init__(self, backbone, data, *,
                 horizon: Annotated[int, Hyperparameter("steps that are predicted", 1, 16)] = 3,
                 first: Annotated[int, Hyperparameter(
                     "the first of them; above 1 what overlaps is skipped", 1, 8)] = 1,
                 temperature: Annotated[float, Hyperparameter(
                     "small: only the nearest others repel", 0.02, 2.0, log=True)] = 0.1,
                 augment: Annotated[bool, Hyperparameter("read augmented samples")] = True):
        super().__init__(backbone, data)
        self.temperature, self.augment = temperature, augment
        ((_, field),) = self.fields.items()
        self.native = backbone.causal and field.rank == 1
        backbone.one_way = int(self.native)
        if self.native:
            self.row, steps = 1, math.prod(backbone.grid(next(iter(self.fields))))
        else:
            self.row, steps = CELLS ** (field.rank - 1), CELLS
            self.size = tuple(max(p, n // CELLS * 2 // p * p) for n, p in zip(field.size, field.patch))
            starts = [torch.linspace(0, n - w, CELLS).long().tolist() for n, w in zip(field.size, self.size)]
            self.starts = torch.tensor(list(product(*starts)))  # [N, rank]
            self.context = nn.GRU(backbone.dim, backbone.dim, batch_first=True)
        self.first = min(first, steps - 1)  # of few windows no later one is left
        self.guess = nn.ModuleList(nn.Linear(backbone.dim, backbone.dim)
                                   for _ in range(self.first, min(self.first + horizon, steps)))

    @classmethod
    def incompatible(cls, backbone, data):
        fields = list(cls.reads(data).values())
        if len(fields) != 1 or min(fields[0].grid) < 3:
            return "predicts later parts of one field of at least three; masked and simclr fit"
        return "" if (backbone.causal and fields[0].rank == 1) or backbone.resizable else (
            "needs a backbone that is causal or reads windows at their own size: gru, small_cnn or "
            "transformer")

    def inputs(self, batch, generator):
        """The sample, and what is read: the same, or all its windows [B * N, ...], sample by sample."""
        changed = partial(self.data.augment, generator=generator) if self.augment else self.own
        if self.native:
            return (self.own(changed(batch)),) * 2
        ((name, field),) = self.fields.items()
        x = batch[name]
        windows = [field.window(x, start.to(x.device).expand(len(x), -1), self.size) for start in self.starts]
        return self.own(batch), self.own(changed({name: torch.stack(windows, 1).flatten(0, 1)}))

    def latents(self, inputs):
        """[B, N, D], each from its own part of the sample."""
        batch, seen = inputs
        if self.native:
            return self.backbone.stem(seen)
        return self.backbone.embed(seen).unflatten(0, (size_of(batch), -1))

    def contexts(self, z):
        """[B, N, D]: at every token what is known from it and from those before it in its column."""
        if self.native:
            return self.backbone.trunk(z, causal=1)
        B, N, D = z.shape
        columns = z.view(B, N // self.row, self.row, D).transpose(1, 2).reshape(B * self.row, -1, D)
        return self.context(columns)[0].view(B, self.row, -1, D).transpose(1, 2).reshape(B, N, D)

    def forward(self, inputs):
        z = self.latents(inputs)
        c, losses, hits = self.contexts(z), [], []
        for k, guess in enumerate(self.guess, self.first):
            loss, hit = contrast(guess(c[:, : -k * self.row]), z[:, k * self.row:], self.temperature)
            losses.append(loss)
            hits.append(hit)
        loss = sum(losses) / len(losses)
        return {"loss": loss, "accuracy": sum(hits) / len(hits),
                "mutual_information": (self.chance(inputs) - loss).detach()}  # at least so many nats

    def chance(self, inputs):
        return math.log(size_of(inputs[0]) * world())

    def show(self, inputs):
        """The last guess of each sample: what it read, what came, and how near the two are."""
        z, later = self.latents(inputs), self.first * self.row
        at = z.shape[1] - later - self.row  # the last place from which something comes that late
        guess, came = self.guess[0](self.contexts(z)[:, at:at + self.row]).mean(1), z[:, -self.row:].mean(1)
        a, b = (nn.functional.normalize(x.float(), dim=1) for x in (guess, came))
        read, comes = self.parts_of(inputs[0], z.shape[1] // self.row)
        steps = f"{self.first} step{'s' * (self.first > 1)} later"
        return [Row("what is read", read), Row(f"what comes {steps}", comes, "truth"),
                Matrix(f"what is expected (rows) and what comes {steps} (columns)", a @ b.T)]

    def parts_of(self, batch, steps):
        """The part of each sample that the last guess has read, and the part that it is about, cut along the
        first axis."""
        ((name, field),) = self.fields.items()
        x, axis = batch[name], batch[name].ndim - field.rank
        if self.native:
            n = x.shape[axis] // steps
            end, start, last = (steps - self.first) * n, (steps - 1) * n, steps * n
        else:
            starts = self.starts[::self.row, 0].tolist()
            end, start = starts[-1 - self.first] + self.size[0], starts[-1]
            last = start + self.size[0]
        return {name: x.narrow(axis, 0, end)}, {name: x.narrow(axis, start, last - start)}


def contrast(guess: Tensor, later: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Each guess [B, M, D] against what comes at the same place in every sample of all processes (other
    places would be told apart by where they are): InfoNCE and how often the own one is the nearest."""
    guess, later = (nn.functional.normalize(x.float(), dim=2) for x in (guess, later))
    a, b = guess.transpose(0, 1), gather(later.contiguous()).transpose(0, 1)  # [M, B, D], [M, G, D]
    with in_float32(a):
        logits = a @ b.transpose(1, 2) / temperature  # [M, B, G]
    B = logits.shape[1]
    own = (rank() * B + torch.arange(B, device=a.device)).expand(len(logits), -1)
    return (nn.functional.cross_entropy(logits.flatten(0, 1), own.flatten()),
            (logits.argmax(2) == own).float().mean())
