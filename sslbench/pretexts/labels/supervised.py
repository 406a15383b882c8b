"""Predict the label itself: no pretext task but the yardstick beside them. The label is a field of `Labelled`
data."""

from statistics import fmean

from .. import Pretext, Row, Says, nn
from ..parts import constant_guess, given, mean_over


class Supervised(Pretext):
    """Predict the label: the supervised baseline, training with few labels, and fine-tuning; set labels above
    0.

    Cross-entropy for classes and for several answers at once, squared error (in deviations of the label) for
    a quantity.
    """

    name = "supervised"
    reads_labels = True

    def __init__(self, backbone, data):
        super().__init__(backbone, data)
        self.label = data.fields[data.label_field]
        self.answer = nn.Linear(backbone.dim, self.label.tokens * self.label.width)

    def inputs(self, batch, generator):
        return self.data.augment(batch, generator)

    def guess(self, batch):
        tokens = self.answer(self.embed(batch)).float()
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
        answers = self.label.answer(self.guess(inputs))
        said = [self.says(y, guess) for y, guess in zip(inputs["label"], answers)]
        return [Row("sample", self.own(inputs)),
                Says([words for words, _ in said], [right for _, right in said])]

    def says(self, y, guess) -> tuple[str, bool | None]:
        """The label and the guess in words, and whether it is right; both [k] symbols or [1, 1] numbers."""
        if not self.label.vocab:
            return f"{self.label.encode(y).item():.3g}, guess {self.label.encode(guess).item():.3g}", None
        if bool((y >= self.label.vocab).all()):
            return f"unlabelled, guess {self.words(guess)}", None
        return f"{self.words(y)}, guess {self.words(guess)}", bool((y == guess).all())

    def words(self, y) -> str:
        names = (self.data.classes.get(self.data.target)
                 or [str(i) for i in range(max(self.label.vocab, len(y)))])
        if len(y) == 1:
            return names[int(y)]
        return ", ".join(name for name, yes in zip(names, y.tolist()) if yes == 1) or "none"
