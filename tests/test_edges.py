"""Corners that a reading of the code found: each once gave a wrong number, no number, or took for ever."""

import csv
import time

import numpy as np
import pytest
import torch
from toys import SHAPES, Toy, batch_of, build

from sslbench.data import Data
from sslbench.data.arrays.arrays import arrays
from sslbench.data.labels import as_numbers
from sslbench.data.rows import evenly
from sslbench.data.splits import divide
from sslbench.data.tables.cells import written
from sslbench.data.tables.frames import cell
from sslbench.data.text import paths
from sslbench.pretexts.puzzles import deepcluster


@pytest.mark.parametrize("steps", [*range(1280, 1400, 7), 2560, 5000])
def test_no_split_of_time_is_empty_and_none_overlaps(steps, tmp_path):
    with open(tmp_path / "long.csv", "w", newline="") as file:
        csv.writer(file).writerows([["t", "x"], *([i, np.sin(i / 7)] for i in range(steps))])
    data = Data.find("series")(file=str(tmp_path / "long.csv"), length=128)
    rows = {split: data.loaded(split)[0]["signal"][:] for split in ("train", "validation", "test")}
    assert all(len(x) for x in rows.values())


def test_the_window_that_fills_an_empty_split_shares_no_time_with_the_others():
    starts = np.arange(0, 1318 - 128 + 1, 16)
    windows = np.stack([starts, starts + 128], 1) / 1318
    rows = divide([str(i) for i in range(len(windows))], time=windows).rows
    spans = {name: windows[some] for name, some in rows.items()}
    assert len(spans["validation"]) == 1
    for name in ("train", "test"):
        for a, b in spans[name]:
            assert b <= spans["validation"][0, 0] + 1e-9 or a >= spans["validation"][0, 1] - 1e-9


@pytest.mark.parametrize("first", [1, 3, 8])
def test_cpc_has_something_to_guess_however_late_it_begins(first):
    task = build("cpc", "small_cnn", Toy(SHAPES["image"]), first=first)
    loss = task(task.inputs(batch_of(task.data), torch.Generator().manual_seed(0)))["loss"]
    assert loss.isfinite() and len(task.guess) >= 1


@pytest.mark.parametrize("shape, backbone, first, read, comes", [
    # windows of 8 that begin at 0, 2, 5 and 8
    ("image", "small_cnn", 1, slice(0, 13), slice(8, 16)),
    ("image", "small_cnn", 2, slice(0, 10), slice(8, 16)),
    # tokens of 4
    ("series", "transformer", 1, slice(0, 12), slice(12, 16)),
    ("series", "transformer", 2, slice(0, 8), slice(12, 16))])
def test_cpc_shows_what_is_read_and_what_comes_later(shape, backbone, first, read, comes):
    task = build("cpc", backbone, Toy(SHAPES[shape]), first=first, augment=False).eval()
    ((name, x),) = (batch := batch_of(task.data)).items()
    with torch.no_grad():
        seen, later, matrix = task.show(task.inputs(batch, torch.Generator().manual_seed(0)))
    assert torch.equal(seen.batch[name], x[:, :, read]) and torch.equal(later.batch[name], x[:, :, comes])
    assert later.role == "truth" and f"{first} step" in later.title and matrix.values.shape == (8, 8)


@pytest.mark.slow
def test_thousands_of_files_of_text_are_listed_at_once(tmp_path):
    for i in range(4000):
        (tmp_path / f"{i}.txt").write_text("some words")
    began = time.process_time()
    taken, _, said = paths.within(tmp_path)
    assert len(taken) == 4000 and not said
    listed = time.process_time() - began
    began = time.process_time()
    sorted(p for p in tmp_path.rglob("*") if p.is_file())
    assert listed < 20 * (time.process_time() - began) + 0.1  # a set for each file took 50 times as long


def test_rows_are_counted_exactly_beyond_what_float32_can():
    n = 2**24 + 4
    index = evenly(n, 1000)
    assert index[0] == 0 and index[-1] == n - 1 and (index.diff() > 0).all()
    assert torch.equal(evenly(5, 10), torch.arange(5)) and torch.equal(evenly(9, 3), torch.tensor([0, 4, 8]))


def test_an_underscore_makes_a_name_of_a_number():
    assert as_numbers(["1_0", "10"]) is None and as_numbers(["1.5", "2"]).tolist() == [1.5, 2.0]
    name = arrays(torch.randn(60, 1, 16), ["1_0", "10", "2_0"] * 20, name="underscores")
    try:
        assert Data.find(name)().classes["label"] == ["10", "1_0", "2_0"]
    finally:
        del Data.catalogue[name]


@pytest.mark.parametrize("value, words", [(3.0, "3"), (2.5, "2.5"), (float("inf"), "inf"), (-0.0, "0"),
                                          (float("nan"), "")])
def test_a_number_is_written_even_where_it_is_infinite(value, words):
    assert written(value) == words and cell(value) == words


def test_a_dataset_that_fails_without_a_word_is_named():
    class Silent(torch.utils.data.Dataset):
        def __len__(self):
            return 30

        def __getitem__(self, i):
            assert i < 3
            return torch.zeros(1, 8)

    with pytest.raises(ValueError, match=r"item 3 of the dataset cannot be read: .*AssertionError"):
        arrays(Silent(), name="silent")


def test_clusters_are_the_same_however_many_samples_are_compared_at_once(monkeypatch):
    x = torch.nn.functional.normalize(torch.randn(50, 6, generator=torch.Generator().manual_seed(0)), dim=1)
    whole = deepcluster.kmeans(x, x[:4], 3)
    monkeypatch.setattr(deepcluster, "AT_ONCE", 7)
    torch.testing.assert_close(deepcluster.kmeans(x, x[:4], 3), whole)
