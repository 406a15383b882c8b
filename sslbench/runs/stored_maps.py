"""Maps of a run's embedding that are kept beside it: one file in the run's folder, written once and read when
the run is shown."""

from pathlib import Path

import torch
from torch import Tensor

from ..maps import projection
from ..storage import tensor_files

FILE = "maps.safetensors"
Maps = dict[tuple[str, int], Tensor]  # (method, step) -> [n, 2]


def write(folder: str | Path, maps: Maps) -> Path:
    """Keep the maps, at scale 1 and in half precision: 4 kB for a thousand points."""
    path = Path(folder, FILE)
    tensor_files.write(path,
        {f"{method} {step}": projection.align(xy).half() for (method, step), xy in maps.items()})
    return path


def read(folder: str | Path) -> Maps:
    """The maps in a run's folder; none where there is no such file, or one that cannot be read: they can be
    computed again."""
    path = Path(folder, FILE)
    if not path.is_file():
        return {}
    try:
        kept = tensor_files.read(path)
        parted = {tuple(name.rsplit(" ", 1)): xy for name, xy in kept.items()}
        return {(method, int(step)): xy.float() for (method, step),
                xy in parted.items() if xy.ndim == 2 and xy.shape[1] == 2}
    except (ValueError, TypeError, AttributeError):
        return {}


def tsne_of(evaluations) -> Maps:
    """A t-SNE map for each evaluation that has an embedding, each starting from the one before."""
    maps, last = {}, None
    for e in evaluations:
        if isinstance(e.embedding, torch.Tensor):
            maps["t-SNE", e.step] = last = projection.tsne_map(e.embedding, last)
    return maps
