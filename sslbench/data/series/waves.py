"""Generated series whose class lies in the dynamics alone: in which order one signal passes through three
channels.

A smooth random signal u reaches the channels one after the other, d samples apart: x_c(t) = a_c u(t - k_c d)
+ b_c + noise.
Every channel looks the same in every class, so amplitude, offset, phase and spectrum say nothing; who leads
whom says all.
"""

from itertools import permutations
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ...catalog import Hyperparameter
from .. import Data, Field, rand, randint
from . import augment
from .augment import Amplitude, Jitter, Offset, TimeCrop

LENGTH, WARM_UP = 128, 20  # the last channel hears the signal 20 samples late at most
SERIES = {"train": 8_000, "validation": 1_000, "test": 2_000}
ORDERS = list(permutations(range(3)))  # ORDERS[label][c]: after how many delays channel c hears the signal


class Waves(Data):
    """Generated three-channel signals; the class is the order in which the channels pass the signal on.

    Amplitude, offset, phase and noise are random. Factors: width of the signal's bumps and delay between two
    channels, in samples.
    """

    name, unit, splits_from = "waves", "series", "drawn anew for each split"
    classes = {"order": ["-".join("abc"[order.index(k)] for k in range(3)) for order in ORDERS]}

    def __init__(self, *, crop: TimeCrop = 0.6,
                 amplitude: Amplitude = 0.7,
                 offset: Offset = 0.7,
                 jitter: Jitter = 0.2,
                 seed: Annotated[int, Hyperparameter("which drawing of the series", 0, 9999)] = 0):
        self.crop, self.amplitude, self.offset, self.jitter, self.seed = crop, amplitude, offset, jitter, seed
        self.fields = {"signal": Field((LENGTH,), (8,), 3)}

    def load(self, split):
        generator = Generator().manual_seed(10 * self.seed + list(SERIES).index(split))
        n = SERIES[split]
        label, delay = randint(generator, len(ORDERS), n), 5 + randint(generator, 6, n)
        width = 1.5 + 1.5 * rand(generator, n)
        steps = torch.tensor(ORDERS)[label]  # [n, 3]
        start = WARM_UP - steps * delay[:, None]
        u = smooth_noise(width, WARM_UP + LENGTH, generator)  # [n, T]
        at = start.unsqueeze(2) + torch.arange(LENGTH)  # [n, 3, T]
        x = u.unsqueeze(1).expand(-1, 3, -1).gather(2, at)
        x = augment.jitter(x, generator, 0.4)
        x = augment.amplitude(x, generator, 1.0)
        return {"signal": augment.offset(x, generator, 0.7)}, {"order": label, "width": width,
                                                               "delay": delay.float()}

    def augment(self, batch, generator):
        x = augment.excerpt(batch["signal"], generator, self.crop)
        x = augment.jitter(x, generator, self.jitter)
        x = augment.amplitude(x, generator, self.amplitude)
        return {"signal": augment.offset(x, generator, self.offset)}

    def cite(self):
        return "generated on the fly; no licence needed"


def smooth_noise(width: Tensor, length: int, generator: Generator) -> Tensor:
    """White noise smoothed with a bell curve of that width: [n, length] of deviation 1."""
    bell = torch.exp(-0.5 * (torch.arange(-9.0, 10.0) / width[:, None]).square())  # [n, 19]
    bell = bell / bell.square().sum(1, keepdim=True).sqrt()
    noise = torch.randn(1, len(width), length + 18, generator=generator)
    return F.conv1d(noise, bell.unsqueeze(1), groups=len(width))[0]
