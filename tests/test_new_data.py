"""A trained run on other files: the same numbers for the same samples, however few they are, with their own
names."""

import os
import warnings

import numpy as np
import pytest
from PIL import Image

from sslbench import Recipe, export, fit, load_run


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """A run on pictures of 16 bits, of which the first are the darkest, and all its embeddings by name."""
    root, random = tmp_path_factory.mktemp("deep"), np.random.default_rng(0)
    (root / "all").mkdir()
    (root / "few").mkdir()
    for i in range(40):
        pixels = random.integers(0, 1000 + 700 * i, (40, 40)).astype(np.uint16)
        Image.fromarray(pixels).save(root / "all" / f"{i}.png")
    for i in range(3):
        os.link(root / "all" / f"{i}.png", root / "few" / f"{i}.png")
    given = {"data.folder": str(root / "all"), "backbone.width": 8}
    fit(Recipe("images", "autoencoder", "small_cnn", steps=2, batch_size=8, hyperparameters=given),
        root / "run", progress=False)
    return root, load_run(root / "run")


def table(path) -> dict:
    with np.load(path) as held:
        return dict(held)


def by_name(path) -> dict[str, np.ndarray]:
    held = table(path)
    return dict(zip(held["names"].tolist(), held["embeddings"]))


def test_pictures_of_sixteen_bits_keep_the_range_of_the_run(deep):
    root, run = deep
    export(run, root / "all.npz", split="all", overwrite=True)
    export(run, root / "few.npz", data={"folder": str(root / "few")}, overwrite=True)
    before, now = by_name(root / "all.npz"), by_name(root / "few.npz")
    assert sorted(now) == ["0.png", "1.png", "2.png"]
    assert all(np.allclose(before[name], z, atol=1e-5) for name, z in now.items())
    assert not np.allclose(before["0.png"], before["1.png"], atol=1e-5)


def test_their_split_is_called_new(deep):
    root, run = deep
    said = export(run, root / "few.npz", data={"folder": str(root / "few")}, overwrite=True)
    assert set(table(root / "few.npz")["splits"].tolist()) == {"new"} and "other data" in said


def test_one_text_without_the_label_of_the_run_is_read_and_that_is_said(tmp_path):
    lines = [f"hello{i} world {i * 7},{i % 2}\n" for i in range(60)]
    (tmp_path / "train.csv").write_text("text,rating\n" + "".join(lines))
    (tmp_path / "new.csv").write_text("text\nhello you\n")
    given = {"data.file": str(tmp_path / "train.csv"), "data.label": "rating", "backbone.width": 8}
    run = fit(Recipe("text", "masked", "small_cnn", steps=2, batch_size=8, hyperparameters=given),
              progress=False)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        export(run, tmp_path / "new.npz", data={"file": str(tmp_path / "new.csv")})
    assert any("read without labels" in str(w.message) and "'rating'" in str(w.message) for w in said)
    assert len(table(tmp_path / "new.npz")["embeddings"]) == 1
    with pytest.raises(ValueError, match="no column is called 'stars'"):
        export(run, tmp_path / "other.npz", data={"file": str(tmp_path / "new.csv"), "label": "stars"})


def test_few_faces_keep_their_own_names(tmp_path):
    run = fit(Recipe("faces", "autoencoder", "small_cnn", steps=2, batch_size=8,
                     hyperparameters={"backbone.width": 8}), progress=False)
    export(run, tmp_path / "all.npz")
    export(run, tmp_path / "few.npz", most=20)
    every, few = by_name(tmp_path / "all.npz"), by_name(tmp_path / "few.npz")
    assert 0 < len(few) == len(table(tmp_path / "few.npz")["embeddings"]) < len(every)
    assert all(np.allclose(every[name], z, atol=1e-5) for name, z in few.items())


def test_a_window_is_called_by_the_row_of_its_own_file(tmp_path):
    for name in ("a", "b"):
        rows = [f"{np.sin(i / 5):.4f},{i}\n" for i in range(600)]
        (tmp_path / f"{name}.csv").write_text("wave,row\n" + "".join(rows))
    given = {"data.file": str(tmp_path / "*.csv"), "backbone.width": 8}
    run = fit(Recipe("series", "autoencoder", "small_cnn", steps=2, batch_size=8, hyperparameters=given),
              progress=False)
    export(run, tmp_path / "z.npz", split="all")
    names = [name.rpartition(":") for name in table(tmp_path / "z.npz")["names"].tolist()]
    assert {file for file, _, _ in names} == {"a.csv", "b.csv"}
    assert all(0 <= int(row) < 600 for _, _, row in names) and any(row == "0" for _, _, row in names)
