"""What a run has learned, for other tools: the same numbers, with labels and names, and weights that other
code loads."""

import csv
import re

import numpy as np
import pandas
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file
from toys import catalogue, toy  # noqa: F401  fixtures

from sslbench import Recipe, adopt, arrays, export, fit
from sslbench.commands import main
from sslbench.data import SPLITS, Data
from sslbench.notes import heard_by

QUICK = {"progress": False, "device": "cpu", "evaluations": 1}

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def pictures(tmp_path):
    """A folder of pictures in two classes."""
    for i in range(40):
        path = tmp_path / "pictures" / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (40, 40, 3), np.uint8)).save(path)
    return tmp_path / "pictures"


@pytest.fixture
def run(pictures, tmp_path):
    recipe = Recipe("images", "simclr", "small_cnn", steps=2, batch_size=8,
                    hyperparameters={"data.folder": str(pictures)})
    return fit(recipe, tmp_path / "run", **QUICK)


def test_embeddings_come_with_labels_and_the_names_of_files(run, tmp_path):
    assert "[" in export(run, tmp_path / "e.npz")
    held = np.load(tmp_path / "e.npz", allow_pickle=False)
    z, labels = run.embed("test")
    assert (np.array_equal(held["embeddings"], z.numpy())
            and np.array_equal(held["label folder"], labels["folder"].numpy()))
    assert ([name.split("/")[0] for name in held["names"]] == [held["classes folder"][i]
                                                               for i in held["label folder"]])
    assert all(name.endswith(".png") for name in held["names"])


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_tables_hold_the_same(run, tmp_path, ending):
    export(tmp_path / "run", tmp_path / f"e.{ending}", split="train", most=10)
    frame = getattr(pandas, f"read_{ending}")(tmp_path / f"e.{ending}")
    z, _ = run.embed("train", 10)
    assert len(frame) == 10 and list(frame["folder"]) == [name[0] for name in frame["name"]]
    assert np.allclose(frame[[f"e{i}" for i in range(z.shape[1])]].to_numpy(), z.numpy(), atol=1e-6)
    if ending == "csv":
        with open(tmp_path / "e.csv", newline="") as file:
            assert next(csv.reader(file))[:4] == ["name", "split", "folder", "e0"]


