"""Hide part of the sample and fill it in: MAE (He et al. 2022) on numbers, BERT (Devlin et al. 2019) on
symbols.

A maskable backbone reads only the visible tokens of numbers; any other reads the sample with the hidden part
blanked.
Symbols are always hidden at the input, of ten hidden ones one stays as it is and one becomes another symbol,
as in BERT.
"""

from typing import Annotated

from .. import Hyperparameter, Pretext, Row, nn, rand, randint, size_of, torch
from ..parts import DenseGuess, both, constant_guess, cut_as_read, mean_over, sum_over_fields


class Masked(Pretext):
    """Hide part of each sample and fill it in from the rest."""

    name = "masked"
    paper = "https://arxiv.org/abs/2111.06377"

    def __init__(self, backbone, data, *,
                 mask_ratio: Annotated[
                     float, Hyperparameter("share of the tokens that is hidden", 0.05, 0.95)] = 0.6,
                 decoder_depth: Annotated[
                     int, Hyperparameter("attention blocks of the decoder for numbers", 1, 8)] = 1):
        super().__init__(backbone, data)
        self.mask_ratio, backbone.one_way = mask_ratio, 0  # from both sides
        self.drops = backbone.maskable and not any(f.vocab for f in self.fields.values())
        if self.drops:  # tokens are hidden, so its tokens are the parts
            self.fields = cut_as_read(backbone, self.fields)
        self.blank = nn.Parameter(0.02 * torch.randn(backbone.dim))  # stands for every hidden token
        self.fill_in = DenseGuess(backbone, self.fields, decoder_depth)

    @classmethod
    def incompatible(cls, backbone, data):
        parts = sum(field.tokens for field in cls.reads(data).values())
        return ("" if parts > 1 else "hides part of a sample, and here a sample is a single part; simclr "
                                     "reads it whole")

    def inputs(self, batch, generator):
        """The sample, the order in which tokens stay visible [B, N], and what a backbone that is not maskable
        reads."""
        batch, order = self.own(batch), rand(generator, size_of(batch), len(self.fill_in.place)).argsort(1)
        return batch, order, self.blanked(batch, self.masks(order), generator)

    @property
    def kept(self) -> int:
        """Tokens that stay visible."""
        tokens = len(self.fill_in.place)
        return min(tokens - 1, max(1, round(tokens * (1 - self.mask_ratio))))

    def masks(self, order):
        """field -> [B, *size], True where hidden; a token hides its whole patch."""
        hidden = torch.ones_like(order, dtype=torch.bool).scatter(1, order[:, : self.kept], False)  # [B, N]
        parts = hidden.split([f.tokens for f in self.fields.values()], 1)
        return {name: f.spread(part) for (name, f), part in zip(self.fields.items(), parts)}

    def blanked(self, batch, masks, generator):
        blanked = {}
        for name, x in batch.items():
            field = self.fields[name]
            blanked[name] = field.hide(x, masks[name])
            if field.vocab:  # BERT: 80 % hidden, 10 % another symbol, 10 % as they were
                die = rand(generator, *x.shape)
                other = torch.where(die < 0.9, randint(generator, field.vocab, *x.shape), x)
                blanked[name] = torch.where(masks[name] & (die > 0.8) & (x < field.vocab), other,
                                            blanked[name])
        return blanked

    def guess(self, inputs):
        batch, order, blanked = inputs
        if self.drops:
            return self.fill_in.decoded(self.visible_only(batch, order))
        return self.fill_in(self.backbone(blanked))

    def visible_only(self, batch, order):
        tokens = self.backbone.stem(batch)  # [B, N, D]
        visible = order[:, : self.kept].unsqueeze(-1).expand(-1, -1, tokens.shape[-1])
        seen = self.backbone.trunk(tokens.gather(1, visible))  # [B, kept, D]
        return self.blank.to(seen.dtype).expand(tokens.shape).scatter(1, visible, seen)

    def forward(self, inputs):
        batch, order, _ = inputs
        guess, masks = self.guess(inputs), self.masks(order)
        errors = {name: mean_over(f.error(guess[name], batch[name]),
                                  both(masks[name], f.present(batch[name])))
                  for name, f in self.fields.items()}
        return {"loss": sum_over_fields(errors)}

    def chance(self, inputs):
        batch, order, _ = inputs
        masks = self.masks(order)
        return sum_over_fields({name: constant_guess(f, batch[name], masks[name])
                                for name, f in self.fields.items()})

    def show(self, inputs):
        batch, order, _ = inputs
        guess, masks = self.guess(inputs), self.masks(order)
        hidden = {name: f.hide(batch[name], masks[name]) for name, f in self.fields.items()}
        filled = {name: f.blend(batch[name], f.answer(guess[name]), masks[name])
                  for name, f in self.fields.items()}
        return [Row("sees", hidden), Row("fills in", filled, "guess"), Row("original", batch, "truth")]
