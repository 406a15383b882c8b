"""The supervised baseline: the same backbone, data and budget, but with every label. Trained when asked for,
then kept."""

import hashlib
from dataclasses import replace
from pathlib import Path

from ..backbones.starting import from_scratch
from ..data import locations
from ..recipe import Recipe


def supervised_twin(recipe: Recipe) -> Recipe:
    """The recipe that learns from all labels what `recipe` must find without."""
    recipe = from_scratch(recipe)
    kept = {name: value for name, value in recipe.hyperparameters.items() if not name.startswith("pretext.")}
    return replace(recipe, pretext="supervised", labels=1.0, hyperparameters=kept)


def folder_of(twin: Recipe) -> Path:
    """Where its run is kept: one folder per recipe in the cache."""
    return locations.cache() / "supervised" / hashlib.sha256(twin.to_json().encode()).hexdigest()[:16]
