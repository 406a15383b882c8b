"""The user's own series: a CSV, .npy, .npz or .ts file; unequal lengths and missing values are welcome."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
import torch

from ..catalog import Hyperparameter
from . import Data, Field, parts, places, series_augment, series_files
from .series_augment import Amplitude, Jitter, Offset, TimeCrop


class Series(Data):
    """Your own series from a table, an array or a .ts file; unequal lengths and missing values are welcome.

    A CSV with one series per row (layout "rows") or with one channel per column ("columns": the rows are time and are cut
    into overlapping windows of `length`); "auto" takes more than 20 columns of numbers for time steps. Splits of windows
    are stretches of time. Each channel is scaled to mean 0 and deviation 1 over the training samples; what is absent is
    ignored.
    """

    name = "series"

    def __init__(self, *, file: Annotated[str, Hyperparameter("a .csv, .tsv, .npy, .npz or .ts file")] = "",
                 label_column: Annotated[str, Hyperparameter("column of a CSV that holds the label, if there is one")] = "",
                 layout: Annotated[str, Hyperparameter("a series per row, or a channel per column",
                                                       choices=("auto", "rows", "columns"))] = "auto",
                 length: Annotated[int, Hyperparameter("steps in one window, and the most read of a series", 8, 4096)] = 128,
                 crop: TimeCrop = 0.6,
                 amplitude: Amplitude = 0.3,
                 offset: Offset = 0.2,
                 jitter: Jitter = 0.1):
        self.file, self.label_column, self.layout, self.length = file, label_column, layout, length
        self.crop, self.amplitude, self.offset, self.jitter = crop, amplitude, offset, jitter
        self.path = places.existing(file or places.sample("gestures.csv"), "file", "data.file")
        if self.path.is_dir():
            raise IsADirectoryError(f"{str(self.path)!r} is a folder; data.file must be one file of series")
        _, C, T = self.samples().x.shape
        patch = parts.patch_of_series(T)
        self.fields = {"signal": Field((-(-T // patch) * patch,), (patch,), C, gaps=self.has_gaps(T % patch))}

    def samples(self) -> series_files.Samples:
        return kept(self.path, self.path.stat().st_mtime_ns, self.layout, self.length, self.label_column)

    def has_gaps(self, rest: int) -> bool:
        return bool(rest) or bool(np.isnan(self.samples().x).any())

    def rows_of(self, split: str) -> list[int]:
        found = self.samples()
        n = len(found.x) - found.tests
        parts.enough(n, "series", self.path.name)
        if found.tests and split == "test":
            return list(range(n, len(found.x)))
        if found.starts is not None:  # windows overlap, those that reach over the border of two splits are dropped
            low, high = parts.SHARES[split]
            return np.flatnonzero((found.starts[:, 0] >= low) & (found.starts[:, 1] <= high)).tolist()
        keys, words = [str(i) for i in range(n)], found.words[:n] or None
        if found.tests and split == "train":  # the test split is given, so its share of the rest is for training too
            return parts.mixed(keys, parts.part(keys, "train", words) + parts.part(keys, "test", words))
        return parts.part(keys, split, words)

    def load(self, split):
        found, rows = self.samples(), self.rows_of(split)
        train = found.x[self.rows_of("train")]
        with np.errstate(invalid="ignore"):
            count = np.maximum((~np.isnan(train)).sum((0, 2)), 1)[:, None]
            mean = np.nansum(train, (0, 2))[:, None] / count  # [C, 1]
            deviation = np.sqrt(np.nansum((train - mean) ** 2, (0, 2))[:, None] / count)
        x = (found.x[rows] - mean) / np.where(deviation > 0, deviation, 1)
        x = np.pad(x, ((0, 0), (0, 0), (0, self.fields["signal"].size[0] - x.shape[2])), constant_values=np.nan)
        labels = {}
        if len(set(found.words)) > 1:
            y, names = parts.numbered(found.words)
            labels, self.classes = {found.label: y[rows]}, {found.label: names}
        return {"signal": torch.from_numpy(x.astype(np.float32))}, labels

    def augment(self, batch, generator):
        x = series_augment.excerpt(batch["signal"], generator, self.crop)
        x = series_augment.jitter(x, generator, self.jitter)
        x = series_augment.amplitude(x, generator, self.amplitude)
        return {"signal": series_augment.offset(x, generator, self.offset)}

    def cite(self):
        return f"series in {self.file}" if self.file else "generated gestures, shipped with sslbench (CC0)"


@lru_cache(maxsize=2)
def kept(path: Path, changed: int, layout: str, length: int, label_column: str) -> series_files.Samples:
    """The file is read again only when it, or how to read it, has changed."""
    return series_files.read(path, layout, length, label_column)
