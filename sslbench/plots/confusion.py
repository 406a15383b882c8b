"""What is taken for what: the confusion matrix as a chart and in one sentence."""

import numpy as np

from .colors import FAINT, INK, SMALL, TEXT
from .themes import FIXED

NUMBERED = 14  # classes up to which each cell has its number
NAMED = 40  # classes up to which each row and column has its name
LETTERS = 18  # of a name


def side(classes: int) -> int:
    """Pixels of a matrix of so many classes."""
    return int(np.clip(34 * classes, 110, 460))


def matrix(axes, counts, names):
    """Rows are the classes, columns what was said; darker is a larger share of the row."""
    counts = np.asarray(counts, dtype=float)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.15, interpolation="nearest", aspect="equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    words = {"fontsize": SMALL, "color": INK, "parse_math": False}
    for i, name in enumerate(names if len(names) <= NAMED else []):
        axes.text(-0.6, i, short(name), ha="right", va="center", **words)
        axes.text(i, len(names) - 0.4, short(name), ha="right", va="top", rotation=40, rotation_mode="anchor",
                  **words)
    for i, j in np.ndindex(counts.shape) if len(names) <= NUMBERED else []:
        if counts[i, j]:
            axes.text(j, i, f"{counts[i, j]:.0f}", ha="center", va="center", fontsize=SMALL,
                      parse_math=False, color="white" if shares[i, j] > 0.6 else INK, gid=FIXED)
    axes.set_title("test samples; rows: their class; columns: what the probe said", fontsize=TEXT,
                   color=FAINT, loc="left", pad=8, parse_math=False)


def short(name: str) -> str:
    return name if len(name) <= LETTERS else name[:LETTERS - 1] + "…"


def sentence(counts, names) -> str:
    """How much of which class is told, and what is mixed up most often."""
    counts = np.asarray(counts, dtype=float)
    there = counts.sum(1)
    recall = np.where(there > 0, counts.diagonal() / np.maximum(there, 1), np.nan)
    if np.isnan(recall).all():
        return "There are no classes to tell apart."
    worst, best = int(np.nanargmin(recall)), int(np.nanargmax(recall))
    wrong = counts - np.diag(counts.diagonal())
    i, j = np.unravel_index(wrong.argmax(), wrong.shape)
    if not wrong[i, j]:
        return "Every test sample is told rightly."
    return (f"Least is told of {names[worst]} ({recall[worst]:.0%} of {there[worst]:.0f}), most of "
            f"{names[best]} ({recall[best]:.0%} of {there[best]:.0f}). Most often {names[i]} is taken for "
            f"{names[j]} ({wrong[i, j]:.0f} times).")
