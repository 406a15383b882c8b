"""Squeeze the sample through a narrow code and rebuild it (Hinton and Salakhutdinov 2006); from a noisy copy
it is the denoising autoencoder (Vincent et al. 2008)."""

import math
from itertools import pairwise
from typing import Annotated

from .. import Hyperparameter, Pretext, Row, nn, rand, size_of, torch
from ..parts import constant_guess, mean_over, sum_over_fields


class Autoencoder(Pretext):
    """Squeeze each sample into a short code and rebuild the sample from it."""

    name = "autoencoder"
    paper = "https://doi.org/10.1126/science.1127647"

    def __init__(self, backbone, data, *,
                 noise: Annotated[float, Hyperparameter(
                     "of numbers, the deviation of the noise added; of symbols, the share hidden; 0: plain "
                     "autoencoder",
                     0.0, 2.0)] = 0.0,
                 decoder_depth: Annotated[
                     int, Hyperparameter("hidden layers of the decoder; 0: one linear map", 0, 4)] = 1):
        super().__init__(backbone, data)
        self.noise = noise
        self.decoders = nn.ModuleDict({name: decoder(backbone.dim, f.tokens * f.width, decoder_depth)
                                       for name, f in self.fields.items()})

    def inputs(self, batch, generator):
        batch = self.own(batch)
        return batch, {name: self.corrupt(name, x, generator) for name, x in batch.items()}

    def corrupt(self, name, x, generator):
        field = self.fields[name]
        if not self.noise:
            return x
        if field.vocab:
            return field.hide(x, rand(generator, *x.shape) < min(self.noise, 0.9))
        return x + self.noise * torch.randn(x.shape, generator=generator, device=x.device)

    def guess(self, noisy):
        z = self.embed(noisy)  # [B, D]
        return {name: f.dense(self.decoders[name](z).view(size_of(noisy), f.tokens, f.width))
                for name, f in self.fields.items()}

    def forward(self, inputs):
        batch, noisy = inputs
        guess = self.guess(noisy)
        errors = {name: mean_over(f.error(guess[name], batch[name]), f.present(batch[name]))
                  for name, f in self.fields.items()}
        return {"loss": sum_over_fields(errors)}

    def chance(self, inputs):
        return sum_over_fields({name: constant_guess(self.fields[name], x) for name, x in inputs[0].items()})

    def show(self, inputs):
        batch, noisy = inputs
        guess = {name: f.answer(g) for (name, f), g in zip(self.fields.items(), self.guess(noisy).values())}
        seen = [Row("seen, with noise", noisy)] if self.noise else []
        return [Row("original", batch, "truth"), *seen, Row("rebuilt", guess, "guess")]


def decoder(dim: int, outputs: int, depth: int) -> nn.Sequential:
    """dim -> outputs with `depth` hidden layers, each twice as wide as the one before, at most 512."""
    widths = [dim, *[min(512, dim * 2 ** (i + 1)) for i in range(depth)]]
    hidden = [m for a, b in pairwise(widths) for m in (nn.Linear(a, b), nn.ReLU())]
    last = nn.Linear(widths[-1], outputs)
    nn.init.normal_(last.weight, std=1 / math.sqrt(widths[-1]) / 4)  # first guesses near the mean
    return nn.Sequential(*hidden, last)
