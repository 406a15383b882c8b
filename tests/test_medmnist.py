"""MedMNIST: pictures and volumes, one label or several, by name or by file, also one larger than
memory."""

import re

import numpy as np
import pytest
import torch
from offline import here  # noqa: F401  fixture
from promises import broken, what_it_shows_can_be_drawn
from real_data import real
from toys import build

from sslbench import Recipe, fit
from sslbench.data import SPLITS, Data, locations
from sslbench.data.image import medmnist
from sslbench.data.image.medmnist_sets import SETS
from sslbench.data.rows import in_memory

COUNTS = {"train": 40, "val": 12, "test": 16}


def write(path, sides=(28, 28), answers=1, classes=2, counts=COUNTS):
    """A file as MedMNIST writes it; a picture's first number says which it is."""
    rng, arrays = np.random.default_rng(0), {}
    for part, n in counts.items():
        x = rng.integers(0, 256, (n, *sides), np.uint8)
        x.reshape(n, -1)[:, 0] = np.arange(n)
        arrays[f"{part}_images"] = x
        y = rng.integers(0, 2, (n, answers)) if answers > 1 else np.sort(np.arange(n) % classes)[:, None]
        arrays[f"{part}_labels"] = y.astype(np.uint8)
    np.savez_compressed(path, **arrays)
    return arrays


@pytest.fixture(autouse=True)
def looked_for_anew():
    medmnist.lies_somewhere.cache_clear()
    yield
    medmnist.lies_somewhere.cache_clear()


def source(**given) -> Data:
    return Data.find("medmnist")(**given)


def test_a_set_is_found_by_its_name_and_keeps_its_splits_and_every_picture(here):
    (here / "deep" / "deeper").mkdir(parents=True)
    arrays = write(here / "deep" / "deeper" / "pneumoniamnist.npz")
    data = source()
    assert "68 pictures: 40 for training, 12 for validation, 16 for testing (as published)" in data.reading()
    assert "2 classes (normal, pneumonia)" in data.reading() and str(here) in data.reading()
    for split, part in zip(SPLITS, COUNTS):
        rows, labels = data.loaded(split)
        x, i = rows["image"][:], rows["image"][:][:, 0, 0, 0].long()
        assert sorted(i.tolist()) == list(range(COUNTS[part])) != i.tolist()
        assert torch.equal(x[:, 0], torch.from_numpy(arrays[f"{part}_images"])[i])
        assert torch.equal(labels["label"], torch.from_numpy(arrays[f"{part}_labels"])[i, 0].long())
        assert data.sample_names(split) == [f"{part}_images:{number}" for number in i.tolist()]
        assert len(labels["label"][:10].unique()) == 2  # sorted in the file


@pytest.mark.parametrize("name", SETS)
def test_every_set_is_known_before_its_file_is_there_and_read_as_that(here, name):
    known = SETS[name]
    data = source(name=name)
    assert data.fields["image"].rank == known.axes and data.fields["image"].channels == known.channels
    write(here / f"{name}.npz", (28,) * known.axes + (3,) * (known.channels == 3),
          14 if name == "chestmnist" else 1, len(known.classes))
    x, y = (next(iter(part.values())) for part in data.loaded("train"))
    assert x[:4].shape == (4, known.channels, *data.fields["image"].size)
    assert data.classes["label"] == list(known.classes) and known.licence in data.cite()
    assert y.shape == ((40, 14) if name == "chestmnist" else (40,))


@pytest.mark.slow
def test_the_table_is_the_one_of_the_medmnist_package():
    info = pytest.importorskip("medmnist.info").INFO
    assert set(info) == set(SETS)
    for name, known in SETS.items():
        assert info[name]["n_channels"] == known.channels and info[name]["license"] == known.licence
        assert len(info[name]["label"]) == len(known.classes)
        assert {f"url_{size}" for size in known.sizes[1:]} == {key for key in info[name] if "url_" in key}
        assert info[name]["url"] == medmnist.URL.format(f"{name}.npz")
        assert ("ordinal" in info[name]["task"]) == known.ordinal
        for full, short in zip(info[name]["label"].values(), known.classes):
            assert words(short) - {"or"} <= words(full), (full, short)


