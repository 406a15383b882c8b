"""Samples as pictures: what Pretext.show() returned, and nearest neighbours. Images, series, text, matrices, captions."""

from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from ..data import Data, Picture
from ..data import picture_of as picture_of_field
from .charts import BLUE, COLORS, FAINT, GREY, INK, LINE, RED, SMALL, TEXT

TITLE, CAPTION, GAP = 22, 30, 8  # pixels
MATRIX = 300  # width kept for a matrix
COLUMNS = {"image": 8, "line": 5}  # samples beside each other
BESIDE_MATRIX = {"image": 5, "line": 3}
TEXTS, LETTER = 3, 6.75  # texts below each other; pixels of one letter
HIDDEN = "·"


@dataclass
class Row:
    """One row of samples with what is said of each."""

    title: str
    pictures: list[Picture]
    says: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.pictures[0].kind if self.pictures else "words"


def rows_of(shown: dict, data: Data) -> list[Row]:
    """Batches become rows of pictures, strings the captions of the row above them; matrices are left out."""
    rows = []
    for title, value in shown.items():
        if isinstance(value, dict):
            rows += [Row(title if i == 0 else f"{title}: {name}", still(pictures))
                     for i, (name, pictures) in enumerate(pictures_of(value, data).items())]
        elif isinstance(value, list) and rows and not rows[-1].says:
            rows[-1].says = value
        elif isinstance(value, list):
            rows.append(Row(title, [], value))
    return rows


def pictures_of(batch: dict, data: Data) -> dict[str, list[Picture]]:
    """One list of pictures for each field of a batch; the data's own way for its main field."""
    main = (data.probe_on or tuple(data.fields))[0]
    samples = [{name: x[i] for name, x in batch.items()} for i in range(len(next(iter(batch.values()))))]
    return {name: [data.picture(s) if name == main else picture_of_field(data.fields[name], s[name], data.spell) for s in samples]
            for name in sorted(batch, key=lambda name: name != main)}


