"""Handwritten digits redrawn in random colours, places, sizes and tilts: the default, nothing to download.

Drawn plainly, these digits are solved by nearest neighbours on pixels (98 %). Redrawn, raw pixels and
untrained networks know next to nothing, so what a probe finds was learned.
"""

import math
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ...catalog import Hyperparameter
from .. import Field, rand, randint
from .augment import LUMA, Color, Crop, Rotation
from .source import PictureSource

# of a shuffle: no digit is in two splits
SOURCES = {"train": (0, 1200), "validation": (1200, 1400), "test": (1400, 1797)}
IMAGES = {"train": 10_000, "validation": 1_000, "test": 2_000}
# images painted together: of more, the pixels in float32 take memory and no longer fit the cache
AT_ONCE = 100
HUES = ("red", "yellow", "green", "cyan", "blue", "magenta")


class WildDigits(PictureSource):
    """Real handwritten digits, redrawn at random colours, places, sizes and tilts; nothing to download.

    Labels: the digit. Factors: hue of ink and paper (six named hues, because a hue is an angle and has no
    order), centre (x, y) in pixels, size (share of the image's width) and tilt (degrees).
    """

    # no flip: a mirrored 2 is no digit
    name, splits_from = "wild_digits", "no handwritten digit is drawn in two splits"
    paper = "https://archive.ics.uci.edu/dataset/80"
    classes = {"digit": [str(i) for i in range(10)], "ink_hue": list(HUES), "paper_hue": list(HUES)}

    def __init__(self, *, crop: Crop = 0.5,
                 color: Color = 1.0,
                 rotation: Rotation = 10.0,
                 seed: Annotated[int, Hyperparameter("which drawing of the digits", 0, 9999)] = 0):
        self.crop, self.color, self.rotation, self.seed = crop, color, rotation, seed
        self.fields = {"image": Field((32, 32), (4, 4), 3, scale=1 / 64, offset=128)}

    def load(self, split):
        greys, digit = handwriting()
        shuffle = torch.randperm(1797, generator=Generator().manual_seed(self.seed))
        source = shuffle[slice(*SOURCES[split])]
        generator = Generator().manual_seed(10 * self.seed + list(SOURCES).index(split))
        which = source[randint(generator, len(source), IMAGES[split])]
        ink = strokes(greys)
        images = torch.empty(len(which), 3, 32, 32, dtype=torch.uint8)
        parts = [draw(ink, chunk, generator, out)
                 for chunk, out in zip(which.split(2000), images.split(2000))]
        factors = {name: torch.cat([f[name] for f in parts]) for name in parts[0]}
        return {"image": images}, {"digit": digit[which], **factors}

    def cite(self):
        return ("Alpaydin & Kaynak, Optical Recognition of Handwritten Digits (UCI, CC BY 4.0), shipped "
                "with scikit-learn")


@cache
def handwriting() -> tuple[Tensor, Tensor]:
    """scikit-learn's digits: greys 0..16 [1797, 8, 8] and which digit each is [1797]."""
    file = Path(find_spec("sklearn").origin).parent / "datasets" / "data" / "digits.csv.gz"
    if not file.is_file():
        from sklearn.datasets import load_digits
        return tuple(map(torch.as_tensor, (load_digits().images, load_digits().target)))
    # importing scikit-learn would take a second
    table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.float32))
    return table[:, :64].view(-1, 8, 8), table[:, 64].long()


def strokes(images: Tensor) -> Tensor:
    """8 x 8 greys 0..16 -> ink [n, 1, 32, 32] in 0..1 with crisp edges."""
    x = F.interpolate(images.float().unsqueeze(1) / 16, (32, 32), mode="bicubic", align_corners=False)
    return ((x - 0.3) / 0.4).clamp(0, 1)


