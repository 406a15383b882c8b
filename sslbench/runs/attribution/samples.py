"""The samples of which it is asked where a network looks, the network on its device, and the field in
question."""

from typing import Any

from ...catalog import nearest
from ...data import SPLITS, Data
from ...field import Batch
from ...machine.hardware import Hardware
from ...pretexts import Pretext
from ...training import evaluate
from ..own_rows import own_batch
from ..trained_task import trained_task


def on_device(run: Any, device: str) -> tuple[Pretext, Hardware]:
    """The trained task in float32 on a device; the run's own, which rests on the CPU, stays there."""
    hardware = Hardware(device, "float32")
    task = run.task
    return (task if hardware.device.type == "cpu" else hardware.place(trained_task(run, run.weights)),
            hardware)


def samples_of(run: Any, what: Any, most: int) -> Batch:
    """At most `most` samples of a split, evenly spread, or somebody's own rows, decoded, on the CPU."""
    if not isinstance(what, str):
        return {name: x[:most] for name, x in own_batch(run, what).items()}
    if what not in SPLITS:
        raise ValueError(nearest("split", what, SPLITS))
    data = run.task.data
    return next(evaluate.batches(data, evaluate.read(data, what, most), size=most))


def field_asked(data: Data, batch: Batch, field: str) -> str:
    """The field that was asked for, or the first that probes may see; ValueError where there is none of that
    name."""
    names = [name for name in evaluate.visible(data) if name in batch]
    if field and field not in names:
        raise ValueError(nearest("field", field, names))
    return field or names[0]