def test_labels_of_every_kind(tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 2, 16)).astype(np.float32)
    labels = {"many": np.random.default_rng(1).integers(0, 2, (60, 3)),
              "weight": np.linspace(0, 1, 60).astype(np.float32)}
    name = arrays(x, labels, name="held")
    run = fit(Recipe(name, "autoencoder", "mlp", steps=2, batch_size=8), **QUICK)
    export(run, tmp_path / "e.parquet")
    frame = pandas.read_parquet(tmp_path / "e.parquet")
    assert [c for c in frame if not c.startswith("e")] == ["name", "split", "many 0", "many 1", "many 2",
                                                          "weight"]
    rows = frame["name"].astype(int)  # which rows of the array they are
    assert np.allclose(frame["weight"], np.linspace(0, 1, 60)[rows], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_weights_of_resnet18_are_read_by_torchvision(pictures, tmp_path, ending):
    recipe = Recipe("images", "simclr", "resnet18", steps=1, batch_size=4,
                    hyperparameters={"data.folder": str(pictures), "data.size": 96})
    run = fit(recipe, evaluations=0, test=False, progress=False, device="cpu")
    export(run, tmp_path / f"w.{ending}")
    weights = (torch.load(tmp_path / "w.pt", weights_only=True)
               if ending == "pt" else load_file(tmp_path / "w.safetensors"))
    net = torchvision.models.resnet18()
    missing = net.load_state_dict(weights, strict=False)
    assert missing.missing_keys == ["fc.weight", "fc.bias"] and missing.unexpected_keys == []
    net.fc, x = torch.nn.Identity(), torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        assert torch.allclose(net.eval()(x), run.backbone.embed({"image": x}), atol=1e-4)


def test_weights_of_an_adopted_module_have_its_own_names(toy, tmp_path):
    class Mine(torch.nn.Sequential):
        """My own."""

        def __init__(self):
            super().__init__(torch.nn.Flatten(), torch.nn.LazyLinear(8))

    x = np.random.default_rng(0).normal(size=(60, 2, 16)).astype(np.float32)
    run = fit(Recipe(arrays(x, name="held"), "autoencoder", adopt(Mine), steps=2, batch_size=8), **QUICK)
    export(run, tmp_path / "w.pt")
    assert sorted(torch.load(tmp_path / "w.pt", weights_only=True)) == ["1.bias", "1.weight"]
    mine = Mine()
    mine.load_state_dict(torch.load(tmp_path / "w.pt", weights_only=True))


def test_on_the_command_line(run, tmp_path, capsys):
    assert main(["export", str(tmp_path / "run"), "--out", str(tmp_path / "e.npz"), "--most", "5"]) == 0
    assert "embeddings [5, 128] of images, test" in capsys.readouterr().out
    assert len(np.load(tmp_path / "e.npz")["names"]) == 5


def test_nothing_is_replaced_and_nothing_is_left_half_written(run, tmp_path, monkeypatch):
    (tmp_path / "e.npz").write_text("mine")
    with pytest.raises(FileExistsError, match="choose another file"):
        export(run, tmp_path / "e.npz")
    assert (tmp_path / "e.npz").read_text() == "mine"
    export(run, tmp_path / "e.npz", overwrite=True)
    monkeypatch.setattr(np, "savez", lambda *_,
                        **__: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        export(run, tmp_path / "f.npz")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("f.")]


def test_a_run_without_weights_is_one_line(toy, tmp_path):
    run = fit(toy, **QUICK)
    run.weights = None
    with pytest.raises(ValueError, match="no weights"):
        export(run, tmp_path / "e.npz")


@pytest.mark.parametrize("name", ["q.CSV", "q.NPZ", "q.Parquet", "q.PT"])
def test_an_ending_in_capitals_means_the_same(run, tmp_path, name):
    export(run, tmp_path / name)
    start = (tmp_path / name).read_bytes()[:4]
    assert start == {"CSV": b"name", "NPZ": b"PK\3\4", "Parquet": b"PAR1", "PT": b"PK\3\4"}[name[2:]]


def test_files_beside_it_stay_and_nothing_else_is_left(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/g.csv.part").write_text("mine")
    (tmp_path / "out/k.npz.part").symlink_to(tmp_path / "elsewhere")
    for name in ("g.csv", "k.npz", "w.pt"):
        export(run, tmp_path / "out" / name)
    assert (tmp_path / "out/g.csv.part").read_text() == "mine" and not (tmp_path / "elsewhere").exists()
    assert len(list((tmp_path / "out").iterdir())) == 5


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_label_called_like_a_column_of_the_table_keeps_its_own(catalogue, tmp_path, ending):
    y = {"name": torch.arange(60) % 2, "e0": torch.arange(60) % 3}
    recipe = Recipe(arrays(torch.randn(60, 1, 16), y, name="badly_named"), steps=1, batch_size=8)
    export(fit(recipe, **QUICK), tmp_path / f"t.{ending}")
    table = (pandas.read_csv if ending == "csv" else pandas.read_parquet)(tmp_path / f"t.{ending}")
    assert set(table["label name"].astype(int)) == {0, 1} and set(table["label e0"].astype(int)) <= {0, 1, 2}
    assert table["e0"].dtype.kind == "f" and len(table["name"].unique()) == len(table)


def test_changed_data_is_said_and_a_runs_own_files_are_not_replaced(tmp_path):
    values = np.random.default_rng(0).normal(size=(60, 20))
    np.savetxt(tmp_path / "a.csv", values, "%.4f", ",")
    recipe = Recipe("series", "simclr", "small_cnn", steps=1, batch_size=8,
                    hyperparameters={"data.file": str(tmp_path / "a.csv"), "data.layout": "rows"})
    fit(recipe, tmp_path / "run", **QUICK)
    with pytest.raises(FileExistsError, match="belongs to the run"):
        export(tmp_path / "run", tmp_path / "run/weights.safetensors", overwrite=True)
    said = []
    with heard_by(said.append):
        export(tmp_path / "run", tmp_path / "same.npz")
    assert not any("not what this run learned from" in words for words in said)
    np.savetxt(tmp_path / "a.csv", values[::-1] + 1, "%.4f", ",")
    with heard_by(said.append):
        export(tmp_path / "run", tmp_path / "other.npz")
    assert any("not what this run learned from" in words for words in said)


def test_nothing_is_left_out_in_silence(run, tmp_path):
    assert "left out" not in export(run, tmp_path / "all.npz", split="all")
    held = np.load(tmp_path / "all.npz")
    sizes = {split: (held["splits"] == split).sum() for split in ("train", "validation", "test")}
    assert sizes == {"train": 28, "validation": 4, "test": 8} and len(set(held["names"])) == 40
    assert "; 31 of 40 samples are left out" in export(run, tmp_path / "few.csv", split="all", most=3)
    assert pandas.read_csv(tmp_path / "few.csv")["split"].tolist() == [
        split for split in sizes for _ in range(3)]


def test_a_run_reads_other_pictures_at_its_size(run, pictures, tmp_path, capsys):
    """Of another size and kind, and fewer than are needed to train."""
    for i in range(12):
        path = tmp_path / "other" / "bc"[i % 2] / f"{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (60, 90, 3), np.uint8)).save(path)
    with heard_by(lambda words: None):
        export(tmp_path / "run", tmp_path / "o.csv", data={"folder": str(tmp_path / "other")})
    frame = pandas.read_csv(tmp_path / "o.csv")
    assert len(frame) == 12 and set(frame["folder"]) == {"b", "c"}
    assert main(["export", str(tmp_path / "run"), "--out", str(tmp_path / "p.csv"),
                 f"--data.folder={tmp_path / 'other'}"]) == 0
    assert "embeddings [12, " in capsys.readouterr().out
    same = pandas.read_csv(tmp_path / "p.csv")
    assert np.allclose(same.filter(regex="^e").to_numpy(), frame.filter(regex="^e").to_numpy())
    z, labels = run.embed("all", data={"folder": str(tmp_path / "other")})
    assert np.allclose(z.numpy(), frame.filter(regex="^e").to_numpy(), atol=1e-5)
    assert len(labels["folder"]) == 12
    z, labels = run.embed("test", data={"folder": str(pictures)})
    assert torch.equal(z, run.embed("test")[0]) and set(labels) == {"folder"}


def test_what_was_exported_beside_pictures_says_nothing_of_them(run, pictures, tmp_path):
    before = run.data.reading()
    export(run, tmp_path / "e.csv", split="all")
    export(run, pictures / "f.csv")
    after = Data.find("images")(folder=str(pictures)).reading()
    assert after == before + " Not used: f.csv, e.csv (embeddings that were exported)."


def test_other_numbers_are_scaled_as_the_runs_own_were(tmp_path):
    """The second file holds some of the same series among others that are a hundred times larger."""
    x = np.random.default_rng(0).normal(3, 2, size=(60, 20))
    np.savetxt(tmp_path / "a.csv", x, "%.6f", ",")
    np.savetxt(tmp_path / "b.csv", np.concatenate([x[:15], 100 * x[15:30]]), "%.6f", ",")
    recipe = Recipe("series", "simclr", "small_cnn", steps=2, batch_size=8,
                    hyperparameters={"data.file": str(tmp_path / "a.csv"), "data.layout": "rows"})
    run = fit(recipe, tmp_path / "run", **QUICK)
    with heard_by(lambda words: None):
        export(run, tmp_path / "a.npz", split="all")
        export(tmp_path / "run", tmp_path / "b.npz", data={"file": str(tmp_path / "b.csv")})
    a, b = (dict(zip(held["names"].tolist(), held["embeddings"]))
            for held in (np.load(tmp_path / "a.npz"), np.load(tmp_path / "b.npz")))
    assert all(np.allclose(a[str(i)], b[str(i)], atol=1e-3) for i in range(15))


@pytest.mark.parametrize("changed, words", [
    ({"file": "narrow.csv"}, "hold signal of 12 numbers in 1 channel, and this run reads of 20 numbers"),
    ({"flie": "narrow.csv"}, "no hyperparameter is called 'flie'; did you mean"),
    ({"file": "gone.csv"}, "gone.csv"),
    ({}, "must be hyperparameters of series"),
    ("narrow.csv", "must be hyperparameters of series")])
def test_other_data_that_does_not_fit_is_one_line(tmp_path, monkeypatch, changed, words):
    monkeypatch.chdir(tmp_path)
    for name, width in (("a", 20), ("narrow", 12)):
        np.savetxt(f"{name}.csv", np.random.default_rng(0).normal(size=(60, width)), "%.4f", ",")
    recipe = Recipe("series", "simclr", "small_cnn", steps=1, batch_size=8,
                    hyperparameters={"data.file": str(tmp_path / "a.csv"), "data.layout": "rows"})
    run = fit(recipe, tmp_path / "run", **QUICK)
    with pytest.raises((ValueError, OSError), match=words) as error:
        export(run, tmp_path / "e.csv", data=changed)
    assert "\n" not in str(error.value) and not (tmp_path / "e.csv").exists()


@pytest.mark.parametrize("words", [["--data.folder"], ["--dta.folder", "x"], ["stray"]])
def test_flags_of_other_data_are_checked(run, tmp_path, words, capsys):
    assert main(["export", str(tmp_path / "run"), "--out", str(tmp_path / "e.csv"), *words]) != 0
    said = capsys.readouterr().err.strip()
    assert said and len(said.splitlines()) == 1


def test_texts_are_called_by_their_id_or_their_row(tmp_path):
    texts = ["".join(np.random.default_rng(i).choice(list("abcd"), 30)) for i in range(40)]
    pandas.DataFrame({"id": [f"m{i}" for i in range(40)], "text": texts}).to_csv(tmp_path / "a.csv")
    pandas.DataFrame({"kind": [i % 2 for i in range(40)], "text": texts}).to_csv(tmp_path / "b.csv",
                                                                                 index=False)
    (tmp_path / "c.fasta").write_text("".join(f">r{i} of c\n{text}\n" for i, text in enumerate(texts)))
    for name, called in (("a.csv", "m{}"), ("b.csv", "{}"), ("c.fasta", "r{} of c")):
        data = Data.find("text")(file=str(tmp_path / name))
        found = [name for split in SPLITS for name in data.sample_names(split)]
        assert sorted(found) == sorted(called.format(i) for i in range(40))
        row = data.sample_names("test").index(called.format(number := int(re.search(r"\d+", data.sample_names(
            "test")[0])[0])))
        assert data.spell(data.loaded("test")[0]["text"][row]).rstrip("·") == texts[number]


def test_samples_of_an_npz_are_called_by_their_array(tmp_path):
    parts = {f"{split}_images": np.random.default_rng(i).integers(0, 255, (20, 8, 8), np.uint8)
             for i, split in enumerate(("train", "val", "test"))}
    np.savez(tmp_path / "p.npz", **parts)
    names = Data.find("images")(folder=str(tmp_path / "p.npz")).sample_names("test")
    assert sorted(names) == sorted(f"test_images:{i}" for i in range(20))


@pytest.mark.parametrize("name", ["run/weights.safetensors", "run/evaluations/0000000-validation.safetensors",
                                  "run/evaluations/../checkpoint-0000002.safetensors",
                                  "link/0000002-test.safetensors"])
def test_a_runs_own_files_are_not_replaced_wherever_they_lie(run, tmp_path, name):
    (tmp_path / "link").symlink_to(tmp_path / "run" / "evaluations")
    before = (tmp_path / name).read_bytes()
    with pytest.raises(FileExistsError, match=r"belongs to the run in .*/run; choose another file"):
        export(run, tmp_path / name, overwrite=True)
    assert (tmp_path / name).read_bytes() == before
    export(run, tmp_path / "run" / "evaluations" / "mine.safetensors")  # no run writes that


@pytest.mark.parametrize("given", [{"split": "all"}, {"split": "nope"}, {"most": 3}, {"most": "x"},
                                   {"data": {}}, {"data": {"folder": "gone"}}], ids=str)
@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_what_chooses_samples_means_nothing_for_weights(run, tmp_path, ending, given):
    (name,) = given
    with pytest.raises(ValueError, match=f"w.{ending} holds weights, .* leave {name} out") as error:
        export(run, tmp_path / f"w.{ending}", **given)
    assert "\n" not in str(error.value) and not list(tmp_path.glob("*w.*"))


@pytest.mark.parametrize("ending", ["npz", "csv", "parquet", "pt", "safetensors"])
def test_what_cannot_be_written_is_named_as_it_was_given(run, tmp_path, ending, monkeypatch):
    with pytest.raises(FileNotFoundError) as error:
        export(run, tmp_path / "gone" / f"e.{ending}")
    assert error.value.filename == str(tmp_path / "gone" / f"e.{ending}")
    if ending not in ("pt", "safetensors"):
        return

    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(OSError, match="No space left") as error:
        export(run, tmp_path / f"e.{ending}")
    assert error.value.filename == str(tmp_path / f"e.{ending}") and not list(tmp_path.glob("*e.*"))


def test_what_is_no_path_of_a_file_is_refused(run):
    with pytest.raises(ValueError, match="file must be the path of a file"):
        export(run, 5)
