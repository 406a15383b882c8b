"""Boxes that lie beside pictures in VOC's and COCO's files are read, cut to the square that is, and what is
left out is said."""

import json

import pytest
import torch
from PIL import Image

from sslbench import Recipe
from sslbench.data.image import boxes

XML = """<annotation><filename>{name}</filename>
<size><width>80</width><height>40</height></size>{objects}</annotation>"""
OBJECT = """<object><name>{kind}</name>
<bndbox><xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax>
</bndbox></object>"""
# left, top, right, bottom in pictures of 80 x 40, of which the middle square of 40 is read at 32 pixels
OBJECTS = {"cat": (30, 10, 50, 30), "dog": (0, 0, 40, 40), "far": (0, 0, 22, 40)}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "set" / "images").mkdir(parents=True)
    for i in range(12):
        Image.new("RGB", (80, 40), (20 * i, 0, 0)).save(tmp_path / "set" / "images" / f"p{i}.png")
    return tmp_path / "set"


def voc(folder, names=range(12), objects=OBJECTS):
    (folder / "annotations").mkdir()
    for i in names:
        said = "".join(OBJECT.format(*sides, kind=kind) for kind, sides in objects.items())
        (folder / "annotations" / f"p{i}.xml").write_text(XML.format(name=f"p{i}.png", objects=said))


def coco(folder, objects=OBJECTS):
    kinds = list(objects)
    told = {"images": [{"id": i, "file_name": f"p{i}.png", "width": 80, "height": 40} for i in range(12)],
            "categories": [{"id": j, "name": kind} for j, kind in enumerate(kinds)],
            "annotations": [{"id": 10 * i + j, "image_id": i, "category_id": j, "iscrowd": 0,
                             "bbox": [a, b, c - a, d - b]}
                            for i in range(12) for j, (a, b, c, d) in enumerate(objects.values())]}
    (folder / "instances.json").write_text(json.dumps(told))
    return told


def read(folder):
    return Recipe("images", hyperparameters={"data.folder": str(folder)}).make_data()


@pytest.mark.parametrize("write, below", [(voc, ""), (voc, "images"), (coco, "")])
def test_boxes_lie_where_they_are_in_the_square_that_is_read(folder, write, below):
    write(folder)
    data = read(folder / below)
    expected = torch.tensor([[0.0, 0, 16, 32, 1], [8, 8, 24, 24, 0]])  # the third is nearly all outside
    for split in ("train", "validation", "test"):
        found = data.targets(split)["boxes"]
        assert len(found) == len(data.loaded(split)[0]["image"])
        assert torch.equal(found, expected.expand(len(found), 2, 5))
    assert data.boxes.classes == ["cat", "dog", "far"]
    said = data.reading()
    assert "No label, so only the boxes are probed" in said
    assert "Boxes of 24 objects on 12 of 12 pictures" in said
    assert "12 objects outside the square" in said and "Not used" not in said


def test_a_folder_without_boxes_has_none(folder):
    data = read(folder)
    assert data.targets("test") == {} and "nothing is probed" in data.reading()
    (folder / "other.xml").write_text("<playlist/>")
    (folder / "other.json").write_text("[1, 2]")
    assert read(folder).targets("test") == {}


BROKEN = ["", "<annotation>", "<annotation><size/></annotation>", "\0" * 9,
          '<!DOCTYPE a [<!ENTITY b "c">]>' + XML.format(name="p0.png", objects=""),
          XML.format(name="p0.png", objects="").replace("80", "0"),
          XML.format(name="p0.png", objects="").replace("80", "nan"),
          XML.format(name="p0.png", objects="").replace("80", "many")]


@pytest.mark.parametrize("text", BROKEN)
def test_a_damaged_note_costs_one_picture_its_boxes_and_is_said(folder, text):
    voc(folder)
    (folder / "annotations" / "p0.xml").write_text(text)
    data = read(folder)
    assert data.targets("train")["boxes"].shape[1:] == (2, 5)
    assert data.boxes.boxes[0, 0, 4] == -1 and "cannot be read: p0.xml" in data.reading()


@pytest.mark.parametrize("change", [{"bbox": [1, 2, 3]}, {"bbox": "four"}, {"bbox": [0, 0, -3, 5]},
                                    {"bbox": [float("nan")] * 4}, {"category_id": 77}])
def test_a_damaged_annotation_costs_its_own_box_alone(folder, change):
    told = coco(folder)
    told["annotations"][1] |= change
    (folder / "instances.json").write_text(json.dumps(told))
    data = read(folder)
    assert "1 note of boxes that cannot be read" in data.reading()
    assert (data.boxes.boxes[..., 4] >= 0).sum() == 23


def test_boxes_of_other_pictures_and_very_many_are_said(folder, monkeypatch):
    monkeypatch.setattr(boxes, "MOST", 1)
    voc(folder, names=range(14))
    data = read(folder)
    assert data.targets("train")["boxes"].shape[1] == 1 and (data.boxes.boxes[:, 0, 4] == 1).all()
    assert "boxes of 2 pictures not in this folder" in data.reading().lower()
