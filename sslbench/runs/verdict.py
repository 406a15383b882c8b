"""What the numbers say, in plain words."""

import math

from ..probes import by_chance, leading, of_labels, parsed
from .beside_simple import beside_simple

# of unit-length embeddings; untrained networks lie around 0.3, evenly spread ones at 1
COLLAPSED_DEVIATION = 0.03
BETTER_THAN_CHANCE = 0.02  # of the chance-level loss
BETTER_PROBE = 0.02  # accuracy above the untrained network that we call progress


def chance_of(evaluations: list) -> float | None:
    """The chance-level loss: the first that is a number."""
    return next((e.chance_loss
                 for e in evaluations if e.chance_loss is not None and math.isfinite(e.chance_loss)), None)


def verdict(losses: list[float], chance_loss: float | None, evaluations: list) -> str:
    """One sentence from the losses so far, the chance-level loss and the evaluations (the first at step
    0)."""
    if not losses:
        return "not trained yet"
    recent = sum(losses[-10:]) / len(losses[-10:])
    looks = [e for e in evaluations if e.split == "validation"]
    if not looks:
        return f"trained to loss {recent:.3g}; there is no evaluation on validation, so nothing says what for"
    first, last = looks[0], looks[-1]
    if last.scores.get("deviation", 1) < COLLAPSED_DEVIATION or last.scores.get("rankme", 2) < 1.2:
        return "collapsed: all embeddings point one way"
    if chance_loss is not None and recent > chance_loss * (1 - BETTER_THAN_CHANCE):
        better = "hardly" if recent < chance_loss else "not"
        return (f"{better} better than chance yet: loss {recent:.3g}, a guess that knows nothing has "
                f"{chance_loss:.3g}")
    against = "" if chance_loss is None else f" (chance {chance_loss:.3g})"
    probed = leading(last.scores) or next(iter(of_labels(last.scores)), None)
    if probed is None:
        return f"learning: loss {recent:.3g}{against}; no label could be probed, so nothing says what for"
    before, now, n, kind = on_most_samples(probed, first, last, evaluations[-1])
    end = evaluations[-1]
    return judgement(f"loss {recent:.3g}{against}", probed, before, now, n, kind) + beside_simple(
        end, probed, lambda a, b: by_chance(probed, a, b, end.samples.get(probed, 0)), BETTER_PROBE)


def on_most_samples(probed: str, first, last, end) -> tuple[float, float, int, str]:
    """The score before training and now, on how many samples, and of which kind: those of the test where
    they are more than those of the validation."""
    n, more = last.samples.get(probed, 0), end.samples.get(probed, 0)
    before = end.baselines.get("untrained", {}).get(probed, math.nan)
    if end.split == "test" and more > n and probed in end.scores and math.isfinite(before):
        return before, end.scores[probed], more, "test sample"
    return first.scores.get(probed, math.nan), last.scores[probed], n, "sample"


def judgement(loss: str, probed: str, before: float, now: float, n: int, kind: str) -> str:
    """What a score says beside the one before training. loss: in words."""
    probe = named(probed)
    if math.isnan(before) or math.isnan(now):
        return f"learning: {loss}; what {probe} read before training, or reads now, is not known"
    on = f" (on {n} {kind}{'s' * (n != 1)})" if n else ""
    chance = by_chance(probed, before, now, n)
    margin = max(BETTER_PROBE, chance)
    if margin > BETTER_PROBE and abs(now - before) < margin:
        return (f"the {loss.replace('loss', 'loss fell to', 1)}; {probe} reads {now:.2f}{on} where it read "
                f"{before:.2f} before training: by chance alone they may lie {margin:.2f} apart, so this "
                "tells nothing yet")
    if now < before + margin:
        return (f"the {loss.replace('loss', 'loss fell to', 1)}, but {probe} reads no more than before "
                f"training ({now:.2f}{on}, was {before:.2f})")
    return f"learning: {loss}, {probe} reads {now:.2f}{on} where it read {before:.2f} before training"


def named(score: str) -> str:
    """The probe of a score, in words: "a linear probe", "a ridge regression of x"."""
    probe, factor = parsed(score)
    title = probe.title if probe else score
    return (f"a{'n' * (title[0] in 'aeiou')} {title}"
            + (f" of {factor.replace('_', ' ')}" if probe and factor else ""))


def rows_read(rows: dict[str, tuple[int, int]]) -> str:
    """On which rows probes were fitted and judged where it was not all of them: " (fitted on 10,000 of 60,000
    training samples, ...)"; "" where it was, and where nobody counted."""
    if all(read == there for read, there in rows.values()):
        return ""
    (fitted, there), (judged, all_) = rows.get("train", (0, 0)), rows.get("test", (0, 0))
    return (f" (fitted on {fitted:,} of {there:,} training samples, judged on {judged:,} of {all_:,}; "
            "probe_rows=0 takes all)")
