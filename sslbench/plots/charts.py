"""Numbers as charts: functions (axes, events) -> None. Okabe and Ito's colours, and line styles, so that no
one needs both.

Nothing here may make matplotlib parse mathematics (no log axes, no "$"): it is not safe beside a notebook's
own plots.
"""

import itertools

import numpy as np

from ..probes import leading, main, of_labels, parsed, words_of
from .axes import empty, key_below, label_lines, legend, name_places, plain
from .colors import BLUE, COLORS, GREEN, GREY, INK, ORANGE, PINK, RED, SKY, SMALL, STYLES, TEXT

BASELINES = {"chance": ("#222222", (0, (1, 1.6))), "untrained": (GREY, (0, (6, 2, 1, 2)))}  # raw inputs: RAW
RAW = (RED, (0, (4, 2)))
MOST = 600  # points of a curve
SHAPE = "rankme"  # the score that is drawn where there are no labels


def loss(axes, steps, chance=None, total=None):
    """The loss of every step, faint, its running mean, and the loss of a guess that knows nothing."""
    x, y = history(steps)
    plain(axes, "step", "", "loss")
    axes.set_xlim(0, max(total or 0, x[-1] if len(x) else 0, 2))
    if len(x):
        axes.plot(x, y, color=BLUE, lw=0.8, alpha=0.3)
        axes.plot(x, smooth(y), color=BLUE, lw=1.8)
        seen = np.append(y, [] if chance is None else chance)
        low, high = np.quantile(seen, 0.005), np.quantile(seen, 0.995)
        if chance is not None:
            low, high = min(low, chance), max(high, chance)
        pad = 0.08 * (high - low or abs(high) or 1)
        axes.set_ylim(low - pad, high + pad)
    if chance is not None:
        color, style = BASELINES["chance"]
        axes.axhline(chance, color=color, ls=style, lw=1.2)
        axes.annotate(f"chance {chance:.3g}", (1, chance), xycoords=("axes fraction", "data"), xytext=(0, 3),
                      ha="right",
                      textcoords="offset points", fontsize=SMALL, color=color, parse_math=False)


def scores(axes, evaluations, total=None):
    """Probe accuracy on validation after every evaluation, with chance, raw input and the untrained
    network."""
    seen = [e for e in evaluations if e.split == "validation"]
    names = [name for name in main(seen[0].scores if seen else ()) if not parsed(name)[1]][:len(STYLES)]
    if not names:
        return unlabelled(axes, seen, total)
    plain(axes, "step", "", f"probes of the label ({measured(names[0])} on validation)")
    x = [e.step for e in seen]
    axes.set_xlim(0, max(total or 0, x[-1], 2))
    axes.set_ylim(0, 1)
    lines = []
    for name, color, style, mark in zip(names, (BLUE, SKY, GREEN, PINK), STYLES, "osD^"):
        y = [e.scores.get(name, np.nan) for e in seen]
        axes.plot(x, drawn_at(y), color=color, ls=style, lw=1.8, marker=mark, ms=3.5, clip_on=False, zorder=3)
        lines.append((drawn_at(y[-1]), f"{words_of(name)} {y[-1]:.2f}", color))
    for name, values in levels(seen).items():
        if names[0] in values:
            color, style = BASELINES.get(name, RAW)
            level = drawn_at(values[names[0]])
            axes.axhline(level, color=color, ls=style, lw=1.1, zorder=1)
            lines.append((level, f"{name} {values[names[0]]:.2f}", color))
    label_lines(axes, lines)


def drawn_at(score):
    """Where a score stands on an axis from 0 to 1: an R^2 may lie far below it, and then stands at its
    foot, with its number beside it."""
    return np.clip(score, 0, 1)


def unlabelled(axes, seen, total):
    """Without labels there is nothing to probe: the effective rank of the embedding instead."""
    if not seen:
        return empty(axes, "scores appear with the first evaluation")
    plain(axes, "step", "", "effective rank of the embedding (no labels to probe)")
    y = [y if np.isfinite(y := e.scores.get(SHAPE, 0)) else 0.0 for e in seen]
    axes.set_xlim(0, max(total or 0, seen[-1].step, 2))
    axes.set_ylim(0, max(y) * 1.15 + 1)
    axes.plot([e.step for e in seen], y, color=BLUE, lw=1.8, marker="o", ms=3.5, clip_on=False)


