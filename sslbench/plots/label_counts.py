"""Accuracy by labels per class as a chart, and in one sentence."""

import numpy as np

from .axes import label_lines, plain
from .colors import BLUE, GREEN, GREY, ORANGE, RED

LOOKS = {"linear on SSL features": (BLUE, "-", "o"),
         "fine-tuned from SSL weights": (GREEN, (0, (5, 1.5)), "s"),
         "supervised from scratch": (RED, (0, (1.5, 1.5)), "D"),
         "linear on untrained features": (GREY, (0, (6, 2, 1, 2)), "^"),
         "linear on raw": (ORANGE, (0, (4, 2)), "v")}
Lines = dict[str, list[tuple[str, float, float]]]  # method -> (labels per class, mean, deviation)


def draw(axes, lines: Lines, title: str = "") -> None:
    """A line for each method, its mean over the draws in a band of one deviation."""
    places = list(dict.fromkeys(count for line in lines.values() for count, _, _ in line))
    places.sort(key=lambda count: (count == "all", int(count) if count != "all" else 0))
    plain(axes, "labels per class", "", f"accuracy on test{': ' + title if title else ''}")
    axes.set(ylim=(0, 1), xlim=(-0.15, max(1, len(places) - 1) + 0.05))
    axes.set_xticks(range(len(places)), places)
    ends = []
    for name, line in lines.items():
        color, style, mark = LOOKS[name]
        x, y, spread = (np.array(v, float) for v in zip(*((places.index(n), m, d) for n, m, d in line)))
        axes.fill_between(x, y - spread, y + spread, color=color, alpha=0.15, lw=0)
        axes.plot(x, y, color=color, ls=style, lw=1.8, marker=mark, ms=4, clip_on=False, zorder=3)
        ends.append((y[-1], f"{name} {y[-1]:.2f}", color))
    label_lines(axes, ends)


def words(lines: Lines) -> str:
    """What the chart says at the fewest labels that all methods have."""
    known = [{count for count, _, _ in line} for line in lines.values()]
    shared = [count for count, _, _ in next(iter(lines.values()), []) if all(count in some for some in known)]
    if not shared:
        return "Nothing has been measured yet."
    scores = {name: mean for name, line in lines.items() for count, mean, _ in line if count == shared[0]}
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    some = "label" if shared[0] == "1" else "labels"
    return (f"With {shared[0]} {some} per class: "
            + ", ".join(f"{name} {mean:.2f}" for name, mean in ranked) + ".")
