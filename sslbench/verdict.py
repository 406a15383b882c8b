"""What the numbers say, in plain words."""

from .probes import leading, of_labels, parsed

COLLAPSED_DEVIATION = 0.03  # of unit-length embeddings; untrained networks lie around 0.3, evenly spread ones at 1
BETTER_THAN_CHANCE = 0.02  # of the chance-level loss
BETTER_PROBE = 0.02  # accuracy above the untrained network that we call progress


def verdict(losses: list[float], chance_loss: float | None, evaluations: list) -> str:
    """One sentence from the losses so far, the chance-level loss and the evaluations (the first at step 0)."""
    if not losses:
        return "not trained yet"
    recent = sum(losses[-10:]) / len(losses[-10:])
    first, last = evaluations[0], [e for e in evaluations if e.split == "validation"][-1]
    if last.scores.get("deviation", 1) < COLLAPSED_DEVIATION or last.scores.get("rankme", 2) < 1.2:
        return "collapsed: all embeddings point one way"
    if chance_loss is not None and recent > chance_loss * (1 - BETTER_THAN_CHANCE):
        return f"not better than chance yet: loss {recent:.3g}, a guess that knows nothing has {chance_loss:.3g}"
    against = "" if chance_loss is None else f" (chance {chance_loss:.3g})"
    probed = leading(last.scores) or next(iter(of_labels(last.scores)), None)
    if probed is None or probed not in first.scores:
        return f"learning: loss {recent:.3g}{against}; there are no labels, so no probe can say what for"
    title = parsed(probed)[0].title if parsed(probed)[0] else probed
    probe = f"a {title}" if title[0] not in "aeiou" else f"an {title}"
    before, now = first.scores[probed], last.scores[probed]
    if now < before + BETTER_PROBE:
        return f"the loss fell to {recent:.3g}{against}, but {probe} reads no more than before training ({now:.2f}, was {before:.2f})"
    return f"learning: loss {recent:.3g}{against}, {probe} reads {now:.2f} where it read {before:.2f} before training"
