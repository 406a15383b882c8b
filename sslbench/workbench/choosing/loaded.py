"""The data of the chosen recipe, loaded once for its pictures, its estimate and its training. No widgets."""

import threading

from ...data import Data
from ...recipe import Recipe


class Loaded:
    """Remembers the data of one recipe, until another kind of data is asked for."""

    def __init__(self):
        self._data, self._key, self._trained = None, None, False
        self._turn = threading.RLock()  # a look and a training ask from two threads

    def for_a_look(self, recipe: Recipe) -> Data:
        """The data as it is remembered."""
        key = key_of(recipe)
        with self._turn:
            if key != self._key:
                self._data, self._key, self._trained = recipe.make_data(), key, False
            return self._data

    def for_training(self, recipe: Recipe) -> Data:
        """What was looked at before; a second training reads files anew, which may have changed."""
        with self._turn:
            if self._trained:
                self._key = None
            data, self._trained = self.for_a_look(recipe), True
            return data


def key_of(recipe: Recipe) -> tuple:
    """Recipes with the same key have the same data; a class may be written anew in a cell under the same
    name."""
    recipe = recipe.check()
    return Data.find(recipe.data), sorted(
        recipe.given("data").items()), recipe.labels, recipe.seed if recipe.labels else None
