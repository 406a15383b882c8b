"""The test split read after the training, of a run that did not: those of the bench, or with test=False."""

from collections.abc import Callable
from dataclasses import replace

from ..training import evaluate
from ..training.loop import Evaluation, of_the_test
from .embedding import exact


def read_test(run, probe_rows: int, check: Callable[[], None] = lambda: None) -> Evaluation:
    """The evaluation of a Run's network, as it is after its last checkpoint, on its data's test split."""
    _, untrained = replace(run.recipe, init="").build(run.data)
    hardware = exact()
    with hardware.own_settings():
        said = evaluate.final(run.task, hardware.place(untrained), run.data, hardware, check, probe_rows)
    return of_the_test(run.step, said)
