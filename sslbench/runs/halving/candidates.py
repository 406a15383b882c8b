"""Who enters a tournament: every pretext task that fits the data, with backbones that learn in minutes."""

from collections import Counter
from dataclasses import replace

from ...backbones import Backbone
from ...data import Data
from ...pretexts import Pretext
from ...pretexts.fits import misfit
from ...recipe import Recipe

LIGHT = ("small_cnn", "transformer", "gru", "mlp")  # in this order the first that fit
EACH = 2  # backbones of a task, unless somebody names them


def candidates(base: Recipe, data: Data, tasks=None, backbones=None) -> list[Recipe]:
    """Recipes on the data of `base`, with its settings of the data and of training. ValueError in one line
    for an unknown name, or where nothing fits."""
    for names, kind in ((tasks, Pretext), (backbones, Backbone)):
        for name in names or ():
            "+" in name or kind.find(name)
    found = [entrant(base, task, backbone) for task in (tasks or Pretext.all())
             if not Pretext.find(task).reads_labels
             for backbone in fitting(task, data, backbones)]
    if not found:
        raise ValueError(f"no task fits {base.data} with {', '.join(backbones or LIGHT)}; name other tasks "
                         "or backbones")
    return found


def entrant(base: Recipe, task: str, backbone: str) -> Recipe:
    """The recipe with this task and backbone at their defaults; what `base` sets of them stays where it is of
    the same ones."""
    same = {"pretext": base.pretext == task, "backbone": base.backbone == backbone, "data": True}
    kept = {name: value for name, value in base.hyperparameters.items() if same[name.partition(".")[0]]}
    return replace(base, pretext=task, backbone=backbone, labels=0.0, init="", hyperparameters=kept)


def fitting(task: str, data: Data, backbones=None) -> list[str]:
    """The backbones that fit a task on this data: those that somebody names, or the first light ones."""
    names = list(backbones or [*LIGHT, *one_for_each_field(data)])
    fits = [name for name in names if not misfit(data, Pretext.find(task), name)]
    return fits if backbones else fits[:EACH]


def one_for_each_field(data: Data) -> list[str]:
    """"caption:gru+image:small_cnn", for data with several fields; [] for others."""
    fields = {name: field for name, field in data.fields.items() if name != data.label_field}
    if len(fields) < 2:
        return []
    chosen = {name: next((b for b in LIGHT if not Backbone.find(b).incompatible({name: field})), "")
              for name, field in fields.items()}
    if not all(chosen.values()):
        return []
    return ["+".join(f"{name}:{backbone}" for name, backbone in chosen.items())]


def narrowed(entrants: list[Recipe], most: int, first: str = "") -> tuple[list[Recipe], list[Recipe]]:
    """So many of them, and those that are left out: one of each task before a second of any, light backbones
    before others, and tasks of every kind before a second of any kind. first: of its kind."""
    seen, kinds, places = Counter(), Counter(), {}
    for one in sorted(entrants, key=lambda one: one.pretext != first):
        tier = seen[one.pretext], weight(one)
        kind = Pretext.find(one.pretext).group
        places[id(one)] = *tier, kinds[kind, tier]
        seen[one.pretext] += 1
        kinds[kind, tier] += 1
    chosen = {id(one) for one in sorted(entrants, key=lambda one: places[id(one)])[:most]}
    return ([one for one in entrants if id(one) in chosen],
            [one for one in entrants if id(one) not in chosen])


def weight(one: Recipe) -> int:
    """0 for the lightest backbone."""
    return LIGHT.index(one.backbone) if one.backbone in LIGHT else len(LIGHT)
