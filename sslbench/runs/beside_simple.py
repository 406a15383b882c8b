"""What the scores at the end say beside the strongest simple baseline, in plain words."""

import math

from ..probes import of_labels, parsed

NETWORKS = ("chance", "untrained", "supervised")  # they stand beside a score and are no simple baselines


def strongest(baselines: dict[str, dict[str, float]], key: str) -> tuple[str, str, float] | None:
    """The simple baseline that answers best what this score answers: its name, its score's name and value.
    Raw input counts, and what suits the kind of data; one that this probe does not read counts with the first
    score that it has of the same label and in the same measure. None where there is none."""
    found = []
    for name, scores in baselines.items():
        own = next((k for k in (key, *of_labels(scores)) if k in scores and same(k, key)), None)
        if name not in NETWORKS and own is not None and math.isfinite(scores[own]):
            found.append((name, own, scores[own]))
    return max(found, key=lambda each: each[2], default=None)


def same(key: str, other: str) -> bool:
    """Whether two scores answer the same: one label, in one measure."""
    (a, factor), (b, other_factor) = parsed(key), parsed(other)
    if key == other or a is None or b is None:
        return key == other
    return factor == other_factor and a.reads != ("pairs",) and bool({*a.reads} & {*b.reads})


def beside_simple(end, key: str, by_chance, least: float) -> str:
    """"; at the end a linear probe 0.81, untrained 0.62, TF-IDF of words 0.93: ...", or "" where no simple
    baseline has this score. end: the evaluation on the test split.  by_chance(a, b): how far two scores may
    lie apart by chance.  least: what counts as better at all."""
    best = strongest(end.baselines, key)
    now = end.scores.get(key, math.nan)
    if best is None or end.split != "test" or not math.isfinite(now):
        return ""
    name, _, level = best
    untrained = end.baselines.get("untrained", {}).get(key, math.nan)
    margin = max(least, by_chance(now, level))
    told = (f"{name} does better than this network" if now <= level - margin else
            f"better than the simple baseline" if now >= level + margin else
            f"no better than the simple baseline (by chance alone they may lie {margin:.2f} apart)")
    return told, untrained
