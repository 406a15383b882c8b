"""What a run has learned, for other tools: embeddings beside labels and names of samples, weights of the
inner network."""

import io
import os
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .. import arguments
from ..catalog import nearest
from ..data import Data
from ..data.digest import digest_of
from ..data.reading import reading_of_embedded
from ..field import size_of
from ..messages import in_words
from ..notes import note
from ..storage import regular_files, run_folder, tensor_files
from ..training import evaluate
from .embedding import exact
from .new_data import new_data
from .run import SPLITS, Run, load_run
from .seeds import Seeds

WANTED = "a run, as fit() and load_run(folder) return it, or its folder"
NEW = "new"  # in place of a split, of samples that are not the run's own
TABLES, WEIGHTS = (".npz", ".parquet", ".csv"), (".pt", ".safetensors")


def export(run: Run | str | os.PathLike, file: str | os.PathLike, *, split: str = "",
           most: int | None = None, data: Mapping[str, Any] | None = None, overwrite: bool = False) -> str:
    """Write what a run has learned into a file and return a line that says what was written.

    run: a run or its folder.  file: ".npz", ".parquet" or ".csv": embeddings [n, D] float32 with the split,
    the labels and the name of each sample; ".pt" or ".safetensors": the weights of the inner network by its
    own names, as its load_state_dict() takes them.  split: "train", "validation", "test" or "all"; by default
    "test", and "all" of other data.  most: samples of a split at most, evenly spread; None: all of them.
    data: other files for the run to read, as hyperparameters of its data source: {"folder": "new"}; their
    split is called "new".
    ValueError for another ending, a run without weights, or what means nothing for weights; FileExistsError
    when the file exists, unless `overwrite`.

        run = fit(Recipe(data="waves", steps=20), progress=False)
        export(run, "embeddings.npz", split="all")
        export(run, "other.csv", data={"seed": 1})
        export(run, "backbone.pt")
    """
    path = arguments.path(file, "file", "a file, such as \"embeddings.npz\"")
    if (ending := path.suffix.lower()) not in (*TABLES, *WEIGHTS):
        raise ValueError(f"{path.name} must end in {', '.join(TABLES)} (embeddings) or {', '.join(WEIGHTS)} "
                         "(weights)")
    if ending in WEIGHTS:
        needless(path, split=split or None, most=most, data=data)
    arguments.one_of(split, str, "split", f"one of {', '.join(SPLITS)} and all")
    split = split or ("test" if data is None else "all")
    if split not in (*SPLITS, "all"):
        raise ValueError(nearest("split", split, (*SPLITS, "all")))
    arguments.yes_or_no(overwrite, "overwrite")
    free(path, overwrite)
    if isinstance(run, Seeds):
        raise ValueError("export() takes one run; give one of the seeds: export(seeds.runs[0], ...)")
    if not isinstance(run, Run):
        run = load_run(arguments.one_of(run, (str, os.PathLike), "what export() is given", WANTED))
    if ending in WEIGHTS:
        return write_weights(run, path, ending)
    most = sys.maxsize if most is None else arguments.whole(most, "most", 1)
    return write_table(run, path, ending, SPLITS if split == "all" else (split,), most, data)


def needless(path: Path, **given: Any) -> None:
    """ValueError in one line for what chooses samples, where weights are written."""
    if name := next((name for name, value in given.items() if value is not None), ""):
        raise ValueError(f"{path.name} holds weights, which are the same whatever {name} says; leave {name} "
                         f"out, or choose a file that ends in {', '.join(TABLES)} (embeddings)")


def free(path: Path, overwrite: bool) -> None:
    """OSError in one line unless the file may be written; nothing is changed."""
    if path.is_dir() or (path.exists() and not overwrite):
        raise FileExistsError(f"{path} exists; choose another file" + (", not a folder" if path.is_dir() else
                                                                       ", or replace it with overwrite"))
    whole = Path(os.path.realpath(path))
    for folder in whole.parents[:2]:  # evaluations lie one deeper
        if (run_folder.OWN.fullmatch(whole.relative_to(folder).as_posix())
            and (folder / "recipe.json").exists()):
            raise FileExistsError(f"{path} belongs to the run in {folder}; choose another file")


