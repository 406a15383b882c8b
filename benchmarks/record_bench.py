"""Make the recorded run that the bench shows before anything was trained: `python benchmarks/record_bench.py
[steps]`.

The run is an ordinary one. To keep it small, its embeddings are kept in their 24 main directions, pictures in
half precision, and weights are left out. Its t-SNE maps are computed from what was kept, and kept beside it:
the first map that somebody sees is the best one. `python benchmarks/record_bench.py --maps` computes them
alone.
"""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from sslbench import Recipe, load_run, train
from sslbench.runs import stored_maps
from sslbench.runs.on_disk import record
from sslbench.training.loop import Checkpoint, Evaluation, Event

FOLDER = Path(__file__).parents[1] / "sslbench" / "recorded" / "simclr-wild_digits"
DIRECTIONS = 24


def small(event: Event) -> Event:
    """An evaluation whose embedding [n, D] is turned onto its main directions."""
    if not isinstance(event, Evaluation) or event.embedding is None:
        return event
    z = event.embedding - event.embedding.mean(0)
    _, _, directions = torch.linalg.svd(z, full_matrices=False)
    return replace(event, embedding=z @ directions[:DIRECTIONS].T, pictures=halved(event.pictures))


def halved(pictures: Any) -> Any:
    if isinstance(pictures, dict):
        return {name: halved(value) for name, value in pictures.items()}
    if isinstance(pictures, (list, tuple)):
        return [halved(value) for value in pictures]
    return (pictures.half() if isinstance(pictures, torch.Tensor) and pictures.is_floating_point()
            else pictures)


def main(steps: int = Recipe().steps) -> None:
    recipe = Recipe(steps=steps)
    shutil.rmtree(FOLDER, ignore_errors=True)
    events = (small(event) for event in train(recipe, evaluations=6, test=False)
              if not isinstance(event, Checkpoint))
    for event in record(events, recipe, FOLDER):
        print(type(event).__name__, event.step, flush=True)
    keep_maps()


def keep_maps() -> None:
    found = stored_maps.tsne_of(load_run(FOLDER).evaluations)
    path = stored_maps.write(FOLDER, found)
    print(f"{len(found)} maps, {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    keep_maps() if sys.argv[1:] == ["--maps"] else main(*map(int, sys.argv[1:]))
