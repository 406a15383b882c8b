"""Figures for dark paper: the same figure with lighter ink, and no paper of its own. Pictures of samples stay
as they are."""

from .colors import BLUE, FAINT, GREEN, GREY, INK, LINE, ORANGE, PINK, RED, SKY, YELLOW

DARK = {INK: "#e8eaed", FAINT: "#a9aeb4", LINE: "#50555b", GREY: "#9aa0a6", "white": "#1f1f1f",
        BLUE: "#4ba3e3", SKY: "#9bd3f5",
        ORANGE: "#f0b429", GREEN: "#2fc59a", RED: "#ff8a4c", PINK: "#e29cc3", YELLOW: YELLOW}
FIXED = "the same on any paper"  # of what lies on a picture


def darken(figure, parts) -> None:
    """Give everything drawn in one of our colours its counterpart for dark paper. parts: matplotlib's
    classes."""
    other = {parts.to_hex(color): parts.to_rgba(dark) for color, dark in DARK.items()}

    def swapped(color):
        rgba = parts.to_rgba(color)
        new = other.get(parts.to_hex(rgba[:3]))
        return color if new is None or rgba[3] == 0 else (*new[:3], rgba[3])

    papers = [figure.patch, *(axes.patch for axes in figure.axes)]
    for artist in figure.findobj(lambda artist: artist not in papers and artist.get_gid() != FIXED):
        recolor(artist, swapped, parts)
    for paper in papers:
        paper.set_facecolor("none")


def recolor(artist, swapped, parts) -> None:
    """Lines and texts have one colour, patches two, collections as many as they like."""
    if isinstance(artist, parts.Line2D):
        artist.set_color(swapped(artist.get_color()))
        artist.set_markerfacecolor(swapped(artist.get_markerfacecolor()))
        artist.set_markeredgecolor(swapped(artist.get_markeredgecolor()))
    elif isinstance(artist, parts.Text):
        artist.set_color(swapped(artist.get_color()))
    elif isinstance(artist, parts.Patch):
        artist.set_facecolor(swapped(artist.get_facecolor()))
        artist.set_edgecolor(swapped(artist.get_edgecolor()))
    elif isinstance(artist, parts.Collection) and artist.get_array() is None:
        artist.set_facecolor([swapped(color) for color in artist.get_facecolor()])
        artist.set_edgecolor([swapped(color) for color in artist.get_edgecolor()])
