"""Tar shards of WebDataset: pictures that no single disk holds; each process reads its own shards."""

import os
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Annotated

import numpy as np
import torch

from ...catalog import Hyperparameter
from ...messages import printable
from .. import Field, locations, parts
from ..column_names import likely
from ..folders import parted, plain, shown
from ..metadata import Metadata, metadata_of
from ..tables.table import count
from .augment import Color, Crop, Flip, Rotation
from .decoding import begun
from .listing import kinds
from .opening import Unread, regular
from .pictures import in_part
from .shard_names import meant
from .shards import Shard, of_bands, shard
from .source import FoundPictures, Size
from .streamed import Streamed, in_threads
from .to_square import Form

FEWEST = 3  # shards of which the last ones can be those of validation and test


class WebDataset(FoundPictures):
    """Tar shards of WebDataset, streamed: for pictures that no single disk or memory holds.

    Files of one sample share their name up to the first dot; its label is in .cls or in .json. Each shard is
    read through once for where its samples lie (kept in the cache), later they are read by their place. Names
    of shards or of their folders that say train, val or test are the splits; otherwise the last shards are
    for testing and those before them for validation. Training shuffles shards, then the samples of a few
    shards at a time; of several processes each trains on shards of its own. Samples without a picture, such
    as .npy or .txt alone, are left out.
    """

    name = "webdataset"
    empty = "generated shapes in shards are shown"
    paper = "https://github.com/webdataset/webdataset"

    def __init__(self, *, file: Annotated[str, Hyperparameter("shards: train-{000000..000127}.tar, a pattern "
                                                              "with * or a folder of .tar")] = "",
                 size: Size = 32,
                 label: Annotated[str, Hyperparameter("cls, or an entry of the samples' .json; none")] = "",
                 crop: Crop = 0.4,
                 color: Color = 0.5,
                 rotation: Rotation = 5.0,
                 flip: Flip = True):
        self.file, self.size, self.label = file, size, label
        self.crop, self.color, self.rotation, self.flip = crop, color, rotation, flip
        self.paths, self.missing = meant(file or locations.sample("shards"))
        # of the first shard that holds any picture
        bands = next((found for path in self.paths if (found := shard(path).bands)), [3])
        ((channels, _),) = Counter(bands).most_common(1)
        self.fields = {"image": Field((size, size), (size // 8, size // 8), channels, scale=1 / 64,
                                      offset=128)}
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

    def cite(self):
        return f"shards {self.file}" if self.file else "generated shapes in shards (CC0)"


class Found:
    """All samples of all shards. shard, offset, size: where each picture lies.  files: what it is called
    there, which tells some kinds of pictures."""

    def __init__(self, paths: list[Path], missing: list[str], bands: int, label: str):
        shards = [of_bands(found, bands) for found in in_threads(shard, paths)]
        counts = [len(s.names) for s in shards]
        self.paths, self.shard = paths, np.repeat(np.arange(len(paths), dtype=np.int32), counts)
        self.offset = [offset for s in shards for offset in s.offsets]
        self.size = [size for s in shards for size in s.sizes]
        self.files = [file for s in shards for file in s.files]
        stems = stems_of(paths)
        keys = [printable(f"{stem}/{name}") for stem, s in zip(stems, shards) for name in s.names]
        columns = columns_of(shards)
        self.notes = notes_of(stems, shards, missing)
        if len(keys) < parts.LEAST:
            parts.enough(len(keys), "readable pictures", f"{paths[0]}"
                         + "".join(f" ({note})" for note in self.notes[1:4]))
        given, self.origin = splits_of(paths, counts)
        usual = "cls" if "cls" in columns else likely(columns)
        self.metadata: Metadata = metadata_of(keys, columns, label=label, likely=[usual] if usual else [],
                                              given=[given[i] for i in self.shard] if given else None)
        self.notes += self.metadata.said
        if any(said.startswith("splits from column") for said in self.metadata.said):
            self.origin = ""  # an entry of the samples says it


class Samples(Streamed):
    """Some samples of the shards, read by their place and decoded when they are asked for."""

    def __init__(self, found: Found, rows: list[int], form: Form, labels: list | None):
        super().__init__([found.metadata.keys[i] for i in rows], form, str(found.paths[0].parent),
                         *[labels] * bool(labels), found.shard[rows].tolist())
        self.found, self.rows = found, rows

    def decoded(self, rows):
        return in_threads(self.picture, rows)

    def picture(self, row: int) -> np.ndarray | None:
        """One picture; None where it cannot be read, or has more than eight bits a colour."""
        found, i = self.found, self.rows[row]
        try:
            with open(found.paths[found.shard[i]], "rb", opener=regular) as f:
                f.seek(found.offset[i])
                content = f.read(found.size[i])
        except Unread:  # no file stands in its place any more
            return None
        return begun(content, self.form, True, found.files[i])[1]


def stems_of(paths: list[Path]) -> list[str]:
    """The path of each shard below the folder that holds them all, without its ending."""
    above = Path(os.path.commonpath([path.parent for path in paths]))
    return [path.relative_to(above).with_suffix("").as_posix() for path in paths]


def columns_of(shards: list[Shard]) -> dict[str, list | np.ndarray]:
    """Column -> a value or None for each sample; classes as numbers where all samples have one."""
    names = dict.fromkeys(column for s in shards for column in s.columns)
    columns = {name: [value for s in shards for value in s.columns.get(name, [None] * len(s.names))]
               for name in names}
    if "cls" in columns:
        words = [None if word is None else str(word) for word in columns["cls"]]
        numbers = all(word is not None and re.fullmatch(r"-?\d{1,18}", word) for word in words)
        columns["cls"] = np.array(words, np.int64) if numbers else words
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


def notes_of(stems: list[str], shards: list[Shard], missing: list[str]) -> list[str]:
    """How many shards there are, what could be a label, and what is missing, cut or left out, in numbers."""
    said = [count(len(stems), "shard")]
    entries = sorted({column for s in shards for column in s.columns} - {"cls"})
    said += [f"entries of .json for data.label: {shown(entries, 8)}"] * bool(entries)
    if missing:
        said.append(f"missing: {count(len(missing), 'shard')}: {shown(missing)}")
    for why in dict.fromkeys(s.wrong for s in shards if s.wrong):
        some = [stem for stem, s in zip(stems, shards) if s.wrong == why]
        said.append(f"left out: {count(len(some), 'shard')} ({why}): {shown(some)}")
    said += [f"shard {plain(stem)} is {'cut: it ends' if s.cut else 'damaged: it cannot be read'} after "
             f"{count(len(s.names), 'picture')}" for stem, s in zip(stems, shards) if s.cut or s.broken]
    lost, unread = defaultdict(list), Counter()
    for stem, s in zip(stems, shards):
        for why, names in s.lost.items():
            lost[why] += [f"{stem}/{name}" for name in names]
        unread.update(s.unread)
    total = sum(len(s.names) + sum(map(len, s.lost.values())) for s in shards)
    said += [f"left out: {len(names):,} of {count(total, 'sample')} ({why}): {shown(names)}"
             for why, names in lost.items()]
    said += [f"not read of the samples: {kinds(unread)}"] * bool(unread)
    return said + in_part(sum(s.animated for s in shards), sum(s.upper for s in shards))
