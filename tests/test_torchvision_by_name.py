"""Data sets of torchvision by name: read in their own formats, with their own splits; nothing is downloaded
without need."""

import hashlib
import os
import pickle
import shutil
import struct
import zlib

import numpy as np
import pytest
import torch
from offline import here  # noqa: F401  fixture
from PIL import Image
from real_data import real
from torchvision import datasets
from toys import catalogue  # noqa: F401  fixture

from sslbench import Recipe, fit
from sslbench.catalog import catalog
from sslbench.data import SPLITS, Data, locations
from sslbench.data.image import torchvision_classes
from sslbench.data.image.library_sets import Some
from sslbench.data.rows import in_memory
from sslbench.notes import Note

pytestmark = pytest.mark.usefixtures("catalogue")


def noise(n, side=40, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side + 4, channels), np.uint8)


def source(name, **given) -> Data:
    return Data.find(f"torchvision:{name}")(**given)


def sizes(data):
    return [len(data.loaded(split)[0]["image"]) for split in SPLITS]


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def eurosat(root, n=60):
    """A folder of JPEGs for each class."""
    names = ["Forest", "Highway", "River"]
    for i, x in enumerate(noise(n)):
        place = root / "eurosat" / "2750" / names[i % 3]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(x).save(place / f"{names[i % 3]}_{i:02}.jpg", quality=95)


def svhn(root, monkeypatch, n=(40, 20)):
    """Matlab files: X [32, 32, 3, n] and y [n, 1], where 10 is the digit 0."""
    from scipy.io import savemat
    known = dict(datasets.SVHN.split_list)
    for seed, (split, count) in enumerate(zip(("train", "test"), n)):
        x = np.random.default_rng(seed).integers(0, 256, (32, 32, 3, count), np.uint8)
        file = root / f"{split}_32x32.mat"
        savemat(file, {"X": x, "y": (np.arange(count) % 10 + 1).astype(np.uint8)[:, None]})
        known[split] = [known[split][0], file.name, md5(file)]
    monkeypatch.setattr(datasets.SVHN, "split_list", known)


def stl10(root, monkeypatch):
    """Raw bytes [n, 3, 96, 96], column by column, labels from 1."""
    place = root / "stl10_binary"
    place.mkdir()
    words = ["airplane", "bird", "car"]
    (place / "class_names.txt").write_text("\n".join(words) + "\n")
    for seed, (name, n) in enumerate({"train": 30, "test": 15, "unlabeled": 20}.items()):
        x = np.random.default_rng(seed).integers(0, 256, (n, 3, 96, 96), np.uint8)
        x.tofile(place / f"{name}_X.bin")
        if name != "unlabeled":
            (np.arange(n) % 3 + 1).astype(np.uint8).tofile(place / f"{name}_y.bin")
    for which in ("train_list", "test_list"):
        files = [file for file, _ in getattr(datasets.STL10, which)]
        monkeypatch.setattr(datasets.STL10, which, [[file, md5(place / file)] for file in files])


def dtd(root, pictures, per_split=(4, 3, 3)):
    """Pictures below images/CLASS, and a list of them for each split."""
    splits = {"train": [], "val": [], "test": []}
    for folder in sorted(pictures.iterdir()):
        files = sorted(folder.iterdir())
        place = root / "dtd" / "dtd" / "images" / folder.name
        place.mkdir(parents=True)
        for n, part in zip(per_split, splits.values()):
            for file in [files.pop() for _ in range(n)]:
                shutil.copy(file, place)
                part.append(f"{folder.name}/{file.name}")
    (root / "dtd" / "dtd" / "labels").mkdir()
    for name, lines in splits.items():
        (root / "dtd" / "dtd" / "labels" / f"{name}1.txt").write_text("\n".join(lines) + "\n")


def test_a_folder_for_each_class_is_cut_into_splits(here):
    eurosat(here / "deep")
    before = sorted(here.rglob("*"))
    data = source("EuroSAT", size=48)
    said = data.reading()
    assert sizes(data) == [42, 6, 12] and "3 classes (Forest, Highway, River)" in said
    assert f"Read from {here / 'deep'}" in said and "drawn at random within each class" in said
    x, y = data.loaded("train")
    assert x["image"][:4].shape == (4, 3, 48, 48) and torch.bincount(y["class"]).tolist() == [14, 14, 14]
    assert sorted(here.rglob("*")) == before and not list(locations.cache().iterdir())


