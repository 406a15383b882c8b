"""Samples and below them how much each place of them matters: pictures, lines and sounds, texts."""

import numpy as np

from ..data import Data, Picture
from .colors import FAINT, INK, SMALL, TEXT
from .layout import pictures_of
from .pictures import draw_line, draw_one, draw_sound, pixels, still
from .texts import TEXTS, drawable
from .themes import FIXED

TITLE, GAP, KEY = 24, 10, 78  # pixels; of the colour bar and its words on the right
TILES = {"image": (111, 111), "line": (128, 64), "sound": (128, 64)}  # the largest, and what has no grid
STRIP, LETTER, LINE = 18, 7.0, 17  # height of a map along one axis; a letter and a line of a text
SHOWN = 0.99  # of the values are told apart by their colour; what is above is the brightest
COLORS = "cividis"  # from dark blue to yellow, the same for all eyes


class AttributionLayout:
    """Where everything goes, in pixels. rows: title -> [n, *grid]."""

    def __init__(self, data: Data, batch: dict, field: str, rows: dict, width: int):
        self.data, self.field, self.width = data, data.fields[field], width
        self.rows = {title: np.asarray(x) for title, x in rows.items()}
        self.n = min(len(x) for x in self.rows.values())
        self.pictures = still(pictures_of(batch, data)[field][:self.n])
        self.letters = ([self.pieces(x) for x in batch[field][:self.n]]
                        if self.pictures and self.pictures[0].kind == "text" and self.field.rank == 1 else [])
        self.letters = self.letters[:TEXTS]
        self.highest, self.clipped = brightest(self.rows.values())
        kind = self.pictures[0].kind if self.pictures else "image"
        self.tile = fitted(TILES.get(kind, TILES["image"]), max(self.n, 1), width - KEY - 30)
        height = self.text_height if self.letters else self.tile_height
        self.height = int(20 + max(height, TITLE + 90 if self.letters else TITLE + self.tile[1] + 110))

    @property
    def tile_height(self) -> float:
        """Of the samples and of each row of maps below them."""
        return TITLE + self.tile[1] + GAP + len(self.rows) * (TITLE + self.map_height + GAP)

    @property
    def map_height(self) -> float:
        return STRIP if self.field.rank == 1 else self.tile[1]

    @property
    def per_line(self) -> int:
        return int((self.width - KEY - 40) / LETTER)

    @property
    def text_height(self) -> float:
        lines = sum(-(-sum(map(len, pieces)) // self.per_line) for pieces in self.letters)
        return len(self.rows) * (TITLE + LINE * lines + GAP * len(self.letters))

    def pieces(self, ids) -> list[str]:
        """The letters of each token of a text."""
        said = [self.data.spell(part) for part in ids.detach().cpu().split(self.field.patch[0])]
        between = " " if len(self.data.spell(ids[:1].repeat(2))) > 2 * len(self.data.spell(ids[:1])) else ""
        return ["".join(map(drawable, words)) + between for words in said]

    def draw(self, made, box) -> None:
        axes = box(made, 10, 10, self.width - 20, self.height - 20)
        pixels(axes, self.width - 20, self.height - 20)
        (self.draw_texts if self.letters else self.draw_tiles)(axes)
        first = TITLE if self.letters else 2 * TITLE + self.tile[1] + GAP
        draw_key(box(made, self.width - KEY, self.height - 10 - first - 80, 10, 74), self.highest,
                 self.clipped)
        # what is drawn on axes as an image sets their limits
        axes.set(xlim=(0, self.width - 20), ylim=(self.height - 20, 0))

    def draw_tiles(self, axes) -> None:
        width, height = self.tile
        title(axes, "what the network reads", 0)
        for i, picture in enumerate(self.pictures):
            draw_sample(axes, picture, i * (width + GAP), TITLE, width, height)
        top = TITLE + height + GAP
        for words, values in self.rows.items():
            title(axes, words + ", mean over frames" * (self.field.rank == 3), top)
            for i, value in enumerate(values[:self.n]):
                self.draw_map(axes, value, i * (width + GAP), top + TITLE)
            top += TITLE + self.map_height + GAP

    def draw_map(self, axes, value, left: float, top: float) -> None:
        """One map; of a video its mean over time, of series a strip."""
        flat = value.mean(0) if value.ndim == 3 else np.atleast_2d(value)
        width, height = shown_as(self.field, *self.tile) if self.field.rank > 1 else (self.tile[0], STRIP)
        axes.imshow(flat, extent=(left, left + width, top + height, top), cmap=COLORS, vmin=0,
                    vmax=self.highest, interpolation="nearest", aspect="auto")

    def draw_texts(self, axes) -> None:
        top = 0.0
        for words, values in self.rows.items():
            title(axes, words, top)
            top += TITLE
            for pieces, value in zip(self.letters, values):
                top = self.draw_text(axes, pieces, value, top) + GAP

    def draw_text(self, axes, pieces: list[str], value, top: float) -> float:
        """Letters on ground of the colour of their token; where the next line begins."""
        letters = [(c, v) for piece, v in zip(pieces, value) for c in piece]
        for start in range(0, len(letters), self.per_line):
            line = letters[start:start + self.per_line]
            axes.imshow([[v for _, v in line]], extent=(0, LETTER * len(line), top + LINE - 2, top),
                        cmap=COLORS, vmin=0, vmax=self.highest, interpolation="nearest", aspect="auto")
            for i, (letter, v) in enumerate(line):
                if letter != " ":
                    axes.text((i + 0.5) * LETTER, top + LINE / 2 - 1, letter, family="monospace",
                              fontsize=SMALL, ha="center", va="center", gid=FIXED, parse_math=False,
                              color=INK if v > 0.5 * self.highest else "white")
            top += LINE
        return top


def brightest(rows) -> tuple[float, bool]:
    """The value of the brightest colour, and whether few places have more: one that outshines all others
    would leave them dark."""
    values = np.concatenate([np.ravel(x) for x in rows])
    values = values[np.isfinite(values)]
    if not len(values) or values.max() <= 0:
        return 1.0, False
    most = float(np.quantile(values, SHOWN))
    return (most, bool(most < values.max())) if most > 0 else (float(values.max()), False)


def fitted(tile: tuple[float, float], n: int, width: float) -> tuple[float, float]:
    """As large as n beside each other can be, in the same proportions."""
    k = min(1.0, (width / n - GAP) / tile[0])
    return k * tile[0], k * tile[1]


def shown_as(field, width: float, height: float) -> tuple[float, float]:
    """Width and height of a sample's last two axes in a tile."""
    h, w = field.size[-2:]
    k = min(width / w, height / h)
    return k * w, k * h


def title(axes, words: str, top: float) -> None:
    axes.text(0, top + 12, words, fontsize=TEXT, color=INK, va="center", parse_math=False)


def draw_sample(axes, picture: Picture, left: float, top: float, width: float, height: float) -> None:
    if picture.kind == "image":
        h, w = picture.value.shape[:2]
        k = min(width / w, height / h)
        axes.imshow(picture.value, extent=(left, left + k * w, top + k * h, top), interpolation="nearest",
                    aspect="auto")
    elif picture.kind == "sound":
        draw_sound(axes, *picture.value, left, top, width, height)
    elif picture.kind == "line":
        span = np.nanmin(picture.value), np.nanmax(picture.value)
        draw_line(axes, picture.value, span, left, top, width, height)
    else:
        draw_one(axes, picture, left, top, min(width, height))


def draw_key(axes, highest: float, clipped: bool) -> None:
    """What the colours are worth. clipped: the brightest stands for what is above, too."""
    axes.imshow(np.linspace(1, 0, 64)[:, None], cmap=COLORS, aspect="auto", extent=(0, 1, 0, 1))
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    for y, words in ((0, "0"), (1, f"{'≥ ' * clipped}{highest:.1g}")):
        axes.text(1.6, y, words, fontsize=SMALL, color=FAINT, va="center", parse_math=False)
