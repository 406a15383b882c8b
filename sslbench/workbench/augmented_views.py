"""Two views of the same few samples, drawn anew whenever an augmentation is set otherwise. No widgets."""

import copy
from typing import Any

import torch

from ..catalog import Hyperparameter
from ..data import Data
from ..data.rows import evenly
from ..field import decode, size_of
from ..machine.torch_settings import own_settings
from ..recipe import Recipe
from ..shown import Row, Shown
from ..training.batches import mix

SAMPLES = 8


def augmentations(recipe: Recipe) -> dict[str, Hyperparameter]:
    """The hyperparameters of its data that change views, and not what is loaded."""
    return {name: h for name, h in recipe.known("data").items() if h.augments}


def strengths(recipe: Recipe) -> dict[str, Any]:
    """What each augmentation is set to."""
    given = recipe.given("data")
    return {name: given.get(name, h.default) for name, h in augmentations(recipe).items()}


class AugmentedViews:
    """Remembers a few samples of one source, so that only the views are made anew."""

    def __init__(self):
        self._key = self._data = self._batch = None

    @own_settings()
    @torch.no_grad()
    def draw(self, recipe: Recipe, draw: int = 0) -> tuple[Shown, Data]:
        """The samples and two views of each; where several fields are alike, each of them as a view. draw:
        another number, other random numbers; the same number shows what a setting does to the same draw."""
        data, batch = self._loaded(recipe)
        changed = copy.copy(data)  # settings of views are read when views are made, so nothing is loaded anew
        for name, value in strengths(recipe).items():
            setattr(changed, name, value)
        views = changed.views(batch, torch.Generator().manual_seed(mix(draw)))
        return [Row("samples", batch, "truth"),
                *(Row(f"view {i + 1}", view) for i, view in enumerate(views))], changed

    def _loaded(self, recipe: Recipe):
        set_here = augmentations(recipe)
        given = {name: value for name, value in recipe.given("data").items() if name not in set_here}
        key = Data.find(recipe.data), sorted(given.items())
        if key != self._key:
            data = Data.find(recipe.data)(**Data.find(recipe.data).checked(given))
            rows, _ = data.loaded("validation")
            batch = decode(data.fields, rows, evenly(size_of(rows), SAMPLES))
            self._key, self._data, self._batch = key, data, batch
        return self._data, self._batch
