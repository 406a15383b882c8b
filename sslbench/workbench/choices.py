"""Menus and controls together: what they say is one Recipe."""

import threading
from collections.abc import Callable
from dataclasses import replace

from ..catalog import contracts
from ..data import Data
from ..recipe import Recipe
from .menus import Menus
from .seen import name_of
from .settings import Settings


class Choices:
    """The recipe as the menus and controls have it. changed(note) is called after somebody changed something."""

    def __init__(self, recipe: Recipe, device: str, changed: Callable[[str], None]):
        self._base, self._tell, self._lock = recipe, changed, threading.RLock()  # clicks may arrive in two threads
        self.settings = Settings(recipe, self._moved)
        for kind in contracts():
            self.settings.build(kind, getattr(recipe, kind), recipe.given(kind))
        self.settings.device.value = device
        self.menus = Menus({kind: getattr(recipe, kind) for kind in contracts()}, self._make_data, self._chose)
        self.menus.place(self.settings.own)

    @property
    def recipe(self) -> Recipe:
        """ValueError in one line when it cannot be built."""
        if self.menus.problem:
            raise ValueError(self.menus.problem)
        return self.settings.read(replace(self._base, **self.menus.chosen)).check()

    @property
    def problem(self) -> str:
        """Why the recipe cannot be built, or ""."""
        try:
            return self.recipe and ""
        except ValueError as error:
            return str(error)

    @property
    def name(self) -> str:
        return name_of(replace(self._base, **self.menus.chosen))

    @property
    def device(self) -> str:
        return self.settings.device.value

    def set_steps(self, steps: int) -> None:
        self.settings.steps.value = steps

    def lock(self, locked: bool) -> None:
        """While a run is going on nothing can be chosen."""
        self.settings.lock(locked)
        self.menus.lock(locked)

    def _make_data(self, name: str) -> Data:
        self.settings.build("data", name, {})
        return Data.find(name)(**self.settings.read(replace(self._base, data=name)).given("data"))

    def _chose(self, kind: str, notes: list[str]) -> None:
        """Somebody chose from a menu; with kind "" the choice did not fit and was taken back."""
        with self._lock:
            for part in kind and contracts():
                self.settings.build(part, self.menus.chosen[part], {})
            self.menus.place(self.settings.own)
            self.settings.supervise(self.menus.supervised)
            self._tell(" ".join(notes))

    def _moved(self) -> None:
        with self._lock:
            self.menus.refresh()
            self._tell("")
