"""A generated world of 64 x 64 pixels: textured shapes of which the largest is asked for, on a ground.

A shape has its favourite colour, which it wears in most pictures: so that colour can be guessed from grey, as
in the world. Everything is drawn from a seed.
"""

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ...catalog import Hyperparameter
from .. import Data, Field, rand, randint
from .augment import Color, Crop, Flip, color, geometry
from .outlines import SHAPES, outline

COLORS = {"red": (0.85, 0.15, 0.15), "orange": (0.95, 0.55, 0.1), "yellow": (0.9, 0.85, 0.2),
          "green": (0.15, 0.65, 0.25), "blue": (0.2, 0.35, 0.9), "violet": (0.6, 0.25, 0.75)}
TEXTURES, GROUNDS = ("plain", "striped", "checked", "dotted"), ("plain", "graded", "waved", "cloudy")
NAMES = {"shape": SHAPES, "color": tuple(COLORS), "texture": TEXTURES, "ground": GROUNDS}
FAITHFUL = 0.7  # how often a shape wears the colour of its own
OBJECTS = 3  # at most: the one that is asked for and up to two smaller ones behind it
SCENES = {"train": 6_000, "validation": 1_000, "test": 2_000}
WORDS = ("a", "on", "ground", *(word for names in NAMES.values() for word in names if word != "plain"),
         "plain")
SIDE, LENGTH = 64, 8  # pixels of a picture, words of a sentence


class Shapes(Data):
    """A small generated world: textured shapes on grounds, of which the largest is asked for.

    The label is its shape. Factors: its color, texture, size (radius as a share of the picture), place (x,
    y), tilt in degrees, and the ground. Targets: a mask (0 ground, 1 + the number of a shape) and boxes.
    """

    name, unit, splits_from = "shapes", "pictures", "drawn anew for each split"
    classes = {name: list(names) for name, names in NAMES.items()}

    def __init__(self, *, crop: Crop = 0.5,
                 color: Color = 0.2,
                 flip: Flip = False,
                 sentence: Annotated[bool, Hyperparameter("with a sentence that says what is seen")] = False,
                 seed: Annotated[int, Hyperparameter("which drawing of the scenes", 0, 9999)] = 0):
        self.crop, self.color, self.flip, self.sentence, self.seed = crop, color, flip, sentence, seed
        self._masks: dict[str, Tensor] = {}
        image = Field((SIDE, SIDE), (8, 8), 3, scale=1 / 64, offset=128)
        words = Field((LENGTH,), (1,), vocab=len(WORDS))
        self.fields = {"caption": words, "image": image} if sentence else {"image": image}
        self.probe_on, self.alike = ("image",), sentence

    def load(self, split):
        scene = drawn(self.generator(split), SCENES[split])
        # a generator of its own for every part, so that a sentence changes no picture
        painting = self.generator(split, 1)
        images, masks = map(torch.cat, zip(*(painted(part, painting) for part in parts(scene))))
        self._masks[split], rows = masks, {"image": images}
        labels = {name: scene[name][:, 0] for name in ("shape", "color", "texture")}
        x, y, radius, tilt = scene["place"][:, 0].unbind(1)
        labels |= {"ground": scene["ground"], "x": x, "y": y, "size": radius, "tilt": tilt.rad2deg() % 360}
        return ({"caption": sentences(labels), **rows} if self.sentence else rows), labels

    def targets(self, split):
        """mask: uint8 [n, 64, 64], 0 where ground is seen, else 1 + the number of the shape. boxes: left,
        top, right, bottom in pixels and the shape of each object [n, 3, 5], the largest first, -1 for
        none."""
        self.loaded(split)
        scene = drawn(self.generator(split), SCENES[split])
        x, y, radius, _ = scene["place"].unbind(2)
        box = (torch.stack([x - radius, y - radius, x + radius, y + radius], 2) + 1) * SIDE / 2
        boxes = torch.cat([box, scene["shape"].float().unsqueeze(2)], 2)
        return {"mask": self._masks[split], "boxes": boxes.masked_fill(~scene["there"].unsqueeze(2), -1)}

    def generator(self, split: str, part: int = 0) -> Generator:
        return Generator().manual_seed(100 * self.seed + 10 * part + list(SCENES).index(split))

    def augment(self, batch, generator):
        if "image" not in batch:
            return batch
        x = geometry(batch["image"], generator, self.crop, flip=self.flip)
        return {**batch, "image": color(x, generator, self.color)}

    def spell(self, ids):
        return " ".join(WORDS[i] if 0 <= i < len(WORDS) else "·" for i in ids.tolist())

    def cite(self):
        return "generated on the fly; no licence needed"


