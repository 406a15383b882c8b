"""Small generated samples in the formats people bring: an image folder, a CSV of series, a CSV of texts.

The project ships them in `data/`; where the package was installed without its repository they are made in the
cache.
"""

import csv
import io
import math
import random
import tarfile
from pathlib import Path

NAMES = {"shapes", "gestures.csv", "sentences.csv"}
MODES = ("RGB", "P", "L", "RGBA")
WEATHER = {"rain": "drizzle showers clouds puddles umbrella thunder wet grey".split(),
           "sun": "bright sunshine warm blue heat clear dry golden".split(),
           "snow": "frost flakes icy white sledge frozen cold drifts".split()}
PLACES = (
    "the harbour,the old town,our valley,the northern coast,the market,the hills,the river bank,the garden"
).split(",")
# of a made-up face: grey levels, and lengths as shares of the picture's side
FEATURES = {"skin": (120, 220), "hair": (10, 110), "wide": (0.2, 0.28), "high": (0.27, 0.36),
            "apart": (0.07, 0.13), "eye": (0.025, 0.05), "brow": (-0.02, 0.02), "above": (0.11, 0.16),
            "nose": (0.06, 0.16), "mouth": (0.05, 0.13)}
TIMES = (
    "in the morning,at noon,all afternoon,after dark,since Monday,for an hour,until Friday,all week"
).split(",")


def make(name: str, folder: Path) -> Path:
    """One sample of that name in `folder`; the same files every time."""
    target = folder / name
    makers = {"shapes": shapes, "shards": shards, "faces": faces, "gestures.csv": gestures,
              "sentences.csv": sentences}
    makers[name](target, random.Random(0))
    return target


