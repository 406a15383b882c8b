"""A trained run on other files: the same numbers for the same samples, however few they are, with their own
names."""

import os
import warnings

import numpy as np
import pytest
from PIL import Image

from sslbench import Recipe, export, fit, load_run
from sslbench.notes import heard_by


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


def walks(folder, lengths, channels=2, first=0) -> str:
    """One table for each recording, with so many rows, and a pattern that fits them."""
    folder.mkdir()
    for i, n in enumerate(lengths, first):
        x = np.random.default_rng(i).normal(size=(n, channels)).cumsum(0)
        names = ",".join(f"sensor {'abcdefghijkl'[c]}" for c in range(channels))
        np.savetxt(folder / f"{i}.csv", x, "%.5f", ",", header=names, comments="")
    return str(folder / "*.csv")


def series_run(folder, file, **more):
    given = {"data.file": file, "backbone.width": 8, **{f"data.{name}": one for name, one in more.items()}}
    return fit(Recipe("series", "autoencoder", "small_cnn", steps=2, batch_size=8, hyperparameters=given),
               folder, progress=False)


@pytest.mark.parametrize("loaded", [False, True])
def test_a_few_short_recordings_are_read_with_the_windows_of_the_run(tmp_path, loaded):
    """97 steps are filled up to whole patches: a longer recording must not fill them."""
    lengths = [20, 97, 30, 40, 50, 60, 25, 35, 45, 55, 65, 22]
    run = series_run(tmp_path / "run", walks(tmp_path / "all", lengths))
    export(run, tmp_path / "all.npz", split="all")
    few = walks(tmp_path / "few", lengths[:2])
    walks(tmp_path / "long", [110])
    run = load_run(tmp_path / "run") if loaded else run
    export(run, tmp_path / "few.npz", data={"file": few})
    before, now = by_name(tmp_path / "all.npz"), by_name(tmp_path / "few.npz")
    assert sorted(now) == ["0.csv:0", "1.csv:0"]
    assert all(np.allclose(before[name], z, atol=1e-5) for name, z in now.items())
    export(run, tmp_path / "long.npz", data={"file": str(tmp_path / "long" / "0.csv")})
    z = by_name(tmp_path / "long.npz")
    start = np.loadtxt(tmp_path / "long" / "0.csv", delimiter=",", skiprows=1, dtype=np.float32)[:97]
    filled = np.pad(start, ((0, 104 - 97), (0, 0)), constant_values=np.nan).T[None]
    assert len(z) == 2 and np.allclose(z["0.csv:0"], run.embed(filled)[0], atol=1e-4)


def test_a_recording_of_few_rows_and_many_columns_stays_a_recording(tmp_path):
    run = series_run(tmp_path / "run", walks(tmp_path / "all", [300, 40, *[200] * 4], channels=12))
    few = walks(tmp_path / "few", [50], channels=12)
    export(load_run(tmp_path / "run"), tmp_path / "few.npz", data={"file": few})
    assert list(by_name(tmp_path / "few.npz")) == ["0.csv:0"] and run.data.fields["signal"].channels == 12


def test_a_recording_in_an_array_of_few_rows_stays_one(tmp_path):
    x = np.random.default_rng(0).normal(size=(900, 3)).cumsum(0)
    np.save(tmp_path / "all.npy", x)
    np.save(tmp_path / "few.npy", x[:60])
    series_run(tmp_path / "run", str(tmp_path / "all.npy"), length=40)
    export(load_run(tmp_path / "run"), tmp_path / "few.npz", data={"file": str(tmp_path / "few.npy")})
    assert len(by_name(tmp_path / "few.npz")) == 5


def test_short_series_are_padded_where_the_run_learned_from_padded_ones(tmp_path):
    def rows(lengths):
        return "".join(",".join([*map(str, range(n)), *[""] * (max(lengths) - n)]) + "\n" for n in lengths)

    names = [",".join(f"t{i}" for i in range(n)) + "\n" for n in (40, 12)]
    (tmp_path / "all.csv").write_text(names[0] + rows([*range(11, 41)]))
    (tmp_path / "few.csv").write_text(names[1] + rows([11, 12]))
    run = series_run(tmp_path / "run", str(tmp_path / "all.csv"))
    export(run, tmp_path / "all.npz", split="all")
    export(run, tmp_path / "few.npz", data={"file": str(tmp_path / "few.csv")})
    before, now = by_name(tmp_path / "all.npz"), by_name(tmp_path / "few.npz")
    assert len(now) == 2 and all(np.allclose(before[name], z, atol=1e-5) for name, z in now.items())


def test_a_run_that_never_padded_says_which_recordings_it_cannot_read(tmp_path):
    run = series_run(tmp_path / "run", walks(tmp_path / "all", [300] * 10))
    with pytest.raises(ValueError, match="recording of 20 rows, and this run reads windows of 128") as error:
        export(run, tmp_path / "few.npz", data={"file": walks(tmp_path / "few", [20, 300])})
    assert "\n" not in str(error.value)


def test_no_window_of_other_files_is_lost_at_the_border_of_splits_and_one_person_is_enough(tmp_path):
    def table(name, persons, n=200):
        lines = [f"{np.sin(i / 7 + p):.4f},p{p}\n" for p in range(persons) for i in range(n)]
        (tmp_path / name).write_text("wave,subject\n" + "".join(lines))
        return str(tmp_path / name)

    run = series_run(tmp_path / "run", table("all.csv", 10), length=64, group="subject")
    export(run, tmp_path / "one.npz", data={"file": table("one.csv", 1)})
    export(run, tmp_path / "free.npz", data={"file": str(tmp_path / "one.csv"), "group": "none"})
    one, free = by_name(tmp_path / "one.npz"), by_name(tmp_path / "free.npz")
    assert len(one) == len(free) == (200 - 64) // 8 + 1


def test_files_that_are_only_embedded_are_not_said_to_be_split(tmp_path, deep):
    """Four files in folders of classes and one beside them; a table of few persons; a picture."""
    names = "a/0.csv", "a/1.csv", "b/2.csv", "b/3.csv", "4.csv"
    tables = [tmp_path / "new" / name for name in names]
    for i, path in enumerate(tables):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("wave,subject\n" + "".join(f"{np.sin(t / 5):.4f},p{i}\n" for t in range(90)))
    recordings = series_run(tmp_path / "run", walks(tmp_path / "all", [200] * 12, channels=1), length=64)
    root, pictures = deep
    said = []
    with heard_by(said.append):
        export(recordings, tmp_path / "z.npz", data={"file": str(tmp_path / "new")})
        export(recordings, tmp_path / "y.npz", data={"file": f"{tables[0]}, {tables[1]}", "group": "subject"})
        export(pictures, root / "few.npz", data={"folder": str(root / "few")}, overwrite=True)
    assert [line.partition(".")[0] for line in said] == [
        "20 windows, only embedded", "8 windows, only embedded", "3 pictures, only embedded"]
    words = ("training", "validation", "test", "split", "roup")
    assert [line for line in said if any(word in line for word in words)] == []
    assert "Label 'folder': 2 classes (a, b)" in said[0] and "Windows of 64 steps" in said[0]
    assert all(word in recordings.data.reading() for word in ("training", "split", "Groups from"))
