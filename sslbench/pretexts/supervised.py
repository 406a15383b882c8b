"""Predict the label itself: no pretext task but the yardstick beside them. The label is a field of `Labelled` data."""

import math

from . import Pretext, nn, torch


class Supervised(Pretext):
    """Predict the label: the supervised baseline, training with few labels, and fine-tuning; set labels above 0."""

    name = "supervised"

    def __init__(self, backbone, data):
        super().__init__(backbone, data)
        self.classify = nn.Linear(backbone.dim, data.fields["label"].vocab)

    @classmethod
    def incompatible(cls, backbone, data):
        why = "learns from labels: set labels to the share of them that it may use, up to 1"
        return "" if "label" in data.fields else why

    @classmethod
    def reads(cls, data):
        return {name: field for name, field in data.fields.items() if name != "label"}

    def inputs(self, batch, generator):
        return self.data.augment(batch, generator)

    def logits(self, batch):
        return self.classify(self.embed({name: batch[name] for name in self.fields})).float()  # [B, classes]

    def forward(self, inputs):
        logits, y = self.logits(inputs), inputs["label"].flatten()
        accuracy = (logits.argmax(1) == y).float().mean()
        return {"loss": nn.functional.cross_entropy(logits, y), "accuracy": accuracy}

    def chance(self, inputs):
        share = torch.bincount(inputs["label"].flatten()).float()
        share = share[share > 0] / share.sum()
        return min(-(share * share.log()).sum().item(), math.log(self.classify.out_features))

    def show(self, inputs):
        y, guess = inputs["label"].flatten().tolist(), self.logits(inputs).argmax(1).tolist()
        names = next(iter(self.data.classes.values()), [str(i) for i in range(self.classify.out_features)])
        says = [f"{names[a]}, guess {names[b]} {'✓' if a == b else '✗'}" for a, b in zip(y, guess)]
        return {"sample": {name: inputs[name] for name in self.fields}, "guess": says}
