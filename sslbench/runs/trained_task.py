"""The pretext task of a recorded run with its weights."""

from typing import Any

from torch import Tensor

from ..backbones.starting import without_start
from ..data import Data
from ..messages import in_words
from ..notes import note
from ..pretexts import Pretext
from .data_summary import Remembered


def trained_task(run: Any, weights: dict[str, Tensor]) -> Pretext:
    """In evaluation mode, on the CPU. Of a recorded run it needs no data until something asks it for views.
    ValueError in one line where the weights do not fit the recipe."""
    recipe = without_start(run.recipe).check("pretext", "backbone")

    def data() -> Data:
        return run.data

    remembered = Remembered.of(run.about, data)
    try:
        task = recipe.make_task(remembered or run.data)
    except (ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        if remembered is None:
            raise
        note(f"{run.folder}/run.json is damaged (what it says of the data does not fit the recipe: "
             f"{in_words(error)}); the data itself is read")
        task = recipe.make_task(run.data)
    try:
        task.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"the weights in {run.folder} do not fit its recipe ({in_words(error)})") from None
    return task.eval()
