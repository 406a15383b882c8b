"""Data sets in the formats of the Hugging Face Hub: saved folders and Parquet, their columns and splits, and
nothing is decoded before it is needed."""

import io
import shutil
import sys

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from toys import catalogue  # noqa: F401  fixture

from sslbench import Recipe, fit
from sslbench.catalog import catalog
from sslbench.data import SPLITS, Data, locations
from sslbench.data.image import hub_sets
from sslbench.data.image.library_sets import Some
from sslbench.data.rows import in_memory
from sslbench.notes import Note
from sslbench.runs.run import load_run

hub = pytest.importorskip("datasets")
pyarrow = pytest.importorskip("pyarrow")
pytest.importorskip("pyarrow.parquet")
pytestmark = pytest.mark.usefixtures("catalogue", "cache")
NAMES = ["cat", "dog", "emu"]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Everything that is kept lies below a folder of the test, and no network."""
    def refuse(*_, **__):
        raise ConnectionError("Couldn't reach it on the Hub")
    (tmp_path / "cache").mkdir()
    monkeypatch.setattr(locations, "cache", lambda: tmp_path / "cache")
    load = hub.load_dataset
    monkeypatch.setattr(hub, "load_dataset", lambda name, *a, **k: (load if "/" == name[0] else refuse)(
        name, *a, **k))
    hub.disable_progress_bars()


def picture(i, side=40, kind="PNG", mode=np.uint8) -> bytes:
    top = np.iinfo(mode).max
    x = np.random.default_rng(i).integers(0, top, (side, side + 4) + (3,) * (mode is np.uint8), mode)
    file = io.BytesIO()
    Image.fromarray(x).save(file, kind)
    return file.getvalue()


def made(n, start=0, label=lambda i: i % 3, **columns):
    """A split: encoded pictures, a class with a name, and other columns."""
    features = {"image": hub.Image(), "kind": hub.ClassLabel(names=NAMES), "who": hub.Value("string"),
                "weight": hub.Value("float32"), "tags": hub.List(hub.ClassLabel(names=["big", "wild"]))}
    cells = {"image": [{"bytes": picture(start + i), "path": None} for i in range(n)],
             "kind": [label(i) for i in range(n)], "who": [f"p{i // 5}" for i in range(n)],
             "weight": [i + 0.5 for i in range(n)], "tags": [[[], [0], [0, 1]][i % 3] for i in range(n)]}
    return hub.Dataset.from_dict(cells | columns, features=hub.Features(features))


@pytest.fixture
def saved(tmp_path):
    hub.DatasetDict({"train": made(40), "test": made(20, 100)}).save_to_disk(str(tmp_path / "pets"))
    return tmp_path / "pets"


def source(folder, **given) -> Data:
    return Data.find(f"hub:{folder}")(**given)


def sizes(data):
    return [len(data.loaded(split)[0]["image"]) for split in SPLITS]


def test_a_saved_set_keeps_its_splits_and_the_names_of_its_classes(saved):
    data = source(saved)
    assert sizes(data) == [34, 6, 20] and "train and test given, validation cut from train" in data.reading()
    assert "Label 'kind': 3 classes (cat, dog, emu)" in data.reading()
    assert "Columns for data.label and data.group: kind, who, weight, tags" in data.reading()
    x, y = data.loaded("test")
    for name, image, label in zip(data.sample_names("test"), x["image"][torch.arange(20)], y["kind"]):
        i = int(name.removeprefix("test/"))
        assert label == i % 3
        square = ImageOps.fit(Image.open(io.BytesIO(picture(100 + i))), (32, 32))
        assert np.array_equal(np.asarray(square).transpose(2, 0, 1), image.numpy())


def test_a_set_is_trained_on_and_found_again(saved, tmp_path):
    recipe = Recipe(f"hub:{saved}", "simclr", steps=2, batch_size=8)
    run = fit(recipe, tmp_path / "run", progress=False, device="cpu", evaluations=1)
    assert run.recipe.check() == recipe and 0 <= run.scores["linear"] <= 1


def test_pictures_beyond_the_memory_are_decoded_while_it_trains_to_the_same_bits(saved, monkeypatch):
    decoded = []
    real = hub_sets.decoded
    held = source(saved)
    held.loaded("train")
    monkeypatch.setattr(hub_sets, "decoded", lambda *a, **k: decoded.append(1) or real(*a, **k))
    streamed = source(saved, memory=0.0)
    streamed.loaded("train")
    assert decoded == []
    for split in SPLITS:
        (a, y), (b, z) = held.loaded(split), streamed.loaded(split)
        rows = torch.arange(len(y["kind"])).flip(0)
        assert in_memory(a["image"]) and isinstance(b["image"], Some)
        assert torch.equal(a["image"][rows], b["image"][rows]) and torch.equal(y["kind"], z["kind"])
    assert len(decoded) == 60


@pytest.mark.parametrize("label, words", [
    ("kind,weight", "Factors: weight"), ("weight", "a quantity from 0.5 to 39.5"), ("none", "No label, so"),
    ("tags", "2 yes-or-no answers (big, wild)")])
def test_another_column_is_the_label(saved, label, words):
    assert words in source(saved, label=label).reading()


def test_a_group_stays_in_one_split(tmp_path):
    made(60).save_to_disk(str(tmp_path / "one"))
    data = source(tmp_path / "one", group="who")
    assert "12 groups, none in two splits" in data.reading()
    people = [{int(name) // 5 for name in data.sample_names(split)} for split in SPLITS]
    assert sum(map(len, people)) == len(set.union(*people)) == 12


def test_parquet_files_in_a_folder_and_words_as_classes(tmp_path):
    place = tmp_path / "parquet"
    place.mkdir()
    for split, n in {"train": 30, "validation": 12, "test": 12}.items():
        made(n).to_parquet(str(place / f"{split}-00000-of-00001.parquet"))
    data = source(place)
    assert sizes(data) == [30, 12, 12] and "3 classes (cat, dog, emu)" in data.reading()
    assert "Label 'who': 6 classes (p0, p1, p2" in source(place, label="who").reading()
    assert list((tmp_path / "cache" / "hub").iterdir())  # its own copy is not among the user's


def test_parquet_of_other_tools_has_bytes_as_pictures(tmp_path):
    pandas = pytest.importorskip("pandas")
    place = tmp_path / "bare"
    place.mkdir()
    pandas.DataFrame({"picture": [picture(i, kind="JPEG") for i in range(40)],
                      "species": ["wren", "tit"] * 20}).to_parquet(place / "birds.parquet")
    data = source(place)
    assert sum(sizes(data)) == 40 and "Label 'species': 2 classes (tit, wren)" in data.reading()


def test_unlabelled_and_damaged_pictures(tmp_path):
    half = picture(7)[:100]
    cells = [{"bytes": half if i in (3, 8) else picture(i), "path": None} for i in range(60)]
    made(60, label=lambda i: None if i % 10 == 0 else i % 3, image=cells).save_to_disk(str(tmp_path / "x"))
    data = source(tmp_path / "x")
    assert "Left out: 2 of 60 pictures (cannot be read)" in data.reading() and sum(sizes(data)) == 58
    assert "3 classes (cat, dog, emu), 6 unlabelled" in data.reading()
    streamed = source(tmp_path / "x", memory=0.0)
    with pytest.warns(Note, match="cannot be read; .* takes its place"):
        _ = [streamed.loaded(split)[0]["image"][torch.arange(n)] for split, n in zip(SPLITS, sizes(streamed))]
    made(60, label=lambda i: -1 if i < 6 else i % 3).save_to_disk(str(tmp_path / "y"))
    assert "3 classes (cat, dog, emu), 6 unlabelled" in source(tmp_path / "y").reading()


def test_sixteen_bits_are_spread_alike_over_all_pictures(tmp_path):
    cells = [{"bytes": picture(i, mode=np.uint16), "path": None} for i in range(40)]
    made(40, image=cells).save_to_disk(str(tmp_path / "deep"))
    data = source(tmp_path / "deep", size=48)
    assert "16 bits: values from" in data.reading()
    x = data.loaded("train")[0]["image"][:5].float()
    assert 100 < x.mean() < 150 and x.std() > 40


def test_other_splits_are_said_and_pictures_may_be_files(tmp_path):
    paths = []
    for i in range(20):
        paths.append(str(tmp_path / f"{i}.png"))
        (tmp_path / f"{i}.png").write_bytes(picture(i))
    files = made(20, image=[{"bytes": None, "path": path} for path in paths])
    hub.DatasetDict({"train": files, "leftover": made(10)}).save_to_disk(
        str(tmp_path / "set"))
    data = source(tmp_path / "set")
    assert sum(sizes(data)) == 20 and "Splits of the set that are not read: leftover" in data.reading()


@pytest.mark.parametrize("given, words", [
    ({"image": "picture"}, "data.image: no column of pictures is called 'picture'; there is: image"),
    ({"label": "kid"}, "data.label: no column is called 'kid'; did you mean 'kind'"),
    ({"label": "kind+wild"}, "data.label: no column is called 'wild'"),
    ({"group": "nobody"}, "data.group: no column is called 'nobody'")])
def test_a_column_that_is_not_there_is_said_in_one_line(saved, given, words):
    with pytest.raises(ValueError, match=words.replace("+", r"\+")) as error:
        source(saved, **given).loaded("train")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name, error, words", [
    ("/no/such/folder", FileNotFoundError, "there is no folder '/no/such/folder'"),
    ("what is this", ValueError, "names neither a folder nor a data set"), ("", ValueError, "neither")])
def test_a_name_that_is_none_is_said_in_one_line(name, error, words):
    with pytest.raises(error, match=words) as found:
        Recipe(f"hub:{name}").check()
    assert "\n" not in str(found.value)


def test_a_folder_that_holds_no_set_is_said_in_one_line(tmp_path, saved):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="could not be read as a data set") as error:
        source(tmp_path / "empty").loaded("train")
    assert "\n" not in str(error.value)
    with pytest.raises(NotADirectoryError, match="is a file"):
        source(saved / "dataset_dict.json")
    hub.Dataset.from_dict({"text": ["a"] * 20}).save_to_disk(str(tmp_path / "text"))
    with pytest.raises(ValueError, match="there is no column of pictures; there are: text"):
        source(tmp_path / "text").loaded("train")


def test_without_network_one_line_says_what_to_do():
    data = source("uoft-cs/cifar10")
    words = r"hub:uoft-cs/cifar10 is not on this machine and could not be loaded \(.*\); save it with save_to"
    with pytest.raises(FileNotFoundError, match=words) as error:
        data.loaded("train")
    assert "\n" not in str(error.value) and "hub:NAME" in {row["name"] for row in catalog("data")}


def test_without_datasets_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ValueError, match=r"^hub:pets needs datasets: pip install 'sslbench\[hub\]'$"):
        Recipe("hub:pets").check()


def test_a_recorded_network_is_there_without_its_data(saved, tmp_path):
    fit(Recipe(f"hub:{saved}", steps=2, batch_size=8), tmp_path / "run", progress=False, device="cpu",
        evaluations=0, test=False)
    shutil.rmtree(saved)
    del Data.catalogue[f"hub:{saved}"]  # another process
    run = load_run(tmp_path / "run")
    assert run.backbone({"image": torch.randn(2, 3, 32, 32)}).shape[0] == 2 and "cat, dog, emu" in run.reading
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*pets"):
        _ = run.data


# Splits that are not alike

def with_names(names, n=30, start=0, **columns):
    """Pictures of the classes a and b in turn, numbered as these names are."""
    features = hub.Features({"image": hub.Image(), "kind": hub.ClassLabel(names=names), **columns})
    cells = {"image": [{"bytes": picture(start + i), "path": None} for i in range(n)],
             "kind": [names.index("ab"[i % 2]) for i in range(n)]}
    return hub.Dataset.from_dict(cells | {name: [str(i % 3) for i in range(n)] for name in columns},
                                 features=features)


def truth(data, split) -> set[bool]:
    labels, words = data.loaded(split)[1]["kind"].tolist(), data.classes["kind"]
    return {words[y] == "ab"[int(name.rpartition("/")[2]) % 2]
            for name, y in zip(data.sample_names(split), labels)}


@pytest.mark.parametrize("train, test", [(["a", "b"], ["b", "a"]), (["a", "b"], ["c", "b", "a"]),
                                         (["z", "b", "a"], ["a", "b"]), (["a", "b"], ["a", "b"])])
def test_classes_are_told_by_their_names_where_splits_number_them_differently(tmp_path, train, test):
    hub.DatasetDict({"train": with_names(train), "test": with_names(test, start=50)}).save_to_disk(
        str(tmp_path / "x"))
    data = source(tmp_path / "x")
    assert [truth(data, split) for split in SPLITS] == [{True}] * 3


def test_a_split_with_words_instead_of_numbers_has_the_same_classes(tmp_path):
    words = hub.Dataset.from_dict(
        {"image": [{"bytes": picture(50 + i), "path": None} for i in range(30)],
         "kind": ["ab"[i % 2] for i in range(30)]},
        features=hub.Features({"image": hub.Image(), "kind": hub.Value("string")}))
    hub.DatasetDict({"train": with_names(["b", "a"]), "test": words}).save_to_disk(str(tmp_path / "x"))
    data = source(tmp_path / "x")
    assert [truth(data, split) for split in SPLITS] == [{True}] * 3


def test_several_classes_at_once_are_told_by_their_names_too(tmp_path):
    def split(names, start):
        a, b = map(names.index, "ab")
        cells = {"image": [{"bytes": picture(start + i), "path": None} for i in range(30)],
                 "tags": [[a] * (i % 2) + [b] * (i % 3 == 0) for i in range(30)]}
        return hub.Dataset.from_dict(cells, features=hub.Features(
            {"image": hub.Image(), "tags": hub.List(hub.ClassLabel(names=names))}))

    hub.DatasetDict({"train": split(["a", "b"], 0), "test": split(["b", "a"], 50)}).save_to_disk(
        str(tmp_path / "x"))
    data = source(tmp_path / "x")
    assert "2 yes-or-no answers (a, b)" in data.reading()
    for part in SPLITS:
        for name, row in zip(data.sample_names(part), data.loaded(part)[1]["tags"].tolist()):
            i = int(name.rpartition("/")[2])
            assert row == [i % 2, int(i % 3 == 0)]


def test_a_split_without_the_label_is_said_and_never_probed(tmp_path):
    train = with_names(["a", "b"])
    hub.DatasetDict({"train": train, "test": with_names(["a", "b"], 20, 50).remove_columns("kind")}
                    ).save_to_disk(str(tmp_path / "x"))
    data = source(tmp_path / "x")
    said = data.reading()
    assert "Split 'test' of 20 pictures has no column 'kind', so they have none" in said
    assert "test of 20 pictures, none of which has a label" in said and truth(data, "test") == {True}
    hub.DatasetDict({"train": train.remove_columns("kind"), "test": with_names(["a", "b"], 20, 50)}
                    ).save_to_disk(str(tmp_path / "y"))
    assert "30 unlabelled" in source(tmp_path / "y").reading()


def test_a_split_without_pictures_is_named_with_a_way_on(tmp_path):
    other = with_names(["a", "b"], 20, 50).rename_column("image", "photo")
    hub.DatasetDict({"train": with_names(["a", "b"]), "test": other}).save_to_disk(str(tmp_path / "x"))
    with pytest.raises(ValueError, match="split 'test' has no column of pictures 'image', which others have; "
                                         "it has photo, kind; rename the column there") as error:
        source(tmp_path / "x").loaded("train")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("path", ["x" * 5000 + ".png", "no\0thing.png", "gone.png", "/dev/zero"])
@pytest.mark.parametrize("memory", [0.25, 0.0])
def test_a_path_that_leads_nowhere_costs_its_picture_alone(tmp_path, path, memory):
    cells = [{"bytes": picture(i), "path": None} for i in range(40)]
    cells[4] = {"bytes": None, "path": path}
    (tmp_path / "x").mkdir()  # as other tools write it
    table = pyarrow.table({"image": cells, "kind": ["ab"[i % 2] for i in range(40)]})
    pyarrow.parquet.write_table(table, tmp_path / "x" / "train.parquet")
    data = source(tmp_path / "x", memory=memory)
    if memory:
        assert "Left out: 1 of 40 pictures" in data.reading() and sum(sizes(data)) == 39
    else:
        with pytest.warns(Note, match="cannot be read; .* takes its place"):
            _ = [data.loaded(split)[0]["image"][torch.arange(n)] for split, n in zip(SPLITS, sizes(data))]
