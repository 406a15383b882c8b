"""Generated pictures with captions: one coloured shape on a ground of coloured noise, and the sentence that
says it.

Shapes are tilted and vary in size, place, shade and ground, so pixels say little about the shape; the
sentence names it in one of three word orders.
"""

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ...catalog import Hyperparameter
from .. import Data, Field, rand, randint
from ..image.augment import Color, Crop, color, geometry
from ..image.outlines import SHAPES, outline

SIZES = ("small", "large")
COLORS = {"red": (0.85, 0.15, 0.15), "green": (0.15, 0.7, 0.2), "blue": (0.2, 0.3, 0.9),
          "yellow": (0.9, 0.8, 0.15),
          "white": (0.95, 0.95, 0.95), "black": (0.06, 0.06, 0.06)}
ROWS, COLUMNS = ("top", "bottom"), ("left", "right")
FACTORS = {"shape": SHAPES, "color": tuple(COLORS), "size": SIZES, "row": ROWS, "column": COLUMNS}
LITTLE = ("a", "at", "the", "in", "corner")  # words that say nothing
WORDS = (*LITTLE, *(name for names in FACTORS.values() for name in names))
ORDERS = ("a size color shape at the row column", "row column a color shape size",
          "size color shape in the row column corner")
PAIRS = {"train": 8_000, "validation": 1_000, "test": 2_000}
LENGTH, SIDE = 8, 32  # words of a caption, pixels of a picture


class Captions(Data):
    """Small pictures of one coloured shape, each with a sentence that says what is seen where; nothing to
    download.

    The label is the shape. Factors: its color, size, row and column, which the sentence names too. Target:
    the shape's box.
    """

    name, unit, splits_from = "captions", "pictures", "drawn anew for each split"
    probe_on, alike = ("image",), True
    classes = {name: list(names) for name, names in FACTORS.items()}

    def __init__(self, *, crop: Crop = 0.7,
                 color: Color = 0.1,
                 seed: Annotated[int, Hyperparameter("which drawing of the pictures", 0, 9999)] = 0):
        self.crop, self.color, self.seed = crop, color, seed
        self.fields = {"caption": Field((LENGTH,), (1,), vocab=len(WORDS), gaps=True),
                       "image": Field((SIDE, SIDE), (4, 4), 3, scale=1 / 64, offset=128)}

    def drawn(self, split: str) -> tuple[Generator, dict[str, Tensor], Tensor]:
        """The generator after it has drawn what is where: factors name -> [n], and (x, y, radius, tilt) [4,
        n] in -1..1 and radians."""
        generator, n = Generator().manual_seed(10 * self.seed + list(PAIRS).index(split)), PAIRS[split]
        factors = {name: randint(generator, len(names), n) for name, names in FACTORS.items()}
        x, y = (factors[name] - 0.5 + 0.3 * (rand(generator, n) - 0.5) for name in ("column", "row"))
        radius = torch.where(factors["size"] == 0, 0.24, 0.42) * (0.9 + 0.2 * rand(generator, n))
        return generator, factors, torch.stack([x, y, radius, math.tau * rand(generator, n)])

    def load(self, split):
        generator, factors, place = self.drawn(split)
        rgb = (torch.tensor(list(COLORS.values()))[factors["color"]]
               + 0.1 * (rand(generator, place.shape[1], 3) - 0.5))
        images = [painted(shape, part, ink, generator) for shape, part, ink in
                  zip(factors["shape"].split(500), place.split(500, 1), rgb.split(500))]
        return {"caption": sentences(factors, generator), "image": torch.cat(images)}, factors

    def targets(self, split):
        """box: left, top, right and bottom of the circle around the shape, in pixels [n, 4]."""
        x, y, radius, _ = self.drawn(split)[2]
        return {"box": (torch.stack([x - radius, y - radius, x + radius, y + radius], 1) + 1) * SIDE / 2}

    def augment(self, batch, generator):
        if "image" not in batch:
            return batch
        return {**batch, "image": color(geometry(batch["image"], generator, self.crop), generator,
                                        self.color)}

    def spell(self, ids):
        return " ".join(WORDS[i] if i >= 0 else "·" for i in ids.tolist()).rstrip(" ·")

    def cite(self):
        return "generated on the fly; no licence needed"


def painted(shape: Tensor, place: Tensor, rgb: Tensor, generator: Generator) -> Tensor:
    """uint8 [n, 3, SIDE, SIDE]: shapes [n] of colours [n, 3] at places [4, n] on grounds of their own."""
    n, (x, y, radius, tilt) = len(shape), place.view(4, -1, 1, 1)
    along = torch.linspace(-1, 1, SIDE)
    u, v = (along.view(1, 1, -1) - x) / radius, (along.view(1, -1, 1) - y) / radius
    # [n, SIDE, SIDE], 1 at the radius
    u, v = u * tilt.cos() + v * tilt.sin(), v * tilt.cos() - u * tilt.sin()
    ink = ((1 - outline(shape, u, v)) * radius * SIDE / 2 + 0.5).clamp(0, 1).unsqueeze(1)
    coarse = F.interpolate(torch.randn(n, 3, 6, 6, generator=generator), (SIDE, SIDE), mode="bilinear",
                           align_corners=False)
    ground = 0.25 + 0.5 * rand(generator, n, 3, 1, 1) + 0.15 * coarse
    image = (torch.lerp(ground, rgb.view(n, 3, 1, 1), ink)
             + 0.05 * torch.randn(n, 3, SIDE, SIDE, generator=generator))
    return image.mul_(255).round_().clamp_(0, 255).byte()


def sentences(factors: dict[str, Tensor], generator: Generator) -> Tensor:
    """uint8 [n, LENGTH]: the words of each picture in one of ORDERS; what a shorter sentence lacks is no
    symbol."""
    number = {word: i for i, word in enumerate(WORDS)}
    n = len(factors["shape"])
    spoken = {name: torch.tensor([number[word] for word in names])[factors[name]]
              for name, names in FACTORS.items()}
    spoken |= {word: torch.full((n,), number[word]) for word in LITTLE}
    absent = torch.full((n,), len(WORDS) + 1)
    plans = [[spoken[word] for word in order.split()] for order in ORDERS]
    # [3, n, LENGTH]
    table = torch.stack([torch.stack(plan + [absent] * (LENGTH - len(plan)), 1) for plan in plans])
    return table[randint(generator, len(ORDERS), n), torch.arange(n)].to(torch.uint8)
