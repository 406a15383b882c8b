"""Turn the image by 0, 90, 180 or 270 degrees and ask which (RotNet, Gidaris et al. 2018)."""

import math
from functools import lru_cache

from .. import Pretext, Row, Says, nn, randint, torch

TURNS = ("0°", "90°", "180°", "270°")


class Rotation(Pretext):
    """Guess by how many quarter turns each image was rotated."""

    name = "rotation"
    paper = "https://arxiv.org/abs/1803.07728"

    def __init__(self, backbone, data):
        super().__init__(backbone, data)
        self.classify = nn.Linear(backbone.dim, 4)

    @classmethod
    def incompatible(cls, backbone, data):
        fields = cls.reads(data).values()
        square = all(f.rank >= 2 and f.size[-1] == f.size[-2] and not f.vocab for f in fields)
        return ("" if square and len(fields) == 1 else "turns square images only; masked and simclr fit "
                                                       "series and text")

    def inputs(self, batch, generator):
        ((name, x),) = self.own(self.data.augment(batch, generator)).items()
        turn = randint(generator, 4, len(x))  # [B]
        return {name: turned(x, turn)}, turn

    def forward(self, inputs):
        batch, turn = inputs
        logits = self.classify(self.embed(batch)).float()  # [B, 4]
        accuracy = (logits.argmax(1) == turn).float().mean()
        return {"loss": nn.functional.cross_entropy(logits, turn), "accuracy": accuracy}

    def chance(self, inputs):
        return math.log(4)

    def show(self, inputs):
        batch, turn = inputs
        guess = self.classify(self.embed(batch)).argmax(1)
        words = [f"turned {TURNS[t]}, guess {TURNS[g]}" for t, g in zip(turn.tolist(), guess.tolist())]
        return [Row("turned", batch), Says(words, (guess == turn).tolist())]


def turned(x, turn):
    """x [B, ..., H, H], each sample by its own number of quarter turns [B]."""
    flat = x.flatten(1, -3).flatten(2)  # [B, channels and frames, H * H]
    source = quarter_turns(x.shape[-1], x.device)[turn].unsqueeze(1)  # [B, 1, H * H]
    return flat.gather(2, source.expand_as(flat)).view_as(x)


@lru_cache(maxsize=16)
def quarter_turns(H: int, device: torch.device):
    """[4, H * H]: which pixel comes to each place."""
    places = torch.arange(H * H).view(H, H)
    return torch.stack([places.rot90(k, (0, 1)).flatten() for k in range(4)]).to(device)
