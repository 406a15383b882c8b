"""A set of pictures that is read: which can be read, what is said of them, which split each is in, and what
was left out."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...machine.hardware import memory_limit
from ...messages import printable
from .. import parts
from ..folders import Layout, NoLevel, layout, shown
from ..metadata import Metadata, metadata_of
from ..rows import Picked
from ..tables.table import count
from .folder import channels, headers, held
from .labels_table import beside
from .listing import Listing, listed
from .opening import Header
from .to_square import Form


@dataclass(frozen=True)
class Asked:
    """What somebody asked for: data.label, data.group, data.split."""

    label: str = ""
    group: str = ""
    split: str = ""


@dataclass(frozen=True)
class Pictures:
    """names: paths below the root.  images: all of them, or None where they are streamed from files.  form:
    how they are decoded."""

    names: list[str]
    images: Any
    form: Form
    metadata: Metadata
    notes: list[str] = field(default_factory=list)


def read(root: Path, form: Form, memory: float, asked: Asked) -> Pictures:
    """All pictures below a folder; ValueError in one line where there are too few, or where something is
    asked for that is not there."""
    listing = listed(root)
    images = None
    if form.bands * form.size ** 2 * len(listing.names) <= memory * memory_limit():
        images, found, form = held(root, listing.names, form)
    else:
        found, form = headers(root, listing.names, form)
    found = [other_bands(header, form.bands) for header in found]
    rows = [i for i, header in enumerate(found) if isinstance(header, Header)]
    notes = listing.notes() + left_out(listing, found)
    if len(rows) < parts.LEAST:
        parts.enough(len(rows), "readable images",
                     f"{str(root)!r}" + "".join(f" ({note})" for note in notes[:2]))
    names = [listing.names[i] for i in rows]
    tree, table = layout([printable(name) for name in names]), beside(root, replace(listing, names=names))
    try:
        metadata = metadata_from(tree, table.columns, table.likely, asked)
    except NoLevel:
        raise
    except ValueError as error:
        unnamed = f" (no pictures are named in {shown(table.unused)})" if table.unused else ""
        raise ValueError(f"{error}{unnamed}") from None
    there = [header for header in found if isinstance(header, Header)]
    partly = in_part(sum(header.animated for header in there), sum(header.cut for header in there))
    notes = notes + tree.notes + table.notes + partly + scaled(form) + metadata.said
    return Pictures(names, None if images is None else Picked(images, rows), form, metadata, notes)


def metadata_from(tree: Layout, columns: dict[str, list], likely: str, asked: Asked) -> Metadata:
    """Labels and splits by folders and by the columns of a table. Names of folders are classes, numbers and
    "NA" among them."""
    words = tree.words()
    classes = sorted_names({word for word in words if word is not None})
    if classes:
        number_of = {word: i for i, word in enumerate(classes)} | {None: -1}
        columns = {"folder": np.array([number_of[word] for word in words]), **columns}
    label = "folder" if classes and asked.label.strip() == "1" else asked.label
    # by name, not by number
    group, split = ("1" if classes and what == "folder" else what for what in (asked.group, asked.split))
    metadata = metadata_of(tree.keys, columns, label=label, group=group, split=split, paths=True,
                     given=tree.given or None,
                     likely="folder" if classes else [likely] if likely else [])
    if "folder" not in metadata.labels:
        return metadata
    return replace(metadata, classes={**metadata.classes, "folder": classes})


def other_bands(header: Header | str, n: int) -> Header | str:
    return header if isinstance(header, str) or header.bands == n else f"{header.bands} bands, not {n}"


def sorted_names(words: set[str]) -> list[str]:
    """Whole numbers in their own order, words in that of the alphabet."""
    try:
        return sorted(words, key=int)
    except ValueError:
        return sorted(words)


def left_out(listing: Listing, found: list[Header | str]) -> list[str]:
    """Files that are called like pictures and are none that can be read, by reason; and folders of which
    nothing is left."""
    why: dict[str, list[str]] = defaultdict(list)
    for name, header in zip(listing.names, found):
        if isinstance(header, str):
            why[header].append(name)
    said = [f"left out: {len(names):,} of {count(len(found), 'picture')} ({reason}): {shown(names)}"
            for reason, names in why.items()]
    failed = {name for names in why.values() for name in names}
    read = {name.rpartition("/")[0] for name in listing.names if name not in failed}
    full = {folder[:at] for folder in read for at, letter in enumerate(folder + "/") if letter == "/"}
    lost = {name.rpartition("/")[0] for name in failed}
    empty = sorted((listing.without | lost) - full - {""})
    return said + [f"nothing is left of {count(len(empty), 'folder')}: {shown(empty)}"] * bool(empty)


def in_part(pages: int, bits: int) -> list[str]:
    """How many files have more pages, how many more bits a colour than are read."""
    said = [f"{count(pages, 'file')} with several pictures or pages: the first of each is read"] * bool(pages)
    upper = "of 16 bits a colour: the upper 8 are read (of a TIFF all, with tifffile)"
    return said + [f"{count(bits, 'picture')} {upper}"] * bool(bits)


def scaled(form: Form) -> list[str]:
    """The ranges that were found, one for the whole folder."""
    return [f"{kind}: values from {low.min():.4g} to {high.max():.4g} are spread over dark to bright, alike "
            "for all pictures"
            + (f"; {count(shares, 'picture')} with values from 0 to 1 only keep that range" if shares else "")
            for kind, (low, high, shares) in form.ranges.items()]


__all__ = ["Asked", "Pictures", "channels", "read"]