def still(pictures: list[Picture]) -> list[Picture]:
    """Of a video the middle frame."""
    return [Picture("image", p.value[len(p.value) // 2]) if p.kind == "frames" else p for p in pictures]


def matrix_of(shown: dict) -> tuple[str, np.ndarray] | None:
    for title, value in shown.items():
        if isinstance(value, Tensor) and value.ndim == 2:
            return title, value.float().numpy()
    return None


class Layout:
    """Where everything goes, in pixels, so that the figure's height is known before it is made."""

    def __init__(self, shown: dict, data: Data, width: int):
        self.rows, self.matrix = rows_of(shown, data), matrix_of(shown)
        self.width = width - (MATRIX + 20 if self.matrix else 0)
        self.columns = BESIDE_MATRIX if self.matrix else COLUMNS
        self.texts = [row for row in self.rows if row.kind in ("text", "words")]
        self.drawn = [row for row in self.rows if row.kind in COLUMNS]
        self.text_height = text_height(self.texts, self.width) if self.texts else 0
        self.height = int(max(sum(map(self.height_of, self.drawn)) + self.text_height,
                              MATRIX - 20 if self.matrix else 0, 60)) + 16

    def tile(self, kind: str) -> tuple[float, float]:
        """Width and height of one picture."""
        side = (self.width - 20) / self.columns[kind] - GAP
        return (side, side) if kind == "image" else (side, 0.5 * side)

    def height_of(self, row: Row) -> float:
        return TITLE + self.tile(row.kind)[1] + (CAPTION if row.says else GAP)

    def draw(self, made, box):
        top = self.height - 8  # from the lower edge of the figure
        ranges = line_ranges(self.drawn)
        for row in self.drawn:
            height = self.height_of(row)
            draw_row(box(made, 10, top - height, self.width - 20, height), row, self.columns[row.kind], self.tile(row.kind), ranges)
            top -= height
        if self.texts:
            draw_texts(box(made, 10, top - self.text_height, self.width - 20, self.text_height), self.texts)
        if self.matrix:
            images = [row.pictures for row in self.drawn if row.kind == "image"][:2]
            side = MATRIX - 50
            draw_matrix(box(made, self.width + 46, self.height - side - 34, side, side), *self.matrix, images)


def pixels(axes, width: float, height: float):
    """Axes whose units are pixels, counted from the top left."""
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0))


def draw_row(axes, row: Row, columns: int, tile, ranges):
    width, height = tile
    n = min(len(row.pictures), columns)
    pixels(axes, columns * (width + GAP), TITLE + height + (CAPTION if row.says else GAP))
    axes.text(0, 12, row.title, fontsize=TEXT, color=INK, va="center", parse_math=False)
    for i, picture in enumerate(row.pictures[:n]):
        left = i * (width + GAP)
        if picture.kind == "image":
            h, w = picture.value.shape[:2]
            k = min(width / w, height / h)
            axes.imshow(picture.value, extent=(left, left + k * w, TITLE + k * h, TITLE), interpolation="nearest", aspect="auto")
        else:
            draw_line(axes, picture.value, ranges[i], left, TITLE, width, height)
        if row.says:
            caption(axes, row.says[i], left + width / 2, TITLE + height + 4)
    axes.set(xlim=(0, columns * (width + GAP)), ylim=(TITLE + height + (CAPTION if row.says else GAP), 0))


def caption(axes, words: str, x: float, y: float):
    """Two short lines below a picture; right and wrong in two colours, and said by the sign."""
    color = BLUE if words.endswith("✓") else RED if words.endswith("✗") else FAINT
    axes.text(x, y, words.replace(", ", "\n"), fontsize=SMALL - 1, color=color, ha="center", va="top", linespacing=1.15, parse_math=False)


def line_ranges(rows: list[Row]) -> list[tuple[float, float]]:
    """The lowest and highest value of each sample over all rows, so that its pictures can be compared."""
    lines = [[p.value for p in row.pictures] for row in rows if row.kind == "line"]
    return [(min(map(np.nanmin, same)), max(map(np.nanmax, same))) for same in zip(*lines)]


def draw_line(axes, value, span, left, top, width, height):
    low, high = span
    axes.plot([left, left + width], [top + height] * 2, color=LINE, lw=0.8)
    for channel, color in zip(np.asarray(value)[:4], COLORS):
        x = left + np.linspace(0, width, len(channel))
        axes.plot(x, top + height * (1 - (channel - low) / ((high - low) or 1)), color=color, lw=1)


def draw_matrix(axes, title: str, values: np.ndarray, images):
    """A heat map; where its rows and columns are images, they stand beside it."""
    n = len(values)
    low, high = (0.0, 1.0) if abs(values).max() <= 1.001 else (values.min(), values.max())  # cosines: the same colours every time
    axes.imshow(values, cmap="cividis", vmin=low, vmax=high, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    if len(images) == 2:
        for i in range(n):
            inset(axes, images[0][i].value, -1.05, i)
            inset(axes, images[1][i].value, i, -1.05)
    for i in range(n if n <= 10 else 0):
        for j in range(n):
            axes.text(j, i, f"{values[i, j]:.1f}", fontsize=SMALL - 1.5, ha="center", va="center",
                      color=INK if values[i, j] > low + 0.6 * (high - low) else "white")
    axes.set(xlim=(-1.6 if images else -0.5, n - 0.5), ylim=(n - 0.5, -1.6 if images else -0.5))
    axes.set_title(wrapped(title, 52), fontsize=SMALL - 0.5, color=INK, loc="left", pad=5)


def inset(axes, image, x: float, y: float, side: float = 0.9):
    axes.imshow(image, extent=(x - side / 2, x + side / 2, y + side / 2, y - side / 2), interpolation="nearest")


def wrapped(words: str, width: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(words, width))


# Text: the rows of one sample below each other, what was hidden in colour.

LABEL, LINE_HEIGHT, LINES = 118, 15, 2


def letters(width: float) -> int:
    return int((width - 20 - LABEL) / LETTER)


def text_height(rows: list[Row], width: float) -> int:
    return TEXTS * (len([r for r in rows if r.pictures]) * LINES + sum(bool(r.says) for r in rows)) * LINE_HEIGHT + TEXTS * 14 + 10


def draw_texts(axes, rows: list[Row]):
    w, h = axes.get_figure().get_size_inches() * 100 * np.array([axes.get_position().width, axes.get_position().height])
    pixels(axes, w, h)
    per_line, y = letters(w + 20), 12
    for i in range(min(TEXTS, max(len(r.pictures) or len(r.says) for r in rows))):
        truth = next((r.pictures[i].value for r in rows if r.title in ("original", "sample")), None)
        given = next((r.pictures[i].value for r in rows if r.title == "sees"), None)
        for row in rows:
            if row.pictures:
                title = row.title if len(row.title) < 20 else "guess"
                axes.text(0, y, title, fontsize=SMALL, color=FAINT, va="center", parse_math=False)
                known = row.title in ("original", "sample")
                draw_letters(axes, row.pictures[i].value, None if known else truth, given, y, per_line)
                y += LINE_HEIGHT * LINES
            if row.says:
                line = "".join(map(drawable, row.says[i][: per_line + 20]))
                axes.text(LABEL, y, line, fontsize=SMALL, color=BLUE, va="center", parse_math=False)
                y += LINE_HEIGHT
        axes.plot([0, w], [y, y], color=LINE, lw=0.8)
        y += 14


def draw_letters(axes, words: str, truth: str | None, given: str | None, y: float, per_line: int):
    """Letters in fixed places, those of one colour in a line drawn together with blanks between them."""
    words = "".join(map(drawable, words[: per_line * LINES]))
    colors = [color_of(i, c, truth, given) for i, c in enumerate(words)]
    for start in range(0, len(words), per_line):
        line = slice(start, start + per_line)
        for color in dict.fromkeys(colors[line]):
            part = "".join(letter if c == color else " " for letter, c in zip(words[line], colors[line])).rstrip()
            if part:
                axes.text(LABEL, y + start // per_line * LINE_HEIGHT, part, family="monospace", fontsize=SMALL, va="center",
                          color=color, weight="normal" if color in (INK, GREY) else "bold", parse_math=False)


def drawable(letter: str) -> str:
    """The letter, a blank for line breaks, a sign for what the font that comes with matplotlib cannot show."""
    code = ord(letter)
    if letter.isspace():
        return " "
    known = 32 <= code < 0x2B0 or 0x370 <= code < 0x530 or letter in "·–—‘’“”…•→≤≥"
    return letter if known and letter.isprintable() else "\ufffd"


def color_of(i: int, letter: str, truth: str | None, given: str | None) -> str:
    """Grey what is hidden; of what was guessed, blue what is right and red what is wrong; ink for the rest."""
    if letter == HIDDEN:
        return GREY
    if truth is None or i >= len(truth) or (given is not None and i < len(given) and given[i] != HIDDEN):
        return INK
    same = letter == drawable(truth[i])
    return (BLUE if given is not None else INK) if same else RED


def neighbours(axes, data: Data, samples: list[dict], rows: list[list[int]], labels=None):
    """One row per query: the query, then its nearest; a line below each says by its colour whether the label agrees."""
    tile, columns = 84, max(map(len, rows))
    pixels(axes, columns * 102, len(rows) * 104)
    for r, row in enumerate(rows):
        for c, i in enumerate(row):
            picture = still([data.picture(samples[i])])[0]
            left, top = c * 102 + (0 if c == 0 else 12), r * 104
            draw_one(axes, picture, left, top, tile)
            if labels is not None:
                same = int(labels[i]) == int(labels[row[0]])
                color = INK if c == 0 else BLUE if same else RED
                axes.plot([left, left + tile], [top + tile + 5] * 2, color=color, lw=2.5, ls="-" if same else (0, (1.5, 1)))
    axes.set(xlim=(0, columns * 102), ylim=(len(rows) * 104, 0))


def draw_one(axes, picture: Picture, left: float, top: float, side: float):
    if picture.kind == "image":
        axes.imshow(picture.value, extent=(left, left + side, top + side, top), interpolation="nearest", aspect="auto")
    elif picture.kind == "line":
        draw_line(axes, picture.value, (np.nanmin(picture.value), np.nanmax(picture.value)), left, top, side, side)
    else:
        axes.text(left, top + 4, wrapped(picture.value[:64], 14), fontsize=SMALL - 2, family="monospace", va="top", parse_math=False)
