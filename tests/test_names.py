"""One place for the words that people call columns and splits by: every source knows all of them."""

import csv

import numpy as np
import pytest

from sslbench.data import Data, column_names
from sslbench.data.arrays import npz
from sslbench.data.arrays.pieces import handed
from sslbench.data.folders import parted
from sslbench.data.series.paths import split_of
from sslbench.data.tables import headers


@pytest.mark.parametrize("word",
                         [word.upper() for word in column_names.SPLIT_WORDS] + [*column_names.SPLIT_WORDS])
def test_every_word_for_a_split_is_known_to_folders_files_and_arrays(word):
    split = column_names.split_name(word)
    assert (split == parted(f"pets_{word}")[0] == split_of(f"pets_{word}")
            == column_names.SPLIT_WORDS[npz.parted(f"{word}_x")[1]])


@pytest.mark.parametrize("word",
    ["y", "Class", "classes", "targets", "class_name", "activity", "species", "diagnosis", "sentiment"])
def test_every_name_of_a_label_is_known_to_every_source(tmp_path, word):
    rng = np.random.default_rng(0)
    y = [("no", "yes")[i % 2] for i in range(60)]
    with open(tmp_path / "t.csv", "w", newline="") as f:
        csv.writer(f).writerows([[word, "other", "text", *(f"t{i}" for i in range(24))],
                                 *([y[i], f"o{i % 3}", f"some words {i}", *rng.normal(size=24).round(2)]
                                   for i in range(60))])
    for source in ("series", "text"):
        data = Data.find(source)(file=str(tmp_path / "t.csv"))
        data.loaded("train")
        assert next(iter(data.classes)) == word
    np.savez(tmp_path / "a.npz",
             **{"x": rng.normal(size=(60, 24)), word: np.array(y), "other": np.arange(60)})
    assert npz.load(tmp_path / "a.npz").columns["label"].tolist() == y
    assert (handed({"x": rng.normal(size=(60, 24)), word.lower(): y,
                    "other": list(range(60))}).label == ["label"])
    pandas = pytest.importorskip("pandas")
    assert handed(pandas.DataFrame({"other": range(60), "b": rng.normal(size=60), word: y})).label == [word]
    assert word.lower() in headers.KNOWN


def test_y_beside_x_is_an_axis_in_a_table_in_memory_too():
    pandas = pytest.importorskip("pandas")
    assert (handed(pandas.DataFrame(np.random.default_rng(0).normal(size=(60, 3)),
                                    columns=list("xyz"))).label == [])


@pytest.mark.parametrize(("name", "group"),
    [("subject", "subject"), ("patient_id", "patient_id"), ("groups", "groups"), ("weight", "")])
def test_groups_in_a_dict_of_arrays_are_told_by_their_names(name, group):
    x, who = np.random.default_rng(0).normal(size=(60, 24)), [i // 6 for i in range(60)]
    assert handed({"x": x, "y": [0, 1] * 30, name: who}).group == group
    assert handed({"x": x, "y": [0, 1] * 30, name: [1] * 60}).group == ""
