"""The test split read after the training, of a run that did not: those of the bench, or with test=False."""

from collections.abc import Callable
from pathlib import Path

from ..backbones.starting import from_scratch
from ..notes import note
from ..training import evaluate
from ..training.loop import Evaluation, of_the_test
from . import recording
from .embedding import exact


def read_test(run, probe_rows: int, check: Callable[[], None] = lambda: None) -> Evaluation:
    """The evaluation of a Run's network, as it is after its last checkpoint, on its data's test split."""
    _, untrained = from_scratch(run.recipe).build(run.data)
    hardware = exact()
    with hardware.own_settings():
        said = evaluate.final(run.task, hardware.place(untrained), run.data, hardware, check, probe_rows)
    return of_the_test(run.step, said)


def keep(run) -> None:
    """Put what the test split says into the folder of a Run that is over; a note where that cannot be."""
    if run.folder is None or run.done is None:
        return
    try:
        recording.add(Path(run.folder), run.final, run.recipe, run.about.get("id", ""))
    except OSError as error:
        note(f"what the test split says could not be written into {run.folder} ({error.strerror or error})")
