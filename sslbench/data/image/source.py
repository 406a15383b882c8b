"""What sources of pictures share: how views of a picture are made, and what its settings are called."""

from typing import Annotated

from ...catalog import Hyperparameter
from .. import Data
from .augment import color, geometry

Size = Annotated[int, Hyperparameter("width and height in pixels", choices=(32, 48, 64, 96, 128, 224))]
Memory = Annotated[float, Hyperparameter("share of memory for decoded pictures; more are streamed", 0, 1)]


class PictureSource(Data, listed=False):
    """Interface of sources with one field, "image": a view is a window of it, turned, perhaps mirrored, in
    other colours. They set crop, color and rotation, and flip where a mirrored picture means the same."""

    unit = "pictures"
    crop: float
    color: float
    rotation: float
    flip = False

    def augment(self, batch, generator):
        x = geometry(batch["image"], generator, self.crop, self.rotation, self.flip)
        return {"image": color(x, generator, self.color)}


class FoundPictures(PictureSource, listed=False):
    """Interface of those that look through files when rows are first asked for: `found` has their metadata
    then."""

    found = None

    def sample_names(self, split):
        self.loaded(split)
        return self.found.metadata.names_of(split)