def shapes(folder: Path, dice: random.Random) -> None:
    """Two sub-folders of 200 little pictures: rings and crosses, of many sizes, colours and modes."""
    from PIL import Image, ImageDraw
    for kind in ("rings", "crosses"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for i in range(200):
            side = dice.randint(24, 48)
            paper, ink = (tuple(dice.randint(low, low + 100) for _ in range(3))
                          for low in dice.sample((0, 150), 2))
            image = Image.new("RGB", (side, side + dice.randint(-4, 4)), paper)
            pen, r, wide = ImageDraw.Draw(image), side * dice.uniform(0.15, 0.3), dice.randint(2, 4)
            x, y = (dice.uniform(r + 1, side - r - 5) for _ in range(2))
            if kind == "rings":
                pen.ellipse((x - r, y - r, x + r, y + r), outline=ink, width=wide)
            else:
                pen.line((x - r, y - r, x + r, y + r), fill=ink, width=wide)
                pen.line((x - r, y + r, x + r, y - r), fill=ink, width=wide)
            image.convert(MODES[i % 4]).save(folder / kind / f"{i:03}.png", optimize=True)


def shards(folder: Path, dice: random.Random) -> None:
    """The pictures of `shapes`, rings and crosses in turn, in eight tar shards of WebDataset."""
    pictures = folder.with_name("shapes of shards")
    shapes(pictures, dice)
    folder.mkdir(parents=True)
    files = [pictures / kind / f"{i:03}.png" for i in range(200) for kind in ("rings", "crosses")]
    for start in range(0, len(files), 50):
        with tarfile.open(folder / f"shapes-{start // 50:06}.tar", "w") as tar:
            for i, file in enumerate(files[start:start + 50], start):
                for ending, content in (("png", file.read_bytes()), ("cls", file.parent.name.encode())):
                    member = tarfile.TarInfo(f"{i:06}.{ending}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))


def faces(folder: Path, dice: random.Random) -> None:
    """A sub-folder for each of 40 made-up people, ten drawn faces in each: features are the person's, pose,
    light and expression the picture's."""
    from PIL import Image
    for person in range(40):
        (folder / f"p{person:02}").mkdir(parents=True)
        own = {name: dice.uniform(*span) for name, span in FEATURES.items()}
        for i in range(10):
            image = face(own, dice).resize((48, 48), Image.Resampling.BILINEAR)
            image.save(folder / f"p{person:02}" / f"{i}.png", optimize=True)


def face(own: dict[str, float], dice: random.Random):
    """One drawing of 192 x 192 grey pixels; lengths are shares of its side."""
    from PIL import Image, ImageDraw
    side, paper, skin = 192, dice.randint(20, 120), own["skin"] + dice.uniform(-25, 25)
    image = Image.new("L", (side, side), paper)
    pen, ink = ImageDraw.Draw(image), round(skin * 0.35)

    def oval(x: float, y: float, wide: float, high: float, grey: float) -> None:
        pen.ellipse([side * (0.5 + x - wide), side * (0.5 + y - high), side * (0.5 + x + wide),
                     side * (0.5 + y + high)], fill=round(grey))

    oval(0, -0.03, own["wide"] + 0.02, own["high"] + 0.02, own["hair"])
    oval(0, 0.03, own["wide"], own["high"], skin)
    look, mood = dice.uniform(-0.02, 0.02), dice.uniform(-0.03, 0.05)
    for left in (-1, 1):
        x = left * own["apart"]
        oval(x, -0.06, own["eye"], own["eye"] * 0.6, 245)
        oval(x + look, -0.06, own["eye"] * 0.5, own["eye"] * 0.5, ink)
        tilt = left * own["brow"]
        pen.line([side * (0.5 + x - 0.05), side * (0.5 - own["above"] + tilt), side * (0.5 + x + 0.05),
                  side * (0.5 - own["above"] - tilt)], fill=round(own["hair"]), width=5)
    pen.line([side * 0.5, side * 0.47, side * 0.5, side * (0.47 + own["nose"])], fill=ink, width=4)
    mouth = [side * (0.5 - own["mouth"]), side * (0.66 - abs(mood)), side * (0.5 + own["mouth"]),
             side * (0.68 + abs(mood))]
    pen.arc(mouth, *((20, 160) if mood > 0 else (200, 340)), fill=ink, width=5)
    image = image.rotate(dice.uniform(-12, 12), translate=[dice.randint(-14, 14) for _ in "xy"],
                         fillcolor=paper)
    light = Image.linear_gradient("L").resize(image.size).rotate(dice.choice((0, 90, 180, 270)))
    return Image.blend(image, light, dice.uniform(0, 0.35))


def gestures(file: Path, dice: random.Random) -> None:
    """One series per row, 400 rows: three movements of a hand, 48 steps each, with a label column."""
    with open(file, "w", newline="") as f:
        table = csv.writer(f, lineterminator="\n")
        table.writerow(["gesture", *(f"t{t}" for t in range(48))])
        for i in range(400):
            kind, strength = ("circle", "push", "shake")[i % 3], dice.uniform(0.6, 1.4)
            phase, speed, at = dice.uniform(0, 6.28), dice.uniform(0.8, 1.25), dice.uniform(14, 34)
            hand = [strength * movement(kind, t, phase, speed, at) for t in range(48)]
            table.writerow([kind, *(f"{x + dice.gauss(0, 0.1):.2f}" for x in hand)])


def movement(kind: str, t: float, phase: float, speed: float, at: float) -> float:
    """Where the hand is at time t: it goes round, pushes once, or shakes and stops."""
    if kind == "circle":
        return math.sin(0.3 * speed * t + phase)
    if kind == "push":
        return 2 * math.exp(-((t - at) * speed / 5) ** 2) - 0.5
    return math.sin(1.1 * speed * t + phase) * math.exp(-((t - at) / 16) ** 2)


def sentences(file: Path, dice: random.Random) -> None:
    """One text per row, 600 rows: made-up weather reports with a label column."""
    with open(file, "w", newline="") as f:
        table = csv.writer(f, lineterminator="\n")
        table.writerow(["weather", "text"])
        for i in range(600):
            kind = list(WEATHER)[i % 3]
            a, b = dice.sample(WEATHER[kind], 2)
            start = dice.choice(("We had", "They report", "Expect", "I saw", "There was", "People remember"))
            table.writerow([kind, f"{start} {a} {dice.choice(('and', 'with', 'then'))} {b} in "
                                  f"{dice.choice(PLACES)} "
                                  f"{dice.choice(TIMES)}."])
