"""A recorded network is there without the data it learned from; what needs the data says so in one line."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from toys import catalogue, first_fitting, source, toy  # noqa: F401  fixtures

from sslbench import arrays
from sslbench.backbones import Backbone
from sslbench.commands import main
from sslbench.data import Data
from sslbench.notes import Note
from sslbench.pretexts import Pretext
from sslbench.recipe import Recipe
from sslbench.runs.fitting import fit
from sslbench.runs.launching import last_error, launch
from sslbench.runs.run import load_run
from sslbench.training.batches import batch_for


@pytest.fixture
def pictures(tmp_path):
    """A folder of pictures of two classes."""
    from PIL import Image

    for i in range(40):
        place = tmp_path / "pictures" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (32, 32, 3),
                                                          np.uint8)).save(place / f"{i}.png")
    return tmp_path / "pictures"


def recorded(recipe, folder):
    return fit(recipe, folder, progress=False, device="cpu", evaluations=1, test=False)


def test_the_network_of_pictures_that_are_gone(pictures, tmp_path):
    recipe = Recipe("images", steps=2, batch_size=8,
                    hyperparameters={"data.folder": pictures, "backbone.width": 8})
    run = recorded(recipe, tmp_path / "run")
    rows, _ = run.data.loaded("test")
    stored = rows["image"][torch.arange(len(rows["image"]))]
    expected, _ = run.embed("test")
    shutil.rmtree(pictures)
    loaded = load_run(tmp_path / "run")
    assert loaded.backbone(loaded.task.fields and {"image": torch.randn(2, 3, 32, 32)}).shape == (2, 64, 32)
    for given in (stored, {"image": stored}, {"image": stored.numpy()},
                  {"image": run.task.fields["image"].decode(stored)}):
        z, labels = loaded.embed(given)
        assert torch.equal(z, expected) and labels == {}
    assert "Label 'folder': 2 classes (a, b)" in loaded.reading and loaded.task.data.classes
    for ask in (lambda: loaded.data, lambda: loaded.embed("test"), lambda: loaded.task.data.loaded("train")):
        with pytest.raises(FileNotFoundError, match=r"check data\.folder") as error:
            ask()
        assert "\n" not in str(error.value)


def test_the_network_of_arrays_of_an_earlier_kernel(catalogue, tmp_path):
    x = torch.randn(60, 3, 24) * 5 + 2
    recipe = Recipe(arrays(x, torch.arange(60) % 2, name="mine"), steps=2, batch_size=8,
                    hyperparameters={"data.crop": 0.5})
    run = recorded(recipe, tmp_path)
    expected = run.embed(x[:5])[0]
    del Data.catalogue["mine"]
    loaded = load_run(tmp_path)
    assert torch.equal(loaded.embed(x[:5])[0], expected) and isinstance(loaded.backbone, torch.nn.Module)
    with pytest.raises(ValueError, match="no data source is called 'mine'"):
        loaded.embed("test")
    arrays(x[:, :, :16], name="mine")
    with pytest.raises(ValueError, match="gives other samples now"):
        load_run(tmp_path).embed("test")


RNG = np.random.default_rng(0)
HELD = {"series": RNG.normal(50, 9, (60, 2, 24)) * [[1], [1000]],
        "series with gaps": np.where(RNG.random((60, 2, 22)) < 0.1, np.nan, 7.0),
        "pictures of other numbers": RNG.normal(5, 2, (60, 3, 16, 16)),
        "many bands": RNG.normal(3000, 500, (60, 5, 16, 16)),
        "pictures": RNG.integers(0, 256, (60, 3, 16, 16), np.uint8), "symbols": RNG.integers(-1, 9, (60, 16))}


@pytest.mark.parametrize("kind", HELD)
def test_own_rows_are_read_as_the_array_held_them(catalogue, tmp_path, kind):
    x = HELD[kind]
    recipe = Recipe(arrays(x, name="mine"), "autoencoder", "transformer", steps=2, batch_size=8)
    run = recorded(recipe, tmp_path)
    expected, _ = run.embed("test")
    rows = x[np.array(run.data.metadata.splits.rows["test"])]
    del Data.catalogue["mine"]
    for way in (run, load_run(tmp_path)):
        assert torch.allclose(way.embed(rows)[0], expected)
    for name in ("mean", "deviation"):
        assert all(len(how[name]) <= x.shape[1] for how in load_run(tmp_path).about["as_stored"].values())


def test_own_rows_of_a_table_of_series_are_standardised_as_in_training(tmp_path):
    x = RNG.normal(300, 40, (60, 24))
    np.savetxt(tmp_path / "x.csv", x, delimiter=",")
    recipe = Recipe("series", "autoencoder", "mlp", steps=2, batch_size=8,
                    hyperparameters={"data.file": tmp_path / "x.csv", "data.layout": "rows"})
    run = recorded(recipe, tmp_path / "run")
    expected, rows = run.embed("test")[0], x[np.array(run.data.samples().metadata.splits.rows["test"])][:,
        None]
    (tmp_path / "x.csv").unlink()
    loaded = load_run(tmp_path / "run")
    assert torch.allclose(loaded.embed(rows)[0], expected)
    assert not torch.allclose(loaded.embed(rows - 300)[0], expected, atol=0.1)
    with pytest.raises(ValueError, match=r"signal holds absent .* fill them in"):
        loaded.embed(np.where(rows > 300, np.nan, rows))


@pytest.mark.parametrize("change",
    [{"deviation": [0.0, 1.0]}, {"mean": [1.0] * 7}, {"mean": ["a", 1.0]}, {"length": 10**9},
                                    {"mean": [float("nan")] * 2}, {"gain": None}], ids=str)
def test_numbers_that_cannot_be_right_are_not_used(catalogue, tmp_path, change):
    run = recorded(Recipe(arrays(HELD["series"], name="mine"), "autoencoder", "mlp", steps=1, batch_size=8),
                   tmp_path)
    said = json.loads((tmp_path / "run.json").read_text())
    said["as_stored"]["signal"] |= change
    (tmp_path / "run.json").write_text(json.dumps(said))
    assert torch.equal(load_run(tmp_path).embed(HELD["series"])[0],
                       run.embed(HELD["series"])[0]), "those of the data itself"
    del Data.catalogue["mine"]
    with pytest.raises(ValueError, match="no data source is called 'mine'"):
        load_run(tmp_path).embed(HELD["series"])


def test_a_run_that_does_not_remember_it_says_so(toy, tmp_path):
    recorded(toy, tmp_path)
    said = json.loads((tmp_path / "run.json").read_text())
    del said["as_stored"]
    (tmp_path / "run.json").write_text(json.dumps(said))
    with pytest.warns(Note, match="before runs remembered how rows are standardised"):
        load_run(tmp_path).embed(torch.randn(3, 2, 16))


@pytest.mark.parametrize("pretext",
                         [name for name in Pretext.all() if first_fitting(name, source("labelled series"))])
def test_every_task_can_be_loaded_without_its_data(pretext, toy, tmp_path):
    recipe = replace(toy, pretext=pretext, steps=1)
    # supervised needs labels
    recorded(replace(recipe, labels=1.0) if recipe.incompatible() else recipe, tmp_path)
    del Data.catalogue["toy_series"]
    run = load_run(tmp_path)
    assert (run.embed(torch.randn(3, 2, 16))[0].shape == (3, 32)
            and run.embed(torch.randn(0, 2, 16))[0].shape == (0, 32))


def test_a_loaded_supervised_run_shows_its_answers_in_words(toy, tmp_path):
    recorded(replace(toy, pretext="supervised", labels=1.0, steps=1, hyperparameters={}), tmp_path)
    task = load_run(tmp_path).task
    batch = {name: torch.as_tensor(x[:3]) for name, x in task.data.loaded("validation")[0].items()}
    names = task.data.sample_names("validation")
    assert len(task.show(batch)) == 2 and len(names) == len(task.data.loaded("validation")[0]["label"])


@pytest.mark.parametrize("given, says", [
    (torch.randn(3, 2), "must have the shape"), (torch.randn(3, 5, 16), "must have the shape"),
    ({"nothing": torch.randn(3, 2, 16)}, "are needed"),
    (torch.randn(3, 2, 15), "cannot read")], ids=["two axes", "channels", "name", "length"])
def test_rows_that_do_not_fit_are_one_line(toy, tmp_path, given, says):
    recorded(toy, tmp_path)
    with pytest.raises(ValueError, match=says) as error:
        load_run(tmp_path).embed(given)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_run_folder_keeps_its_reading_and_it_is_said_once(toy, tmp_path, capsys):
    words = ["train", "--data", "toy_series", "--backbone", "transformer", "--steps", "1", "--batch-size",
             "8", "--device", "cpu"]
    said = Data.find("toy_series")().reading()
    assert main([*words, "--out", str(tmp_path / "run")]) == 0 and capsys.readouterr().out.count(said) == 1
    assert load_run(tmp_path / "run").reading == said
    assert main(["show", str(tmp_path / "run")]) == 0 and said in capsys.readouterr().out
    fit(replace(toy, steps=1), device="cpu", evaluations=0, test=False)
    assert capsys.readouterr().out.count(said) == 1
    fit(replace(toy, steps=1), device="cpu", evaluations=0, test=False, progress=False)
    assert main([*words, "--quiet"]) == 0
    printed = capsys.readouterr()
    assert said not in printed.out + printed.err


def test_an_init_that_does_not_fit_is_one_line(toy, tmp_path):
    recorded(toy, tmp_path)
    wider = replace(toy, init=str(tmp_path), hyperparameters={"backbone.width": 64, "backbone.depth": 1})
    with pytest.raises(ValueError, match=r"init .* holds another backbone than this recipe: "
                             r"\S+ \[32.*\] there and \[64.*\] here") as error:
        fit(wider, tmp_path / "new", progress=False)
    assert "\n" not in str(error.value) and not (tmp_path / "new").exists()
    with pytest.raises(ValueError, match=r"missing there and \["):
        fit(replace(toy, init=str(tmp_path), backbone="mlp", hyperparameters={}), progress=False)


def test_a_teacher_is_a_copy_of_what_the_run_starts_from(toy, tmp_path):
    run = recorded(toy, tmp_path)
    _, task = replace(toy, pretext="byol", init=str(tmp_path)).build()
    teacher, _ = task.teacher.copy
    for name, w in run.task.backbone.state_dict().items():
        assert torch.equal(w, teacher.state_dict()[name]) and torch.equal(w, task.backbone.state_dict()[name])


@pytest.mark.slow
def test_a_run_goes_on_without_the_run_it_started_from(toy, tmp_path):
    from test_nothing_lost import interrupted

    from sslbench.runs.fitting import resume

    recorded(toy, tmp_path / "first")
    recipe = replace(toy, init=str(tmp_path / "first"))
    whole = fit(recipe, progress=False, device="cpu", evaluations=1)
    interrupted(recipe, tmp_path / "second")
    shutil.rmtree(tmp_path / "first")
    assert (resume(tmp_path / "second", progress=False).history == whole.history
            and load_run(tmp_path / "second").backbone)


def test_data_smaller_than_the_default_batch_takes_a_smaller_one_and_says_so_once(toy, tmp_path):
    class Few(Data.find("toy_series"), listed=True):
        """Sixty short series."""

        name = "few"

        def load(self, split):
            rows, labels = super().load(split)
            return {k: x[:60] for k, x in rows.items()}, {k: y[:60] for k, y in labels.items()}

    recipe = replace(toy, data="few", batch_size=Recipe.batch_size)
    with pytest.warns(Note, match="few has 60 training samples: a batch has 60 instead of 128") as notes:
        run = fit(recipe, tmp_path, progress=False, device="cpu", evaluations=1)
    assert len(notes) == 1 and run.recipe.batch_size == 128 and load_run(tmp_path).about["batch_size"] == 60
    with pytest.raises(ValueError, match="100 is larger than the 60 training samples of few; set batch_size "
                                         "to 60 or less"):
        fit(replace(recipe, batch_size=100), progress=False)


@pytest.mark.parametrize("n, size, processes, wanted", [
    (1000, 128, 1, 128), (100, 128, 1, 100), (101, 128, 2, 100), (1000, 128, 3, 126),
    (50, 64, 1, "set batch_size to 50 or less"),
    (51, 64, 2, "set batch_size to 50 or less"), (1000, 64, 3, "set batch_size to 63"),
    (1, 128, 1, "too few"), (3, 128, 4, "too few")])
@pytest.mark.filterwarnings("ignore::sslbench.notes.Note")
def test_a_batch_fits_the_samples_and_the_processes(n, size, processes, wanted):
    if isinstance(wanted, int):
        assert batch_for(n, Recipe(batch_size=size), processes) == wanted
        return
    with pytest.raises(ValueError, match=wanted):
        batch_for(n, Recipe(batch_size=size), processes)


@pytest.mark.parametrize("processes", [0, -1, 1.5, "2", True])
def test_processes_are_a_number_from_one(processes, tmp_path):
    with pytest.raises(ValueError, match="processes must be a whole number from 1"):
        next(launch(Recipe(), tmp_path / "run", processes=processes))
    with pytest.raises(ValueError, match=r"30 does not divide among 4 processes; set batch_size to 28"):
        next(launch(Recipe(batch_size=30), tmp_path / "run", processes=4))
    assert list(tmp_path.iterdir()) == []


GLOO = "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:544] Connection closed by peer [127.0.0.1]:9837"


@pytest.mark.parametrize("lines, cause", [
    (["sslbench: the loss became nan at step 4", f"sslbench: {GLOO}"], "the loss became nan at step 4"),
    ([f"sslbench: {GLOO}", "sslbench: the disk is full", "E1126 elastic failed (exitcode: 2)"],
     "the disk is full"),
    ([f"[rank1]: RuntimeError: {GLOO}", "[rank0]: KeyError: 'x'"], "KeyError: 'x'"),
    ([f"sslbench: {GLOO}", "  exitcode  : -9 (pid: 371)"], "one of them was killed (SIGKILL)")])
def test_the_cause_is_said_and_not_what_others_saw_of_it(lines, cause):
    assert last_error("\n".join(lines)).startswith(cause)


@pytest.mark.slow
def test_what_ends_one_of_several_processes_is_said(tmp_path):
    recipe = Recipe("images", "autoencoder", "mlp", steps=4, batch_size=16,
                    hyperparameters={"data.folder": "no/such"})
    with pytest.raises(RuntimeError, match=r"the processes ended early: .*(data\.folder|no/such)") as error:
        list(launch(recipe, tmp_path / "run", processes=2, device="cpu"))
    log = Path(str(error.value).rpartition("all of it: ")[2].rstrip(")"))
    assert "\n" not in str(error.value) and log.exists() and not (tmp_path / "run").exists()
    log.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("said", ["as it was", "of the first runs, which had no run.json", "damaged"])
def test_a_launched_run_replaces_another_when_asked_to(toy, tmp_path, said):
    recorded(toy, tmp_path / "run")
    if said == "damaged":
        (tmp_path / "run/run.json").write_text("{")
    elif said != "as it was":
        (tmp_path / "run/run.json").unlink()
    recipe = Recipe("waves", "autoencoder", "mlp", steps=2, batch_size=16)
    steps = [event.step for event in launch(recipe, tmp_path / "run", processes=1, device="cpu",
                                            overwrite=True)]
    assert max(steps) == 2 and load_run(tmp_path / "run").recipe == recipe.check()
    assert json.loads((tmp_path / "run/run.json").read_text())["processes"] == 1


def test_a_backbone_that_was_adopted_in_an_earlier_kernel_is_named(toy, tmp_path):
    recorded(replace(toy, steps=1), tmp_path)
    path = tmp_path / "recipe.json"
    path.write_text(path.read_text().replace('"transformer"', '"my_net"'))
    assert "my_net" not in Backbone.all()
    with pytest.raises(ValueError, match="no backbone is called 'my_net'"):
        load_run(tmp_path).backbone  # noqa: B018
