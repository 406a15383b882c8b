"""Names for several runs: the pretext task, and what differs between them and is not the default. "simclr,
color 0"."""

from dataclasses import fields
from typing import Any

from ..catalog import Hyperparameter, contracts
from ..recipe import Recipe

MOST = 4  # things that a name says beside the pretext task


def names(recipes: list[Recipe]) -> list[str]:
    """One name for each recipe. Recipes that differ in nothing get the same: a number tells them apart (see
    `numbered`)."""
    said = [entries(recipe) for recipe in recipes]
    differing = [key for key in dict.fromkeys(key for one in said for key in one)
                 if len({repr(plain(one[key])) for one in said if key in one}) > 1]
    return [", ".join([recipe.pretext, *phrases(recipe, one, differing)[:MOST]])
            for recipe, one in zip(recipes, said)]


def numbered(recipes: list[Recipe]) -> list[str]:
    """The same with a number before each: "3 · simclr, color 0"."""
    return [f"{i} · {name}" for i, name in enumerate(names(recipes), 1)]


def entries(recipe: Recipe) -> dict[tuple[str, str], Any]:
    """(class or "", entry) -> value, defaults included: only what two recipes both have can differ."""
    found: dict[tuple[str, str], Any] = {("", "data"): recipe.data, ("", "backbone"): recipe.backbone}
    for kind in contracts():
        values = {name: h.default for name, h in known(recipe, kind).items()} | recipe.given(kind)
        found |= {(f"{kind} {getattr(recipe, kind)}", name): value for name, value in values.items()}
    own = [f.name for f in fields(recipe) if f.name not in ("data", "pretext", "backbone", "hyperparameters")]
    return found | {("", name): getattr(recipe, name) for name in own}


def phrases(recipe: Recipe, said: dict[tuple[str, str], Any], differing: list[tuple[str, str]]) -> list[str]:
    """What this recipe has otherwise than others, in words; its data and backbone always where they
    differ."""
    found = []
    for owner, name in differing:
        value = said.get((owner, name))
        if (owner, name) not in said or plain(value) == plain(default_of(recipe, owner, name)):
            continue
        found.append(str(value) if name in ("data", "backbone") else f"{name.replace('_', ' ')} "
                                                                     f"{short(value)}")
    return found


def default_of(recipe: Recipe, owner: str, name: str) -> Any:
    if not owner:
        return None if name in ("data", "backbone") else getattr(Recipe, name)
    h = known(recipe, owner.partition(" ")[0]).get(name)
    return h.default if h else None


def known(recipe: Recipe, kind: str) -> dict[str, Hyperparameter]:
    """Its hyperparameters; none of a class that is not here, such as one that was typed in another
    notebook."""
    try:
        return recipe.known(kind)
    except ValueError:
        return {}


def plain(value: Any) -> Any:
    """0 and 0.0 are the same."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"
