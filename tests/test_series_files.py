"""Series from files of any kind: what is label, group and split is right, nothing is lost, and the reading says what was done."""

import csv

import numpy as np
import pytest
import torch
from real_data import real

from sslbench.data import SPLITS, Data


def everything(data):
    """The series and the labels over all three splits."""
    loaded = [data.loaded(split) for split in SPLITS]
    return torch.cat([rows["signal"][:] for rows, _ in loaded]), {key: torch.cat([y[key] for _, y in loaded]) for key in loaded[0][1]}


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message and len(message) < 400
    return message


def write_csv(path, rows, delimiter=","):
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f, delimiter=delimiter).writerows(rows)
    return str(path)


def series(file, **given):
    return Data.find("series")(file=str(file), **given)


def test_a_csv_with_one_series_per_row(tmp_path):
    rng = np.random.default_rng(0)
    rows = [["kind", *range(50)]] + [[["up", "down"][i % 2], *rng.normal(5, 3, 50).round(3)] for i in range(60)]
    x, labels = everything(series(write_csv(tmp_path / "s.csv", rows)))
    assert x.shape == (60, 1, 50) and labels["kind"].bincount().tolist() == [30, 30]
    assert abs(x.mean()) < 0.1 and abs(x.std() - 1) < 0.1


def test_windows_of_a_long_table_never_reach_over_the_border_of_two_splits(tmp_path):
    rows = [["date", "a", "b"]] + [[f"day {t}", t, -t] for t in range(2000)]
    data = series(write_csv(tmp_path / "s.csv", rows), length=64)
    steps = [set(data.samples().x[data.rows_of(split)][:, 0].flatten().tolist()) for split in SPLITS]
    assert data.fields["signal"].channels == 2 and not steps[0] & steps[1] and not steps[1] & steps[2]
    assert max(steps[0]) < min(steps[1]) < min(steps[2])
    kept = sum(len(data.rows_of(split)) for split in SPLITS)
    assert 0 < len(data.samples().x) - kept < 20  # the control: windows on the borders exist, and only they are dropped


def test_missing_values_and_padding_are_absent(tmp_path):
    rows = [[f"t{i}" for i in range(40)]] + [[*range(n), *[""] * (40 - n)] for n in range(11, 41)]
    rows[5][3] = "NaN"
    data = series(write_csv(tmp_path / "s.csv", rows))
    x, _ = everything(data)
    assert data.fields["signal"].gaps and x.isnan().any() and x[:, :, :3].isfinite().all()
    view = data.augment({"signal": x}, torch.Generator().manual_seed(0))["signal"]
    assert torch.equal(view[:, :, -1].isnan(), x[:, :, -1].isnan())  # what ended early still ends early
    assert view.isfinite().any((1, 2)).all()


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_arrays_in_files(tmp_path, kind):
    x = np.random.default_rng(0).normal(size=(30, 2, 24))
    file = tmp_path / f"s.{kind}"
    np.save(file, x) if kind == "npy" else np.savez(file, X=x, y=np.array(["a", "b", "c"] * 10))
    x, labels = everything(series(file))
    assert x.shape == (30, 2, 24) and (labels == {} if kind == "npy" else labels["label"].bincount().tolist() == [10] * 3)


TS = "@problemName Own\n@classLabel true a b\n@data\n"


def test_ts_files_with_unequal_lengths_and_their_own_test_split(tmp_path):
    def lines(n):
        channels = [",".join(["1.5"] * (8 + i % 9)) for i in range(n)]
        return "".join(f"{c}:{c}:{'ab'[i % 2]}\n" for i, c in enumerate(channels))
    (tmp_path / "Own_TRAIN.ts").write_text(TS + lines(30))
    (tmp_path / "Own_TEST.ts").write_text(TS + lines(14))
    data = series(tmp_path / "Own_TRAIN.ts")
    sizes = [len(data.loaded(split)[0]["signal"]) for split in SPLITS]
    assert sum(sizes) == 44 and sizes[2] == 14 and sizes[0] > 5 * sizes[1]
    assert data.fields["signal"].channels == 2 and data.fields["signal"].gaps and data.classes == {"class": ["a", "b"]}


@pytest.mark.parametrize(("name", "contents", "words"), [
    ("broken.ts", TS + "1,2,x:a\n" * 20, "line 4"),
    ("nothing.ts", "@data\n", "no series"),
    ("words.csv", "a,b\n" + "x,y\n" * 20, "no column of numbers"),
    ("short.csv", "a,b\n" + "1,2\n" * 20, "20 rows"),
    ("few.csv", ",".join(map(str, range(30))) + "\n" + (",".join("1" * 30) + "\n") * 4, "4 series"),
    ("broken.npy", "not numpy", "numpy.save"),
    ("song.mp3", "la", ".csv"),
    ("head.csv", "a,b\n", "no lines"),
])
def test_series_that_cannot_be_read_are_named(tmp_path, name, contents, words):
    (tmp_path / name).write_text(contents)
    with pytest.raises(ValueError) as error:
        series(tmp_path / name).load("train")
    assert words in one_line(error)


def test_a_missing_label_column_names_those_there_are(tmp_path):
    file = write_csv(tmp_path / "s.csv", [["a", "b"]] + [[1, 2]] * 2000)
    with pytest.raises(ValueError, match=r"no column 'kind'.*a, b"):
        series(file, label_column="kind")


ARCHIVE = "ucr-uea/{0}/{0}_TRAIN.ts"


@pytest.mark.parametrize("path", real(ARCHIVE.format("JapaneseVowels"), ARCHIVE.format("BasicMotions"), "ett/ETTh1.csv"))
def test_real_series(path):
    data = series(path)
    x, _ = everything(data)
    assert abs(x.nanmean()) < 0.5 and x.shape[1] in (6, 7, 12)
    assert data.fields["signal"].gaps == ("Vowels" in path.name) == bool(x.isnan().any())
