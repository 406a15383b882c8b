"""A folder of the user's own pictures: any tree, any sizes and modes. Folders, file names or a table tell
labels and splits."""

from pathlib import Path
from typing import Annotated

from ...catalog import Hyperparameter
from ...messages import quoted
from .. import Field, locations
from ..rows import Picked
from . import boxes, pictures, stack
from .augment import Color, Crop, Flip, Rotation
from .folder import Folder
from .pictures import Asked, Pictures
from .source import FoundPictures, Memory, Size
from .to_square import Form


class Images(FoundPictures):
    """Your own folder of pictures, of any sizes and kinds; the names of sub-folders become labels.

    Each picture is cut to a square and scaled; what has more than three bands keeps them. Folders called
    train, validation (or val, dev) and test are the splits, a missing one is cut from the training pictures;
    otherwise 70, 10 and 20 % are drawn by the hash of the file's path. A CSV file in the folder or beside it
    that names the pictures gives labels, groups and splits, too; boxes around objects are read from files of
    VOC or COCO. Where all pictures fit in a share of the
    `memory` they are held there; a larger folder is streamed: its files are decoded whenever they are needed.
    Batches are the same, unless a file turns out to be damaged behind a good beginning: held ones are
    skipped, streamed ones replaced. An .npz file of pictures (MedMNIST's, say) can stand in place of the
    folder.
    """

    name = "images"
    empty = "the sample that comes with sslbench is shown"

    def __init__(self, *, folder: Annotated[str, Hyperparameter("folder of images; names of sub-folders are "
                                                                "labels")] = "",
                 size: Size = 32,
                 label: Annotated[str, Hyperparameter("column of a table, folder level or {label}_{rest} "
                                                      "pattern; none")] = "",
                 group: Annotated[
                     str, Hyperparameter("what stays in one split: a column, folder level or pattern")] = "",
                 split: Annotated[
                     str, Hyperparameter("column, folder level or pattern of given splits; none")] = "",
                 memory: Memory = 0.25,
                 crop: Crop = 0.4,
                 color: Color = 0.5,
                 rotation: Rotation = 5.0,
                 flip: Flip = True):
        self.folder, self.size, self.memory = folder, size, memory
        self.label, self.group, self.split = label, group, split
        self.crop, self.color, self.rotation, self.flip = crop, color, rotation, flip
        self.root = stack.alone(locations.existing(folder or locations.sample("shapes"), "folder",
                                                   "data.folder"))
        if not self.root.is_dir() and not (self.root.is_file() and self.root.suffix.lower() in stack.ENDINGS):
            raise NotADirectoryError(f"{quoted(str(self.root))} is a file; data.folder must be the folder "
                                     f"that holds the images, such as {quoted(str(self.root.parent))}, or an "
                                     ".npz file")
        channels = reader(self.root).channels(self.root)
        self.fields = {"image": Field((size, size), (size // 8, size // 8), channels, scale=1 / 64,
                                      offset=128)}
        self.found: Pictures | None = None
        self.boxes: boxes.Boxes | None = None

    def load(self, split):
        if self.found is None:
            asked = Asked(self.label, self.group, self.split)
            form = Form(self.size, self.fields["image"].channels, self.ranges)
            self.found = reader(self.root).read(self.root, form, self.memory, asked)
            self.ranges = self.found.form.ranges
            self.classes, self.splits_from = self.found.metadata.classes, self.found.metadata.splits.origin
            self.boxes = boxes.beside(self.root, self.found.names, self.size) if self.root.is_dir() else None
            self.notes = self.found.notes + (self.boxes.notes if self.boxes else [])
        rows, labels = self.found.metadata.of(split)
        if self.found.images is not None:
            return {"image": Picked(self.found.images, rows)}, labels
        alike = next(iter(labels.values())).tolist() if labels else None
        return {"image": Folder(self.root, [self.found.names[i] for i in rows], self.found.form,
                                alike)}, labels

    def targets(self, split):
        """boxes [n, k, 5], where files beside the pictures tell them: left, top, right, bottom in pixels of
        the square that is read, and the class, -1 for none; their names are in self.boxes.classes."""
        self.loaded(split)
        rows = self.found.metadata.of(split)[0]
        return {"boxes": self.boxes.boxes[rows]} if self.boxes else {}

    def cite(self):
        return (f"pictures in {self.folder}" if self.folder else "generated shapes, shipped with sslbench "
                                                                 "(CC0)")


def reader(root: Path):
    """The file that knows how to read a folder, or an .npz or .npy of pictures."""
    return pictures if root.is_dir() else stack
