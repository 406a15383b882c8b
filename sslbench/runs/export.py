"""What a run has learned, for other tools: embeddings beside labels and names of samples, weights of the
inner network."""

import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import arguments
from ..catalog import nearest
from ..data import Data
from ..machine.hardware import Hardware
from ..storage import tensor_files
from ..training import evaluate
from .run import SPLITS, Run, load_run

TABLES, WEIGHTS = (".npz", ".parquet", ".csv"), (".pt", ".safetensors")


def export(run: Run | str | os.PathLike, file: str | os.PathLike, *, split: str = "test", most: int = 10_000,
           overwrite: bool = False) -> str:
    """Write what a run has learned into a file and return a line that says what was written.

    run: a run or its folder.  file: ".npz", ".parquet" or ".csv": embeddings [n, D] float32 of at most `most`
    samples of `split`, evenly spread, with their labels and the name of each sample; ".pt" or ".safetensors":
    the weights of the inner network by its own names, as its load_state_dict() takes them.  ValueError for
    another ending or a run without weights, FileExistsError when the file exists, unless `overwrite`.

        run = fit(Recipe(data="waves", steps=20), progress=False)
        export(run, "embeddings.npz")
        export(run, "backbone.pt")
    """
    path = arguments.path(file, "file")
    if (ending := path.suffix.lower()) not in (*TABLES, *WEIGHTS):
        raise ValueError(f"{path.name} must end in {', '.join(TABLES)} (embeddings) or {', '.join(WEIGHTS)} "
                         "(weights)")
    if split not in SPLITS:
        raise ValueError(nearest("split", split, SPLITS))
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; choose another file"
                              + ("" if path.is_file() else ", not a folder"))
    run = run if isinstance(run, Run) else load_run(run)
    return (write_weights(run, path) if ending in WEIGHTS else write_table(run, path, split,
                                                                           arguments.whole(most, "most", 1)))


def write_weights(run: Run, path: Path) -> str:
    state = {name: x.detach().cpu().contiguous().clone() for name, x in run.backbone.inner_state().items()}
    if path.suffix == ".pt":
        with in_place(path) as part:
            torch.save(state, part)
    else:
        tensor_files.write_tensors(path, state,
                                   {"backbone": run.recipe.backbone, "recipe": run.recipe.to_json()})
    return (f"{path}: {len(state)} tensors, {sum(x.numel() for x in state.values()):,} numbers of "
            f"{run.recipe.backbone}")


def write_table(run: Run, path: Path, split: str, most: int) -> str:
    data = run.data
    rows = evaluate.read(data, split, most)
    z = evaluate.embed(run.task, data, rows, Hardware("cpu")).float().numpy()  # [n, D]
    names = names_of(data, split, most)
    labels = {name: y.numpy() for name, y in rows.labels.items()}
    spoken = {name: words for name, words in data.classes.items() if name in labels}
    if path.suffix == ".npz":
        held = {
            "embeddings": z, "names": np.array(names), **{f"label {name}": y for name, y in labels.items()},
            **{f"classes {name}": np.array(words) for name, words in spoken.items()}
        }
        with in_place(path) as part, open(part, "wb") as out:
            np.savez(out, **held)
    else:
        write_frame(path, z, names, labels, spoken)
    return (f"{path}: embeddings [{len(z)}, {z.shape[1]}] of {run.recipe.data}, {split}, with {len(labels)} "
            "labels")


def names_of(data: Data, split: str, most: int) -> list[str]:
    """The names of the rows that evaluate.read() gives."""
    names = data.sample_names(split)
    n = len(names)
    index = range(n) if n <= most else torch.linspace(0, n - 1, most).long().tolist()
    return [names[i] for i in index]


def write_frame(path: Path, z: np.ndarray, names: list[str], labels: dict[str, np.ndarray],
                spoken: dict[str, list[str]]) -> None:
    """One row for each sample: its name, its labels in words where they have words, its embedding as columns
    e0, e1 ..."""
    try:
        import pandas
    except ImportError:
        raise ValueError(
            f"{path.suffix} needs pandas: pip install 'sslbench[tables]'; .npz needs nothing") from None
    columns = {"name": names}
    for name, y in labels.items():
        if y.ndim > 1:
            columns |= {f"{name} {i}": y[:, i] for i in range(y.shape[1])}
        else:
            words = spoken.get(name)
            columns[name] = [words[i] if i >= 0 else None for i in y] if words else y
    frame = pandas.concat([
        pandas.DataFrame(columns), pandas.DataFrame(z, columns=[f"e{i}" for i in range(z.shape[1])])
    ], axis=1)
    with in_place(path) as part:
        frame.to_csv(part, index=False) if path.suffix == ".csv" else frame.to_parquet(part)


class in_place:
    """A file beside it to write into, which takes its place when all was written; nothing half-written
    stays."""

    def __init__(self, path: Path):
        self.path, self.part = path, path.with_name(f"{path.name}.part")

    def __enter__(self) -> Path:
        return self.part

    def __exit__(self, kind, *_):
        if kind is None:
            os.replace(self.part, self.path)
        else:
            self.part.unlink(missing_ok=True)


def state_dict(run: Run) -> dict[str, Tensor]:
    """The weights of the inner network by its own names."""
    return run.backbone.inner_state()
