"""Fill one large hole from what is around it (context encoders, Pathak et al. 2016)."""

from typing import Annotated

from .. import Hyperparameter, Pretext, Row, size_of
from ..parts import DenseGuess, both, boxes, constant_guess, given, mean_over, sum_over_fields


class Inpainting(Pretext):
    """Cut one large hole into each sample and fill it in from what is around it."""

    name = "inpainting"
    paper = "https://arxiv.org/abs/1604.07379"

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
        return batch, {name: boxes(generator, size_of(batch), f.size, self.side)
                       for name, f in self.fields.items()}

    def guess(self, batch, holes):
        return self.fill_in(self.backbone({name: f.hide(batch[name], holes[name])
                                           for name, f in self.fields.items()}))

    def forward(self, inputs):
        batch, holes = inputs
        guess = self.guess(batch, holes)
        return {"loss": sum_over_fields({
            name: mean_over(f.error(guess[name], batch[name]), both(holes[name], given(f, batch[name])))
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
