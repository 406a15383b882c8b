"""One pair of axes: its frame and words, labels at the ends of lines, a legend. Nothing here knows what is
drawn."""

import numpy as np

from .colors import FAINT, INK, LINE, SMALL, TEXT


def plain(axes, x: str = "", y: str = "", title: str = ""):
    """Two thin spines, small numbers, words beside the axes."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LINE)
    axes.tick_params(labelsize=SMALL, colors=FAINT, length=3, width=0.8, color=LINE)
    axes.set_xlabel(x, fontsize=SMALL, color=FAINT, labelpad=3, parse_math=False)
    axes.set_ylabel(y, fontsize=SMALL, color=FAINT, labelpad=3, parse_math=False)
    # y: else all is measured to find room
    axes.set_title(title, fontsize=TEXT, color=INK, loc="left", pad=8, y=1, parse_math=False)
    axes.locator_params(nbins=6)  # every tick is a line and a text


def empty(axes, words: str):
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", fontsize=TEXT, color=FAINT,
              wrap=True, parse_math=False)


def label_lines(axes, lines, x: float = 1.02, gap: float = 0.072):
    """Each line's name at its right end, moved apart where they would touch; lines: (y, words, colour)."""
    low, high = axes.get_ylim()
    lines = sorted((line for line in lines if np.isfinite(line[0])), key=lambda line: line[0])
    places = spread([(y - low) / (high - low) for y, *_ in lines], gap)
    for (_, words, color), place in zip(lines, places):
        axes.text(x, place, words, transform=axes.transAxes, fontsize=SMALL, color=color, va="center",
                  clip_on=False, parse_math=False)


def name_places(axes, xy, values, names, at) -> bool:
    """Write each name at its place `at` [K, 2] where that says something: most points lie nearer to the place
    of their own class than to any other, and no two names touch. False where nothing was written."""
    nearest = ((xy[:, None] - at[None]) ** 2).sum(2).argmin(1)
    if (nearest == values).mean() < 0.5 or touching(axes, xy, names, at):
        return False
    for name, place in zip(names, at):
        axes.text(*place, str(name), fontsize=TEXT, weight="bold", ha="center", va="center", parse_math=False,
                  bbox={"facecolor": "white", "alpha": 0.75, "lw": 0, "pad": 1.5})
    return True


def touching(axes, xy, names, at) -> bool:
    """Whether two names would lie on each other: boxes as wide as bold type of that size mostly is."""
    place, (width, height) = axes.get_position(), axes.figure.get_size_inches() * 72  # points
    room = place.width * width, place.height * height
    scale = min(r / max(extent, 1e-9) for r, extent in zip(room, np.ptp(xy, axis=0) * 1.1))
    for i, a in enumerate(at):
        for j in range(i):
            dx, dy = np.abs(a - at[j]) * scale
            if dx < 0.33 * TEXT * (len(str(names[i])) + len(str(names[j]))) + 4 and dy < 1.5 * TEXT:
                return True
    return False


def key_below(axes, columns: int = 5):
    """What each mark stands for, in room that is made below the points."""
    _, names = axes.get_legend_handles_labels()
    rows = -(-len(names) // columns)
    low, high = axes.get_ylim()
    # no limit is set: one of another axis could not keep its scale
    axes.update_datalim([(axes.dataLim.x0, low - 0.07 * rows * (high - low))])
    axes.autoscale_view()
    made = axes.legend(fontsize=SMALL, frameon=False, loc="lower center", ncol=min(columns, len(names)),
                       columnspacing=1.2, handletextpad=0.3, borderpad=0)
    for text in made.get_texts():
        text.set_parse_math(False)


def spread(wanted: list[float], gap: float) -> list[float]:
    """The nearest places to `wanted` (ascending) that are at least `gap` apart and, if it can be, inside
    0..1."""
    places = []
    for y in wanted:
        places.append(max(y, places[-1] + gap) if places else max(y, 0.0))
    for i in reversed(range(len(places))):
        limit = 1.0 if i == len(places) - 1 else places[i + 1] - gap
        places[i] = min(places[i], limit)
    return places


def lines_of(keys, width: float = 1.05) -> list[list[tuple]]:
    """The keys of a legend, each (name, mark, color) -> (x, name, mark, color), in as many lines as they
    need; x in shares of the chart's width."""
    lines, x = [[]], 0.005
    for name, mark, color in keys:
        wide = 0.048 + 0.012 * len(name)
        if lines[-1] and x + wide > width:
            lines.append([])
            x = 0.005
        lines[-1].append((x, name, mark, color))
        x += wide
    return lines


def legend(axes, keys, height: float):
    """Marks and names above the chart, in lines of 15 pixels; height: of the chart in pixels."""
    lines = lines_of(keys)
    for i, line in enumerate(lines):
        y = 1.06 + 15 / height * (len(lines) - 1 - i)
        for x, name, mark, color in line:
            axes.plot(x, y, marker=mark, color=color, transform=axes.transAxes, clip_on=False,
                      ms=8 if mark in "|s" else 5.5, mew=2 if mark == "|" else 0.5)
            axes.text(x + 0.018, y - 0.005, name, transform=axes.transAxes, fontsize=SMALL, color=INK,
                      va="center", parse_math=False)
