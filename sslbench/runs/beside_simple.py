"""What the scores at the end say beside the strongest simple baseline, in plain words."""

import math
from collections.abc import Callable

from ..probes import of_labels, parsed, words_of

NETWORKS = ("chance", "untrained", "supervised")  # they stand beside a score and are no simple baselines


def strongest(baselines: dict[str, dict[str, float]], key: str) -> tuple[str, float] | None:
    """The simple baseline that answers best what this score answers, and how well.
    Raw input counts, and what suits the kind of data; one that this probe does not read counts with the first
    score that it has of the same label and in the same measure. None where there is none."""
    found = []
    for name, scores in baselines.items():
        own = next((k for k in (key, *of_labels(scores)) if k in scores and same(k, key)), None)
        if name not in NETWORKS and own is not None and math.isfinite(scores[own]):
            found.append((name, scores[own]))
    return max(found, key=lambda each: each[1], default=None)


def same(key: str, other: str) -> bool:
    """Whether two scores answer the same: one label, in one measure."""
    (a, factor), (b, other_factor) = parsed(key), parsed(other)
    if key == other or a is None or b is None:
        return key == other
    kind = next((kind for kind in a.reads if kind in b.reads and kind != "pairs"), "")
    return factor == other_factor and kind != "" and a().measure(kind) == b().measure(kind)


def beside_simple(end, key: str, by_chance: Callable[[float, float], float], least: float) -> str:
    """"; on the test split: linear probe 0.81, untrained 0.62, TF-IDF of words 0.93: the simple baseline is
    better here"; "" where no simple baseline has this score.

    end: the evaluation on the test split.  by_chance(a, b): how far two scores may lie apart by chance alone.
    least: the difference from which on one counts as better at all."""
    best, now = strongest(end.baselines, key), end.scores.get(key, math.nan)
    if best is None or end.split != "test" or not math.isfinite(now):
        return ""
    name, level = best
    chance = by_chance(now, level)
    margin = max(least, chance)
    before = end.baselines.get("untrained", {}).get(key, math.nan)
    scores = {words_of(key): now, "untrained": before, name: level}
    told = ", ".join(f"{what} {score:.2f}" for what, score in scores.items() if math.isfinite(score))
    if now >= level + margin:
        judged = "better than the simple baseline"
    elif now <= level - margin:
        judged = "the simple baseline is better here"
    else:
        judged = "no better than the simple baseline" + (
            f" (by chance alone they may lie {chance:.2f} apart)" if chance > least else "")
    return f"; on the test split: {told}: {judged}"