def draw(ink: Tensor, which: Tensor, generator: Generator, out: Tensor) -> dict[str, Tensor]:
    """Draws rows `which` [n] of the ink [m, 1, 32, 32] into `out`, uint8 [n, 3, 32, 32]; the factors they are
    drawn with."""
    n = len(which)
    size = 0.6 + 0.3 * rand(generator, n)
    tilt = 36 * rand(generator, n) - 18
    # centre in -1..1; its margins may leave, the digit stays inside
    x, y = (2 * rand(generator, 2, n) - 1) * (1.15 - size)
    cos, sin = tilt.deg2rad().cos() / size, tilt.deg2rad().sin() / size
    theta = torch.stack([cos, sin, -(cos * x + sin * y), -sin, cos, sin * x - cos * y], 1).view(n, 2, 3)
    (ink_hue, ink_rgb), (paper_hue, paper_rgb) = two_colors(n, generator)
    for i, *part in zip(*(x.split(AT_ONCE)
                          for x in (which, theta, ink_rgb, paper_rgb, light(n, generator), out))):
        paint(ink[i], *part)
    factors = {"ink_hue": named(ink_hue), "paper_hue": named(paper_hue), "x": 16 * (1 + x), "y": 16 * (1 + y),
               "size": size,
               "tilt": tilt}
    return factors


def paint(ink: Tensor, theta: Tensor, ink_rgb: Tensor, paper_rgb: Tensor, light: Tensor, out: Tensor) -> None:
    """One colour on another, in `out`, uint8 [n, 3, 32, 32]; nothing here is random."""
    alpha = F.grid_sample(ink, F.affine_grid(theta, list(ink.shape), align_corners=False),
                          align_corners=False)
    image = torch.addcmul(paper_rgb, alpha, ink_rgb - paper_rgb).add_(light)  # [n, 3, 32, 32]
    out.copy_(image.mul_(255).round_().clamp_(0, 255))


def light(n: int, generator: Generator) -> Tensor:
    """[n, 1, 32, 32]: light that falls from one side, and a little grain."""
    along = torch.linspace(-1, 1, 32)
    angle, strength = 2 * math.pi * rand(generator, n, 1, 1), 0.1 * rand(generator, n, 1, 1)
    slope = strength * (angle.cos() * along + angle.sin() * along[:, None])  # [n, 32, 32]
    return (slope + 0.06 * rand(generator, n, 32, 32) - 0.03).unsqueeze(1)


def two_colors(n: int, generator: Generator):
    """Ink and paper as (hue in 0..1, RGB [n, 3, 1, 1]): hues at least 60 degrees apart, brightness apart,
    either lighter."""
    low = 0.1 + 0.3 * rand(generator, n)
    high = (low + 0.4 + 0.3 * rand(generator, n)).clamp(max=0.9)
    swap = rand(generator, n) < 0.5
    hue = rand(generator, n)
    other = (hue + 1 / 6 + 2 / 3 * rand(generator, n)) % 1
    saturation = 0.5 + 0.5 * rand(generator, 2, n)
    return ((hue, rgb(hue, saturation[0], torch.where(swap, low, high))),
            (other, rgb(other, saturation[1], torch.where(swap, high, low))))


def rgb(hue: Tensor, saturation: Tensor, luma: Tensor) -> Tensor:
    """[n, 3, 1, 1]: the colour of that hue with exactly that brightness; saturation 1 is the most a screen
    can show."""
    k = (torch.tensor([5.0, 3.0, 1.0]) + 6 * hue[:, None]) % 6
    pure = 1 - torch.minimum(k, 4 - k).clamp(0, 1)  # HSV with full saturation and value
    away = pure - (pure * torch.tensor(LUMA)).sum(1, keepdim=True)  # brightness 0
    room = torch.where(away > 0, 1 - luma[:, None], luma[:, None]) / away.abs().clamp(min=1e-6)
    return (luma[:, None] + saturation[:, None] * room.amin(1, keepdim=True).clamp(max=1) * away)[:, :, None,
        None]


def named(hue: Tensor) -> Tensor:
    """Hue in 0..1 -> the nearest of the six names."""
    return (hue * 6).round().long() % 6
