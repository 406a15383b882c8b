"""Each figure in one sentence: what a screen reader says, and what stands below the picture."""

from torch import Tensor

from .charts import history, levels, parts_of, probe_rows, smooth, words_for


def curves(steps, evaluations, chance: float | None = None) -> str:
    x, y = history(steps)
    if not len(x):
        return "No step has been taken yet."
    against = "" if chance is None else f"; a guess that knows nothing has {chance:.3g}"
    said = f"The loss went from {y[0]:.3g} to {smooth(y)[-1]:.3g} in {int(x[-1])} steps{against}."
    seen = [e for e in evaluations if "linear" in e.scores and e.split == "validation"]
    if not seen:
        return said
    beside = [f"{name} {values['linear']:.2f}" for name, values in levels(seen).items() if "linear" in values]
    return f"{said} A linear probe reads {seen[-1].scores['linear']:.2f} ({', '.join(beside)})."


def probes(evaluations) -> str:
    rows = probe_rows(evaluations)
    if not rows:
        return "There are no labels to probe."
    gains = [(row["trained"] - max(row.get(name, 0) for name in parts_of(rows)), row) for row in rows]
    best, worst = max(gains, key=lambda g: g[0]), min(gains, key=lambda g: g[0])
    said = f"Most was gained on {words_for(best[1]['name'])}: {best[1]['trained']:.2f}, {best[0]:+.2f} against the best baseline."
    if worst[0] < 0 and worst is not best:
        said += f" Less than a baseline tells is left of {words_for(worst[1]['name'])}: {worst[1]['trained']:.2f}, {worst[0]:+.2f}."
    return said


def task(shown: dict) -> str:
    """What the rows are; for a matrix of two views, how similar own pairs and others are."""
    rows = [name for name, value in shown.items() if isinstance(value, dict)]
    said = f"From top to bottom: {', '.join(rows)}." if len(rows) > 1 else f"{rows[0].capitalize()}." if rows else ""
    for value in shown.values():
        if isinstance(value, Tensor) and value.ndim == 2 and len(value) > 1:
            own, n = value.diagonal().mean().item(), len(value)
            others = (value.sum().item() - own * n) / (n * n - n)
            said += f" Two views of the same sample (the diagonal) have similarity {own:.2f} on average, of different ones {others:.2f}."
    says = [line for value in shown.values() if isinstance(value, list) for line in value]
    right = sum(line.endswith("✓") for line in says)
    return said + (f" {right} of {len(says)} guesses are right." if says and says[0][-1] in "✓✗" else "")


def comparison(runs, names=None) -> str:
    names = names or [f"{run.recipe.pretext} on {run.recipe.data}" for run in runs]
    scored = [(run.scores["linear"], name) for run, name in zip(runs, names) if "linear" in run.scores]
    if not scored:
        return f"{len(runs)} runs without labels to probe."
    score, best = max(scored, key=lambda pair: pair[0])
    return f"The best linear probe of {len(runs)} run{'s' * (len(runs) != 1)} is {score:.2f}, by {best}."
