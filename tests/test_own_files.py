"""The user's own folders, files and arrays: whatever they look like they are read, or one line says what to do."""

import csv

import pytest
import torch
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


# Text

def write_csv(path, rows, delimiter=","):
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f, delimiter=delimiter).writerows(rows)
    return str(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_of_texts_with_any_delimiter(tmp_path, delimiter):
    rows = [["label", "text"]] + [[f"{'ab'[i % 2]}", f"Größe {i}, ünd möre\nlines"] for i in range(40)]
    data = Data.find("text")(file=write_csv(tmp_path / "t.csv", rows, delimiter), length=32)
    x, labels = everything(data)
    assert x.shape == (40, 32) and labels["label"].bincount().tolist() == [20, 20] and data.fields["text"].gaps
    assert "Größe" in data.picture({"text": x[0].long()}).value


def test_a_text_file_becomes_consecutive_windows(tmp_path):
    text = "".join(f"{i:05d}." for i in range(2000))
    (tmp_path / "t.txt").write_text(text)
    data = Data.find("text")(file=str(tmp_path / "t.txt"), length=60)
    x, labels = everything(data)
    assert "".join(map(data.spell, x)) == text and labels == {} and not data.fields["text"].gaps


def test_a_missing_column_names_those_there_are(tmp_path):
    file = write_csv(tmp_path / "t.csv", [["id", "review"]] + [[i, "words"] for i in range(20)])
    with pytest.raises(ValueError) as error:
        Data.find("text")(file=file)
    assert "'text'" in one_line(error) and "id, review" in str(error.value)
    with pytest.raises(ValueError) as error:
        Data.find("text")(file=file, text_column="review", label_column="stars")
    assert "'stars'" in one_line(error) and "label_column" in str(error.value)
    assert everything(Data.find("text")(file=file, text_column="review"))[0].shape == (20, 128)


def test_files_too_short_missing_or_empty_are_named(tmp_path):
    (tmp_path / "short.txt").write_text("short")
    (tmp_path / "empty.csv").touch()
    wrong = {"short.txt": "0 windows", "empty.csv": "no first line", "nope.txt": "nope.txt", "": "folder"}
    for name, words in wrong.items():
        with pytest.raises((ValueError, OSError)) as error:
            Data.find("text")(file=str(tmp_path / name)).load("train")
        assert words in one_line(error)


@pytest.mark.parametrize("path", real("imdb-small/unsup.csv", "tiny-shakespeare/input.txt"))
def test_real_text_without_labels(path):
    x, labels = everything(Data.find("text")(file=str(path)))
    assert len(x) > 3000 and labels == {}



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