def points(axes, xy, values=None, names=None, title=""):
    """A map of the embedding coloured by class (or by a quantity). Each class is named where its points lie
    together; where classes do not separate, or names would lie on each other, a key below names them."""
    xy = np.asarray(xy)
    axes.set_axis_off()
    axes.set_title(title, fontsize=TEXT, color=INK, loc="left", pad=6, parse_math=False)
    axes.set_aspect("equal", adjustable="datalim")
    if values is None or names is None:
        axes.scatter(*xy.T, c=values if values is not None else BLUE, cmap="cividis", s=9, lw=0.3,
                     edgecolors="white")
        return
    values = np.asarray(values)
    there = [k for k in range(len(names)) if (values == k).any()]
    for k in there:
        axes.scatter(*xy[values == k].T, color=COLORS[k % len(COLORS)], marker="osD^"[k // len(COLORS) % 4],
                     s=10, lw=0.3, edgecolors="white", label=str(names[k]))
    known = np.isin(values, there)
    if not there:
        return
    at = np.array([np.median(xy[values == k], 0) for k in there]).reshape(-1, 2)
    of = np.searchsorted(there, values[known])
    if not name_places(axes, xy[known], of, [names[k] for k in there], at):
        key_below(axes)


def probe_rows(evaluations, further: bool = False) -> list[dict]:
    """One row per label or factor: {"name", "trained", "chance", "raw", "untrained"} from the last scores
    there are, and "interval" where they have one. further: the measures that stand below these."""
    seen = [e for e in evaluations if e.scores]
    if not seen:
        return []
    last, test = seen[-1], seen[-1].split == "test"
    beside = last.baselines if test else levels([e for e in seen if e.split == "validation"])
    first = main(last.scores)
    names = [n for n in of_labels(last.scores) if n not in first] if further else first
    return [{"name": n, "trained": last.scores[n],
             **({"interval": last.intervals[n]} if n in last.intervals else {}),
             **{b: v[n] for b, v in beside.items() if n in v}} for n in names]


def probes(axes, rows: list[dict], height: float = 200):
    """A bar for what the trained network tells, a mark for each baseline, one row per label or factor;
    height: of the chart in pixels."""
    if not rows:
        return empty(axes, "no labels, so there is nothing to probe; training goes on without them")
    others = {measured(row["name"]) for row in rows} - {"accuracy", "R²"}
    spans = ["thin lines: 95 % interval over test samples"] * any("interval" in row for row in rows)
    plain(axes, "; ".join(["accuracy", "R² of a quantity", *sorted(others), *spans]), "", "")
    axes.barh(range(len(rows)), [drawn_at(row["trained"]) for row in rows], height=0.5, color=BLUE,
              alpha=0.85, zorder=1)
    keys = keys_of(rows)
    beside_bars(axes, rows, keys[1:])
    for i, row in enumerate(rows):
        if "interval" in row:
            axes.plot(drawn_at(row["interval"]), [i, i], color=INK, lw=1.4, zorder=2, solid_capstyle="butt")
    legend(axes, keys, height)


def beside_bars(axes, rows: list[dict], keys: list[tuple[str, str, str]]) -> None:
    """What stands beside the bar of each row: its name, its number, and a mark for each baseline, of which
    `keys` has name, mark and colour."""
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6))
    axes.set_yticks(range(len(rows)), [])
    axes.tick_params(axis="y", length=0)
    for name, mark, color in keys:
        known = [(drawn_at(row[name]), i) for i, row in enumerate(rows) if name in row]
        axes.scatter(*zip(*known), marker=mark, s=130 if mark == "|" else 30, color=color,
                     lw=2 if mark == "|" else 0.8,
                     edgecolors=None if mark == "|" else "white", zorder=3, clip_on=False)
    words = {"fontsize": TEXT, "va": "center", "parse_math": False}
    for i, row in enumerate(rows):
        axes.text(-0.012, i, words_for(row["name"]), color=INK, ha="right", **words)
        axes.text(1.02, i, f"{row['trained']:z.2f}", color=BLUE, weight="bold", **words)


