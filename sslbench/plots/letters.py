"""Letters that the fonts at hand can draw; another one would be a warning in the middle of somebody's
page."""

from functools import lru_cache

UNKNOWN = "\ufffd"


def only_known_letters(figure, parts) -> None:
    """Put the sign for an unknown letter wherever the font of a text has none. parts: matplotlib's classes.
    Call it before the figure is drawn."""
    for text in figure.findobj(parts.Text):
        words, families = text.get_text(), tuple(text.get_fontfamily())
        if not words.isascii():
            text.set_text(known(words, letters_of(families, parts)))


def known(words: str, letters: frozenset[int]) -> str:
    """The words with a sign for each letter that is not among these."""
    return "".join(c if c == "\n" or ord(c) in letters else " " if c.isspace() else UNKNOWN for c in words)


@lru_cache(16)
def letters_of(families: tuple[str, ...], parts) -> frozenset[int]:
    """The numbers of all letters that a text in these fonts can show."""
    fonts = [parts.findfont(parts.FontProperties(family=[family])) for family in families]
    return frozenset(code for font in fonts for code in parts.get_font(font).get_charmap())
