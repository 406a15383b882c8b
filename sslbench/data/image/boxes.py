"""Boxes around objects that lie beside pictures: an .xml for each, as VOC writes them, or a .json for all, as
COCO does. Only dense probes read them."""

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import torch
from torch import Tensor

from ...messages import printable
from ...storage import regular_files
from ..folders import shown
from ..tables.table import count
from .labels_table import Names

LARGEST = {".xml": 2**20, ".json": 2**26}  # bytes of a file that is read
MOST = 50  # boxes of a picture; of more the largest
FILES = 200_000  # that are looked for
SEEN = 0.25  # of a box that lies in the square that is cut out, else it is left out
Box = tuple[str, float, float, float, float]  # class; left, top, right, bottom in pixels of the file


@dataclass(frozen=True)
class Boxes:
    """boxes: [n, k, 5] float32 for n pictures: left, top, right, bottom in pixels of the square that is read,
    and the class; -1 for none.  classes: their names.  notes: what was read, in numbers."""

    boxes: Tensor
    classes: list[str]
    notes: list[str]


def beside(root: Path, names: list[str], size: int) -> Boxes | None:
    """The boxes of these pictures below root, as they lie in a square of `size` pixels; None where no file
    tells any."""
    known = Names(root, names)
    found: dict[int, tuple[tuple[float, float], list[Box]]] = {}
    strange, lost = [], []
    for name, sides, boxes in said(root, lost):
        i = known.find(name)
        if i is None:
            strange.append(name)
        else:
            found[i[0]] = sides, boxes
    if not any(boxes for _, boxes in found.values()):
        return None
    classes = sorted({kind for _, boxes in found.values() for kind, *_ in boxes})
    number = {kind: i for i, kind in enumerate(classes)}
    kept = {i: squared(sides, boxes, size) for i, (sides, boxes) in found.items()}
    most = min(MOST, max(map(len, kept.values())))
    table = torch.full((len(names), max(1, most), 5), -1.0)
    for i, boxes in kept.items():
        for j, (kind, *sides) in enumerate(boxes[:most]):
            table[i, j] = torch.tensor([*sides, number[kind]])
    told = notes(names, found, kept, most) + without(strange, lost)
    return Boxes(table, [printable(kind) for kind in classes], told)


def notes(names: list[str], found: dict, kept: dict, most: int) -> list[str]:
    there = sum(len(boxes) for _, boxes in found.values())
    read = sum(min(most, len(boxes)) for boxes in kept.values())
    said = [f"boxes of {count(read, 'object')} on {len(found):,} of {count(len(names), 'picture')}"]
    return said + [f"left out: {count(there - read, 'object')} outside the square that is read, or beyond "
                   f"{MOST} on a picture"] * (there > read)


def without(strange: list[str], lost: list[str]) -> list[str]:
    """What tells boxes of pictures that are not here, and what should tell some and cannot be read."""
    said = []
    if strange:
        said.append(f"boxes of {count(len(strange), 'picture')} not in this folder: {shown(strange)}")
    if lost:
        said.append(f"left out: {count(len(lost), 'note')} of boxes that cannot be read: {shown(lost)}")
    return said


def squared(sides: tuple[float, float], boxes: list[Box], size: int) -> list[Box]:
    """Boxes of a picture of these sides (width, height) in its middle square of `size` pixels, the largest
    first."""
    side = min(sides)
    left, top = ((n - side) / 2 for n in sides)
    kept = []
    for kind, *corners in boxes:
        a, b, c, d = ((x - off) * size / side for x, off in zip(corners, (left, top, left, top)))
        whole, cut = (c - a) * (d - b), [min(max(x, 0.0), float(size)) for x in (a, b, c, d)]
        area = (cut[2] - cut[0]) * (cut[3] - cut[1])
        if area >= SEEN * whole and min(cut[2] - cut[0], cut[3] - cut[1]) >= 1:
            kept.append((area, (kind, *cut)))
    return [box for _, box in sorted(kept, key=lambda pair: -pair[0])]


