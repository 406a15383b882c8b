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
TIMES = (
    "in the morning,at noon,all afternoon,after dark,since Monday,for an hour,until Friday,all week"
).split(",")


def make(name: str, folder: Path) -> Path:
    """One sample of that name in `folder`; the same files every time."""
    target = folder / name
    makers = {"shapes": shapes, "shards": shards, "gestures.csv": gestures, "sentences.csv": sentences}
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