def write_weights(run: Run, path: Path, ending: str) -> str:
    state = {name: x.detach().cpu().contiguous().clone() for name, x in run.backbone.inner_state().items()}
    if ending == ".pt":
        held = io.BytesIO()  # torch says of a full disk where in its own source it noticed
        torch.save(state, held)
        content = held.getvalue()
    else:
        content = tensor_files.packed(state, {"backbone": run.recipe.backbone,
                                              "recipe": run.recipe.to_json()})
    with in_place(path) as part:
        part.write_bytes(content)
    return (f"{path}: {len(state)} tensors, {sum(x.numel() for x in state.values()):,} numbers of "
            f"{run.recipe.backbone}")


def write_table(run: Run, path: Path, ending: str, splits: tuple[str, ...], most: int,
                changed: Mapping[str, Any] | None) -> str:
    """The line that says what was written."""
    if changed is None:
        data = run.data
        unchanged(run)
    else:
        data = new_data(run.recipe, run.task.data, changed)
        note(reading_of_embedded(data))
    parts = [evaluate.read(data, split, most) for split in splits]
    z = torch.cat([evaluate.embed(run.task, data, part, exact()) for part in parts]).float().numpy()  # [n, D]
    of_split = [split if changed is None else NEW for split, part in zip(splits, parts)
                for _ in range(len(part))]
    names = [name for split, part in zip(splits, parts) for name in names_of(data, split, part.numbers)]
    labels = {name: torch.cat([part.labels[name] for part in parts]).numpy() for name in parts[0].labels}
    spoken = {name: words for name, words in data.classes.items() if name in labels}
    if ending == ".npz":
        held = {
            "embeddings": z, "names": np.array(names), "splits": np.array(of_split),
            **{f"label {name}": y for name, y in labels.items()},
            **{f"classes {name}": np.array(words) for name, words in spoken.items()}
        }
        with in_place(path) as part, open(part, "wb") as out:
            np.savez(out, **held)
    else:
        write_frame(path, ending, z, {"name": names, "split": of_split}, labels, spoken)
    of = sum(size_of(data.loaded(split)[0]) for split in splits)
    which = ", ".join(splits) if changed is None else "other data"
    return (f"{path}: embeddings [{len(z)}, {z.shape[1]}] of {run.recipe.data}, {which}, with "
            f"{len(labels)} label{'s' * (len(labels) != 1)}"
            + f"; {of - len(z):,} of {of:,} samples are left out" * (of > len(z)))


def unchanged(run: Run) -> None:
    """Say so when the data is not what the run learned from: its embeddings are of what is there now."""
    then = run.about.get("data")
    if then and then != digest_of(*run.data.loaded("train")):
        note(f"the training data of {run.recipe.data} is not what this run learned from; these are "
             "embeddings "
             "of the data as it is now")


def names_of(data: Data, split: str, rows: torch.Tensor) -> list[str]:
    names = data.sample_names(split)
    return [names[i] for i in rows.tolist()]


def write_frame(path: Path, ending: str, z: np.ndarray, about: dict[str, list[str]],
                labels: dict[str, np.ndarray], spoken: dict[str, list[str]]) -> None:
    """One row for each sample: its name and split, its labels in words where they have words, its embedding
    as columns e0, e1 ... A label of such a name is called "label name"."""
    try:
        import pandas
    except ImportError:
        raise ValueError(
            f"{ending} needs pandas: pip install 'sslbench[tables]'; .npz needs nothing") from None
    columns, features = dict(about), [f"e{i}" for i in range(z.shape[1])]
    for name, y in labels.items():
        name, words = f"label {name}" if name in (*about, *features) else name, spoken.get(name)
        if y.ndim > 1:
            columns |= {f"{name} {i}": y[:, i] for i in range(y.shape[1])}
        else:
            columns[name] = [words[i] if i >= 0 else None for i in y] if words else y
    frame = pandas.concat([pandas.DataFrame(columns), pandas.DataFrame(z, columns=features)], axis=1)
    with in_place(path) as part:
        frame.to_csv(part, index=False) if ending == ".csv" else frame.to_parquet(part)


class in_place:
    """A file beside it to write into, which takes its place when all was written; nothing half-written
    stays."""

    def __init__(self, path: Path):
        self.path, self.part = path, path.with_name(f".{path.name}-{uuid.uuid4().hex}.part")

    def __enter__(self) -> Path:
        try:
            regular_files.new(self.part).close()  # a name that nobody else has
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None
        return self.part

    def __exit__(self, kind, error, _):
        if kind is None:
            os.replace(self.part, self.path)
            return
        self.part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and error.strerror:
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        if isinstance(error, (OSError, RuntimeError)):
            said = in_words(error).replace(self.part.name, self.path.name)
            raise OSError(f"{self.path} could not be written ({said})") from error