def test_a_picture_is_the_square_that_images_makes(here):
    eurosat(here)
    ours, theirs = source("EuroSAT"), Data.find("images")(folder=str(here / "eurosat" / "2750"))
    def every(data):
        loaded = [data.loaded(split)[0]["image"] for split in SPLITS]
        return {x.numpy().tobytes() for rows in loaded for x in rows[torch.arange(len(rows))]}

    assert every(ours) == every(theirs) and len(every(ours)) == 60


def test_matlab_files_with_their_own_splits_and_zero_as_ten(here, monkeypatch):
    svhn(here, monkeypatch)
    data = source("SVHN")
    assert sizes(data) == [35, 5, 20] and "train and test given, validation cut from train" in data.reading()
    assert "10 classes (0, 1, 2, 3, 4, 5, ...)" in data.reading()
    assert "splits of the set that are not read: extra (data.train)".capitalize() in data.reading()
    first = data.sample_names("test")[0]
    own = datasets.SVHN(here, "test")
    image, label = own[int(first.partition("/")[2])]
    ours = data.loaded("test")[0]["image"][:1][0].numpy()
    assert np.array_equal(np.asarray(image).transpose(2, 0, 1), ours)
    assert data.loaded("test")[1]["class"][0] == label


def test_raw_bytes_with_names_and_unlabelled_pictures_on_demand(here, monkeypatch):
    stl10(here, monkeypatch)
    data = source("STL10", size=96)
    assert sizes(data) == [27, 3, 15] and "3 classes (airplane, bird, car)." in data.reading()
    more = source("STL10", train="train+unlabeled")
    assert sum(sizes(more)) == 65 and "20 unlabelled" in more.reading()
    assert (more.loaded("test")[1]["class"] >= 0).all() and (more.loaded("validation")[1]["class"] >= 0).all()
    with pytest.raises(ValueError, match=r"STL10 has no split 'all'; data\.train must be one of: train, "):
        source("STL10", train="all")


@pytest.mark.slow
@pytest.mark.parametrize("path", real("dtd-subset"))
def test_real_textures_keep_all_three_splits_and_are_learned_from(path, here):
    dtd(here, path)
    recipe = Recipe("torchvision:DTD", "simclr", steps=2, batch_size=8, hyperparameters={"data.size": 64})
    run = fit(recipe, here.parent / "run", progress=False, device="cpu", evaluations=1)
    assert sizes(run.data) == [24, 18, 18] and "train and validation and test given" in run.data.reading()
    assert "6 classes (banded, braided, bubbly" in run.data.reading() and 0 <= run.scores["linear"] <= 1
    assert Data.find("torchvision:DTD") is type(run.data) and run.recipe.check() == run.recipe


@pytest.mark.slow
@pytest.mark.parametrize("path", real("fashion-mnist"))
def test_real_archives_on_this_machine_are_unpacked_without_network(path, here, monkeypatch):
    monkeypatch.setenv("SSLBENCH_DATA", str(path))
    data = source("FashionMNIST", memory=0.0)
    assert sizes(data) == [52_500, 7_500, 10_000] and "10 classes (T-shirt/top, Trouser" in data.reading()
    assert (locations.cache() / "torchvision" / "FashionMNIST" / "FashionMNIST" / "raw").is_dir()


def test_pictures_beyond_the_memory_are_decoded_while_it_trains_to_the_same_bits(here, monkeypatch):
    eurosat(here)
    held, streamed = source("EuroSAT"), source("EuroSAT", memory=0.0)
    for split in SPLITS:
        (a, y), (b, z) = held.loaded(split), streamed.loaded(split)
        rows = torch.arange(len(y["class"])).flip(0)
        assert in_memory(a["image"]) and isinstance(b["image"], Some)
        assert torch.equal(a["image"][rows], b["image"][rows]) and torch.equal(y["class"], z["class"])
        assert held.sample_names(split) == streamed.sample_names(split)


def test_labels_are_read_without_decoding_a_picture_more_than_a_few(here, monkeypatch):
    eurosat(here, 200)
    opened = []
    monkeypatch.setattr(datasets.folder, "default_loader", None)
    data = source("EuroSAT", memory=0.0)
    set_ = datasets.EuroSAT(here, loader=lambda p: opened.append(p) or Image.new("RGB", (8, 8)))
    assert list(torchvision_classes.targets_of(set_)) == set_.targets
    assert len(opened) == torchvision_classes.LOOKED_AT and data.fields


