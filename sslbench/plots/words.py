"""Each figure in one sentence: what a screen reader says, and what stands below the picture."""

from ..probes import by_chance, leading, words_of
from ..shown import Matrix, Row, Says, Shown, as_shown
from .charts import history, levels, parts_of, probe_rows, words_for
from .confusion import sentence

FEW = 100  # samples: of fewer a score says how many they are


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
    beside = [f"{name} {values[key]:z.2f}" for name, values in levels(seen).items() if key in values]
    return f"{said} The {words_of(key)} reads {seen[-1].scores[key]:z.2f} ({', '.join(beside)})."


def probes(evaluations) -> str:
    """What was gained and what was lost beside the best baseline; what chance may do is neither."""
    rows, counted = probe_rows(evaluations), counts(evaluations)
    if not rows:
        return "There are no labels to probe."
    beside = [(row, max((row[name] for name in parts_of(rows) if name in row), default=None)) for row in rows]
    gains = [(row["trained"] - level, row, by_chance(row["name"], row["trained"], level,
                                                     counted.get(row["name"], 0)))
             for row, level in beside if level is not None]
    if not gains:
        return ", ".join(read(row, counted) for row in rows) + "."
    clear = [each for each in gains if abs(each[0]) >= each[2]]
    best, worst = (pick(clear or gains, key=lambda g: g[0]) for pick in (max, min))
    if best[0] <= 0:  # nobody should miss the score that comes nearest because chance may have made it
        best = max(gains, key=lambda g: g[0])
    gain, row, chance = best
    said = f"{begins(gain, chance)} {read(row, counted)}, {gain:+z.2f} against the best baseline"
    said += f": by chance alone they may lie {chance:.2f} apart." if abs(gain) < chance else "."
    if worst[0] < 0 and worst is not best and worst in clear:
        said += f" Less than a baseline tells is left of {read(worst[1], counted)}, {worst[0]:+z.2f}."
    return said


def begins(gain: float, chance: float) -> str:
    """How the sentence begins that names the score with the largest gain."""
    if abs(gain) < chance:
        return "Nothing was gained that chance could not give; first comes"
    return ("Most was gained on" if gain > 0 else
            "A baseline tells as much of everything, or more; nearest to it comes")


def read(row: dict, counted: dict[str, int]) -> str:
    """A score and its name, and on how many samples where they are few."""
    n = counted.get(row["name"], 0)
    on = f" (on {n} sample{'s' * (n != 1)})" if 0 < n < FEW else ""
    return f"{words_for(row['name'])}: {row['trained']:z.2f}{on}"


def counts(evaluations) -> dict[str, int]:
    """Score -> from how many samples the last scores there are were read; nothing where nobody counted."""
    return next((e.samples for e in reversed(evaluations) if e.scores), {})


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
            said += (f" Where row and column are of the same sample (the diagonal) the mean is {own:z.2f}, "
                     f"elsewhere {others:z.2f}.")
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
    """The best of several runs, and which of the others chance alone may have put behind it."""
    names = names or [f"{run.recipe.pretext} on {run.recipe.data}" for run in runs]
    key = leading(name for run in runs for name in run.scores)
    scored = [(run.scores[key], name, counts(run.evaluations).get(key, 0))
              for run, name in zip(runs, names) if key in run.scores]
    if not scored:
        return f"{len(runs)} runs without labels to probe."
    best = max(scored, key=lambda each: each[0])
    near = [name for score, name, n in scored if n and best[2] and name != best[1]
            and best[0] - score <= by_chance(key, best[0], score, min(n, best[2]))]
    of = f"{len(runs)} run{'s' * (len(runs) != 1)}"
    return f"The best {words_of(key)} of {of} is {best[0]:z.2f}, by {best[1]}{within_chance(near)}."


def within_chance(near: list[str]) -> str:
    """The names of runs that may be as good as the best."""
    if not near:
        return ""
    others = " and ".join(near) if len(near) < 3 else f"{len(near)} others"
    return f"; {others} lie{'s' * (len(near) == 1)} within chance of it"
