"""Menus and controls together: what they say is one Recipe."""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ...catalog import contracts
from ...data import Data
from ...recipe import Recipe
from ..error_line import safely
from ..shown_run import name_of, one_line
from .menus import Menus
from .settings import Settings


@dataclass(frozen=True)
class Chosen:
    """What is chosen at one moment. recipe: None while it cannot be built, `problem` says why."""

    recipe: Recipe | None
    problem: str
    name: str
    device: str


def tried(recipe: Recipe) -> None:
    """Build what somebody wrote in a cell, once: what is wrong with it is said when it is chosen, not when
    data has been read. What comes with sslbench is tested."""
    if any(cls.__module__.split(".")[0] != __package__.split(".")[0] for _, cls in recipe.classes()):
        data = recipe.make_data()
        if not recipe.incompatible(data):
            recipe.make_task(data)


class Choices:
    """The recipe as the menus and controls have it. changed(note) is called after somebody changed something.

    Clicks arrive in several threads: whoever changes something holds the lock and leaves a frozen `now`,
    which anybody reads without one. `changed` is called without it, because the painter waits for nobody who
    waits for the painter."""

    def __init__(self, recipe: Recipe, device: str, changed: Callable[[str], None],
                 failed: Callable[[BaseException], None]):
        self._base, self._tell, self._lock = recipe, changed, threading.RLock()
        self._quiet = True  # while menus and controls are filled: then nobody has chosen anything
        safe = safely(failed)
        self.settings = Settings(recipe, device, safe(self._moved))
        for kind in contracts():
            self.settings.build(kind, getattr(recipe, kind), recipe.given(kind))
        self.menus = Menus({kind: getattr(recipe, kind) for kind in contracts()}, self._make_data,
                           safe(self._chose))
        self.menus.place(self.settings.own)
        self._quiet = False
        self.now = self._read()

    @property
    def recipe(self) -> Recipe:
        """ValueError in one line when it cannot be built."""
        if self.now.recipe is None:
            raise ValueError(self.now.problem)
        return self.now.recipe

    @property
    def problem(self) -> str:
        """Why the recipe cannot be built, or ""."""
        return self.now.problem

    def choose(self, recipe: Recipe) -> None:
        """Say exactly this recipe; changed("") as if somebody had chosen it."""
        with self._lock, self._filling():
            self._base = recipe
            self.settings.set(recipe)
            self.menus.place(self.settings.own)
            self.menus.set({kind: getattr(recipe, kind) for kind in contracts()})
        self._tell("")

    def set_steps(self, steps: int) -> None:
        self.settings.steps.value = steps

    def set_batch_size(self, size: int) -> None:
        self.settings.training["batch_size"].value = size

    def lock(self, locked: bool) -> None:
        """While a run is going on nothing can be chosen."""
        self.settings.lock(locked)
        self.menus.lock(locked)

    def look_again(self) -> None:
        """A class was written, or written anew, in a cell: the menus have it, and its controls keep what they
        said."""
        with self._filling():
            for kind, name in self.menus.chosen.items():
                before, known = self.settings.parts[kind], Recipe(**{kind: name}).known(kind)
                self.settings.build(kind, name,
                                    {n: value for n, value in before.values().items() if n in known})
            self.menus.place(self.settings.own)
            self.menus.refresh()
        self._tell("")

    @contextmanager
    def _filling(self):
        """Change menus and controls; then it is read what they say."""
        with self._lock:
            self._quiet = True
            try:
                yield
            finally:
                self._quiet, self.now = False, self._read()

    def _read(self) -> Chosen:
        names = dict(self.menus.chosen)
        base = replace(self._base, **names)
        try:
            if self.menus.problem:
                raise ValueError(self.menus.problem)
            recipe, problem = self.settings.read(base).check(), ""
            tried(recipe)
        except Exception as error:  # whatever somebody's class raises
            recipe, problem = None, one_line(error)
        return Chosen(recipe, problem, name_of(base), self.settings.device.value)

    def _make_data(self, name: str) -> Data:
        self.settings.build("data", name, {})
        return Data.find(name)(**Data.find(name).checked(self.settings.parts["data"].values()))

    def _chose(self, kind: str, name: str) -> None:
        """Somebody chose from a menu, or typed the name of what a family makes; what a menu says while it is
        filled is nobody's choice. ValueError in one line where there is none of that name."""
        with self._lock:
            if self._quiet:
                return
            Recipe(**{kind: name}).classes(kind)
            with self._filling():
                notes = self.menus.choose(kind, name)
                for part in contracts():
                    self.settings.build(part, self.menus.chosen[part], {})
                self.menus.place(self.settings.own)
                self.settings.supervise(self.menus.supervised)
        self._tell(" ".join(notes))

    def _moved(self) -> None:
        with self._lock:
            if self._quiet:
                return
            with self._filling():
                self.menus.refresh()
        self._tell("")
