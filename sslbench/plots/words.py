"""Each figure in one sentence: what a screen reader says, and what stands below the picture."""

from ..probes import leading, words_of
from ..shown import Matrix, Row, Says, Shown, as_shown
from .charts import history, levels, parts_of, probe_rows, words_for
from .confusion import sentence


def curves(steps, evaluations, chance: float | None = None) -> str:
    x, y = history(steps)
    if not len(x):
        return "No step has been taken yet."
    against = "" if chance is None else f"; a guess that knows nothing has {chance:.3g}"
    said = f"The loss went from {y[0]:.3g} to {y[-10:].mean():.3g} in {int(x[-1])} steps{against}."
    key = leading(name for e in evaluations for name in e.scores)
    seen = [e for e in evaluations if key in e.scores and e.split == "validation"]
    if not seen:
        return said
    beside = [f"{name} {values[key]:.2f}" for name, values in levels(seen).items() if key in values]
    return f"{said} The {words_of(key)} reads {seen[-1].scores[key]:.2f} ({', '.join(beside)})."


def probes(evaluations) -> str:
    rows = probe_rows(evaluations)
    if not rows:
        return "There are no labels to probe."
    beside = [(row, [row[name] for name in parts_of(rows) if name in row]) for row in rows]
    gains = [(row["trained"] - max(known), row) for row, known in beside if known]
    if not gains:
        return ", ".join(f"{words_for(row['name'])}: {row['trained']:.2f}" for row in rows) + "."
    best, worst = max(gains, key=lambda g: g[0]), min(gains, key=lambda g: g[0])
    begins = ("Most was gained on" if best[0] > 0 else
              "A baseline tells as much of everything, or more; nearest to it comes")
    said = (f"{begins} {words_for(best[1]['name'])}: {best[1]['trained']:.2f}, {best[0]:+.2f} "
            "against the best baseline.")
    if worst[0] < 0 and worst is not best:
        said += (f" Less than a baseline tells is left of {words_for(worst[1]['name'])}: "
                 f"{worst[1]['trained']:.2f}, {worst[0]:+.2f}.")
    return said


def confusion(counts, names) -> str:
    return sentence(counts, names)


def task(shown: Shown) -> str:
    """What the rows are; for a matrix, how similar own pairs and others are; how many guesses
    are right."""
    shown = as_shown(shown)
    titles = [item.title for item in shown if isinstance(item, Row)]
    said = (f"From top to bottom: {', '.join(titles)}." if len(titles) > 1 else f"{titles[0].capitalize()}."
            if titles else "")
    for item in shown:
        if isinstance(item, Matrix) and len(item.values) > 1:
            own, n = item.values.diagonal().mean().item(), len(item.values)
            others = (item.values.sum().item() - own * n) / (n * n - n)
            said += (f" Where row and column are of the same sample (the diagonal) the mean is {own:.2f}, "
                     f"elsewhere {others:.2f}.")
    judged = [right for item in shown if isinstance(item, Says) and item.judged == "right"
              for right in item.right or [] if right is not None]
    said += f" {sum(judged)} of {len(judged)} guesses are right." if judged else ""
    return said + "".join(agreement(item) for item in shown if isinstance(item, Says)
                          and item.judged == "agree" and item.right)


def agreement(says: Says) -> str:
    """How many pairs agree, and whether that means anything: a collapsed network gives one answer to all."""
    different = len(set(says.words))
    on = ("all on one answer, which tells no sample from another" if different == 1 and all(says.right)
          else f"there are {different} different answers")
    return f" {sum(map(bool, says.right))} of {len(says.right)} pairs agree; {on}."


def comparison(runs, names=None) -> str:
    names = names or [f"{run.recipe.pretext} on {run.recipe.data}" for run in runs]
    key = leading(name for run in runs for name in run.scores)
    scored = [(run.scores[key], name) for run, name in zip(runs, names) if key in run.scores]
    if not scored:
        return f"{len(runs)} runs without labels to probe."
    score, best = max(scored, key=lambda pair: pair[0])
    return f"The best {words_of(key)} of {len(runs)} run{'s' * (len(runs) != 1)} is {score:.2f}, by {best}."