def keys_of(rows: list[dict]) -> list[tuple[str, str, str]]:
    """Name, mark and colour of the network and of each baseline; raw inputs and simple baselines differ in
    both."""
    known = {"chance": ("|", "#222222"), "untrained": ("o", GREY)}
    others = itertools.cycle(zip("D^vPX<>", (RED, PINK, ORANGE, GREEN, SKY, INK, GREY)))
    return [("this network", "s", BLUE),
            *((name, *(known[name] if name in known else next(others))) for name in parts_of(rows))]


def comparison(axes, runs, names=None):
    """The linear probe (effective rank where no run has labels) of several runs over time, baselines as short
    marks."""
    measure = leading(key for run in runs for e in run.evaluations for key in e.scores) or SHAPE
    probed = measure != SHAPE
    plain(axes, "step", "", f"{words_of(measure)} of the label ({measured(measure)} on validation)"
          if probed else words_of(measure))
    axes.set_xlim(0, max([run.recipe.steps for run in runs] or [2]))
    lines, drawn = [], set()
    names = names or [f"{run.recipe.pretext}, {run.recipe.backbone}, {run.recipe.data}" for run in runs]
    for i, (run, called) in enumerate(zip(runs, names)):
        color, style = COLORS[i % len(COLORS)], STYLES[i // len(COLORS) % len(STYLES)]
        seen = [e for e in run.evaluations if e.split == "validation" and measure in e.scores]
        if not seen:
            continue
        y = [e.scores[measure] for e in seen]
        at = drawn_at(y) if probed else y
        axes.plot([e.step for e in seen], at, color=color, ls=style, lw=1.8, marker="osD^v"[i % 5], ms=4,
                  clip_on=False, zorder=3)
        lines.append((at[-1], f"{called} {y[-1]:.2f}", color))
        for name, values in levels(seen).items():
            key = (run.recipe.data, name, round(values.get(measure, -1), 2))
            if measure in values and name != "untrained" and key not in drawn:
                drawn.add(key)
                grey, dashes = BASELINES.get(name, RAW)
                level = drawn_at(values[measure]) if probed else values[measure]
                axes.axhline(level, color=grey, ls=dashes, lw=1, zorder=1)
                lines.append((level, f"{name} ({run.recipe.data}) {values[measure]:.2f}", grey))
    if probed:
        axes.set_ylim(0, 1)
    label_lines(axes, lines, gap=0.06)


def levels(seen) -> dict[str, dict[str, float]]:
    """The baselines while training: chance and raw input from the first evaluation, whose own scores are the
    untrained's."""
    if not seen:
        return {}
    first = seen[0]
    return {**first.baselines, **({"untrained": first.scores} if first.step == 0 else {})}


def parts_of(rows: list[dict]) -> list[str]:
    """The baselines that occur in the rows, chance first."""
    names = [name for row in rows for name in row if name not in ("name", "trained", "interval")]
    return sorted(dict.fromkeys(names), key=lambda name: (name != "chance", name == "untrained"))


def words_for(score: str) -> str:
    """A score's name in a row of its own."""
    probe, factor = parsed(score)
    of_pairs = probe is not None and probe.reads == ("pairs",)  # these read no label
    return words_of(score) if factor or of_pairs else f"label ({words_of(score)})"


def measured(score: str) -> str:
    probe, _ = parsed(score)
    return probe().measure(probe.reads[0]) if probe else "score"


def history(steps) -> tuple[np.ndarray, np.ndarray]:
    """Step numbers and losses, thinned to what a screen can show."""
    known = [(e.step, e.scalars["loss"]) for e in steps if np.isfinite(e.scalars.get("loss", np.nan))]
    x, y = np.array(known, dtype=float).reshape(-1, 2).T
    keep = slice(None, None, max(1, len(x) // MOST))
    return x[keep], y[keep]


def smooth(y: np.ndarray) -> np.ndarray:
    """Running mean over a twentieth of the curve, shorter at its ends."""
    half = max(1, len(y) // 40)
    total = np.cumsum(np.insert(y, 0, 0.0))
    i = np.arange(len(y))
    low, high = np.maximum(i - half, 0), np.minimum(i + half + 1, len(y))
    return (total[high] - total[low]) / (high - low)
