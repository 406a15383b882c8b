"""The user's own folders, files and arrays: whatever they look like they are read, or one line says what to do."""

import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from real_data import real

from sslbench.data import SPLITS, Data, places
from sslbench.data.samples import NAMES, make


def everything(data):
    """The rows of the first field and the labels over all three splits."""
    loaded = [data.loaded(split) for split in SPLITS]
    rows = torch.cat([next(iter(rows.values()))[:] for rows, _ in loaded])
    return rows, {key: torch.cat([labels[key] for _, labels in loaded]) for key in loaded[0][1]}


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message and len(message) < 400
    return message


# Images

def picture(mode: str, side: int = 40) -> Image.Image:
    ramp = np.linspace(0, 1, side)[None].repeat(side, 0)
    if mode == "I;16":
        return Image.fromarray((65535 * ramp).astype(np.uint16))
    if mode == "F":
        return Image.fromarray(ramp.astype(np.float32))
    return Image.fromarray((255 * ramp).astype(np.uint8)).convert("RGB").convert(mode)


@pytest.fixture
def folder(tmp_path):
    """Twelve readable images of every mode and many sizes, in no sub-folder."""
    for i, mode in enumerate(("L", "RGB", "RGBA", "P", "LA", "I;16", "F", "1", "CMYK", "L", "RGB", "P")):
        ending = {"F": "tif", "CMYK": "jpg"}.get(mode, "png")
        picture(mode, 30 + 7 * i).save(tmp_path / f"{i:02}.{ending}")
    return tmp_path


def test_images_of_every_mode_show_the_same_ramp(folder):
    x, labels = everything(Data.find("images")(folder=str(folder)))
    assert x.shape == (12, 3, 32, 32) and x.dtype == torch.uint8 and labels == {}
    x = x.float().mean((1, 2))  # [12, 32] the ramp from dark to light
    assert (x[:, :3].mean(1) < 40).all() and (x[:, -3:].mean(1) > 215).all()


def test_transparent_is_white(folder):
    for i in range(12):
        Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(folder / f"clear{i}.png")
    x, _ = everything(Data.find("images")(folder=str(folder)))
    assert (x.flatten(1).amin(1) == 255).sum() == 12


def test_unreadable_images_are_listed_once_and_skipped(folder):
    (folder / "text.png").write_text("no picture")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)).save(folder / "half.png")
    (folder / "half.png").write_bytes((folder / "half.png").read_bytes()[:2000])
    (folder / "empty.jpg").touch()
    (folder / "notes.txt").write_text("is no image and needs no mention")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        x, _ = everything(Data.find("images")(folder=str(folder)))
    (message,) = [str(w.message) for w in said]
    assert len(x) == 12 and message.startswith("3 of 15") and "notes" not in message
    assert all(name in message for name in ("text.png", "half.png", "empty.jpg"))


def test_names_of_subfolders_are_labels(tmp_path):
    for name in ("cats", "dogs", "dogs/puppies"):
        (tmp_path / name).mkdir()
        for i in range(10):
            picture("L").save(tmp_path / name / f"{i}.png")
    data = Data.find("images")(folder=str(tmp_path))
    x, labels = everything(data)
    assert data.classes == {"folder": ["cats", "dogs"]} and labels["folder"].bincount().tolist() == [10, 20] and len(x) == 30


def test_one_subfolder_is_no_label(folder, tmp_path):
    (tmp_path / "all").mkdir()
    for file in folder.glob("*.*"):
        file.rename(tmp_path / "all" / file.name)
    assert everything(Data.find("images")(folder=str(tmp_path)))[1] == {}


def test_folders_named_like_splits_are_the_splits(tmp_path):
    for split, n in (("train", 8), ("val", 4), ("test", 6)):
        for kind in ("a", "b"):
            (tmp_path / split / kind).mkdir(parents=True)
            for i in range(n // 2):
                picture("L").save(tmp_path / split / kind / f"{i}.png")
    data = Data.find("images")(folder=str(tmp_path))
    assert [len(data.loaded(split)[0]["image"]) for split in SPLITS] == [8, 4, 6]
    assert data.loaded("train")[1]["folder"].bincount().tolist() == [4, 4] and data.classes == {"folder": ["a", "b"]}


def test_a_missing_an_empty_and_a_wrong_folder_are_named(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        Data.find("images")(folder=str(tmp_path / "nope"))
    assert "nope" in one_line(error) and "data.folder" in str(error.value)
    with pytest.raises(ValueError) as error:
        Data.find("images")(folder=str(tmp_path)).load("train")
    assert "no image" in one_line(error)
    (tmp_path / "file.png").touch()
    with pytest.raises(NotADirectoryError) as error:
        Data.find("images")(folder=str(tmp_path / "file.png"))
    assert "is a file" in one_line(error)
    with pytest.warns(UserWarning, match="1 of 1"), pytest.raises(ValueError) as error:
        Data.find("images")(folder=str(tmp_path)).load("train")
    assert "0 readable images" in one_line(error)


@pytest.mark.parametrize("path", real("orl-faces"))
def test_forty_faces_are_forty_labels(path):
    _, labels = everything(Data.find("images")(folder=str(path)))
    assert labels["folder"].bincount().tolist() == [10] * 40


# Samples

@pytest.mark.parametrize("name", sorted(NAMES))
def test_samples_are_made_where_the_project_is_not(name, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "PROJECT", tmp_path / "site-packages")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = places.sample(name)
    assert made.startswith(str(tmp_path / "cache")) and places.sample(name) == made
    source = {"shapes": "images", "gestures.csv": "series", "sentences.csv": "text"}[name]
    assert len(everything(Data.find(source)())[0]) >= 400


@pytest.mark.parametrize("name", sorted(NAMES - {"shapes"}))
def test_samples_that_ship_are_those_the_script_makes(name, tmp_path):
    shipped = places.PROJECT / "data" / name
    assert make(name, tmp_path).read_bytes() == shipped.read_bytes() and shipped.stat().st_size < 200_000


def test_the_image_sample_is_small():
    assert sum(f.stat().st_size for f in (places.PROJECT / "data" / "shapes").rglob("*.png")) < 200_000