def test_damaged_pictures_are_left_out_and_replaced_where_they_are_streamed(here):
    eurosat(here)
    for file in sorted(here.rglob("*.jpg"))[1:3]:
        file.write_bytes(file.read_bytes()[:300])
    data = source("EuroSAT")
    assert "Left out: 2 of 60 pictures (cannot be read)" in data.reading() and sum(sizes(data)) == 58
    streamed = source("EuroSAT", memory=0.0)
    with pytest.warns(Note, match="cannot be read; .* takes its place"):
        x = torch.cat([streamed.loaded(split)[0]["image"][torch.arange(n)]
                       for split, n in zip(SPLITS, sizes(streamed))])
    assert len(x) == 60 and len({one.numpy().tobytes() for one in x}) == 58


def test_a_test_split_without_labels_is_left_out(here, monkeypatch):
    place = here / "fer2013"
    place.mkdir()
    rng = np.random.default_rng(0)
    row = lambda: " ".join(map(str, rng.integers(0, 256, 48 * 48)))
    (place / "train.csv").write_text("emotion,pixels\n" + "".join(f"{i % 7},{row()}\n" for i in range(70)))
    (place / "test.csv").write_text("pixels\n" + "".join(f"{row()}\n" for i in range(20)))
    own = {w: (f"{w}.csv", md5(place / f"{w}.csv")) for w in ("train", "test")}
    monkeypatch.setattr(datasets.FER2013, "_RESOURCES", datasets.FER2013._RESOURCES | own)
    data = source("FER2013")
    assert sizes(data) == [49, 7, 14] and "test of 20 pictures, none of which has a label" in data.reading()


@pytest.mark.parametrize("name, splits", [
    ("SVHN", ["train", "test"]), ("OxfordIIITPet", ["trainval", "test"]), ("EuroSAT", [""]),
    ("Country211", ["train", "valid", "test"]), ("Imagenette", ["train", "val"]),
    ("EMNIST", ["train", "test"]),
    ("CelebA", ["train", "valid", "test"]), ("Places365", ["train-standard", "val", "test"])])
def test_splits_are_told_by_the_class_itself(name, splits):
    assert list(torchvision_classes.used_splits(name, "")) == splits


def test_a_training_split_that_holds_the_validation_pictures_takes_them_out_of_validation():
    assert list(torchvision_classes.used_splits("FGVCAircraft", "trainval")) == ["trainval", "test"]


def test_every_set_with_classes_is_known_and_no_other():
    known = torchvision_classes.names()
    assert len(known) >= 30 and {"CIFAR100", "Food101", "Caltech101", "GTSRB", "USPS"} <= set(known)
    assert not {"CocoDetection", "VOCDetection", "Kinetics", "Sintel", "ImageFolder", "Kitti"} & set(known)
    assert "torchvision:NAME" in {row["name"] for row in catalog("data")}


@pytest.mark.parametrize("name", ["CocoDetection", "SVHM", ""])
def test_an_unknown_name_is_said_in_one_line(name):
    with pytest.raises(ValueError, match=f"no data set of torchvision is called '{name}'") as error:
        Recipe(f"torchvision:{name}").check()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", torchvision_classes.names())
def test_without_network_one_line_says_what_to_do_and_nothing_is_left(here, name):
    words = (rf"torchvision:{name} is not on this machine and could not be downloaded \(.+\); put it, as "
             r"torchvision keeps it, into .*cache or a folder of SSLBENCH_DATA")
    with pytest.raises(FileNotFoundError, match=words) as error:
        source(name).loaded("train")
    assert "\n" not in str(error.value) and not list(here.iterdir())
    assert not list((locations.cache() / "torchvision").iterdir())


def test_what_is_downloaded_is_kept_and_read_from_there(here, monkeypatch):
    def download(self):
        if not self._check_exists():
            asked.append(self.root)
            eurosat(torchvision_classes.Path(self.root))

    asked = []
    monkeypatch.setattr(datasets.EuroSAT, "download", download)
    cls = Data.find("torchvision:EuroSAT")
    assert cls.downloads() == "what is not on this machine"
    cls().loaded("train")
    data = cls()
    assert sizes(data) == [42, 6, 12] and len(asked) == 1 and cls.downloads() == ""
    assert [path.name for path in (locations.cache() / "torchvision").iterdir()] == ["EuroSAT"]


# Files of which nobody knows where they come from

