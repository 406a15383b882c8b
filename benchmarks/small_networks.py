"""Whether another small network reads more than small_cnn after the same seconds of training, at 32 pixels.

    python benchmarks/small_networks.py [--small] [--seconds 25] [--rounds 3] [--only convmixer]

simclr on wild_digits. Each network first says how long a step takes, then trains for as many steps as fit
into the seconds, since the learning rate falls over the whole of a run. All take turns in every round, which
has a seed of its own; the probe is the final one, on test. Candidates: ConvMixer (Trockman and Kolter 2022),
which mixes places with depthwise convolutions; small_cnn with a residual block; 4 x 4 patches followed by 3 x
3 convolutions; and a network that goes on to 4 x 4 places.
"""

import time
from statistics import mean, stdev
from typing import Annotated

from common import arguments, publish, quiet
from torch import nn

from sslbench import Recipe, fit
from sslbench.backbones.small_cnn import SmallCNN
from sslbench.catalog import Hyperparameter
from sslbench.machine.hardware import Hardware
from sslbench.training.step import Training

Width = Annotated[int, Hyperparameter("channels of the first layer", 8, 512)]
STEPS = 20  # that say how long one takes


def layer(channels: int, out: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False),
                         nn.BatchNorm2d(out), nn.ReLU(inplace=True))


class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


class Candidate(SmallCNN, listed=False):
    """Reads and pools as small_cnn does; `layers` says what lies between."""

    def __init__(self, fields, *, width: Width = 32):
        super().__init__(fields, width=width)
        ((_, field),) = fields.items()
        self.net, self.dim, self.stride = self.layers(field.channels, width)


class ConvMixer(Candidate):
    """Depthwise convolutions on patches of 4 x 4."""

    def layers(self, channels, width):
        blocks = [nn.Sequential(Residual(layer(4 * width, 4 * width, 5, groups=4 * width)),
                                layer(4 * width, 4 * width, 1)) for _ in range(4)]
        start = nn.Sequential(nn.Conv2d(channels, 4 * width, 4, 4, bias=False), nn.BatchNorm2d(4 * width))
        return nn.Sequential(start, *blocks), 4 * width, 4


class Deeper(Candidate):
    """small_cnn with a residual block."""

    def layers(self, channels, width):
        return nn.Sequential(layer(channels, width, 3, 2), layer(width, 3 * width // 2, 3, 2),
                             layer(3 * width // 2, 2 * width), Residual(layer(2 * width, 2 * width)),
                             layer(2 * width, 4 * width)), 4 * width, 4


class Patches(Candidate):
    """Overlapping patches of 7 x 7, then 3 x 3 convolutions."""

    def layers(self, channels, width):
        return nn.Sequential(layer(channels, 2 * width, 7, 4), layer(2 * width, 2 * width),
                             Residual(layer(2 * width, 2 * width)), layer(2 * width, 4 * width)), 4 * width, 4


class Smaller(Candidate):
    """Goes on to 4 x 4 places."""

    def layers(self, channels, width):
        return nn.Sequential(layer(channels, width, 3, 2), layer(width, 2 * width, 3, 2),
                             Residual(layer(2 * width, 2 * width)), layer(2 * width, 4 * width, 3, 2),
                             Residual(layer(4 * width, 4 * width)), layer(4 * width, 6 * width, 1)
                             ), 6 * width, 8


CANDIDATES = ("small_cnn", *(cls.name for cls in (ConvMixer, Deeper, Patches, Smaller)))


def recipe_of(backbone: str, steps: int, seed: int) -> Recipe:
    return Recipe("wild_digits", "simclr", backbone, steps=steps, lr=4e-3, seed=seed)


def seconds_of_a_step(backbone: str) -> float:
    run = Training(recipe_of(backbone, 1000, 0), Hardware())
    run.task.train()
    for step in range(5):
        run.step(step)
    began = time.perf_counter()
    for step in range(5, 5 + STEPS):
        run.step(step)
    return (time.perf_counter() - began) / STEPS


def measured(names: tuple[str, ...], seconds: float, rounds: int) -> list[dict]:
    found = {name: [] for name in names}
    for seed in range(rounds):
        for name in names:
            steps = max(2, round(seconds / seconds_of_a_step(name)))
            run = fit(recipe_of(name, steps, seed), evaluations=0, progress=False)
            found[name].append((steps, run.seconds, 100 * run.scores["linear"],
                                sum(p.numel() for p in run.backbone.parameters())))
            print(seed, name, found[name][-1], flush=True)
    return [row(name, *zip(*runs)) for name, runs in found.items()]


def row(name: str, steps, seconds, scores, weights) -> dict:
    deviation = f" ± {stdev(scores):.1f}" if len(scores) > 1 else ""
    return {"network": name, "weights": f"{weights[0]:,}", "steps": round(mean(steps)),
            "seconds": round(mean(seconds)), "linear probe, %": f"{mean(scores):.1f}{deviation}",
            "seeds": len(scores)}


def main() -> None:
    options = arguments(__doc__, only="", seconds=25.0, rounds=3)
    quiet()
    names = tuple(name for name in CANDIDATES if options.only in name)
    if options.small:
        names, options.seconds, options.rounds = names[-1:], 0.05, 1
    publish("small_networks", measured(names, options.seconds, options.rounds), options, same=("network",))


if __name__ == "__main__":
    main()
