"""Fill one large hole from what is around it (context encoders, Pathak et al. 2016)."""

from typing import Annotated

from .. import Hyperparameter, Pretext, Row, randint, torch
from ..parts import DenseGuess, both, constant_guess, mean_over, sum_over_fields


class Inpainting(Pretext):
    """Cut one large hole into each sample and fill it in from what is around it."""

    name = "inpainting"
    paper = "https://arxiv.org/abs/1604.07379"
    chance_is_a_direction = True  # heads that see nothing still know where holes lie

    def __init__(self, backbone, data, *,
                 side: Annotated[
                     float, Hyperparameter("side of the hole as a share of every axis", 0.1, 0.9)] = 0.5,
                 augment: Annotated[bool, Hyperparameter("cut into augmented samples")] = True):
        super().__init__(backbone, data)
        self.side, self.augment, backbone.one_way = side, augment, 0
        self.fill_in = DenseGuess(backbone, self.fields)

    @classmethod
    def incompatible(cls, backbone, data):
        large = all(min(field.size) >= 4 for field in cls.reads(data).values())
        return "" if large else "cuts a hole into samples of 4 or more along every axis; simclr fits"

    def inputs(self, batch, generator):
        """The sample and where the hole is, field -> [B, *size]."""
        batch = self.own(self.data.augment(batch, generator) if self.augment else batch)
        return batch, {name: hole(x, self.fields[name].size, self.side, generator)
                       for name, x in batch.items()}

    def guess(self, batch, holes):
        return self.fill_in(self.backbone({name: f.hide(batch[name], holes[name])
                                           for name, f in self.fields.items()}))

    def forward(self, inputs):
        batch, holes = inputs
        guess = self.guess(batch, holes)
        return {"loss": sum_over_fields({
            name: mean_over(f.error(guess[name], batch[name]), both(holes[name], f.present(batch[name])))
            for name, f in self.fields.items()})}

    def chance(self, inputs):
        batch, holes = inputs
        return sum_over_fields({name: constant_guess(f, batch[name], holes[name])
                                for name, f in self.fields.items()})

    def show(self, inputs):
        batch, holes = inputs
        guess = self.guess(batch, holes)
        hidden = {name: f.hide(batch[name], holes[name]) for name, f in self.fields.items()}
        filled = {name: f.blend(batch[name], f.answer(guess[name]), holes[name])
                  for name, f in self.fields.items()}
        return [Row("sees", hidden), Row("fills in", filled, "guess"), Row("original", batch, "truth")]


def hole(x, size, side, generator):
    """[B, *size], True in a box at a random place, `side` of every axis wide."""
    inside = torch.ones(len(x), *size, dtype=torch.bool, device=x.device)
    for axis, n in enumerate(size):
        width = max(1, round(side * n))
        start, along = randint(generator, n - width + 1, len(x))[:, None], torch.arange(n, device=x.device)
        here = (along >= start) & (along < start + width)  # [B, n]
        inside = inside & here.view(len(x), *[n if a == axis else 1 for a in range(len(size))])
    return inside
