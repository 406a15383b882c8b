"""The user's own series: tables, arrays or .ts files; unequal lengths and missing values are welcome."""

from pathlib import Path
from typing import Annotated

from ...catalog import Hyperparameter
from .. import Data, Field, locations, parts
from ..rows import Picked
from . import augment, paths, samples
from .augment import Amplitude, Jitter, Offset, TimeCrop


class Series(Data):
    """Your own series from a table, an array or a .ts file; unequal lengths and missing values are welcome.

    `file` is a file, several with commas between them, a pattern such as runs/*/log.csv, or a folder. A table
    holds one series per row (layout "rows") or one channel per column ("columns": the rows are time and are
    cut into overlapping windows, which never cross from one file, person or given split to the next); "auto"
    goes by the names and the number of the columns.
    label, group and split name columns, "none", a folder level, or a pattern on the file name. Each channel
    is scaled to mean 0 and deviation 1 over the training samples; what is absent is ignored.
    """

    name = "series"
    empty = "the sample that comes with sslbench is shown"

    def __init__(self, *, file: Annotated[str, Hyperparameter("table, .npy, .npz or .ts; several, a pattern "
                                                              "or a folder")] = "",
                 label: Annotated[
                     str, Hyperparameter('column of the label, or "none"; several: "kind,weight"')] = "",
                 group: Annotated[str, Hyperparameter('column of persons or recordings that stay in one '
                                                      'split, or "none"')] = "",
                 split: Annotated[
                     str, Hyperparameter('column that says train, validation or test, or "none"')] = "",
                 layout: Annotated[str, Hyperparameter("a series per row, or a channel per column",
                                                       choices=("auto", "rows", "columns"))] = "auto",
                 length: Annotated[int, Hyperparameter("steps in one window, and the most read of a series; "
                                                       "0: as in the file",
                                                       0, 4096)] = 0,
                 crop: TimeCrop = 0.6,
                 amplitude: Amplitude = 0.3,
                 offset: Offset = 0.2,
                 jitter: Jitter = 0.1):
        self.file, self.layout, self.length = file, layout, length
        self.label, self.group, self.split = label, group, split
        self.crop, self.amplitude, self.offset, self.jitter = crop, amplitude, offset, jitter
        self.paths, self.beside = paths.files(file or locations.sample("gestures.csv"))
        self.times = times(self.paths)
        self.found = found = samples.cached(tuple(self.paths), self.times, layout, length, label.strip(),
                                          group.strip(),
                                                 # the files may be gone when rows are asked for
                                                 split.strip(), tuple(self.beside), parts.run_reads())
        self.fields = {"signal": Field((found.scaling.length,), (found.patch,), found.x.shape[1],
                                       gaps=found.gaps)}
        self.classes, self.notes, self.unit = found.metadata.classes, found.notes, found.unit
        self.splits_from, self.as_stored = found.metadata.splits.origin, {
            "signal": found.scaling.remembered(found.x.shape[2])}

    def samples(self) -> samples.Samples:
        """What was read; ValueError where its numbers are read where they lie and others lie there now."""
        if self.found.mapped and self.paths[0].exists() and times(self.paths) != self.times:
            raise ValueError(f"{self.paths[0].name} has changed since it was looked at; choose the source "
                             "again to read what it holds now")
        return self.found

    def load(self, split):
        found = self.samples()
        rows, labels = found.metadata.of(split)
        return {"signal": Picked(found.x, found.rows[rows], found.scaling, found.mapped)}, labels

    def sample_names(self, split):
        return self.found.metadata.names_of(split)

    def augment(self, batch, generator):
        x = augment.excerpt(batch["signal"], generator, self.crop)
        x = augment.jitter(x, generator, self.jitter)
        x = augment.amplitude(x, generator, self.amplitude)
        return {"signal": augment.offset(x, generator, self.offset)}

    def cite(self):
        return f"series in {self.file}" if self.file else "generated gestures, shipped with sslbench (CC0)"


def times(paths: list[Path]) -> tuple[tuple[int, int], ...]:
    """When each file was changed last, and its size in bytes."""
    return tuple((path.stat().st_mtime_ns, path.stat().st_size) for path in paths)
