"""Tasks and backbones that each break one promise; test_contracts.py shows that they are caught."""

import math

import torch

from sslbench.backbones.gru import GRU
from sslbench.backbones.transformer import Transformer
from sslbench.pretexts.gaps.autoencoder import Autoencoder
from sslbench.pretexts.puzzles.rotation import Rotation
from sslbench.pretexts.views.simclr import SimCLR
from sslbench.shown import Row, Says


class ConstantLoss(SimCLR, listed=False):
    """A loss that no weight moves."""

    def forward(self, inputs):
        return {"loss": 3.0 + 0.0 * super().forward(inputs)["loss"]}


class Detached(SimCLR, listed=False):
    """Only the head learns."""

    def embed(self, batch):
        return super().embed(batch).detach()


class WrongChance(Rotation, listed=False):
    """Four turns, said to be one of `turns`."""

    turns = 4

    def chance(self, inputs):
        return math.log(self.turns)


class RandomForward(Rotation, listed=False):
    """Draws in forward."""

    def embed(self, batch):
        return super().embed(batch) + torch.randn(1)


class RandomInputs(Rotation, listed=False):
    """Draws from the session's generator."""

    def inputs(self, batch, generator):
        return super().inputs(batch, torch.Generator().manual_seed(torch.randint(99999, (1,)).item()))


class InPlace(Rotation, listed=False):
    """Changes the data."""

    def inputs(self, batch, generator):
        for x in batch.values():
            x.mul_(0.5)
        return super().inputs(batch, generator)


class Neighbours(Rotation, listed=False):
    """An embedding that depends on who else is in the batch."""

    def embed(self, batch):
        z = super().embed(batch)
        return z - z.mean(0)


class Crooked(Rotation, listed=False):
    """Says something of one sample alone."""

    def show(self, inputs):
        return [Row("turned", inputs[0]), Says(["one"])]


class Larger(Rotation, listed=False):
    """Shows more than a sample has."""

    def show(self, inputs):
        return [Row("turned", {name: torch.cat([x, x], -1) for name, x in inputs[0].items()})]


class WithoutTruth(Rotation, listed=False):
    """Shows a guess and nothing beside it."""

    def show(self, inputs):
        return [Row("turned", inputs[0], "guess")]


class Half(Rotation, listed=False):
    """A loss in bfloat16."""

    def forward(self, inputs):
        return {name: value.to(torch.bfloat16) for name, value in super().forward(inputs).items()}


class SecretlyBoth(GRU, listed=False):
    """Reads from both ends whatever was asked."""

    def trunk(self, tokens, causal=0):
        return super().trunk(tokens)


class SecretlyAll(Transformer, listed=False):
    """Attends to everything whatever was asked."""

    def trunk(self, tokens, causal=0):
        return self.blocks(tokens)


class NeverInBlocks(Transformer, listed=False):
    """Lets no token see a later one, not even of its own block."""

    def trunk(self, tokens, causal=0):
        return self.blocks(tokens, min(causal, 1))


class OtherBlocks(GRU, listed=False):
    """Reads larger blocks than it was asked to."""

    def trunk(self, tokens, causal=0):
        return super().trunk(tokens, causal + 1)


class PoolsAll(Transformer, listed=False):
    """Pools over padding too."""

    def pool(self, tokens, present=None):
        return tokens.mean(1)


class CountsPadding(Autoencoder, listed=False):
    """Wants zeros where nothing is."""

    def forward(self, inputs):
        (name, x), = inputs[0].items()
        guess = self.guess(inputs[1])[name]
        return {"loss": self.fields[name].error(guess, x).mean() + guess.square().mean()}