def drawn(generator: Generator, n: int) -> dict[str, Tensor]:
    """What is where in n scenes: "shape", "color", "texture" [n, objects], "there" [n, objects], "ground"
    [n], "place" [n, objects, 4]: x, y, radius in -1..1 and tilt in radians. The first object is the
    largest."""
    objects = n, OBJECTS
    shape = randint(generator, len(SHAPES), *objects)
    faithful = rand(generator, *objects) < FAITHFUL
    scene = {"shape": shape, "ground": randint(generator, len(GROUNDS), n),
             "color": torch.where(faithful, shape, randint(generator, len(COLORS), *objects)),
             "texture": randint(generator, len(TEXTURES), *objects)}
    count = randint(generator, OBJECTS, n)  # of the smaller ones
    scene["there"] = torch.arange(OBJECTS) <= count[:, None]
    least, most = torch.tensor([0.3, 0.14, 0.14]), torch.tensor([0.5, 0.24, 0.24])
    radius = least + (most - least) * rand(generator, *objects)
    at = (2 * rand(generator, *objects, 2) - 1) * (0.95 - radius).unsqueeze(2)
    tilt = math.tau * rand(generator, *objects)
    return scene | {"place": torch.cat([at, radius.unsqueeze(2), tilt.unsqueeze(2)], 2)}


def parts(scene: dict[str, Tensor]):
    """Scenes that are painted together: of more, the pixels would no longer fit the cache."""
    for together in zip(*(x.split(100) for x in scene.values())):
        yield dict(zip(scene, together))


def painted(scene: dict[str, Tensor], generator: Generator) -> tuple[Tensor, Tensor]:
    """Pictures uint8 [n, 3, 64, 64] and masks uint8 [n, 64, 64] of scenes; smaller objects lie behind."""
    n = len(scene["ground"])
    image = ground(scene["ground"], generator)
    mask = torch.zeros(n, SIDE, SIDE, dtype=torch.uint8)
    shade = 0.15 * (rand(generator, n, OBJECTS, 3) - 0.5)
    palette, along = torch.tensor(list(COLORS.values())), torch.linspace(-1, 1, SIDE)
    for i in reversed(range(OBJECTS)):
        x, y, radius, tilt = scene["place"][:, i].T.reshape(4, n, 1, 1)
        u, v = (along.view(1, 1, -1) - x) / radius, (along.view(1, -1, 1) - y) / radius
        u, v = u * tilt.cos() + v * tilt.sin(), v * tilt.cos() - u * tilt.sin()
        ink = ((1 - outline(scene["shape"][:, i], u, v)) * radius * SIDE / 2 + 0.5).clamp(0, 1)
        ink = ink * scene["there"][:, i].view(n, 1, 1)
        light = texture(scene["texture"][:, i], u, v).unsqueeze(1)  # [n, 1, 64, 64]
        rgb = (palette[scene["color"][:, i]] + shade[:, i]).view(n, 3, 1, 1)
        image = torch.lerp(image, rgb * light, ink.unsqueeze(1))
        mask = torch.where(ink > 0.5, (1 + scene["shape"][:, i]).byte().view(n, 1, 1), mask)
    image.add_(torch.rand(n, 3, SIDE, SIDE, generator=generator).sub_(0.5), alpha=0.1)
    return image.mul_(255).round_().clamp_(0, 255).byte(), mask


def texture(kind: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """How bright points u, v [n, 64, 64] of a surface are, 0.55 to 1.15; kind [n] of TEXTURES."""
    a, b = (7 * u).sin_(), (7 * v).sin_()
    kind = kind.view(-1, 1, 1)
    wave = torch.where(kind == 1, a, torch.where(kind == 2, 1.5 * a * b, 1.4 * (a * b).abs_() - 0.5))
    return 0.85 + 0.3 * wave.clamp_(-1, 1) * (kind > 0)


def ground(kind: Tensor, generator: Generator) -> Tensor:
    """Float pictures [n, 3, 64, 64] of grounds in pale colours; kind [n] of GROUNDS."""
    n, along, kind = len(kind), torch.linspace(-1, 1, SIDE), kind.view(-1, 1, 1)
    angle = math.tau * rand(generator, n, 1, 1)
    across = along.view(1, 1, -1) * angle.cos() + along.view(1, -1, 1) * angle.sin()  # [n, 64, 64]
    clouds = F.interpolate(torch.randn(n, 1, 7, 7, generator=generator), (SIDE, SIDE), mode="bilinear",
                           align_corners=False)[:, 0]
    light = torch.where(kind == 1, across, torch.where(kind == 2, (9 * across).sin_(), clouds)) * (kind > 0)
    pale = 0.45 + 0.35 * rand(generator, n, 3, 1, 1)
    return pale + 0.12 * light.unsqueeze(1)


def sentences(labels: dict[str, Tensor]) -> Tensor:
    """uint8 [n, LENGTH]: "a striped red circle on a cloudy ground"."""
    number = {word: i for i, word in enumerate(WORDS)}
    said = {name: torch.tensor([number[word] for word in names])[labels[name]] for name,
            names in NAMES.items()}
    little = {word: torch.full_like(labels["shape"], number[word]) for word in ("a", "on", "ground")}
    return torch.stack([little["a"], said["texture"], said["color"], said["shape"], little["on"], little["a"],
                        said["ground"], little["ground"]], 1).to(torch.uint8)