def words(name: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", name.lower()))


def test_larger_sizes_are_files_of_their_own(here):
    write(here / "pneumoniamnist_64.npz", (64, 64))
    assert source(size=64).loaded("train")[0]["image"][:2].shape == (2, 1, 64, 64)
    with pytest.raises(ValueError, match=r"has no 224 pixels; data\.size must be one of 28, 64$"):
        source(name="organmnist3d", size=224)
    write(here / "pneumoniamnist.npz", (32, 32))
    with pytest.raises(ValueError, match=r"does not have at this data\.size; give it as data.file"):
        source().loaded("train")
    assert source(file=str(here / "pneumoniamnist.npz")).fields["image"].size == (32, 32)


def test_several_answers_and_grades(here):
    write(here / "chestmnist.npz", answers=14)
    assert "14 yes-or-no answers (atelectasis, cardiomegaly" in source(name="chestmnist").reading()
    write(here / "retinamnist.npz", (28, 28, 3), classes=5)
    assert "5 classes (0, 1, 2, 3, 4). The labels are grades" in source(name="retinamnist").reading().replace(
        str(here), "").replace("Read from /retinamnist.npz. ", "")


def test_answers_of_which_one_at_most_is_true_stay_answers(here):
    arrays = write(here / "x.npz", answers=3)
    for name in list(arrays):
        if "labels" in name:
            arrays[name] = np.eye(3, dtype=np.uint8)[np.arange(len(arrays[name])) % 3]
    np.savez(here / "x.npz", **arrays)
    data = source(file=str(here / "x.npz"))
    assert data.loaded("train")[1]["label"].shape == (40, 3) and "as in the file" in data.reading()


def test_volumes_are_samples_of_three_axes_changed_alike_in_all_planes(here):
    write(here / "organmnist3d.npz", (28, 28, 28), classes=11)
    data = source(name="organmnist3d", crop=0.5, color=0.0, rotation=30.0)
    assert data.fields["image"].size == (28, 28, 28) and "68 volumes" in data.reading()
    assert "one field of three axes, 28 x 28 x 28 voxels (depth, height, width)" in data.reading()
    plane = torch.rand(6, 1, 1, 28, 28)
    generator = torch.Generator().manual_seed(0)
    view = data.augment({"image": plane.expand(-1, -1, 28, -1, -1)}, generator)["image"]
    assert torch.allclose(view, view[:, :, :1].expand_as(view), atol=1e-5) and not torch.allclose(
        view[:, :, :1], plane, atol=1e-2)
    sample = data.fields["image"].decode(data.loaded("test")[0]["image"][:1])[0]
    assert data.picture({"image": sample}).value.shape == (28, 28, 28, 3)
    for task in ("simclr", "masked", "autoencoder"):
        assert broken(build(task, "small_cnn", data), [what_it_shows_can_be_drawn]) == []


def test_files_larger_than_memory_are_read_from_the_disk_to_the_same_bits(here, tmp_path):
    write(here / "pathmnist.npz", (28, 28, 3), classes=9)
    held, mapped = source(name="pathmnist"), source(name="pathmnist", memory=0.0)
    for split in SPLITS:
        (a, y), (b, z) = held.loaded(split), mapped.loaded(split)
        assert in_memory(a["image"]) and not in_memory(b["image"])
        assert torch.equal(a["image"][:], b["image"][:]) and torch.equal(y["label"], z["label"])
    assert len(list((tmp_path / "cache" / "unpacked").iterdir())) == 3


def test_without_network_one_line_says_where_to_put_which_file(here):
    data = source(name="bloodmnist", size=128)
    with pytest.raises(FileNotFoundError, match=r"bloodmnist is not on this machine and could not be "
                                                r"downloaded \(.*no network.*\); put bloodmnist_128.npz into "
                                                r".*cache or a folder of SSLBENCH_DATA") as error:
        data.loaded("train")
    assert "\n" not in str(error.value) and not list((here.parent / "cache").iterdir())


def test_what_is_downloaded_is_kept_and_its_size_is_said_before(here, monkeypatch):
    asked = []

    def download(url, target):
        asked.append(url)
        write(target)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    assert Data.find("medmnist").downloads() == "4 MB"
    source().loaded("train")
    source().loaded("train")
    assert asked == ["https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1"]
    medmnist.lies_somewhere.cache_clear()
    assert Data.find("medmnist").downloads() == ""


def test_a_download_that_was_cut_off_is_not_kept(here, monkeypatch):
    def download(url, target):
        write(target)
        with open(target, "rb+") as file:
            file.truncate(20_000)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    with pytest.raises(FileNotFoundError, match=r"could not be downloaded .*damaged") as error:
        source().loaded("train")
    assert "\n" not in str(error.value) and not list(locations.cache().iterdir())


@pytest.mark.parametrize(("change", "words"), [
    (lambda a: a.pop("val_images"), r"no file of MedMNIST: it has no val_images; the source 'images'"),
    (lambda a: a.update(test_images=a["test_images"].astype(float)), "uint8"),
    (lambda a: a.update(test_images=a["test_images"][:, :20]), "alike in all splits"),
    (lambda a: a.update(val_labels=a["val_labels"] + 0.5), "must be whole numbers"),
    (lambda a: a.update(val_labels=np.full((12, 3), 1)), "must be whole numbers"),
    *((lambda a, most=most: a.update(
        train_labels=np.full((40, 1), most)), f"labels in x.npz hold {most}; classes are whole numbers from")
      for most in (np.int64(10_000), np.int64(2**31), np.int64(2**62), np.uint64(2**64 - 1), np.int64(-2))),
    (lambda a: a.update(train_labels=a["train_labels"][:5]), r"one label for each picture"),
    (lambda a: a.update(test_labels=np.zeros((500, 1), np.uint8)), r"one label for each picture"),
    (lambda a: a.update(val_images=a["val_images"][:0], val_labels=a["val_labels"][:0]), "is no picture"),
    (lambda a: a.update({f"{p}_images": a[f"{p}_images"][:, :0] for p in COUNTS}), "is no picture"),
    (lambda a: a.update({f"{p}_labels": a[f"{p}_labels"][:, :0] for p in COUNTS}), r"must be \[n, 1\]"),
    (lambda a: a.update(train_labels=np.uint8(1)), r"labels must be \[n, 1\]"),
    (lambda a: a.update(train_labels=np.zeros((40, 1, 1), np.uint8)), r"labels must be \[n, 1\]"),
])
def test_a_file_that_is_none_is_said_in_one_line(here, change, words):
    arrays = write(here / "x.npz")
    change(arrays)
    np.savez(here / "x.npz", **arrays)
    with pytest.raises(ValueError, match=words) as error:
        source(file=str(here / "x.npz")).loaded("train")
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
    (here / "y.npz").write_bytes(b"PK half a file")
    with pytest.raises(ValueError, match="damaged"):
        source(file=str(here / "y.npz"))


def test_labels_that_the_set_does_not_have_keep_their_numbers(here):
    write(here / "pneumoniamnist.npz", classes=4)
    assert "4 classes (0, 1, 2, 3)" in source().reading() and "other values than" in source().reading()


def test_an_unknown_name_is_said_in_one_line():
    with pytest.raises(ValueError, match=r"data\.name must be one of pathmnist, chestmnist"):
        Recipe("medmnist", hyperparameters={"data.name": "heartmnist"}).check()


@pytest.mark.slow
@pytest.mark.parametrize("path", real("pneumoniamnist/pneumoniamnist.npz"))
def test_real_x_rays_are_read_and_learned_from(path):
    run = fit(Recipe("medmnist", "autoencoder", steps=2, batch_size=16,
                     hyperparameters={"data.file": str(path)}), progress=False, device="cpu", evaluations=1)
    assert "5,856 pictures: 4,708 for training, 524 for validation, 624 for testing" in run.data.reading()
    assert "2 classes (normal, pneumonia)" in run.data.reading() and run.baselines
    assert torch.bincount(run.data.loaded("train")[1]["label"]).tolist() == [1214, 3494]