def said(root: Path, lost: list[str]) -> Iterator[tuple[str, tuple[float, float], list[Box]]]:
    """(picture, its sides, its boxes) of every file that tells some. lost: gets the names of those that
    cannot be read."""
    for path in files(root):
        try:
            with regular_files.reading(path) as file:
                text = file.read(LARGEST[path.suffix.lower()] + 1)
            if len(text) > LARGEST[path.suffix.lower()]:
                lost.append(path.name)
            else:
                yield from voc(path, text, lost) if path.suffix.lower() == ".xml" else coco(text, lost)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError,
                ElementTree.ParseError):
            lost.append(path.name)


def files(root: Path) -> Iterator[Path]:
    """What may tell boxes: below root, and in the folder beside it that is called annotations."""
    places, seen = [root], 0
    with os.scandir(root.parent) as entries:
        places += sorted(Path(e.path) for e in entries if e.name.lower() == "annotations" and e.is_dir())
    for place in places:
        for folder, below, names in os.walk(place):
            below.sort()
            for name in sorted(names):
                if Path(name).suffix.lower() in LARGEST and seen < FILES:
                    seen += 1
                    yield Path(folder, name)


def voc(path: Path, text: bytes, lost: list[str]) -> Iterator[tuple[str, tuple[float, float], list[Box]]]:
    """Of a VOC annotation; it belongs to the picture of its own name."""
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:  # nobody needs them here, and they can do harm
        raise ValueError("entities")
    tree = ElementTree.fromstring(text)
    if tree.tag != "annotation":
        return
    sides = positive(tree.findtext("size/width"), tree.findtext("size/height"))
    boxes = []
    for each in tree.iter("object"):
        corners = [each.findtext(f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
        keep(boxes, each.findtext("name"), corners, lost, path.name)
    yield path.stem, sides, boxes


def coco(text: bytes, lost: list[str]) -> Iterator[tuple[str, tuple[float, float], list[Box]]]:
    """Of a COCO file with `images`, `annotations` and `categories`; crowds are left out."""
    told = json.loads(text)
    if not isinstance(told, dict) or not {"images", "annotations", "categories"} <= told.keys():
        return
    kinds = {each["id"]: each["name"] for each in told["categories"]}
    boxes: dict[int, list[Box]] = {each["id"]: [] for each in told["images"]}
    for each in told["annotations"]:
        if not each.get("iscrowd") and each.get("image_id") in boxes:
            kind, corners = kinds.get(each.get("category_id")), corners_of(each.get("bbox"))
            keep(boxes[each["image_id"]], kind, corners, lost,
                 f"annotation {each.get('id')}")
    for each in told["images"]:
        yield each["file_name"], positive(each["width"], each["height"]), boxes[each["id"]]


def corners_of(bbox) -> tuple[float, ...]:
    """Left, top, right, bottom of COCO's left, top, width, height; () of anything else."""
    try:
        x, y, width, height = map(number, bbox)
    except (ValueError, TypeError):
        return ()
    return x, y, x + width, y + height


def keep(boxes: list[Box], kind: str | None, corners, lost: list[str], name: str) -> None:
    """Add a box to those of its picture where it is one."""
    try:
        left, top, right, bottom = map(number, corners)
        if not isinstance(kind, str) or not (right > left and bottom > top):
            raise ValueError("this is no box")
    except (ValueError, TypeError):
        lost.append(name)
    else:
        boxes.append((kind.strip(), left, top, right, bottom))


def positive(*sides) -> tuple[float, ...]:
    sides = tuple(map(number, sides))
    if min(sides) <= 0:
        raise ValueError("a picture has sides above 0")
    return sides


def number(value) -> float:
    x = float(value)
    if not math.isfinite(x):
        raise ValueError("no number")
    return x
