"""Going on from a checkpoint: the same recipe, device, precision and threads as before, and the state put
back in its places."""

from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from ..machine.hardware import PRECISIONS, Hardware
from ..notes import note
from ..recipe import Recipe, as_meant
from .muon import Muon

KINDS = ("cpu", "cuda", "mps")
MOMENTS = ("exp_avg", "exp_avg_sq")  # of AdamW
MOMENTUM = ("momentum_buffer",)  # of the matrices of Muon


def conditions(hardware: Hardware) -> dict[str, Any]:
    """What decides the numbers of a run beside its recipe and its data."""
    threads = torch.get_num_threads() if hardware.device.type == "cpu" else 0
    return {"precision": str(hardware.dtype).removeprefix("torch."), "device": hardware.device.type,
            "threads": threads,
            "processes": hardware.world, "torch": torch.__version__}


def under(then: dict[str, Any], device: str, precision: str) -> Hardware:
    """The hardware of a run that goes on: the kind of device, the precision and the number of threads it had,
    where they can be had and nobody asks for others. A note says what is different."""
    was, number = then.get("device"), then.get("precision")
    wanted = was if device == "auto" and was in KINDS and available(was) else device
    hardware = Hardware(wanted, number if precision == "auto" and number in PRECISIONS else precision)
    before, threads = conditions(hardware), then.get("threads")
    if hardware.device.type == "cpu" and type(threads) is int and 0 < threads < before["threads"]:
        note(f"this run had {threads} thread{'s' * (threads > 1)} and goes on with as many, not with the "
             f"{before['threads']} "
             f"of this process")
        torch.set_num_threads(threads)
        before["threads"] = threads
    differs = [f"{name} {value} here, {then[name]} before"
               for name, value in before.items() if then.get(name, value) != value]
    if differs:
        note(f"going on under other conditions ({'; '.join(differs)}): the numbers may differ a little from "
             "those of an undisturbed run")
    return hardware


def available(kind: str) -> bool:
    return (kind == "cpu" or (torch.cuda.is_available()
                              if kind == "cuda" else torch.backends.mps.is_available()))


def same_recipe(recipe: Recipe, other: dict[str, Any]) -> None:
    """ValueError naming what differs when a checkpoint belongs to another recipe."""
    mine, other = asdict(recipe.check()), as_meant(other)
    differs = [f"{name} {other.get(name)!r} there, {value!r} here"
               for name, value in mine.items() if other.get(name) != value]
    if differs:
        raise ValueError(f"the checkpoint is of another recipe ({'; '.join(differs)}); resume with the "
                         "recipe it was made with")


def restored(task: nn.Module, optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Put weights, buffers and the optimiser's moments back; ValueError and its kin when they are of another
    shape or kind, before torch's kernels, which trust them, see them."""
    for name, own in task.state_dict().items():
        if name in state["task"] and state["task"][name].dtype != own.dtype:
            raise ValueError(f"{name} is {state['task'][name].dtype}, not {own.dtype}")
    task.load_state_dict(state["task"])
    fitting_moments(moments_of(optimiser), state["optimiser"], state["step"])
    settings = [{name: value for name, value in group.items() if name != "params"}
                for group in optimiser.param_groups]
    optimiser.load_state_dict(state["optimiser"])
    for group, own in zip(optimiser.param_groups, settings):
        group.update(own)  # they follow from the recipe
    # fused kernels assume that moments are laid out like their parameter
    for p, moments in optimiser.state.items():
        for name in moments.keys() - {"step"}:
            moments[name] = torch.empty_like(p).copy_(moments[name])


def moments_of(optimiser: torch.optim.Optimizer) -> dict[nn.Parameter, tuple[str, ...]]:
    """The names of what the optimiser keeps of each weight, in its order."""
    return {p: MOMENTUM if isinstance(optimiser, Muon) and number == 0 else MOMENTS
            for number, group in enumerate(optimiser.param_groups) for p in group["params"]}


def fitting_moments(weights: dict[nn.Parameter, tuple[str, ...]], saved: dict[str, Any], steps: int) -> None:
    """ValueError and its kin unless the saved state of the optimiser is one of these weights after so many
    steps. weights: with the names of what is kept of each."""
    numbers = [number for group in saved["param_groups"] for number in group["params"]]
    if (len(numbers) != len(weights) or len(set(numbers)) != len(weights)
        or not set(saved["state"]) <= set(numbers)):
        raise ValueError("the optimiser's state is of other weights")
    if steps and weights and not saved["state"]:
        raise ValueError(f"the optimiser's state is empty after {steps} steps")
    for number, (p, names) in zip(numbers, weights.items()):
        moments = saved["state"].get(number)  # none for a weight that no gradient has reached
        if moments is None:
            continue
        if set(moments) != {"step", *names}:
            raise ValueError(f"the optimiser's state holds {', '.join(map(str, moments)) or 'nothing'}, not "
                             f"step, {', '.join(names)}")
        for name in names:
            if moments[name].shape != p.shape or not moments[name].is_floating_point():
                raise ValueError(f"the optimiser's {name} is not like its weight")
        if moments["step"].shape != () or not 0 <= float(moments["step"]) <= steps:
            raise ValueError("the optimiser's step is not a number of steps that were taken")