EPS = (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\n"
       b"0 0 moveto 20 20 lineto stroke\nshowpage\n%%EOF\n")


def huge() -> bytes:
    """A PNG whose header says 30,000 x 30,000 pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = lambda kind, body: (struct.pack(">I", len(body)) + kind + body
                                + struct.pack(">I", zlib.crc32(kind + body)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))


def caltech101(root, n=30):
    """A folder of numbered JPEGs for each class, which its class opens without a loader."""
    (root / "caltech101" / "101_ObjectCategories" / "BACKGROUND_Google").mkdir(parents=True)
    for name in ("ant", "bass"):
        place = root / "caltech101" / "101_ObjectCategories" / name
        place.mkdir(parents=True)
        for i, x in enumerate(noise(n, seed=len(name)), 1):
            Image.fromarray(x).save(place / f"image_{i:04}.jpg")


@pytest.fixture
def programs(monkeypatch):
    """What Pillow would hand to another program."""
    from PIL import EpsImagePlugin
    asked = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *given, **_: asked.append(given) or Image.new(
        "RGB", (20, 20)).im)
    return asked


@pytest.mark.parametrize("name, make", [("EuroSAT", eurosat), ("Caltech101", caltech101)])
@pytest.mark.parametrize("memory", [0.25, 0.0])
def test_hostile_files_are_left_out_and_start_nothing(here, programs, name, make, memory):
    make(here)
    files = sorted(here.rglob("*.jpg"))[:5]
    for file in files:
        file.unlink()
    files[0].write_bytes(EPS)
    os.mkfifo(files[1])
    files[2].write_bytes(huge())
    files[3].symlink_to("gone")
    files[4].symlink_to("/dev/zero")
    data = source(name, memory=memory)
    if memory:
        assert "Left out: 5 of 60 pictures (cannot be read)" in data.reading() and sum(sizes(data)) == 55
    else:
        with pytest.warns(Note, match="cannot be read; .* takes its place"):
            for split in SPLITS:
                rows = data.loaded(split)[0]["image"]
                assert rows[torch.arange(len(rows))].shape == (len(rows), 3, 32, 32)
    assert programs == []
    datasets.folder.pil_loader(files[0])  # this is what it would have done
    assert len(programs) == 1


def test_the_classes_of_torchvision_are_left_as_they_are(here, programs):
    caltech101(here)
    source("Caltech101").loaded("train")
    image, _ = datasets.Caltech101(here)[0]
    assert isinstance(image, Image.Image) and datasets.caltech.Image is Image


def pickled(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps([{"a": object}] * 3))


def meta_bin(root):
    pickled(root / "x" / "meta.bin")
    (root / "x" / "train").mkdir()


def processed(root):
    for name in ("training.pt", "test.pt"):
        path = root / "MNIST" / "processed" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps([{"a": object}] * 3))


def food(root):
    (root / "food-101" / "meta").mkdir(parents=True)
    (root / "food-101" / "images").mkdir()
    for split in ("train", "test"):
        (root / "food-101" / "meta" / f"{split}.json").write_text("[1]")


def textures(root):
    (root / "dtd" / "dtd" / "labels").mkdir(parents=True)
    for split in ("train", "val", "test"):
        (root / "dtd" / "dtd" / "labels" / f"{split}1.txt").write_text("junk\n")


@pytest.mark.parametrize("name, make", [("ImageNet", meta_bin), ("MNIST", processed), ("Food101", food),
                                        ("DTD", textures)])
def test_a_set_whose_lists_are_damaged_is_said_in_one_clear_line(here, name, make):
    make(here)
    words = rf"^torchvision:{name} in '.*mine.*' cannot be read by torchvision \(.{{5,120}}\); a file of"
    with pytest.raises(ValueError, match=words) as error:
        source(name).loaded("train")
    assert "\n" not in str(error.value) and "weights_only" not in str(error.value)


def test_a_damaged_set_does_not_hide_a_whole_one(here):
    textures(here)
    with pytest.raises(ValueError, match="cannot be read by torchvision"):
        source("DTD").loaded("train")
    pictures = here.parent / "pictures"
    for name in ("banded", "dotted"):
        (pictures / name).mkdir(parents=True)
        for i, x in enumerate(noise(10)):
            Image.fromarray(x).save(pictures / name / f"{name}_{i}.jpg")
    dtd(here / "whole", pictures)
    assert sizes(source("DTD")) == [8, 6, 6]
