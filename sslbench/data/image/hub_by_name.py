"""A data set of the Hugging Face Hub by its name, or a folder that `datasets` can read: hub:uoft-cs/cifar10,
hub:my/saved."""

from pathlib import Path
from typing import Annotated

from ...catalog import Hyperparameter
from ...messages import named
from . import hub_columns, hub_sets
from .augment import Color, Crop, Flip, Rotation
from .library_sets import Collected, LibrarySet, split_of
from .pictures import Asked
from .source import Memory, Size


class HubByName(LibrarySet, family="hub"):
    """Pictures of the Hugging Face Hub by name, or a folder that its library saved, such as hub:my/saved.

    A folder is what save_to_disk wrote, or one of Parquet files; it comes before a name that is the same. A
    name is downloaded once by `datasets` into its own cache. Splits called train, validation and test are
    kept, a missing one is cut from the training pictures. The first column of pictures is read, and the
    label is the first column with named classes, or the one called like a label. Pictures stay in files and
    are decoded some at a time.
    """

    paper = "https://huggingface.co/docs/datasets"
    own = ""  # its name, or the folder
    folder: Path | None = None

    def __init__(self, *, image: Annotated[str, Hyperparameter("column of pictures")] = "",
                 label: Annotated[str, Hyperparameter("column of labels, or several; none")] = "",
                 group: Annotated[str, Hyperparameter("column of what stays in one split")] = "",
                 config: Annotated[str, Hyperparameter("which of the set's configurations")] = "",
                 size: Size = 32,
                 memory: Memory = 0.25,
                 crop: Crop = 0.4,
                 color: Color = 0.5,
                 rotation: Rotation = 5.0,
                 flip: Flip = True):
        self.image, self.config, self.asked = image, config, Asked(label, group)
        self.begin(size, memory, crop, color, rotation, flip)

    @classmethod
    def member(cls, name):
        hub_sets.installed(name)
        folder = hub_sets.folder_of(name)
        address = cls.paper if folder else f"https://huggingface.co/datasets/{name}"
        body = {"name": f"hub:{name}", "own": name, "folder": folder, "paper": address,
                "__doc__": f"The pictures of the data set {name}."}
        return type("Hub", (cls,), body)

    def collected(self):
        sets, notes = hub_sets.loaded(self.own, self.folder, self.config), []
        known = {word: data for word, data in sets.items() if split_of(word)} or sets
        image = hub_sets.pictures_in(known, self.image, notes)
        able = hub_columns.said_columns(known)
        label = self.asked.label or hub_columns.label_in(able)
        columns = hub_columns.wanted(able, label, self.asked.group)
        if unread := [word for word in sets if word not in known]:
            notes.append(f"splits of the set that are not read: {named(unread)}")
        if len(able) > 1:
            notes.append(f"columns for data.label and data.group: {named(able)}")
        notes += hub_columns.missing(known, columns)
        several = {name: hub_columns.lists_of_classes(known, name) for name in columns}
        pieces = [hub_sets.HubPiece(word, data, image, {
            name: hub_columns.values_of(data, name, able[name], several[name]) for name in columns})
            for word, data in known.items()]
        return Collected(pieces, {name: able[name] for name in columns}, notes,
                         Asked(label, self.asked.group), hub_sets.ranges_of(pieces))

    @classmethod
    def downloads(cls):
        return "" if cls.folder else "what is not on this machine"

    def cite(self):
        return (f"data set in {self.own}" if self.folder
                else f"{self.own} of the Hugging Face Hub; its licence: {self.paper}")
