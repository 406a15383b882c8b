"""Tar shards of WebDataset: pictures that no single disk holds; each process reads its own shards."""

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import numpy as np
import torch

from ...catalog import Hyperparameter
from .. import Data, Field, locations, parts
from ..column_names import likely
from ..metadata import Metadata, metadata_of
from ..tables.table import count
from .augment import Color, Crop, Flip, Rotation, color, geometry
from .decoding import square_of
from .folder import Streamed, side_by_side
from .layout import parted, printable, shown
from .opening import regular
from .shards import Shard, meant, shard
from .to_square import Form

FEWEST = 3  # shards of which the last ones can be those of validation and test


class WebDataset(Data):
    """Tar shards of WebDataset, streamed: for pictures that no single disk or memory holds.

    Files of one sample share their name up to the first dot; its label is in .cls or in .json. Each shard is
    read through once for where its samples lie (kept in the cache), later they are read by their place. Names
    of shards or of their folders that say train, val or test are the splits; otherwise the last shards are
    for testing and those before them for validation. Training shuffles shards, then the samples of a few
    shards at a time; of several processes each reads shards of its own.
    """

    name = "webdataset"
    paper = "https://github.com/webdataset/webdataset"
    unit = "pictures"

    def __init__(self, *, file: Annotated[str, Hyperparameter("shards: train-{000000..000127}.tar, a pattern "
                                                              "with * or a folder of .tar")] = "",
                 size: Annotated[int, Hyperparameter("width and height in pixels",
                                                     choices=(32, 48, 64, 96, 128, 224))] = 32,
                 label: Annotated[str, Hyperparameter("cls, or an entry of the samples' .json; none")] = "",
                 crop: Crop = 0.4,
                 color: Color = 0.5,
                 rotation: Rotation = 5.0,
                 flip: Flip = True):
        self.file, self.size, self.label = file, size, label
        self.crop, self.color, self.rotation, self.flip = crop, color, rotation, flip
        self.paths, self.missing = meant(file or locations.sample("shards"))
        channels = Counter(shard(self.paths[0]).bands).most_common(1)
        self.fields = {"image": Field((size, size), (size // 8, size // 8),
                                      channels[0][0] if channels else 3, scale=1 / 64, offset=128)}
        self.found: Found | None = None

    def load(self, split):
        if self.found is None:
            self.found = Found(self.paths, self.missing, self.fields["image"].channels, self.label)
            metadata = self.found.metadata
            self.classes, self.splits_from = metadata.classes, self.found.origin or metadata.splits.origin
            self.notes = self.found.notes
        rows, labels = self.found.metadata.of(split)
        alike = next(iter(labels.values())).tolist() if labels else None
        form = Form(self.size, self.fields["image"].channels)
        return {"image": Samples(self.found, rows, form, alike)}, labels

    def blocks(self, split):
        self.loaded(split)
        return torch.from_numpy(self.found.shard[self.found.metadata.splits.rows[split]])

    def sample_names(self, split):
        self.loaded(split)
        return self.found.metadata.names_of(split)

    def augment(self, batch, generator):
        x = geometry(batch["image"], generator, self.crop, self.rotation, self.flip)
        return {"image": color(x, generator, self.color)}

    def cite(self):
        return f"shards {self.file}" if self.file else "generated shapes in shards (CC0)"


class Found:
    """All samples of all shards. shard, offset, size: where each picture lies.  files: what it is called
    there."""

    def __init__(self, paths: list[Path], missing: list[str], bands: int, label: str):
        self.paths, shards = paths, list(side_by_side(shard, paths))
        kept = [[i for i, b in enumerate(s.bands) if b == bands] for s in shards]
        self.shard = np.repeat(np.arange(len(paths)), [len(rows) for rows in kept]).astype(np.int32)
        self.offset, self.size, self.files = ([values[i] for values, rows in zip(whole, kept) for i in rows]
                                              for whole in zip(*((s.offsets, s.sizes, s.files)
                                                                 for s in shards)))
        above = Path(os.path.commonpath([path.parent for path in paths]))
        stems = [path.relative_to(above).with_suffix("").as_posix() for path in paths]
        keys = [printable(f"{stem}/{s.names[i]}") for stem, s, rows in zip(stems, shards, kept) for i in rows]
        self.notes = notes_of(stems, shards, missing, bands)
        if len(keys) < 10:
            parts.enough(len(keys), "readable pictures", f"{paths[0]}"
                         + "".join(f" ({note})" for note in self.notes[1:3]))
        given, self.origin = splits_of(paths, [len(rows) for rows in kept])
        columns = columns_of(shards, kept)
        usual = "cls" if "cls" in columns else likely(columns)
        self.metadata: Metadata = metadata_of(keys, columns, label=label, likely=[usual] if usual else [],
                                              given=[given[i] for i in self.shard] if given else None)
        self.notes += self.metadata.said
        if any(said.startswith("splits from column") for said in self.metadata.said):
            self.origin = ""  # an entry of the samples says it


class Samples(Streamed):
    """Some samples of the shards, read by their place and decoded when they are asked for."""

    def __init__(self, found: Found, rows: list[int], form: Form, labels: list | None):
        shard = found.shard[rows].tolist()
        # a damaged one is replaced from its own shard where that has one of the same label
        alike = list(zip(labels, shard)) if labels else shard
        super().__init__([found.metadata.keys[i] for i in rows], form, alike, str(found.paths[0].parent))
        self.found, self.rows = found, rows

    def decoded(self, row):
        found, i = self.found, self.rows[row]
        with open(found.paths[found.shard[i]], "rb", opener=regular) as f:
            f.seek(found.offset[i])
            content = f.read(found.size[i])
        return square_of(content, found.files[i], self.form)


def columns_of(shards: list[Shard], kept: list[list[int]]) -> dict[str, list | np.ndarray]:
    """Column -> a value or None for each sample that is kept; classes as numbers where all of them are."""
    names = dict.fromkeys(column for s in shards for column in s.columns)
    columns = {}
    for name in names:
        none = [None]
        columns[name] = [s.columns.get(name, none * len(s.names))[i]
                         for s, rows in zip(shards, kept) for i in rows]
    words = columns.get("cls", [])
    if words and all(word is None or word.lstrip("-").isdecimal() for word in words):
        columns["cls"] = np.array([-1 if word is None else int(word) for word in words], np.int64)
    return columns


def splits_of(paths: list[Path], counts: list[int]) -> tuple[list[str | None], str]:
    """The split of each shard of so many samples, and where it comes from where no name says so; [] where
    samples are drawn."""
    named = [found[0] if (found := parted(path.stem) or parted(path.parent.name)) else None for path in paths]
    if len(set(named) - {None}) > 1:
        return named, ""
    full = [i for i, n in enumerate(counts) if n]
    n = len(full)
    if n < FEWEST:
        return [], ""
    test, validation = max(1, round(0.2 * n)), max(1, round(0.1 * n))
    words = ["train"] * (n - validation - test) + ["validation"] * validation + ["test"] * test
    of = dict(zip(full, words))
    origin = (f"the last {count(test, 'shard')} of {n} for testing, {count(validation, 'shard')} before "
              f"{'it' if test == 1 else 'them'} for validation")
    return [of.get(i) for i in range(len(paths))], origin


def notes_of(stems: list[str], shards: list[Shard], missing: list[str], bands: int) -> list[str]:
    """How many shards there are, and what is missing, cut or left out, in numbers."""
    said = [count(len(stems), "shard")]
    if missing:
        said.append(f"missing: {count(len(missing), 'shard')}: {shown(missing)}")
    for why in dict.fromkeys(s.wrong for s in shards if s.wrong):
        some = [stem for stem, s in zip(stems, shards) if s.wrong == why]
        said.append(f"left out: {count(len(some), 'shard')} ({why}): {shown(some)}")
    said += [f"{stem} is cut: the {count(len(s.names), 'picture')} before its end are read"
             for stem, s in zip(stems, shards) if s.cut]
    lost: dict[str, list[str]] = {}
    for stem, s in zip(stems, shards):
        other = [name for name, b in zip(s.names, s.bands) if b != bands]
        for why, names in {**s.lost, **({f"other than {bands} bands": other} if other else {})}.items():
            lost.setdefault(why, []).extend(f"{stem}/{name}" for name in names)
    total = sum(len(s.names) for s in shards) + sum(len(names) for s in shards for names in s.lost.values())
    return said + [f"left out: {len(names):,} of {count(total, 'sample')} ({why}): {shown(names)}"
                   for why, names in lost.items()]
