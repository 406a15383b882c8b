"""Predict each token from all before it: GPT on text (Radford et al. 2018), a forecaster on series, iGPT on
images."""

from typing import Annotated

from .. import Hyperparameter, Pretext, Row, Says, nn, torch
from ..parts import constant_guess, given, mean_over, sum_over_fields


class NextToken(Pretext):
    """Predict what comes next from everything before: the next character, the next stretch of a series, the
    next patch."""

    name = "next_token"
    paper = "https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf"

    def __init__(self, backbone, data, *,
                 augment: Annotated[
                     bool, Hyperparameter("read augmented samples instead of the plain ones")] = False):
        super().__init__(backbone, data)
        self.augment, backbone.one_way = augment, 1
        self.start = nn.Parameter(0.02 * torch.randn(backbone.dim))  # stands before the first token
        self.heads = nn.ModuleDict({name: nn.Linear(backbone.dim, f.width)
                                    for name, f in self.fields.items()})

    @classmethod
    def incompatible(cls, backbone, data):
        return "" if backbone.causal else "needs a backbone that cannot see the future: transformer or gru"

    def inputs(self, batch, generator):
        return self.own(self.data.augment(batch, generator) if self.augment else batch)

    def guess(self, batch):
        tokens = self.backbone.stem(batch)  # [B, N, D]
        shifted = torch.cat([self.start.to(tokens.dtype).expand(len(tokens), 1, -1), tokens[:, :-1]], 1)
        seen = self.backbone.trunk(shifted, causal=1).split([f.tokens for f in self.fields.values()], 1)
        return {name: f.dense(self.heads[name](part)) for (name, f), part in zip(self.fields.items(), seen)}

    def forward(self, inputs):
        guess = self.guess(inputs)
        return {"loss": sum_over_fields({name: mean_over(f.error(guess[name], inputs[name]),
                                                         given(f, inputs[name]))
                                         for name, f in self.fields.items()})}

    def chance(self, inputs):
        return sum_over_fields({name: constant_guess(self.fields[name], x) for name, x in inputs.items()})

    def show(self, inputs):
        guess = self.guess(inputs)
        answers = {name: f.answer(guess[name]) for name, f in self.fields.items()}
        shown = [Row("sample", inputs, "truth"),
                 Row("each part guessed from what comes before it", answers, "guess")]
        sequences = [name for name, f in self.fields.items() if f.vocab and f.rank == 1]
        return [*shown, Says(self.likely(guess[sequences[0]], inputs[sequences[0]]))] if sequences else shown

    def likely(self, guess, ids):
        """The three most likely symbols after the first half of each sequence, beside the true one; ids [B,
        T]."""
        middle = ids.shape[1] // 2
        shares, best = guess[:, :, middle].float().softmax(1).topk(min(3, guess.shape[1]), 1)  # [B, 3]
        return [self.caption(row[max(0, middle - 12): middle], row[middle], *pair)
                for row, pair in zip(ids.cpu(), zip(best.cpu(), shares.tolist()))]

    def caption(self, before, truth, best, shares):
        says = ", ".join(f"{self.data.spell(symbol[None])!r} {share:.0%}"
                         for symbol, share in zip(best, shares))
        return f"after “{self.data.spell(before)}”: {says} (was {self.data.spell(truth[None])!r})"
