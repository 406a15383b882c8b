"""Faces, or anything of which one asks whether two pictures show the same one: people are kept apart."""

from typing import Annotated

import torch

from ...catalog import Hyperparameter
from ...messages import quoted
from .. import locations
from ..folders import NoLevel
from ..matching import pairs_of
from ..metadata import Metadata
from .augment import Color, Crop, Flip, Rotation
from .images import Images
from .source import Memory, Size

LABEL = "person"
BY_DESIGN = "people of the test are in no training picture: verification is what can be read"


def apart(found: Metadata) -> bool:
    """Whether nobody of the test is in training."""
    test, train = (next(iter(found.of(split)[1].values())) for split in ("test", "train"))
    return not torch.isin(test[test >= 0], train).any()


class Faces(Images):
    """Faces for verification: a folder with a sub-folder for each person, nobody is in two splits.

    Read as `images` reads a folder; the folder that holds a picture, or one above it (`level`), says whose
    it is. Nobody of the test split was seen in training, so no probe can name a test picture: what is
    asked is whether two pictures show the same person (`pairs`, as many of one person as of two).
    Where the folder has splits of its own they are kept. As in Labeled Faces in the Wild (Huang et al. 2007).
    """

    name = "faces"
    empty = "the sample that comes with sslbench is shown"
    paper = "https://hal.inria.fr/inria-00321923"

    def __init__(self, *, folder: Annotated[str, Hyperparameter("folder with a sub-folder for each "
                                                                "person")] = "",
                 size: Size = 48,
                 level: Annotated[int, Hyperparameter("which folder is a person: 1 holds the picture, 2 "
                                                      "holds that one", choices=(1, 2, 3))] = 1,
                 memory: Memory = 0.25,
                 crop: Crop = 0.6,
                 color: Color = 0.5,
                 rotation: Rotation = 10.0,
                 flip: Flip = True):
        super().__init__(folder=folder or locations.sample("faces"), size=size, label=f"-{level}",
                         group=f"-{level}", memory=memory, crop=crop, color=color, rotation=rotation,
                         flip=flip)
        self.shown, self.level, self._pairs = folder, level, {}

    def load(self, split):
        try:
            rows, labels = super().load(split)
        except NoLevel as error:
            deepest = error.deepest
            raise ValueError(f"data.level is {self.level}, and below {quoted(str(self.root))} pictures lie "
                             + (f"{deepest} folder{'s' * (deepest > 1)} deep; set it to {deepest} or less"
                                if deepest else "in no sub-folder; put those of each person into one of "
                                                "their own, or use the source images")) from None
        # one label at most: who it is
        self.classes = dict(zip([LABEL], self.classes.values()))
        unseen = self.found.metadata.unseen
        self.notes = [BY_DESIGN if note == unseen and apart(self.found.metadata) else
                      note.replace(repr(f"folder -{self.level}"), repr(LABEL)) for note in self.notes]
        return rows, dict(zip([LABEL], labels.values()))

    def pairs(self, split):
        labels = self.loaded(split)[1]
        if split not in self._pairs and labels:
            self._pairs[split] = pairs_of(next(iter(labels.values())))
        return self._pairs.get(split)

    def targets(self, split):
        pairs = self.pairs(split)
        return {} if pairs is None else {"pairs": pairs}

    def cite(self):
        return f"faces in {self.shown}" if self.shown else "generated faces, made by sslbench (CC0)"
