"""Samples as pictures: rows of images and series with captions, matrices, nearest neighbours."""

from dataclasses import dataclass, field

import numpy as np

from ..data import Data, Picture, drawable, waveform
from .colors import BLUE, COLORS, FAINT, INK, LINE, RED, SMALL, TEXT
from .themes import FIXED

TITLE, CAPTION, GAP = 22, 30, 8  # pixels


@dataclass
class Strip:
    """One row of pictures with what is said of each."""

    title: str
    pictures: list[Picture]
    role: str = ""
    says: list[str] = field(default_factory=list)
    right: list[bool | None] | None = None
    agree: bool = False  # with the row above: no answer is right or wrong

    @property
    def kind(self) -> str:
        return self.pictures[0].kind if self.pictures else "words"

    def judged(self, i: int) -> tuple[str, str]:
        """What is said of a sample and in which colour: right and wrong also differ by a sign."""
        right = self.right[i] if self.right else None
        if self.agree:
            return self.says[i] + {True: " =", False: " ≠", None: ""}[right], FAINT
        return self.says[i] + {True: " ✓", False: " ✗", None: ""}[right], {True: BLUE, False: RED,
            None: FAINT}[right]


def still(pictures: list[Picture]) -> list[Picture]:
    """What can be printed: of a video the middle frame, of boxes the image with their edges; a sound stays
    one."""
    return [p if p.kind == "sound" else drawable(p) for p in pictures]


def pixels(axes, width: float, height: float):
    """Axes whose units are pixels, counted from the top left."""
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0))


def draw_row(axes, row: Strip, columns: int, tile, ranges):
    width, height = tile
    n = min(len(row.pictures), columns)
    pixels(axes, columns * (width + GAP), TITLE + height + (CAPTION if row.says else GAP))
    axes.text(0, 12, row.title, fontsize=TEXT, color=INK, va="center", parse_math=False)
    for i, picture in enumerate(row.pictures[:n]):
        left = i * (width + GAP)
        if picture.kind == "image":
            h, w = picture.value.shape[:2]
            k = min(width / w, height / h)
            axes.imshow(picture.value, extent=(left, left + k * w, TITLE + k * h, TITLE),
                        interpolation="nearest", aspect="auto")
        elif picture.kind == "sound":
            draw_sound(axes, *picture.value, left, TITLE, width, height)
        else:
            draw_line(axes, picture.value, ranges[i], left, TITLE, width, height)
        if row.says:
            caption(axes, *row.judged(i), left + width / 2, TITLE + height + 4)
    axes.set(xlim=(0, columns * (width + GAP)), ylim=(TITLE + height + (CAPTION if row.says else GAP), 0))


def caption(axes, words: str, color: str, x: float, y: float):
    """Two short lines below a picture."""
    axes.text(x, y, words.replace(", ", "\n"), fontsize=SMALL - 1, color=color, ha="center", va="top",
              linespacing=1.15, parse_math=False)


def line_ranges(rows: list[Strip]) -> list[tuple[float, float]]:
    """The lowest and highest value of each sample over all rows, so that its pictures can be compared."""
    lines = [[p.value for p in row.pictures] for row in rows if row.kind == "line"]
    return [(min(map(np.nanmin, same)), max(map(np.nanmax, same))) for same in zip(*lines)]


def draw_line(axes, value, span, left, top, width, height):
    low, high = span
    axes.plot([left, left + width], [top + height] * 2, color=LINE, lw=0.8)
    for channel, color in zip(np.asarray(value)[:4], COLORS):
        x = left + np.linspace(0, width, len(channel))
        axes.plot(x, top + height * (1 - (channel - low) / ((high - low) or 1)), color=color, lw=1)


def draw_sound(axes, rate: float, sound, left, top, width, height):
    """The waveform, as loud as it is (1 is the loudest a file holds, or the loudest of this one), and how
    long it lasts."""
    low, high = waveform(sound, int(width))
    loudest = max(1.0, np.nanmax(np.abs([low, high]), initial=0))
    x, middle = left + np.linspace(0, width, len(low)), top + height / 2
    axes.fill_between(x, middle - height / 2 * low / loudest, middle - height / 2 * high / loudest,
                      color=BLUE, lw=0.4)
    seconds = f"{np.size(sound) / rate:.2g} s"
    axes.text(left + width, top + height, seconds, fontsize=SMALL - 2, color=FAINT, ha="right", va="bottom",
              parse_math=False)


def draw_matrix(axes, title: str, values: np.ndarray, images):
    """A heat map; where its rows and columns are images, they stand beside it."""
    n = len(values)
    # cosines: the same colours every time
    low, high = (0.0, 1.0) if abs(values).max() <= 1.001 else (values.min(), values.max())
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
                      color=INK if values[i, j] > low + 0.6 * (high - low) else "white", gid=FIXED)
    axes.set(xlim=(-1.6 if images else -0.5, n - 0.5), ylim=(n - 0.5, -1.6 if images else -0.5))
    axes.set_title(wrapped(title, 52), fontsize=SMALL - 0.5, color=INK, loc="left", pad=5, parse_math=False)


def inset(axes, image, x: float, y: float, side: float = 0.9):
    h, w = image.shape[:2]
    across, down = side * w / max(h, w) / 2, side * h / max(h, w) / 2
    axes.imshow(image, extent=(x - across, x + across, y + down, y - down), interpolation="nearest")


def wrapped(words: str, width: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(words, width))


def neighbours(axes, data: Data, samples: list[dict], rows: list[list[int]], labels=None):
    """One row per query: the query, then its nearest; a line below each says by its colour whether the label
    agrees."""
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
                axes.plot([left, left + tile], [top + tile + 5] * 2, color=color, lw=2.5,
                          ls="-" if same else (0, (1.5, 1)))
    axes.set(xlim=(0, columns * 102), ylim=(len(rows) * 104, 0))


def draw_one(axes, picture: Picture, left: float, top: float, side: float):
    if picture.kind == "image":
        axes.imshow(picture.value, extent=(left, left + side, top + side, top), interpolation="nearest",
                    aspect="auto")
    elif picture.kind == "sound":
        draw_sound(axes, *picture.value, left, top, side, side)
    elif picture.kind == "line":
        draw_line(axes, picture.value, (np.nanmin(picture.value), np.nanmax(picture.value)), left, top, side,
                  side)
    else:
        axes.text(left, top + 4, wrapped(picture.value[:64], 14), fontsize=SMALL - 2, family="monospace",
                  va="top", parse_math=False)
