"""The user's own text: a plain text file cut into windows, or a CSV with one text per row."""

from typing import Annotated

import torch

from ..catalog import Hyperparameter
from . import Data, Field, parts, places, tables, text_bytes
from .text_bytes import Hide, TextCrop


class Text(Data):
    """Your own text file, or a CSV with a text column and, if you have one, a label column.

    A text file becomes consecutive windows, the last tenths of it for validation and test. A CSV row is one sample, cut at
    `length` bytes or padded. label_column may stay empty: then a column called label, class, target or category is taken.
    """

    name = "text"

    def __init__(self, *, file: Annotated[str, Hyperparameter("a .txt, .md, .csv or .tsv file")] = "",
                 text_column: Annotated[str, Hyperparameter("column of a CSV that holds the text")] = "text",
                 label_column: Annotated[str, Hyperparameter("column of a CSV that holds the label, if there is one")] = "",
                 length: Annotated[int, Hyperparameter("bytes in one sample", 16, 2048)] = 128,
                 crop: TextCrop = 0.5,
                 hide: Hide = 0.15):
        self.file, self.text_column, self.label_column, self.length = file, text_column, label_column, length
        self.crop, self.hide = crop, hide
        self.path = places.existing(file or places.sample("sentences.csv"), "file", "data.file")
        if self.path.is_dir():
            raise IsADirectoryError(f"{str(self.path)!r} is a folder; data.file must be one text or CSV file")
        self.table = self.path.suffix.lower() in (".csv", ".tsv")
        self.columns = chosen(tables.read(self.path), text_column, label_column) if self.table else None
        self.fields = {"text": Field((length,), (1,), vocab=256, gaps=self.table)}

    def load(self, split):
        if not self.table:
            ids = text_bytes.windows(self.path.read_text("utf-8", "replace"), self.length)
            parts.enough(len(ids), f"windows of {self.length} bytes", self.path.name)
            return {"text": torch.from_numpy(ids[parts.stretch(len(ids), split)])}, {}
        at, label = 0, 1
        texts, key, words = self.columns
        found = [row for row in zip(texts, words) if row[at].strip()]
        parts.enough(len(found), f"texts in column {self.text_column!r}", self.path.name)
        words = [row[label].strip() or "(none)" for row in found] if key else []
        rows = parts.part([row[at] for row in found], split, words or None)
        labels = {}
        if len(set(words)) > 1:
            y, names = parts.numbered(words)
            labels, self.classes = {key: y[rows]}, {key: names}
        return {"text": torch.from_numpy(text_bytes.padded([found[i][at] for i in rows], self.length))}, labels

    def augment(self, batch, generator):
        return {"text": text_bytes.excerpt(batch["text"], generator, self.crop, self.hide)}

    def raw(self, batch):
        return text_bytes.raw(batch["text"])

    def spell(self, ids):
        there = (ids >= 0).nonzero()  # the padding at the end is not worth dots
        return text_bytes.spell(ids[: int(there.max()) + 1] if self.table and len(there) else ids)

    def cite(self):
        return f"text in {self.file}" if self.file else "generated sentences, shipped with sslbench (CC0)"


def chosen(table: tables.Table, text_column: str, label_column: str) -> tuple[list[str], str, list[str]]:
    """The texts, the name of the label column ("": none) and the labels."""
    texts = table.column(text_column, "data.text_column").words()
    if label_column:
        return texts, label_column, table.column(label_column, "data.label_column").words()
    likely = [name for name in table.names if name.lower() in ("label", "class", "target", "category", "y")]
    if not likely and len(table.names) == 2:  # many tables call the label by what it means: the other of two columns
        likely = [name for name in table.names if name != text_column]
    return texts, likely[0] if likely else "", table.words(likely[0]) if likely else [""] * len(texts)
