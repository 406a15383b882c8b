"""Folders of pictures: labels, groups and splits by folders, file names or a table; what is left out is said
once, in numbers."""

import copy
import json
import os
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from real_data import real

from sslbench.data import SPLITS, Data, folders
from sslbench.data.image import listing


def images(folder, **given) -> Data:
    return Data.find("images")(folder=str(folder), **given)


def put(root, *names):
    """Small pictures with these paths, each of a colour of its own."""
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (i % 256, i // 256, 9)).save(root / name)


def many(folder: str, n: int = 10) -> list[str]:
    return [f"{folder}/{i:02}.png" for i in range(n)]


def everything(data):
    """The rows and the labels over all three splits."""
    loaded = [data.loaded(split) for split in SPLITS]
    rows = torch.cat([rows["image"][torch.arange(len(rows["image"]))] for rows, _ in loaded])
    return rows, {key: torch.cat([labels[key] for _, labels in loaded]) for key in loaded[0][1]}


def sizes(data) -> list[int]:
    return [len(data.loaded(split)[0]["image"]) for split in SPLITS]


def test_a_source_can_be_copied(tmp_path):
    put(tmp_path, *many("cat"), *many("dog"))
    data = images(tmp_path)
    data.load("train")
    for one in (copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        assert torch.equal(one.load("test")[0]["image"][:], data.load("test")[0]["image"][:])


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message and len(message) < 400
    return message


# What the names of folders say

TREES = {  # paths -> splits, classes
    "classes": (["cat/1.png", "dog/2.png"], None, ["cat", "dog"]),
    "splits, then classes": (["train/cat/1.png", "train/dog/2.png", "test/cat/3.png"],
                             ["train", "train", "test"], ["cat", "dog", "cat"]),
    "any spelling": (["Training/a/1.png", "Training/b/2.png", "VALID/a/1.png", "Eval/b/1.png"],
                     ["train", "train", "validation", "test"], ["a", "b", "a", "b"]),
    "dev": (["train/a/1.png", "train/b/2.png", "dev/a/1.png"], ["train", "train", "validation"],
            ["a", "b", "a"]),
    "wrapped": (["x/y/train/cat/1.png", "x/y/train/dog/2.png", "x/y/val/cat/3.png"],
                ["train", "train", "validation"],
                ["cat", "dog", "cat"]),
    "a lone train": (["train/cat/1.png", "train/dog/2.png"], None, ["cat", "dog"]),
    "classes, then splits": (["cat/train/1.png", "cat/test/1.png", "dog/train/1.png", "dog/test/1.png"],
                             ["train", "test", "train", "test"], ["cat", "cat", "dog", "dog"]),
    "in longer names": (["pets_train/cat/1.png", "pets_train/dog/1.png", "pets_test/cat/1.png"],
                        ["train", "train", "test"],
                        ["cat", "dog", "cat"]),
    "years": (["train2017/a/1.png", "train2017/b/1.png", "val2017/a/1.png"], ["train", "train", "validation"],
              ["a", "b", "a"]),
    "split and class in one name": (["train_cat/1.png", "train_dog/1.png", "test_cat/1.png",
                                     "test_dog/2.png"],
                                    ["train", "train", "test", "test"], ["cat", "dog", "cat", "dog"]),
    "flat test": (["train/cat/1.png", "train/dog/2.png", "test/3.png"], ["train", "train", "test"],
                  ["cat", "dog", None]),
    "wrapped test": (["train/cat/1.png", "train/dog/2.png", "test/unknown/3.png"], ["train", "train", "test"],
                     ["cat", "dog", None]),
    "wrapped splits": (["train/train/cat/1.png", "train/train/dog/2.png", "test/test/3.png"],
                       ["train", "train", "test"],
                       ["cat", "dog", None]),
    "images in splits": (["train/images/1.png", "valid/images/2.png"], ["train", "validation"], [None, None]),
    "unlabelled": (["train/a/1.png", "train/b/1.png", "test/a/1.png", "unlabeled/2.png"],
                   ["train", "train", "test", "train"],
                   ["a", "b", "a", None]),
    "stray": (["train/a/1.png", "train/b/1.png", "test/a/1.png", "cover.png"],
              ["train", "train", "test", None], ["a", "b", "a", None]),
    "stray beside classes": (["a/1.png", "b/1.png", "cover.png"], None, ["a", "b", None]),
    "a class called train": (["car/1.png", "bus/2.png", "train/3.png"], None, ["car", "bus", "train"]),
    "classes that begin alike": (["test_tube/1.png", "train_station/2.png"], None,
                                 ["test_tube", "train_station"]),
    "unlabelled beside classes": (["a/1.png", "b/1.png", "unlabeled/1.png"], None, ["a", "b", None]),
    "unlabelled in a split": (["train/a/1.png", "train/b/1.png", "train/unsup/1.png", "test/a/1.png"],
                              ["train", "train", "train", "test"],
                              ["a", "b", None, "a"]),
    "many unlabelled beside classes and a class called test": (
        ["a/1.png", "test/1.png", *(f"Unlabelled_images/{i}.png" for i in range(6))], None,
        ["a", "test", *[None] * 6]),
    "one folder": (["all/1.png", "all/2.png"], None, [None, None]),
}


@pytest.mark.parametrize("tree", TREES)
def test_a_tree_is_understood_by_its_names(tree):
    paths, splits, words = TREES[tree]
    found = folders.layout(paths)
    assert found.given == (splits or []) and found.words() == words


def test_deeper_folders_stay_levels_below_splits_and_wrappers():
    found = folders.layout(["w/train/cat/p1/1.png", "w/train/dog/p2/2.png", "w/test/cat/p3/1.png"])
    assert found.levels == [("cat", "p1"), ("dog", "p2"), ("cat", "p3")]
    found = folders.layout(["cat/train/p1/1.png", "cat/test/p2/1.png", "dog/train/p1/1.png",
                           "dog/test/p1/1.png"])
    assert found.levels[0] == ("cat", "p1")


@pytest.mark.parametrize("splits, expected",
                         [(("train", "val", "test"), {"train": 20, "validation": 20, "test": 20}),
                                              (("train", "test"), {"test": 20}),
                                              (("train", "val"), {"validation": 20}),
                                              (("val", "test"), {"test": 20})])
def test_given_splits_are_kept_and_a_missing_one_is_cut(tmp_path, splits, expected):
    for split in splits:
        put(tmp_path, *many(f"{split}/cat"), *many(f"{split}/dog"))
    data = images(tmp_path)
    found = dict(zip(SPLITS, sizes(data)))
    assert (data.classes == {"folder": ["cat", "dog"]} and sum(found.values()) == 20 * len(splits)
            and min(found.values()) > 0)
    assert {split: found[split] for split in expected} == expected and "given" in data.reading()


def test_a_flat_test_folder_stays_the_test_split_without_labels(tmp_path):
    put(tmp_path, *many("train/cat"), *many("train/dog"), *many("test", 6))
    data = images(tmp_path)
    assert sizes(data)[2] == 6 and data.loaded("test")[1]["folder"].tolist() == [-1] * 6
    assert ((data.loaded("train")[1]["folder"] >= 0).all()
            and "6 pictures lie in no class folder" in data.reading())


@pytest.mark.parametrize("name", ["unlabeled", "Unlabelled", "unsup"])
def test_pictures_in_a_folder_of_unlabelled_ones_beside_classes_train_without_a_label(tmp_path, name):
    put(tmp_path, *many("cat"), *many("dog"), *many(name, 20))
    data = images(tmp_path)
    train, rest = data.loaded("train")[1]["folder"], [data.loaded(split)[1]["folder"] for split in SPLITS[1:]]
    assert (data.classes == {"folder": ["cat", "dog"]} and (train < 0).sum() == 20
            and all((y >= 0).all() for y in rest))
    assert "20 pictures lie in a folder of unlabelled ones" in data.reading()


@pytest.mark.parametrize("place", ["", "train/", "wrapper/"])
def test_a_stray_picture_takes_no_label_away(tmp_path, place):
    put(tmp_path, *many("train/cat"), *many("train/dog"), *many("test/cat", 4), *many("test/dog", 4),
        f"{place}cover.png")
    data = images(tmp_path)
    _, labels = everything(data)
    assert (labels["folder"] == -1).sum() == 1 and len(labels["folder"]) == 29 and sizes(data)[2] == 8
    assert "cover.png" in data.reading()


def test_names_of_folders_are_classes_whatever_they_are(tmp_path):
    for name in ("1", "2.5", "NA", "none", "10"):
        put(tmp_path, *many(name, 4))
    data = images(tmp_path)
    _, labels = everything(data)
    assert (sorted(data.classes["folder"]) == ["1", "10", "2.5", "NA", "none"]
            and labels["folder"].bincount().tolist() == [4] * 5)


def test_names_that_are_numbers_are_sorted_as_numbers(tmp_path):
    put(tmp_path, *(name for n in (1, 2, 10) for name in many(str(n), 5)))
    data = images(tmp_path)
    data.load("train")
    assert data.classes["folder"] == ["1", "2", "10"]


@pytest.mark.parametrize("each", [1, 2, 3, 5])
def test_few_pictures_of_each_class_leave_no_split_empty(tmp_path, each):
    put(tmp_path, *(name for n in range(12) for name in many(f"p{n:02}", each)))
    assert min(sizes(images(tmp_path))) > 0


# What is asked for

def test_label_group_and_split_may_be_folder_levels(tmp_path):
    put(tmp_path, *(name for person in range(9) for kind in ("day", "night")
                    for name in many(f"p{person}/{kind}", 3)))
    data = images(tmp_path, label="2", group="1")
    _, labels = everything(data)
    assert (data.classes == {"folder 2": ["day", "night"]}
            and labels["folder 2"].bincount().tolist() == [27, 27])
    # the control: without a group somebody is on both sides
    assert not shared(data) and shared(images(tmp_path))


def shared(data) -> set[str]:
    """Folders of the first level that training and another split share."""
    data.load("train")
    people = [{data.found.names[i].split("/")[0] for i in data.found.metadata.splits.rows[split]}
              for split in SPLITS]
    return people[0] & (people[1] | people[2])


def split_names(data, split) -> list[str]:
    data.load(split)
    return [data.found.names[i] for i in data.found.metadata.splits.rows[split]]


def test_label_group_and_split_may_be_places_in_the_file_name(tmp_path):
    put(tmp_path, *(f"{label}_s{speaker}_{'train' if speaker < 6 else 'test'}.png" for label in "ab"
                    for speaker in range(9)))
    data = images(tmp_path, label="{label}_{speaker}_{part}.png", split="{who}_{speaker}_{split}.png")
    _, labels = everything(data)
    assert (data.classes["label"] == ["a", "b"] and labels["label"].bincount().tolist() == [9, 9]
            and sizes(data)[2] == 6)
    grouped = images(tmp_path, group="{label}_{group}_{part}.png")
    people = [{name.split("_")[1] for name in split_names(grouped, split)} for split in SPLITS]
    assert not people[0] & people[1] and not people[0] & people[2]


def test_none_takes_no_label_and_no_splits(tmp_path):
    for split in ("train", "test"):
        put(tmp_path, *many(f"{split}/cat"), *many(f"{split}/dog"))
    data = images(tmp_path, label="none", split="none")
    assert everything(data)[1] == {} and sizes(data) == [28, 4, 8] and "no label" in data.reading().lower()


@pytest.mark.parametrize("asked",
    [{"label": "breed"}, {"group": "owner"}, {"split": "part"}, {"label": "4"}, {"label": "{a}_{b}_{c}"}])
def test_what_is_asked_for_and_not_there_is_one_line(tmp_path, asked):
    put(tmp_path, *many("cat"), *many("dog"))
    with pytest.raises(ValueError) as error:
        images(tmp_path, **asked).load("train")
    assert f"data.{next(iter(asked))}" in one_line(error)


# A table beside the pictures

def write(file, rows, delimiter=","):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(delimiter.join(map(str, row)) for row in rows) + "\n")


TABLE = ([["image", "breed", "owner", "part"]]
         + [[f"{i:02}.png", "pug" if i % 2 else "husky", f"o{i // 4}", "train" if i < 20 else "test"]
                                                 for i in range(30)])


@pytest.mark.parametrize("delimiter, ending", [(",", "csv"), (";", "csv"), ("\t", "tsv")])
@pytest.mark.parametrize("place", ["in", "beside", "in a wrapper"])
def test_a_table_gives_labels_groups_and_splits(tmp_path, delimiter, ending, place):
    inner = tmp_path / "set" / ("wrapper" if place == "in a wrapper" else "")
    put(inner, *(row[0] for row in TABLE[1:]))
    write((tmp_path if place == "beside" else inner) / f"dogs.{ending}", TABLE, delimiter)
    data = images(tmp_path / "set", group="owner")
    _, labels = everything(data)
    # called like one
    assert data.classes["breed"] == ["husky", "pug"] and labels["breed"].bincount().tolist() == [15, 15]
    owners = [{int(name.rpartition("/")[2][:2]) // 4 for name in split_names(data, split)}
              for split in SPLITS]
    assert not owners[0] & owners[1] and not owners[0] & owners[2] and not owners[1] & owners[2]
    assert sizes(images(tmp_path / "set", split="part"))[2] == 10
    assert f"dogs.{ending}" in data.reading() and "owner" in data.reading()


NAMINGS = {"with ending": "{0:02}.png", "without": "{0:02}", "with folders": "set/{0:02}.png",
           "of another machine": "C:\\data\\set\\{0:02}.png", "of another ending": "{0:02}.jpg",
           "with a dot": "./{0:02}.png"}


@pytest.mark.parametrize("naming", NAMINGS)
def test_pictures_are_found_however_the_table_names_them(tmp_path, naming):
    put(tmp_path / "set", *(f"{i:02}.png" for i in range(30)))
    write(tmp_path / "set" / "t.csv",
          [["id", "label"]] + [[NAMINGS[naming].format(i), "ab"[i % 2]] for i in range(30)])
    data = images(tmp_path / "set")
    rows, labels = everything(data)
    assert torch.equal(labels["label"], rows[:, 0, 0, 0].long() % 2)  # the picture's own number


def test_pictures_of_one_name_in_several_folders_are_told_apart(tmp_path):
    put(tmp_path, *many("a/x"), *many("b/x"))
    write(tmp_path / "t.csv",
          [["path", "label"]] + [[f"{k}/x/{i:02}.png", f"{k}{i % 2}"] for k in "ab" for i in range(10)])
    _, labels = everything(images(tmp_path, label="label"))
    assert labels["label"].bincount().tolist() == [5] * 4


def test_rows_without_a_picture_and_pictures_without_a_row_are_said(tmp_path):
    put(tmp_path, *(f"{i:02}.png" for i in range(30)))
    write(tmp_path / "t.csv", [["file", "label"]] + [[f"{i:02}.png", "ab"[i % 2]] for i in range(4, 37)])
    data = images(tmp_path)
    _, labels = everything(data)
    assert ((labels["label"] == -1).sum() == 4
            and "4 pictures without a row, 7 rows without a picture" in data.reading())


def test_folders_are_the_label_before_a_table_unless_it_is_asked_for(tmp_path):
    put(tmp_path, *many("a"), *many("b"))
    write(tmp_path / "t.csv",
          [["file", "label"]] + [[f"{k}/{i:02}.png", i % 5] for k in "ab" for i in range(10)])
    data = images(tmp_path)
    assert list(everything(data)[1]) == ["folder"]
    assert everything(images(tmp_path, label="label"))[1]["label"].bincount().tolist() == [4] * 5


def test_tables_called_train_and_test_are_the_splits_and_one_to_hand_in_is_none(tmp_path):
    put(tmp_path, *(f"images/{i:02}.png" for i in range(30)))
    write(tmp_path / "train.csv", [["id", "label"]] + [[f"{i:02}", "ab"[i % 2]] for i in range(20)])
    write(tmp_path / "test.csv", [["id"]] + [[f"{i:02}"] for i in range(20, 30)])
    write(tmp_path / "sample_submission.csv", [["id", "label"]] + [[f"{i:02}", "a"] for i in range(20, 30)])
    data = images(tmp_path)
    assert sizes(data)[2] == 10 and data.loaded("test")[1]["label"].tolist() == [-1] * 10


def test_a_table_of_something_else_is_no_table_of_these_pictures(tmp_path):
    put(tmp_path, *many("a"), *many("b"))
    write(tmp_path / "t.csv", [["x", "label"]] + [[i, i % 2] for i in range(50)])
    data = images(tmp_path)
    assert (list(everything(data)[1]) == ["folder"]
            and "Not used: t.csv (names no pictures of this folder)" in data.reading())
    with pytest.raises(ValueError, match=r"data\.label.*no pictures are named in t\.csv"):
        images(tmp_path, label="label").load("train")


FILES = [f"{i:02}.png" for i in range(20)]
ROWS = [{"file": name, "label": "ab"[i % 2]} for i, name in enumerate(FILES)]
WITH_PANDAS = {"labels.xlsx": lambda frame, path: frame.to_excel(path, index=False),
               "labels.parquet": lambda frame, path: frame.to_parquet(path),
               "labels.feather": lambda frame, path: frame.to_feather(path),
               "labels.json": lambda frame, path: frame.to_json(path)}


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize("name", WITH_PANDAS)
def test_tables_of_every_kind_give_labels(tmp_path, name, above):
    pandas = pytest.importorskip("pandas")
    put(tmp_path / "set", *FILES)
    try:
        WITH_PANDAS[name](pandas.DataFrame(ROWS), (tmp_path if above else tmp_path / "set") / name)
    except ImportError:
        pytest.skip("its library is not here")
    data = images(tmp_path / "set")
    assert (sorted(everything(data)[1]["label"].tolist()) == [0] * 10 + [1] * 10
            and data.classes["label"] == ["a", "b"])


@pytest.mark.parametrize("held",
                         [ROWS, {row["file"]: row["label"] for row in ROWS},
                          {row["file"]: {"label": row["label"]} for row in ROWS},
                                  {"file": FILES, "label": [row["label"] for row in ROWS]}])
@pytest.mark.parametrize("indent", [None, 2])
def test_json_of_every_form_gives_labels(tmp_path, held, indent):
    put(tmp_path, *FILES)
    (tmp_path / "labels.json").write_text(json.dumps(held, indent=indent))
    assert everything(images(tmp_path))[1]["label"].bincount().tolist() == [10, 10]


@pytest.mark.parametrize("name", ["labels.xlsx", "labels.parquet", "labels.json"])
def test_a_table_that_cannot_be_read_is_mentioned(tmp_path, name):
    put(tmp_path, *FILES)
    (tmp_path / name).write_bytes(json.dumps([row["file"] for row in ROWS]).encode() + b"!")
    data = images(tmp_path)
    assert everything(data)[1] == {} and f"Not used: {name} (" in data.reading()


def test_numbers_in_a_table_beside_the_folder_are_no_names_but_in_it_they_are(tmp_path):
    put(tmp_path / "set", *(f"{i}.png" for i in range(20)))
    rows = [["id", "label"]] + [[i, "ab"[i % 2]] for i in range(20)]
    write(tmp_path / "sales.csv", rows)
    assert everything(images(tmp_path / "set"))[1] == {}
    write(tmp_path / "set" / "labels.csv", rows)
    assert list(everything(images(tmp_path / "set"))[1]) == ["label"]


def test_several_rows_of_a_picture_count_where_they_agree(tmp_path):
    put(tmp_path, *(f"{i:02}.png" for i in range(20)))
    rows = [[f"{i:02}.png", "train" if i < 12 else "val", f"caption {i} {j}"] for i in range(20)
            for j in range(3)]
    write(tmp_path / "t.csv", [["image", "split", "caption"], *rows])
    data = images(tmp_path)
    assert everything(data)[1] == {} and sizes(data)[1] == 8 and "column 'split'" in data.reading()


# What is no picture, and links

def test_links_to_folders_are_followed_once_and_loops_end(tmp_path):
    root = tmp_path / "root"
    put(tmp_path / "store", *many("bird"))
    put(root, *many("cat"), *many("dog"))
    (root / "bird").symlink_to(tmp_path / "store" / "bird")
    (root / "again").symlink_to(root / "cat")
    (root / "dog" / "up").symlink_to(root)
    (root / "cat" / "above").symlink_to(tmp_path)
    (root / "gone").symlink_to(tmp_path / "nowhere")
    data = images(root)
    _, labels = everything(data)
    assert (data.classes["folder"] == ["bird", "cat", "dog"]
            and labels["folder"].bincount().tolist() == [10] * 3)
    assert ("2 links to a folder above" in data.reading()
            and "1 link to what is read already: again" in data.reading())


def test_links_to_pictures_are_read_once(tmp_path):
    put(tmp_path, *many("cat"), *many("dog"))
    (tmp_path / "cat" / "copy.png").symlink_to(tmp_path / "dog" / "00.png")
    (tmp_path / "cat" / "broken.png").symlink_to(tmp_path / "nothing.png")
    data = images(tmp_path)
    assert sum(sizes(data)) == 20 and "cat/copy.png" in data.reading() and "cat/broken.png" in data.reading()


def test_a_link_that_was_unpacked_as_text_is_said(tmp_path):
    put(tmp_path, *many("root/cat"), *many("root/dog"), *many("store/bird"))
    (tmp_path / "root" / "bird").write_text("../store/bird")
    assert "1 link to a folder that was unpacked as a text file: bird" in images(tmp_path / "root").reading()


def test_hidden_and_system_folders_are_left_out_and_said(tmp_path):
    put(tmp_path, *many("cat"), *many("dog"), *many("cat/@eaDir", 3), *many("__MACOSX", 2),
        *many(".thumbnails", 1), *many("Thumbs", 4),
        "cat/._00.png")
    (tmp_path / ".git").mkdir()
    data = images(tmp_path)
    assert (sum(sizes(data)) == 20 and "11 pictures in hidden or system folders" in data.reading()
            and ".git" not in data.reading())


def test_kinds_that_are_not_read_are_counted_and_a_class_that_is_gone_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "find_spec", lambda name: None)
    put(tmp_path, *many("cat"), *many("dog"))
    (tmp_path / "bird").mkdir()
    for name in ("bird/1.HEIC", "bird/2.heic", "cat/x.cr2", "dog/x.dcm", "dog/notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    said = images(tmp_path).reading()
    assert ("2 .heic" in said and "1 .cr2" in said and "1 .dcm" in said and "pip install pillow-heif" in said
            and ".txt" not in said)
    assert "nothing is left of 1 folder: bird" in said.lower()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipes_and_devices_called_like_pictures_hang_nothing(tmp_path):
    put(tmp_path, *many("cat"), *many("dog"))
    os.mkfifo(tmp_path / "cat" / "pipe.png")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    data = images(tmp_path)
    assert sum(sizes(data)) == 20 and "2 names of a picture but no file" in data.reading()


def test_names_of_any_characters_are_read_and_said_in_one_line(tmp_path):
    put(tmp_path, *many("cat"), *many("dog"), "line\nbreak<b>.png")
    os.rename(tmp_path / "cat" / "03.png", os.fsencode(tmp_path / "cat") + b"/caf\xe9.png")
    os.rename(tmp_path / "dog", os.fsencode(tmp_path) + b"/h\xfcnd")
    data = images(tmp_path)
    assert len(everything(data)[0]) == 21 and "\n" not in data.reading() and "<b>" not in data.reading()
    data.reading().encode()
    assert len(everything(images(tmp_path, memory=0))[0]) == 21


def test_a_folder_that_may_not_be_opened_is_said(tmp_path, monkeypatch):
    put(tmp_path, *many("cat"), *many("dog"), *many("secret"))
    scandir = os.scandir
    def closed(path):
        if str(path).endswith("secret"):
            raise PermissionError(13, "no")
        return scandir(path)
    monkeypatch.setattr(os, "scandir", closed)
    data = images(tmp_path)
    assert sum(sizes(data)) == 20 and "1 folder that may not be opened: secret" in data.reading()


def test_a_missing_an_empty_and_a_wrong_folder_are_named(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        images(tmp_path / "nope")
    assert "nope" in one_line(error) and "data.folder" in str(error.value)
    with pytest.raises(ValueError) as error:
        images(tmp_path).load("train")
    assert "no image" in one_line(error)
    (tmp_path / "film.mp4").touch()
    with pytest.raises(ValueError, match=r"it holds 1 \.mp4"):
        images(tmp_path).load("train")
    (tmp_path / "file.png").touch()
    with pytest.raises(NotADirectoryError) as error:
        images(tmp_path / "file.png")
    assert "is a file" in one_line(error)
    with pytest.raises(ValueError) as error:
        images(tmp_path).load("train")
    assert "0 readable images" in one_line(error) and "file.png" in str(error.value)


# Pictures in one file

def medmnist(file, shape=(28, 28), dtype=np.uint8, high=255, write=np.savez):
    rng = np.random.default_rng(0)
    write(file, **{f"{part}_images": (high * rng.random((n, *shape))).astype(dtype)
                   for part, n in PARTS.items()},
          **{f"{part}_labels": rng.integers(0, 3, (n, 1)).astype(np.uint8) for part, n in PARTS.items()})
    return file


PARTS = {"train": 30, "val": 12, "test": 15}


@pytest.mark.parametrize("shape, channels",
    [((28, 28), 3), ((40, 30, 3), 3), ((3, 20, 24), 3), ((16, 16, 13), 13), ((6, 20, 20), 6)])
@pytest.mark.parametrize("dtype, high",
                         [(np.uint8, 255), (np.uint16, 900), (np.float32, 1), (np.float64, 2000)])
def test_an_npz_stands_in_place_of_a_folder(tmp_path, shape, channels, dtype, high):
    file = medmnist(tmp_path / "x.npz", shape, dtype, high)
    data = images(file)
    assert data.fields["image"].channels == channels
    x, labels = everything(data)
    assert x.shape == (57, channels, 32, 32) and x.dtype == torch.uint8 and x.amax() > 240 and x.amin() < 15
    assert sizes(data) == [30, 12, 15] and len(labels["label"]) == 57 and "given" in data.reading()
    assert torch.equal(x, everything(images(file, memory=0))[0])


def test_an_npz_and_a_folder_of_the_same_pictures_look_alike(tmp_path):
    file = medmnist(tmp_path / "x.npz")
    with np.load(file) as held:
        (tmp_path / "folder").mkdir()
        for i, x in enumerate(held["train_images"]):
            Image.fromarray(x).save(tmp_path / "folder" / f"{i:02}.png")
    stack, folder = images(file), images(tmp_path / "folder")
    one, two = (dict(zip(index(data), data.loaded("train")[0]["image"][:].int())) for data in (stack, folder))
    common = set(one) & set(two)
    assert len(common) > 15 and max((one[i] - two[i]).abs().max() for i in common) <= 2


def index(data) -> list[int]:
    data.load("train")
    return data.found.metadata.splits.rows["train"]


def test_a_stack_of_pictures_without_splits_is_divided(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 255, (40, 20, 20, 3), np.uint8))
    assert sizes(images(tmp_path / "x.npy")) == [28, 4, 8]


@pytest.mark.parametrize("kind", ["cut", "text", "no pictures", "few"])
def test_a_damaged_npz_is_one_line(tmp_path, kind):
    file = medmnist(tmp_path / "x.npz")
    if kind == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif kind == "text":
        file.write_text("no arrays")
    else:
        np.savez(file, x=np.zeros((40, 2) if kind == "no pictures" else (4, 8, 8), np.uint8))
    with pytest.raises(ValueError) as error:
        images(file).load("train")
    assert "x.npz" in one_line(error)


# Real pictures, each by its own folder and at most one word more

CASES = [
    ("orl-faces", {}, "folder", 40, 400, None),
    ("dtd-subset", {}, "folder", 6, 174, None),
    ("raccoon-voc", {}, None, 0, 120, None),
    ("coco-mini-captions", {}, None, 0, 50, {"validation": 28}),
    ("emoji-captions", {}, "category", None, 2008, None),
    ("emoji-captions/images", {}, "category", None, 2008, None),
    ("pneumoniamnist/pneumoniamnist.npz", {}, "label", 2, 5856,
     {"train": 4708, "validation": 524, "test": 624}),
    ("orl-faces", {"group": "1"}, "folder", 40, 400, {"train": 280, "validation": 40, "test": 80}),
    ("fir-action-clips/gif", {"group": "recording"}, "folder", 5, 85, None),
]


@pytest.mark.slow
@pytest.mark.parametrize("path, given, label, classes, n, splits", [
    pytest.param(path, *rest, id=name) for name, *rest in CASES for path in real(name)])
def test_real_pictures_are_read_by_their_own_folder_and_at_most_one_word_more(path, given, label, classes, n,
    splits):
    data = images(path, **given)
    _, labels = everything(data)
    assert sum(sizes(data)) == n and list(labels) == ([label] if label else [])
    assert classes in (None, 0) or len(data.classes[label]) == classes
    assert all(dict(zip(SPLITS, sizes(data)))[split] == size for split, size in (splits or {}).items())
    if given:
        assert "none in two splits" in data.splits_from


def test_a_folder_that_holds_one_npz_is_that_npz(tmp_path):
    x = np.random.default_rng(0).integers(0, 255, (60, 8, 8), np.uint8)
    np.savez(tmp_path / "p.npz", images=x, labels=np.arange(60) % 2)
    read = [Data.find("images")(folder=str(path)).reading() for path in (tmp_path, tmp_path / "p.npz")]
    assert read[0] == read[1] and "60 pictures" in read[0]
