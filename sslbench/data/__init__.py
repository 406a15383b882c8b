"""The Data contract. Data knows which changes keep the meaning; it knows no pretext task. One file per
source."""

from typing import Any

import torch
from torch import Generator, Tensor

from ..baselines import Baseline, suiting
from ..catalog import Listed
from ..field import Batch, Field, size_of
from ..machine.torch_settings import own_settings
from ..messages import printable
from .as_stored import AsStored
from .draws import rand, randint
from .label_fields import label_field, stored_label
from .labels import labelled, nobodys, printable_classes
from .picture import Picture, drawable, picture_of, waveform
from .raw import chunks, raw_numbers
from .reading import reading
from .rows import Picked
from .splits import SPLITS


class Data(Listed):
    """A source of samples: what they look like, where they come from, what may be changed without changing
    the meaning.

    Construction is cheap (headers only) and sets `fields`. Hyperparameters are read from self when they are
    used, so a slider changes an augmentation without loading again.

        class Ramps(sslbench.Data):
            "Rising and falling lines."

            def __init__(self):
                self.fields = {"line": sslbench.Field(size=(16,), patch=(4,))}

            def load(self, split):
                rises = torch.arange(60) % 2
                x = (2 * rises - 1)[:, None, None] * torch.linspace(-1, 1, 16) + 0.3 * torch.randn(60, 1, 16)
                return {"line": x}, {"rises": rises}  # [n, C, T], [n]

        sslbench.fit(sslbench.Recipe(data="ramps", pretext="masked", steps=20), progress=False)
    """

    kind = "data source"
    fields: dict[str, Field]
    # the field that is a label, and the name of that label; only Labelled data has them
    label_field = target = ""
    # its fields describe the same thing, a caption its picture: then each of them is a view of it
    alike = False
    probe_on: tuple[str, ...] = ()  # fields a probe may see; empty: all
    classes: dict[str, list[str]] = {}  # names of the values of integer labels, where they have names
    unit = "samples"  # what one is called
    empty = ""  # what is read where its `folder` or `file` is empty, in words
    splits_from = ""  # where the splits come from, in words
    # field -> what brings a file's numbers to their stored form; others are stored as they are
    as_stored: dict[str, AsStored] = {}
    # kind of number -> darkest, brightest, pictures from 0 to 1: how pictures beyond eight bits are stored
    ranges: dict[str, tuple] = {}
    # what was left out or had to be decided, one phrase each, in numbers; load() may set it
    notes: tuple[str, ...] | list[str] = ()

    def load(self, split: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """The rows and the labels of "train", "validation" or "test".

        rows: field -> stored values, anything with len() that accepts a LongTensor of row numbers (a uint8
        tensor, a memory map, a lazy folder). labels: name -> [n]; the first is the label, further ones are
        factors; int64 means classes (-1: not labelled), float32 a quantity (NaN: not labelled), int64 [n, k]
        of 0 and 1 k answers at once (a row of -1: not labelled). An empty dict says that there are no labels.
        """
        raise NotImplementedError

    def loaded(self, split: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """load(), once per split: what the engine and the bench call."""
        kept = self.__dict__.setdefault("_loaded", {})
        if split not in kept:
            with own_settings():
                rows, labels = self.load(split)
            kept[split] = rows, {printable(name): y for name, y in labels.items()}
            self.classes = printable_classes(self.classes)
        return kept[split]

    def sample_names(self, split: str) -> list[str]:
        """Where each sample of a split comes from, in the order of its rows: the name of its file, its
        number, its text. By default the number of its row."""
        return [str(i) for i in range(size_of(self.loaded(split)[0]))]

    def blocks(self, split: str) -> Tensor | None:
        """[n], the number of the block, such as a shard, in which each row of a split lies, where they lie in
        blocks: training then reads few blocks at a time, and each process its own."""
        return None

    def targets(self, split: str) -> dict[str, Tensor]:
        """What is known of the samples of a split and is no label: masks, boxes; name -> [n, ...], row by row
        as `load` gives them, or pairs [p, 2 or more] that begin with two row numbers. Dense probes read
        it."""
        return {}

    def pairs(self, split: str) -> Tensor | None:
        """[p, 3], two rows of a split and 1 where both are of the same one: verification reads it."""
        return None

    def augment(self, batch: Batch, generator: Generator) -> Batch:
        """The same batch changed at random, without changing its meaning. Every sample gets numbers of its
        own: the views of a batch come here together, one after the other, so a number drawn once would change
        them all alike. Samples may be windows, smaller than the field says."""
        return batch

    def views(self, batch: Batch, generator: Generator, n: int = 2) -> list[Batch]:
        """n augmentations of each sample; where several fields are `alike`, one view through each of them
        (then n is their number)."""
        if len(self.fields) == 1 or not self.alike:
            # one call is faster
            return chunks(self.augment({name: torch.cat([x] * n) for name, x in batch.items()}, generator), n)
        changed = self.augment(batch, generator)
        return [{name: changed[name]} for name in self.fields]

    def raw(self, batch: Batch) -> dict[str, Tensor]:
        """What a probe can read without any network, name -> [B, n]: the honest baseline on every chart."""
        return {"raw": torch.cat([raw_numbers(self.fields[k], x) for k, x in batch.items()], 1)}

    def baselines(self) -> list[Baseline]:
        """What a practitioner would try first on samples of this kind, without any network; read once, at the
        end of a run. By default what suits each field that probes may see."""
        return suiting({name: self.fields[name] for name in self.probe_on or self.fields})

    def picture(self, sample: dict[str, Tensor]) -> Picture:
        """One decoded sample (no batch axis) as plain data to look at: its first field that probes may
        see."""
        name = (self.probe_on or tuple(sample))[0]
        return picture_of(self.fields[name], sample[name], self.spell)

    def spell(self, ids: Tensor) -> str:
        """Symbols [T] as a string; hidden or absent ones as a dot."""
        return " ".join("·" if i < 0 else str(i) for i in ids.tolist())

    @own_settings()
    def reading(self) -> str:
        """What was read, in a sentence or two: how many samples, the splits and where they come from, the
        label, and what was left out or had to be decided, in numbers. Loads the data."""
        return reading(self)

    def cite(self) -> str:
        """Where the data comes from and its licence, one line for the bench."""
        return ""


class Labelled(Data, listed=False):
    """Another data source with its label as the last field: the only way a label meets a loss (supervised,
    few labels).

    Classes are symbols, a quantity is a number, k answers at once are k symbols of two. share: the part of
    the labelled training samples that is kept, drawn evenly at random with `seed`; the rest of the rows is
    dropped, unlabelled ones too.
    keep_rest: all training samples stay, without a label, and those with one come again, so often that they
    are half of the rows.
    """

    label_field = "label"

    def __init__(self, data: Data, share: float = 1.0, seed: int = 0, keep_rest: bool = False):
        _, labels = data.loaded("train")
        if not labels or not labelled(next(iter(labels.values()))).any():
            raise ValueError(f"{data.name} has no labels, so nothing can be supervised; use a pretext task "
                             "or give labels")
        if "label" in data.fields:
            raise ValueError(f"{data.name} has a field called 'label' already; give that field another name")
        self.data, self.share, self.seed, self.name, self.keep_rest = data, share, seed, data.name, keep_rest
        self.target, y = next(iter(labels.items()))
        self.fields = {**data.fields, "label": label_field(y, data.classes.get(self.target, []), keep_rest)}
        self.probe_on, self.classes = data.probe_on or tuple(data.fields), data.classes
        self.alike, self.unit, self.splits_from = data.alike, data.unit, data.splits_from
        self.notes, self.as_stored, self.ranges = data.notes, data.as_stored, data.ranges

    def load(self, split):
        rows, labels = self.data.loaded(split)
        if (picked := self.picked(split)) is not None:
            rows = {k: Picked(x, picked) for k, x in rows.items()}
            labels = {k: x[picked] for k, x in labels.items()}
            if self.keep_rest:
                rest = len(picked) // 2
                labels = {k: torch.cat([nobodys(x[:rest]), x[rest:]]) for k, x in labels.items()}
        return {**rows, "label": stored_label(labels[self.target], self.fields["label"])}, labels

    def picked(self, split: str) -> Tensor | None:
        """Row numbers of the other source's split; None where all of its rows stay as they are."""
        y = self.data.loaded(split)[1][self.target]
        if split != "train" or (not self.keep_rest and self.share == 1 and bool(labelled(y).all())):
            return None
        kept = self.labelled_rows(y)
        return (torch.cat([torch.arange(len(y)), kept.repeat(-(-len(y) // len(kept)))[: len(y)]])
                if self.keep_rest else kept)

    def targets(self, split):
        targets, picked = self.data.targets(split), self.picked(split)
        n = size_of(self.data.loaded(split)[0])  # pairs, not n, speak of rows that are not here
        return targets if picked is None else {k: x[picked] for k, x in targets.items() if len(x) == n}

    def pairs(self, split):
        return self.data.pairs(split) if self.picked(split) is None else None  # they speak of rows not here

    def blocks(self, split):
        blocks, picked = self.data.blocks(split), self.picked(split)
        return blocks if blocks is None or picked is None else blocks[picked]

    def sample_names(self, split):
        names, picked = self.data.sample_names(split), self.picked(split)
        return names if picked is None else [names[i] for i in picked]

    def labelled_rows(self, y: Tensor) -> Tensor:
        """Row numbers of the training samples whose label may be used."""
        there = labelled(y).nonzero().flatten()
        drawn = (torch.randperm(len(there), generator=Generator().manual_seed(self.seed))
                 if self.share < 1 else torch.arange(len(there)))
        return there[drawn[: max(1, round(self.share * len(there)))]]

    def augment(self, batch, generator):
        label = {k: x for k, x in batch.items() if k == "label"}
        return self.data.augment({k: x for k, x in batch.items() if k != "label"}, generator) | label

    def views(self, batch, generator, n=2):
        """Those of the samples; the label stays beside each."""
        label = {k: x for k, x in batch.items() if k == "label"}
        return [view | label for view in self.data.views({k: x for k, x in batch.items() if k != "label"},
                                                         generator, n)]

    def cite(self):
        return self.data.cite()

    def raw(self, batch):
        return self.data.raw(batch)

    def baselines(self):
        return self.data.baselines()

    def picture(self, sample):
        return self.data.picture({k: x for k, x in sample.items() if k != "label"})

    def spell(self, ids):
        return self.data.spell(ids)


__all__ = ["Batch", "Data", "Field", "Labelled", "Picture", "SPLITS", "drawable", "labelled", "picture_of",
           "rand", "randint", "size_of", "waveform"]
