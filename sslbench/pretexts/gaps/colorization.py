"""See the sample with its channels averaged and say what each was (colorization, Zhang et al. 2016).

No channel is named: of a picture it is colour from grey, of a series with several channels which of them did
what. What is guessed is how far each channel lies from their mean, which is known.
"""

from .. import Pretext, Row
from ..parts import DenseGuess, constant_guess, mean_over, sum_over_fields


class Colorization(Pretext):
    """Take the colours away and paint them in again."""

    name = "colorization"
    paper = "https://arxiv.org/abs/1603.08511"

    def __init__(self, backbone, data):
        super().__init__(backbone, data)
        backbone.one_way = 0
        self.paint = DenseGuess(backbone, self.fields)

    @classmethod
    def incompatible(cls, backbone, data):
        colours = all(f.channels > 1 and not f.vocab for f in cls.reads(data).values())
        return "" if colours else "takes colours away, so it needs several channels; masked and simclr fit"

    def inputs(self, batch, generator):
        return self.own(self.data.augment(batch, generator))

    def painted(self, batch):
        """The sample in grey, and with the guessed colours: the mean of its channels stays what it was."""
        grey = {name: grey_of(x) for name, x in batch.items()}
        colour = self.paint(self.backbone(grey))
        return grey, {name: f.fill(grey[name]) + away_from_mean(colour[name].float(), batch[name])
                      for name, f in self.fields.items()}

    def encode(self, batch):
        """Of the grey sample: the network has never seen another."""
        return super().encode({name: grey_of(x) for name, x in self.own(batch).items()})

    def embed(self, batch):
        return super().embed({name: grey_of(x) for name, x in self.own(batch).items()})

    def attention(self, batch):
        return super().attention({name: grey_of(x) for name, x in self.own(batch).items()})

    def forward(self, inputs):
        _, guess = self.painted(inputs)
        return {"loss": sum_over_fields({name: mean_over(f.error(guess[name], inputs[name]),
                                                         f.present(inputs[name]))
                                         for name, f in self.fields.items()})}

    def chance(self, inputs):
        """Grey is known; the colour that is common at each place is guessed."""
        return sum_over_fields({name: constant_guess(f, inputs[name] - grey_of(inputs[name]))
                                for name, f in self.fields.items()})

    def show(self, inputs):
        grey, guess = self.painted(inputs)
        return [Row("sees", grey), Row("paints", guess, "guess"), Row("original", inputs, "truth")]


def grey_of(x):
    """The mean of the channels that are there, in each of them; where none is there it stays absent."""
    return x.nanmean(1, keepdim=True).expand_as(x).contiguous()


def away_from_mean(colour, x):
    """A guess [B, C, *size] less its mean over the channels that x has."""
    there = ~x.isnan()
    return colour - (colour * there).sum(1, keepdim=True) / there.sum(1, keepdim=True).clamp(min=1)
