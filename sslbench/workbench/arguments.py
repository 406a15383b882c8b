"""What Workbench() is given, checked before a bench is made, registered or closed. No widgets."""

from .. import arguments
from ..machine.hardware import DEVICES, Hardware, known
from ..recipe import Recipe


def recipe_of(recipe: Recipe | str | None, entries: dict) -> Recipe:
    """The recipe to start from; ValueError in one line for what is none."""
    arguments.one_of(recipe, (Recipe, str, type(None)), "recipe", "a Recipe or a share string (its entries "
                                                                  "can be given by name: "
                                                              "Workbench(data=\"waves\", steps=200))")
    start = Recipe.from_share(recipe) if isinstance(recipe, str) else recipe or Recipe()
    return Recipe.from_dict({**vars(start), **entries}).check()


def check(*, runs, record, device, evaluations, recorded, name) -> None:
    """ValueError in one line for the first that cannot be used."""
    arguments.path(runs, "runs")
    arguments.yes_or_no(record, "record")
    arguments.yes_or_no(recorded, "recorded")
    arguments.whole(evaluations, "evaluations", 0)
    if not isinstance(name, str) or not name:
        raise ValueError(f"name must be a text, such as \"bench\", not {arguments.quoted(name)}")
    known(device, DEVICES, "device")
    Hardware(device)  # says in one line that there is none
