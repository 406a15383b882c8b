"""Who is ahead, and how sure that is: by the leading probe on validation where there are labels, by measures
without labels where there are none."""

from collections.abc import Iterable
from dataclasses import replace

from ...probes import parsed
from ...recipe import Recipe
from .. import verdict
from .measures import MEASURES, mean_ranks
from .one_round import Reached

CAUTION = "another seed moves a score, too, and a longer run may turn the order around"


def ranked(every: Iterable[Reached]) -> list[Reached]:
    """The best first: who came to a later round before who did not, what failed last."""
    every = list(every)
    there = [one for one in every if not one.failed]
    ranks = dict(zip(map(id, there), mean_ranks([one.measures for one in there])))

    def place(one: Reached) -> tuple:
        if one.failed:
            return True, -one.rounds, 0.0
        return False, -one.rounds, ranks[id(one)] if one.score is None else -one.score

    return sorted(every, key=place)


def apart(first: Reached, second: Reached) -> tuple[float, float]:
    """By how much the first is ahead, and how far they may lie apart by chance (two deviations of the
    difference, from the number of samples)."""
    chance = verdict.by_chance(first.key, second.score, first.score, min(first.samples, second.samples))
    return first.score - second.score, chance


def sure(standing: list[Reached]) -> str:
    """How sure the first place is, in a sentence or two."""
    there = [one for one in standing if not one.failed]
    if not there:
        return "None of them came to an end."
    first, *others = there
    return (compared(first, others) if others else
            f"{named(first)} is alone; there is nothing to compare it with.") + against_untrained(first)


def compared(first: Reached, others: list[Reached]) -> str:
    """The first beside the second, in words."""
    second = others[0]
    if first.score is None or second.score is None:
        return without_labels(first, others)
    ahead, chance = apart(first, second)
    title = parsed(first.key)[0].title if parsed(first.key)[0] else first.key
    said = (f"{named(first)} is ahead of {named(second)} by {ahead:.3f} ({title} on {first.samples} "
            f"validation samples; by chance alone they may lie {chance:.3f} apart)")
    if ahead > chance:
        return f"{said}: that is more than chance, but {CAUTION}."
    level = [named(one) for one in others if one.rounds == first.rounds and apart(first, one)[0] <= chance]
    return f"{said}: not sure. As good as the first: {', '.join(level)}; more samples or minutes would tell."


def against_untrained(first: Reached) -> str:
    """What is to be said where the best of all has learned nothing that its probe can read."""
    if first.score is None or first.untrained is None:
        return ""
    gain, chance = apart(first, replace(first, score=first.untrained))
    return "" if gain > chance else " It reads no more than the untrained network: give it more minutes."


def without_labels(first: Reached, others: list[Reached]) -> str:
    """How many of the measures have the same one ahead."""
    rivals = [one for one in others if one.rounds == first.rounds] or others[:1]
    shared = [name for name in MEASURES if all(name in one.measures for one in (first, *rivals))]
    best = [name for name in shared
            if mean_ranks([{name: one.measures[name]} for one in (first, *rivals)])[0] == 1]
    return (f"There are no labels: {named(first)} is first by {len(best)} of {len(shared)} measures"
            f"{' (' + ', '.join(best) + ')' if best else ''}. "
            + ("They agree, " if len(best) == len(shared) else "They do not agree, so this is not sure; ")
            + "and none of them proves that the features are of use: label a few samples and ask again.")


def named(one: Reached) -> str:
    return called(one.recipe)


def called(recipe: Recipe) -> str:
    return f"{recipe.pretext} with {recipe.backbone}"
