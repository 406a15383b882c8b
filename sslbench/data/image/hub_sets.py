"""Data sets of the Hugging Face Hub, or folders of their formats, read by the library `datasets`: which
column holds the pictures, and how they are read."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...catalog import nearest
from ...messages import in_words, named, one_line, quoted
from .. import locations
from ..rows import evenly
from .brightness import LOOKED_AT, spread, statistics
from .decoding import begun, square
from .library_sets import Piece
from .opening import Header
from .streamed import in_threads
from .to_square import Form, Range

SAVED = ("dataset_dict.json", "state.json")  # what save_to_disk writes beside the samples
CHUNK = 64  # pictures of which the files are in memory at once: a photograph may have ten megabytes


def installed(name: str):
    try:
        import datasets
    except ImportError:
        raise ValueError(f"hub:{name} needs datasets: pip install 'sslbench[hub]'") from None
    return datasets


def folder_of(name: str) -> Path | None:
    """The folder that a name means, None for a name on the hub; ValueError or OSError in one line where it is
    neither."""
    if name and (os.path.exists(locations.absolute(name)) or name.startswith(("/", ".", "~"))
                 or name.count("/") > 1 or "\\" in name):
        path = locations.existing(name, "folder", "the name after hub:")
        if not path.is_dir():
            raise NotADirectoryError(f"{str(path)!r} is a file; after hub: there must be a folder that "
                                     "save_to_disk wrote, or one of Parquet files")
        return path
    if not re.fullmatch(r"[\w.-]{1,96}(/[\w.-]{1,96})?", name):
        raise ValueError(f"hub:{name[:80]} names neither a folder nor a data set such as hub:uoft-cs/cifar10")
    return None


def loaded(name: str, folder: Path | None, config: str) -> dict[str, Any]:
    """The splits by their own names, "" where there is one without a name. Pictures stay on the disk."""
    datasets = installed(name)
    try:
        if folder and any((folder / file).is_file() for file in SAVED):
            found = datasets.load_from_disk(str(folder))
        elif folder:
            found = datasets.load_dataset(str(folder), config or None, cache_dir=locations.cache() / "hub")
        else:
            found = datasets.load_dataset(name, config or None)
    except Exception as error:  # libraries raise whatever a download or a file makes them stumble over
        why = one_line(in_words(error), 200)
        if folder:
            raise ValueError(f"{str(folder)!r} could not be read as a data set ({why}); it must hold what "
                             "save_to_disk wrote, or Parquet files") from error
        if "config name" in str(error).lower():
            raise ValueError(f"hub:{name}: {one_line(str(error), 300)}; set data.config") from error
        raise FileNotFoundError(f"hub:{name} is not on this machine and could not be loaded ({why}); save it "
                                "with save_to_disk where there is a network and give the folder: "
                                "hub:FOLDER") from error
    return dict(found) if isinstance(found, dict) else {"": found}


def picture_columns(features: dict) -> list[str]:
    """Columns that can be pictures: Image, bytes of a file, or both in one."""
    from datasets import Image, Value
    images = [name for name, kind in features.items() if isinstance(kind, Image)]
    return images or [name for name, kind in features.items()
                      if (isinstance(kind, dict) and "bytes" in kind)
                      or (isinstance(kind, Value) and kind.dtype in ("binary", "large_binary"))]


def pictures_in(splits: dict[str, Any], asked: str, notes: list[str]) -> str:
    """The column of pictures; ValueError in one line where there is none, not the one that is asked for, or
    not in all splits."""
    features = next(iter(splits.values())).features
    able = picture_columns(features)
    if asked and asked not in able:
        raise ValueError(f"data.image: {nearest('column of pictures', asked, able)}")
    if not able:
        raise ValueError(f"there is no column of pictures; there are: {named(features)}")
    alike = [name for name in able
             if all(name in picture_columns(data.features) for data in splits.values())]
    if not (asked in alike if asked else alike):
        lacks = asked or able[0]
        word, data = next((word, data) for word, data in splits.items()
                          if lacks not in picture_columns(data.features))
        raise ValueError(f"split {quoted(word)} has no column of pictures {quoted(lacks)}, which others "
                         f"have; it has {named(data.features)}; rename the column there, or save the set "
                         "without that split")
    if len(able) > 1 and not asked:
        others = [name for name in able if name != alike[0]]
        notes.append(f"pictures from {quoted(alike[0])}; others in {named(others)} (data.image)")
    return asked or alike[0]


class HubPiece(Piece):
    """One split. Files of pictures are read some at a time and decoded in threads."""

    def __init__(self, word: str, data: Any, image: str, columns: dict[str, Any]):
        from datasets import Image
        self.word, self.image, self.columns = word, image, columns
        data = data.select_columns([image])
        self.data = (data.cast_column(image, Image(decode=False))
                     if isinstance(data.features[image], Image) else data)

    def __len__(self):
        return len(self.data)

    def files(self, rows: Sequence[int]) -> Iterator[bytes | Path | None]:
        """What holds each picture: bytes, or the path of a file."""
        for at in range(0, len(rows), CHUNK):
            for cell in self.data[list(rows[at:at + CHUNK])][self.image]:
                bare = cell.get("bytes") if isinstance(cell, dict) else cell
                path = cell.get("path") if isinstance(cell, dict) else None
                yield bare if bare is not None else Path(path) if path else None

    def decoded(self, rows, form):
        for at in range(0, len(rows), CHUNK):
            yield from in_threads(partial(decoded, form=form), self.files(rows[at:at + CHUNK]))


def decoded(file: bytes | Path | None, form: Form) -> np.ndarray | None:
    """uint8 [3, size, size]; None for what cannot be read, or is not what a screen shows."""
    header, image = ("", None) if file is None else begun(file, form, True)
    if image is None and isinstance(header, Header) and header.depth in form.ranges:
        return square(file, form)
    return image


def ranges_of(pieces: list[HubPiece]) -> dict[str, Range]:
    """How dark and how bright pictures beyond eight bits are, by some of all splits."""
    told = defaultdict(list)
    for piece in pieces:
        for file in piece.files(evenly(len(piece), max(1, LOOKED_AT // len(pieces))).tolist()):
            head = begun(file, Form(1), False)[0] if file is not None else ""
            if isinstance(head, Header) and head.bands == 3 and head.depth:
                told[head.depth].append(statistics(file))
    return {kind: spread([one for one in found if one is not None]) for kind, found in sorted(told.items())}
