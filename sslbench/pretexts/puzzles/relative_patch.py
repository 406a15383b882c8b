"""Two windows of one sample: where does the second lie as seen from the first (Doersch et al. 2015)."""

import math
from itertools import product

from .. import Pretext, Row, Says, nn, randint, torch
from ..parts import embed_views, head
from .windows import Cells, one_field, unfit

WORDS = {1: {-1: "before", 1: "after"}, 2: {(-1, -1): "above left", (-1, 0): "above", (-1, 1): "above right",
                                           (0, -1): "left", (0, 1): "right", (1, -1): "below left",
                                           (1, 0): "below", (1, 1): "below right"}}


class RelativePatch(Pretext):
    """Guess where a second window of the sample lies as seen from the one in the middle."""

    name = "relative_patch"
    paper = "https://arxiv.org/abs/1505.05192"

    def __init__(self, backbone, data):
        super().__init__(backbone, data)
        ((_, field),) = self.fields.items()
        self.cells = Cells(field, 3)
        self.around = torch.tensor([at for at in product((-1, 0, 1), repeat=field.rank) if any(at)])
        self.classify = head(2 * backbone.dim, backbone.dim, len(self.around))

    @classmethod
    def incompatible(cls, backbone, data):
        return unfit(cls, backbone, data, 3)

    def inputs(self, batch, generator):
        """The middle window, its neighbour, and which of the neighbours that is [B]."""
        name, x = one_field(self.own(self.data.augment(batch, generator)))
        which = randint(generator, len(self.around), len(x))
        middle = torch.ones(len(x), self.around.shape[1], dtype=torch.long)
        other = middle + self.around[which.cpu()]
        return ({name: self.cells.windows(x, middle, generator)},
                {name: self.cells.windows(x, other, generator)}, which)

    def logits(self, inputs):
        pair = torch.cat(embed_views(self.embed, list(inputs[:2])), 1)  # [B, 2 D]
        return self.classify(pair).float()  # [B, directions]

    def forward(self, inputs):
        logits, which = self.logits(inputs), inputs[2]
        return {"loss": nn.functional.cross_entropy(logits, which),
                "accuracy": (logits.argmax(1) == which).float().mean()}

    def chance(self, inputs):
        return math.log(len(self.around))

    def show(self, inputs):
        guess, which = self.logits(inputs).argmax(1).tolist(), inputs[2].tolist()
        words = [f"lies {self.word(a)}, guess {self.word(b)}" for a, b in zip(which, guess)]
        return [Row("window in the middle", inputs[0]), Row("its neighbour", inputs[1]),
                Says(words, [a == b for a, b in zip(which, guess)])]

    def word(self, which: int) -> str:
        at = tuple(self.around[which].tolist())
        return WORDS.get(len(at), {}).get(at if len(at) > 1 else at[0], " ".join(map(str, at)))
