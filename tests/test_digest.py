"""The fingerprint of training data: it changes with the data and with nothing else, and is taken in well
under a second."""

import time

import numpy as np
import pytest
import torch

from sslbench.data.digest import digest_of
from sslbench.data.rows import Picked

ROWS = torch.arange(600, dtype=torch.float32).view(100, 6)
LABELS = {"label": torch.arange(100) % 3}


class Files:
    """Rows that are read when they are asked for."""

    def __init__(self, names: list[str], x: torch.Tensor):
        self.names, self.x, self.read = names, x, 0

    def __len__(self):
        return len(self.x)

    def __getitem__(self, rows):
        self.read += len(rows)
        return self.x[rows]


def changed(x, at, value):
    x = x.clone()
    x[at] = value
    return x


def test_the_same_data_has_the_same_digest_wherever_it_lies():
    order = torch.randperm(100)
    expected = digest_of({"x": ROWS[order]}, LABELS)
    assert (digest_of({"x": Picked(ROWS, order)}, LABELS) == expected == digest_of({"x": ROWS[order].clone()},
        dict(LABELS)))
    assert digest_of({"x": ROWS.T.contiguous().T[order]}, LABELS) == expected  # however it is laid out


@pytest.mark.parametrize("rows, labels", [
    (ROWS, LABELS), (changed(ROWS, (57, 3), 0.5), LABELS), (ROWS[:-1], LABELS), (ROWS.flip(0), LABELS),
    (ROWS.double(), LABELS),
    (ROWS.view(100, 2, 3), LABELS), (ROWS, {"label": changed(LABELS["label"], 99, 2)}),
    (ROWS, {"other": LABELS["label"]}), (ROWS, {})])
def test_another_value_order_shape_kind_or_label_has_another(rows, labels):
    same = rows is ROWS and labels is LABELS
    assert (digest_of({"x": rows}, labels) == digest_of({"x": ROWS}, LABELS)) == same


def test_of_files_all_names_and_a_few_rows_are_looked_at():
    names = [f"{i}.png" for i in range(100)]
    files = Files(names, ROWS)
    expected = digest_of({"x": files}, {})
    assert files.read < 50 and digest_of({"x": Files(names, ROWS)}, {}) == expected
    assert digest_of({"x": Files([*names[:50], "new.png", *names[51:]], ROWS)}, {}) != expected
    for other in (changed(ROWS, 0, -1.0), ROWS[:99]):
        assert digest_of({"x": Files(names, other)}, {}) != expected


def test_a_memory_map_of_64_gigabytes_is_not_read_whole(tmp_path):
    with open(tmp_path / "x", "wb") as file:
        file.truncate(64 << 30)
    x = torch.from_numpy(np.memmap(tmp_path / "x", np.uint8, "r+", shape=(1 << 20, 1 << 16)))
    began = time.perf_counter()
    digest = digest_of({"x": Picked(x, torch.arange(1 << 20), mapped=True)},
                       {"y": torch.zeros(1 << 20, dtype=torch.int64)})
    assert time.perf_counter() - began < 10  # reading it takes longer
    x[0, 0] = 1
    assert (digest_of({"x": Picked(x, torch.arange(1 << 20), mapped=True)},
                      {"y": torch.zeros(1 << 20, dtype=torch.int64)}) != digest)


@pytest.mark.parametrize("x",
    [torch.zeros(0, 3), torch.zeros(5, 0), torch.zeros(3).bool(), torch.zeros(2).bfloat16()], ids=str)
def test_odd_rows_have_one_too(x):
    assert len(digest_of({"x": x}, {"y": torch.zeros(len(x))})) == 32
