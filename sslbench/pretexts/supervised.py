"""Predict the label itself: no pretext task but the yardstick beside them. The label is a field of `Labelled` data."""

from statistics import fmean

from . import Pretext, nn
from .parts import constant_guess, given, mean_over


class Supervised(Pretext):
    """Predict the label: the supervised baseline, training with few labels, and fine-tuning; set labels above 0.

    Cross-entropy for classes and for several answers at once, squared error (in deviations of the label) for a quantity.
    """

    group = "labels"
    name = "supervised"

    def __init__(self, backbone, data):
        super().__init__(backbone, data)
        self.label = data.fields["label"]
        self.answer = nn.Linear(backbone.dim, self.label.tokens * self.label.width)

    @classmethod
    def incompatible(cls, backbone, data):
        why = "learns from labels: set labels to the share of them that it may use, up to 1"
        return "" if "label" in data.fields else why

    @classmethod
    def reads(cls, data):
        return {name: field for name, field in data.fields.items() if name != "label"}

    def inputs(self, batch, generator):
        return self.data.augment(batch, generator)

    def guess(self, batch):
        tokens = self.answer(self.embed({name: batch[name] for name in self.fields})).float()
        return self.label.dense(tokens.unflatten(1, (self.label.tokens, -1)))  # [B, outputs, k]

    def forward(self, inputs):
        guess, y = self.guess(inputs), inputs["label"]
        there = given(self.label, y)
        loss = mean_over(self.label.error(guess, y), there)
        if not self.label.vocab:
            return {"loss": loss}
        return {"loss": loss, "accuracy": mean_over((guess.argmax(1) == y).float(), there)}

    def chance(self, inputs):
        y, axis = inputs["label"], 1 if self.label.vocab else 2
        return fmean(constant_guess(self.label, column) for column in y.split(1, axis))

    def show(self, inputs):
        says = [self.says(y, guess) for y, guess in zip(inputs["label"], self.label.answer(self.guess(inputs)))]
        return {"sample": {name: inputs[name] for name in self.fields}, "guess": says}

    def says(self, y, guess) -> str:
        """The label and the guess in words; both [k] symbols or [1, 1] numbers."""
        if not self.label.vocab:
            return f"{self.label.encode(y).item():.3g}, guess {self.label.encode(guess).item():.3g}"
        if bool((y == self.label.vocab).all()):
            return f"unlabelled, guess {self.words(guess)}"
        return f"{self.words(y)}, guess {self.words(guess)} {'✓' if bool((y == guess).all()) else '✗'}"

    def words(self, y) -> str:
        names = self.data.classes.get(self.data.target) or [str(i) for i in range(max(self.label.vocab, len(y)))]
        if len(y) == 1:
            return names[int(y)]
        return ", ".join(name for name, yes in zip(names, y.tolist()) if yes == 1) or "none"
