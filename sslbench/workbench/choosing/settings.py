"""Controls for everything else in a recipe: hyperparameters from the signatures, and how to train."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ...catalog import Hyperparameter, Listed, contracts
from ...data import Data
from ...machine.hardware import DEVICES
from ...recipe import Recipe
from .. import widgets as w
from .controls import Control, Number, control

OWN = ("folder", "file")  # what a person's own data is read from: always in sight
LOCKED = "Locked while this run goes on; Stop ends it, and what was learned stays."
CHANGEABLE = "What is set here is written into the recipe (tab Code)."


@dataclass(frozen=True)
class Part:
    """The controls of one class, or of several backbones, one for each field. given: what a recipe gave,
    which stays in the recipe even where it is the default."""

    name: str
    classes: tuple[type[Listed], ...]
    known: dict[str, Hyperparameter]
    controls: dict[str, Control | Number]
    given: dict

    def values(self) -> dict:
        """What the controls say and is not the default, and what was given and has no control."""
        said = {n: c.value
                for n, c in self.controls.items() if n in self.given or c.value != self.known[n].default}
        return {**{n: value for n, value in self.given.items() if n not in self.known}, **said}


class Settings:
    """One column of controls for each kind; `changed()` is called when somebody moves one. Whoever calls
    build() takes a lock."""

    def __init__(self, recipe: Recipe, device: str, changed: Callable[[], None]):
        self._changed, self._locked = changed, False
        self.steps = control(Recipe.ranges()["steps"], recipe.steps, changed)
        w.named(self.steps.widget, "steps")
        self.device = w.menu(usable(device), "device")
        self.device.value = device
        w.listen(self.device, changed)
        self.training = {n: control(h, getattr(recipe, n), changed)
                         for n, h in Recipe.ranges().items() if n != "steps"}
        self.parts: dict[str, Part] = {}  # kind -> its controls; a part is replaced as a whole, never changed
        self.groups = {kind: w.column([], "group") for kind in contracts()}
        self.own = {kind: [] for kind in contracts()}
        lines = {n: labelled(n, Recipe.ranges()[n], c.widget) for n, c in self.training.items()}
        self.labels = w.show(lines["labels"], bool(recipe.labels))  # for supervised tasks only
        device = labelled("device", Hyperparameter("where to compute"), self.device)
        self.why = w.html(CHANGEABLE, "why-locked")
        training = w.column([heading("training"), *lines.values(), device], "group")
        self.widget = w.show(w.column([self.why, w.row([*self.groups.values(), training], "groups")],
                                      "settings"), False)

    @property
    def of(self) -> dict[str, dict[str, Control | Number]]:
        """kind -> name -> control."""
        return {kind: part.controls for kind, part in list(self.parts.items())}

    def set(self, recipe: Recipe) -> None:
        """Make all of them say this recipe."""
        for kind in contracts():
            self.parts.pop(kind, None)  # also where the class is the same: what was set before is over
            self.build(kind, getattr(recipe, kind), recipe.given(kind))
        for name, c in {"steps": self.steps, **self.training}.items():
            c.value = getattr(recipe, name)
        w.show(self.labels, bool(recipe.labels))

    def build(self, kind: str, name: str, given: dict) -> None:
        """Controls for what a recipe names, set to what it gives; those that are there already stay."""
        asked, before = Recipe(**{kind: name}), self.parts.get(kind)
        # another one after it was written anew in a cell
        classes = tuple(cls for _, cls in asked.classes(kind))
        if before and (before.name, before.classes) == (name, classes):
            return
        known = asked.known(kind)
        controls = {n: control(h, given.get(n, h.default), self._changed) for n, h in known.items()}
        empty = next((cls.empty for cls in classes if issubclass(cls, Data)), "")
        rows = {n: own_line(n, h, controls[n], empty) if n in OWN else labelled(n, h, controls[n].widget)
                for n, h in known.items()}
        self.parts[kind] = Part(name, classes, known, controls, dict(given))
        old = [*self.groups[kind].children, *self.own[kind]]
        self.own[kind] = [row for n, row in rows.items() if n in OWN]
        others = [row for n, row in rows.items() if n not in OWN]
        self.groups[kind].children = (heading(name),
                                      *(others or [w.html("<i>nothing to set</i>", "meaning")]))
        for widget in old:
            w.close(widget)

    def read(self, recipe: Recipe) -> Recipe:
        """The recipe with what the controls say."""
        given = {f"{kind}.{n}": value for kind, part in list(self.parts.items())
                 for n, value in part.values().items()}
        return replace(recipe, steps=self.steps.value, hyperparameters=given,
                       **{n: c.value for n, c in self.training.items()})

    def lock(self, locked: bool) -> None:
        """While a run goes on nothing can be set, and it is said why."""
        self._locked = locked
        w.put(self.device, disabled=locked)
        w.put(self.why, value=LOCKED if locked else CHANGEABLE)
        for c in [self.steps, *self.training.values(),
                  *(c for part in list(self.parts.values()) for c in part.controls.values())]:
            c.lock(locked)

    def supervise(self, supervised: bool) -> None:
        """A supervised task may use the labels, all of them unless somebody says less; any other may use
        none."""
        w.show(self.labels, supervised)
        self.training["labels"].value = (self.training["labels"].value or 1.0) if supervised else 0.0

    def toggle(self) -> None:
        w.show(self.widget, self.widget.layout.display == "none")


def usable(device: str) -> list[str]:
    """The devices of this machine, and the one that was asked for."""
    import torch

    there = {"auto": True, "cpu": True, "cuda": torch.cuda.is_available(),
             "mps": torch.backends.mps.is_available()}
    return [name for name in dict.fromkeys([*DEVICES, device]) if there.get(name, True) or name == device]


def heading(words: str):
    return w.html(f"<b>{w.escape(words)}</b>", "group-title")


def meaning(name: str, h: Hyperparameter):
    """The name of a setting and what it means."""
    return w.html(f"<span class='sslb-name'>{w.escape(name.replace('_', ' '))}</span> <span "
                  f"class='sslb-meaning'>{w.escape(h.meaning)}</span>")


def labelled(name: str, h: Hyperparameter, widget):
    """The name, what it means, and the control below."""
    return w.column([meaning(name, h), w.named(widget, f"set-{name}")], "setting")


def own_line(name: str, h: Hyperparameter, c: Control | Number, empty: str):
    """A field for a folder or a file, and below it what an empty one means, as its source says."""
    says = w.html("", "meaning")

    def say() -> None:
        w.put(says, value="" if c.value or not empty else w.escape(f"Empty: {empty}."))

    w.listen(c.widget, say)
    say()
    line = labelled(name, h, c.widget)
    line.children = (*line.children, says)
    return line
