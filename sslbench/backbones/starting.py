"""A run that starts from another one's network: its weights, or in one line what does not fit."""

from dataclasses import replace

from torch import Tensor

from ..notes import note
from ..storage import run_folder
from . import Backbone


def start_from(folder: str, backbone: Backbone) -> None:
    """Give the backbone the weights of the run in `folder`; ValueError in one line when they do not fit."""
    try:
        weights, _, lost = run_folder.weights(folder)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{folder} holds no weights; init must name the folder of a finished run") from None
    held = {name.removeprefix("backbone."): w for name, w in weights.items() if name.startswith("backbone.")}
    try:
        backbone.load_state_dict(held)
    except RuntimeError:
        raise ValueError(another_backbone(folder, held, backbone.state_dict())) from None
    if lost:
        note(f"{lost[0]}; init takes other weights of that run")


def another_backbone(folder: str, held: dict[str, Tensor], own: dict[str, Tensor]) -> str:
    """What differs between the weights there and here, and what to do."""
    names = [name for name in {**own, **held} if not name.endswith("_extra_state")]
    differs = [f"{name} {shape(held.get(name))} there and {shape(own.get(name))} here" for name in names
               if shape(held.get(name)) != shape(own.get(name))]
    more = f"; {len(differs) - 1} more differ" if len(differs) > 1 else ""
    return (f"init {folder} holds another backbone than this recipe: {differs[0]}{more}; use the data, "
            f"backbone and backbone.… of that run (python -m sslbench show {folder}), or leave init out")


def shape(x: Tensor | None) -> str:
    return "missing" if x is None else str(list(x.shape))


def without_start(recipe):
    """The same recipe for a network whose weights are put in afterwards: neither the run that it starts from
    nor weights that a library would download are asked for."""
    return _without(recipe, ".pretrained")


def from_scratch(recipe):
    """The same recipe for a network that has learned nothing, and learns with all of its weights."""
    return _without(recipe, ".pretrained", ".frozen")


def _without(recipe, *ends: str):
    kept = {name: value for name, value in recipe.hyperparameters.items()
            if not (name.startswith("backbone.") and name.endswith(ends))}
    return replace(recipe, init="", hyperparameters=kept)
