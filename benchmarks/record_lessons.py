"""Make the longer runs that the lessons compare their minute with: `python benchmarks/record_lessons.py
[name ...]`.

They are ordinary runs. To keep each below 1 MB, weights are kept in half precision, of the steps every tenth,
and neither pictures nor embeddings. The machine and the seconds are those of the day; longer_run() reads
them.
"""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace

import torch

from sslbench import Recipe, train
from sslbench.runs.longer import FOLDER
from sslbench.runs.on_disk import record
from sslbench.storage import tensor_files
from sslbench.training.loop import Checkpoint, Evaluation, Event, Step

SMALL = {"backbone.width": 64, "backbone.depth": 2}
LESSONS = {
    "masked-wild_digits": Recipe("wild_digits", "masked", "small_cnn", steps=1500, lr=2e-3),
    "masked-shapes": Recipe("shapes", "masked", "transformer", steps=800, lr=3e-3, hyperparameters=SMALL),
    "jepa-shapes": Recipe("shapes", "jepa", "transformer", steps=800, lr=3e-3, hyperparameters=SMALL),
    "next_token-docs": Recipe("docs", "next_token", "gru", steps=1500, batch_size=64, lr=5e-3,
                              hyperparameters={"data.length": 128}),
}
EVERY = 10  # steps of which one is kept


def thinned(events: Iterator[Event], weights: dict) -> Iterator[Event]:
    """The events without what is large; the last weights go into `weights`."""
    for event in events:
        if isinstance(event, Checkpoint):
            weights.clear()
            weights.update({name: halved(x) for name, x in event.state["task"].items()})
        elif isinstance(event, Evaluation):
            yield replace(event, embedding=None, pictures=[])
        elif not isinstance(event, Step) or event.step % EVERY == 0:
            yield event


def halved(x: torch.Tensor) -> torch.Tensor:
    x = x.detach().cpu()
    return (x.half() if x.is_floating_point() else x.clone()).contiguous()


def main(names: list[str]) -> None:
    for name in names or LESSONS:
        recipe, weights = LESSONS[name], {}
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        for event in record(thinned(train(recipe, evaluations=6), weights), recipe, FOLDER / name):
            if isinstance(event, Evaluation):
                print(name, event.step, event.split, {k: round(v, 3) for k, v in event.scores.items()},
                      flush=True)
        tensor_files.write_tensors(FOLDER / name / "weights.safetensors", weights,
                                   {"step": str(recipe.steps)})
        size = sum(path.stat().st_size for path in (FOLDER / name).rglob("*") if path.is_file())
        print(f"{name}: {size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
