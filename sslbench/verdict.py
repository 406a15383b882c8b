"""What the numbers say, in plain words."""

import math

from .probes import WITHOUT_LABELS

COLLAPSED_DEVIATION = 0.03  # of unit-length embeddings; untrained networks lie around 0.3, evenly spread ones at 1
BETTER_THAN_CHANCE = 0.02  # of the chance-level loss
BETTER_PROBE = 0.02  # accuracy above the untrained network that we call progress


def chance_of(evaluations: list) -> float | None:
    """The chance-level loss: the first that is a number."""
    return next((e.chance_loss for e in evaluations if e.chance_loss is not None and math.isfinite(e.chance_loss)), None)


def verdict(losses: list[float], chance_loss: float | None, evaluations: list) -> str:
    """One sentence from the losses so far, the chance-level loss and the evaluations (the first at step 0)."""
    if not losses:
        return "not trained yet"
    recent = sum(losses[-10:]) / len(losses[-10:])
    seen = [e for e in evaluations if e.split == "validation"]
    if not seen:
        return f"trained to loss {recent:.3g}; there is no evaluation on validation, so nothing says what for"
    first, last = seen[0], seen[-1]
    if last.scores.get("deviation", 1) < COLLAPSED_DEVIATION or last.scores.get("rankme", 2) < 1.2:
        return "collapsed: all embeddings point one way"
    if chance_loss is not None and recent > chance_loss * (1 - BETTER_THAN_CHANCE):
        return f"not better than chance yet: loss {recent:.3g}, a guess that knows nothing has {chance_loss:.3g}"
    against = "" if chance_loss is None else f" (chance {chance_loss:.3g})"
    probed = sorted((name for name in last.scores if name not in WITHOUT_LABELS), key=lambda name: name != "linear")
    if not probed:
        return f"learning: loss {recent:.3g}{against}; there are no labels, so no probe can say what for"
    probe = "a linear probe" if probed[0] == "linear" else f"a linear probe of {probed[0]}"  # the first label may be a quantity
    now, before = last.scores[probed[0]], first.scores.get(probed[0], math.nan)
    if math.isnan(before) or math.isnan(now):
        return f"learning: loss {recent:.3g}{against}; what {probe} read before training, or reads now, is not known"
    if now < before + BETTER_PROBE:
        return f"the loss fell to {recent:.3g}{against}, but {probe} reads no more than before training ({now:.2f}, was {before:.2f})"
    return f"learning: loss {recent:.3g}{against}, {probe} reads {now:.2f} where it read {before:.2f} before training"
