"""Controls for everything else in a recipe: hyperparameters from the signatures, and how to train."""

from collections.abc import Callable
from dataclasses import replace

import torch

from ..catalog import Hyperparameter, contracts
from ..recipe import Recipe
from . import widgets as w

TRAINING = {
    "steps": Hyperparameter("optimiser steps", 1, 10**9, default=400, type=int),
    "batch_size": Hyperparameter("samples per step", 2, 10**6, default=128, type=int),
    "lr": Hyperparameter("peak learning rate of AdamW; it warms up, then falls to 0", 1e-5, 1e-1, log=True, default=1e-3),
    "weight_decay": Hyperparameter("how strongly weights are pulled to 0", 0, 1, default=0.05),
    "labels": Hyperparameter("share of the training labels that a supervised task may use", 0, 1, default=0.0),
    "seed": Hyperparameter("another seed, another run", 0, 2**31 - 1, default=0, type=int),
}


class Settings:
    """One column of controls for each kind; `changed()` is called when somebody moves one."""

    def __init__(self, recipe: Recipe, changed: Callable[[], None]):
        self._changed, self._quiet = changed, False
        self.steps = w.listen(w.number(recipe.steps, 1, 10**9, "steps"), self._moved)
        self.device = w.listen(w.menu(["auto", "cpu", *(["cuda"] if torch.cuda.is_available() else []),
                                         *(["mps"] if torch.backends.mps.is_available() else [])], "device"), self._moved)
        self.training = {name: self._control(h, getattr(recipe, name)) for name, h in TRAINING.items() if name != "steps"}
        self.of: dict[str, dict] = {}  # kind -> name -> control
        self.known: dict[str, dict[str, Hyperparameter]] = {}
        self.groups = {kind: w.column([], "group") for kind in contracts()}
        lines = {name: labelled(name, TRAINING[name], c) for name, c in self.training.items()}
        self.labels = w.show(lines["labels"], bool(recipe.labels))  # for supervised tasks only
        device = labelled("device", Hyperparameter("where to compute"), self.device)
        training = w.column([heading("training"), *lines.values(), device], "group")
        self.widget = w.show(w.row([*self.groups.values(), training], "settings"), False)
        self.own = {kind: [] for kind in contracts()}
        self.built: dict[str, str] = {}  # kind -> the name that its controls are for

    def build(self, kind: str, name: str, given: dict) -> None:
        """Controls for the class of this name, set to what a recipe gives; those that are there already stay."""
        if self.built.get(kind) == name:
            return
        self.built[kind] = name
        self.known[kind] = contracts()[kind].find(name.split("+")[0]).hyperparameters()
        self.of[kind] = {n: self._control(h, given.get(n, h.default)) for n, h in self.known[kind].items()}
        rows = {n: labelled(n, h, self.of[kind][n]) for n, h in self.known[kind].items()}
        self.own[kind] = [row for n, row in rows.items() if is_own(self.known[kind][n])]  # a folder, a file: always in sight
        others = [row for n, row in rows.items() if not is_own(self.known[kind][n])]
        none = [w.html("<i>nothing to set</i>", "meaning")]
        self.groups[kind].children = (heading(name), *(others or none))

    def read(self, recipe: Recipe) -> Recipe:
        """The recipe with what the controls say; only what differs from the defaults is written into it."""
        given = {f"{kind}.{n}": value for kind, controls in self.of.items() for n, c in controls.items()
                 if (value := clean(self.known[kind][n], c.value)) != self.known[kind][n].default}
        rest = {n: clean(TRAINING[n], c.value) for n, c in self.training.items()}
        return replace(recipe, steps=self.steps.value, hyperparameters=given, **rest)

    def write(self, recipe: Recipe) -> None:
        """Set the controls for training to what a recipe says."""
        self._quiet = True
        self.steps.value = recipe.steps
        for n, c in self.training.items():
            c.value = getattr(recipe, n)
        self._quiet = False

    def lock(self, locked: bool) -> None:
        for c in [self.steps, self.device, *self.training.values(), *(c for group in self.of.values() for c in group.values())]:
            w.put(c, disabled=locked)

    def supervise(self, supervised: bool) -> None:
        """A supervised task may use the labels, all of them unless somebody says less; any other may use none."""
        self._quiet = True
        w.show(self.labels, supervised)
        w.put(self.training["labels"], value=(self.training["labels"].value or 1.0) if supervised else 0.0)
        self._quiet = False

    def toggle(self) -> None:
        w.show(self.widget, self.widget.layout.display == "none")

    def _control(self, h: Hyperparameter, value):
        made = w.control(h)
        if value is not None:
            made.value = value
        return w.listen(made, self._moved)

    def _moved(self) -> None:
        if not self._quiet:
            self._changed()


def is_own(h: Hyperparameter) -> bool:
    """Text to type, such as a folder or a file of one's own."""
    return h.type is str and not h.choices


def clean(h: Hyperparameter, value):
    """Sliders give 0.30000000000000004; a person meant 0.3."""
    return float(f"{value:.4g}") if h.type is float else value


def heading(words: str):
    return w.html(f"<b>{w.escape(words)}</b>", "group-title")


def labelled(name: str, h: Hyperparameter, control):
    """The name, what it means, and the control below."""
    words = f"<span class='sslb-name'>{w.escape(name.replace('_', ' '))}</span> <span class='sslb-meaning'>{w.escape(h.meaning)}</span>"
    return w.column([w.html(words), w.named(control, f"set-{name}")], "setting")
