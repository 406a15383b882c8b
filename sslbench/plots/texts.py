"""Text: the rows of one sample below each other, what was hidden and what was guessed in colour."""

import textwrap

import numpy as np

from .colors import BLUE, FAINT, GREY, INK, LINE, RED, SMALL
from .pictures import Strip, pixels

TEXTS, LETTER = 3, 6.75  # texts below each other; pixels of one letter
# pixels of the words before it and of a line; lines of a text, and of what is said of it
LABEL, LINE_HEIGHT, LINES, SAID = 118, 15, 2, 4
HIDDEN = "·"


def letters(width: float) -> int:
    return int((width - 20 - LABEL) / LETTER)


def text_height(rows: list[Strip], width: float) -> int:
    said = sum(max(len(said_lines(row.judged(i)[0], letters(width))) for i in range(len(row.says[:TEXTS])))
               for row in rows if row.says)
    return TEXTS * (len([r for r in rows if r.pictures]) * LINES + said) * LINE_HEIGHT + TEXTS * 14 + 10


def said_lines(words: str, per_line: int) -> list[str]:
    """What is said of a text, wrapped: its letters are narrower than those of the text itself."""
    return (textwrap.wrap("".join(map(drawable, words)), per_line + 14, max_lines=SAID, placeholder=" …")
            or [""])


def draw_texts(axes, rows: list[Strip]):
    w, h = (axes.get_figure().get_size_inches() * 100
            * np.array([axes.get_position().width, axes.get_position().height]))
    pixels(axes, w, h)
    per_line, y = letters(w + 20), 12
    for i in range(min(TEXTS, max(len(r.pictures) or len(r.says) for r in rows))):
        truth, seen = (next((r.pictures[i].value for r in rows if r.role == role and r.pictures), None)
                       for role in ("truth", "seen"))
        for row in rows:
            if row.pictures:
                title = row.title if len(row.title) < 20 else row.role
                axes.text(0, y, title, fontsize=SMALL, color=FAINT, va="center", parse_math=False)
                guess = row.role == "guess"
                draw_letters(axes, row.pictures[i].value, truth if guess else None, seen if guess else None,
                             y, per_line)
                y += LINE_HEIGHT * LINES
            if row.says:
                words, color = row.judged(i)
                for line in said_lines(words, per_line):
                    axes.text(LABEL, y, line, fontsize=SMALL, color=BLUE if color == FAINT else color,
                              va="center", ha="left",
                              parse_math=False)
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
            part = "".join(letter if c == color else " "
                           for letter, c in zip(words[line], colors[line])).rstrip()
            if part:
                axes.text(LABEL, y + start // per_line * LINE_HEIGHT, part, family="monospace",
                          fontsize=SMALL, va="center",
                          color=color, weight="normal" if color in (INK, GREY) else "bold", parse_math=False)


def drawable(letter: str) -> str:
    """The letter, a blank for line breaks, a sign for what the font that comes with matplotlib cannot
    show."""
    code = ord(letter)
    if letter.isspace():
        return " "
    known = 32 <= code < 0x2B0 or 0x370 <= code < 0x530 or letter in "·–—‘’“”…•→≤≥"
    return letter if known and letter.isprintable() else "\ufffd"


def color_of(i: int, letter: str, truth: str | None, given: str | None) -> str:
    """Grey what is hidden; of what was guessed, blue what is right and red what is wrong; ink for the
    rest."""
    if letter == HIDDEN:
        return GREY
    if truth is None or i >= len(truth) or (given is not None and i < len(given) and given[i] != HIDDEN):
        return INK
    same = letter == drawable(truth[i])
    return (BLUE if given is not None else INK) if same else RED
