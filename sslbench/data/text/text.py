"""The user's own text: tables, FASTA, lines with labels, folders of texts, or running text cut into
windows."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import torch

from ...baselines import for_text
from ...baselines.one_hot import MOST
from ...catalog import Hyperparameter
from .. import Data, Field, locations
from . import as_bytes, files, paths, samples
from .as_bytes import Hide, TextCrop
from .files import Texts


class Text(Data):
    """Your own text: a table with a column of texts, FASTA, lines "LABEL text", a folder of text files, or
    running text.

    A row, record, line or file is one sample, cut at `length` bytes or padded; running text becomes
    consecutive windows, the last tenths of it for validation and test. Several files are given with commas,
    as a pattern or as a folder; train, val, test and unsup in the names of files and folders are splits, and
    folders are labels. What was taken stands in the reading.
    """

    name = "text"
    empty = "the sample that comes with sslbench is shown"

    def __init__(self, *, file: Annotated[str, Hyperparameter("a .txt, .csv, .tsv, .jsonl or FASTA file, "
                                                              "several, or a folder")] = "",
                 text_column: Annotated[
                     str, Hyperparameter("column of a table that holds the text; empty: found")] = "",
                 label: Annotated[
                     str, Hyperparameter("column, folder level or name pattern of the label, or none")] = "",
                 group: Annotated[str, Hyperparameter("column or pattern of what stays in one split: a "
                                                      "person, a picture")] = "",
                 split: Annotated[str, Hyperparameter("column or pattern of given splits, or none")] = "",
                 length: Annotated[int, Hyperparameter("bytes in one sample", 16, 2048)] = 128,
                 crop: TextCrop = 0.5,
                 hide: Hide = 0.15):
        file = str(file)
        self.file, self.text_column = file, text_column
        self.label, self.group, self.split = label, group, split
        self.length, self.crop, self.hide = length, crop, hide
        # kept: the files may be gone, or the path be seen from another folder, when rows are asked for
        self.texts = self.read()
        self.prepared: samples.Prepared | None = None
        self.unit = "windows" if self.texts.running else "texts"
        self.fields = {"text": Field((length,), (1,), vocab=256, gaps=not self.texts.running)}

    def read(self) -> Texts:
        file = self.file or locations.sample("sentences.csv")
        return cached(file, changed(file), self.text_column, self.label == "none")

    def load(self, split):
        if self.prepared is None:
            self.prepared = samples.prepared(self.texts, self.length, self.label, self.group, self.split,
                                             Path(self.file).name)
        found = self.prepared
        self.classes, self.notes = found.metadata.classes, found.notes
        self.splits_from = found.metadata.splits.origin
        rows, labels = found.metadata.of(split)
        return {"text": torch.from_numpy(found.ids[rows])}, labels

    def sample_names(self, split):
        self.loaded(split)
        return self.prepared.metadata.names_of(split)

    def shown(self) -> str:
        return self.file if len(self.file) < 60 else f"...{self.file[-57:]}"

    def augment(self, batch, generator):
        return {"text": as_bytes.excerpt(batch["text"], generator, self.crop, self.hide)}

    def raw(self, batch):
        self.loaded("train")
        return as_bytes.raw(batch["text"], self.prepared.letters)

    def baselines(self):
        self.loaded("train")
        few = as_bytes.few_letters(self.prepared.ids)
        # `raw` reads those of one length by position already
        return for_text("text", few, few and not self.prepared.letters and self.length * as_bytes.FEW <= MOST)

    def spell(self, ids):
        there = (ids >= 0).nonzero()  # the padding at the end is not worth dots
        return as_bytes.spell(ids[: int(there.max()) + 1] if self.fields["text"].gaps and len(there) else ids)

    def cite(self):
        return f"text in {self.shown()}" if self.file else "generated sentences, shipped with sslbench (CC0)"


def changed(file: str) -> tuple:
    """When the files were changed last."""
    return tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in paths.files(file)[0])


@lru_cache(maxsize=2)
def cached(file: str, changed: tuple, text_column: str, whole: bool) -> Texts:
    """The files are read again only when they, or how to read them, have changed."""
    return files.read(file, text_column, whole)
