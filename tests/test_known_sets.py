"""MNIST, Fashion-MNIST and CIFAR-10 are found as archives or as the files they hold, and no file of theirs
runs code."""

import gzip
import os
import pickle
import socket

import numpy as np
import pytest
import torch
from real_data import real

from sslbench.data import SPLITS, Data, locations
from sslbench.data.image import torchvision_sets

IMAGES = {"train": np.random.default_rng(0).integers(0, 255, (60, 28, 28), np.uint8),
          "t10k": np.random.default_rng(1).integers(0, 255, (20, 28, 28), np.uint8)}


def one_line(error) -> str:
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
    return str(error.value)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of SSLBENCH_DATA, an empty cache and no network."""
    def refuse(*_, **__):
        raise OSError("no network")
    (tmp_path / "cache").mkdir()
    (tmp_path / "mine").mkdir()
    monkeypatch.setattr(locations, "cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("SSLBENCH_DATA", str(tmp_path / "mine"))
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tmp_path / "mine"


def idx(values: np.ndarray) -> bytes:
    """An array as MNIST's file format."""
    return (bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
            + values.tobytes())


def write_idx(folder, name="{0}-{1}-idx{2}-ubyte", pack=bytes):
    for split, images in IMAGES.items():
        for what, values in (("images", images), ("labels", (np.arange(len(images)) % 10).astype(np.uint8))):
            file = folder / name.format(split, what, values.ndim)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(pack(idx(values)))


def sizes(data):
    return [len(data.loaded(split)[0]["image"]) for split in SPLITS]


def is_read(name, folder=""):
    """The set is the one that was written."""
    data = Data.find(name)()
    assert sizes(data) == [54, 6, 20] and str(folder) in data.reading()
    x = torch.cat([data.loaded(split)[0]["image"] for split in SPLITS[:2]])
    assert (np.array_equal(x[:, 0], IMAGES["train"])
            and data.loaded("test")[1][next(iter(data.classes))].tolist() == list(range(10)) * 2)


@pytest.mark.parametrize("name",
                         ["{0}-{1}-idx{2}-ubyte", "{0}-{1}.idx{2}-ubyte", "MNIST/raw/{0}-{1}-idx{2}-ubyte",
                                  "{0}-{1}-idx{2}-ubyte/{0}-{1}-idx{2}-ubyte", "{0}_{1}_idx{2}_ubyte"])
def test_mnist_is_read_from_plain_files(here, name):
    write_idx(here, name)
    is_read("mnist", here)
    with pytest.raises(FileNotFoundError):
        Data.find("fashion_mnist")().load("train")


def test_archives_that_were_packed_again_are_read(here):
    write_idx(here, "{0}-{1}-idx{2}-ubyte.gz", gzip.compress)
    is_read("mnist", here)


@pytest.mark.parametrize("folder", ["FashionMNIST/raw", "fashion"])
def test_fashion_is_told_by_its_folder(here, folder):
    write_idx(here / folder)
    is_read("fashion_mnist", here)
    with pytest.raises(FileNotFoundError):
        Data.find("mnist")().load("train")


@pytest.mark.parametrize("path", real("fashion-mnist/FashionMNIST/raw"))
def test_fashion_is_told_by_its_content_too(path, here):
    for archive in path.glob("*.gz"):
        (here / archive.stem).write_bytes(gzip.open(archive).read())
    data = Data.find("fashion_mnist")()
    assert (sizes(data) == [55_000, 5_000, 10_000] and "as published" in data.reading()
            and str(here) in data.reading())
    with pytest.raises(FileNotFoundError):
        Data.find("mnist")().load("train")


BATCHES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


def write_batches(folder, dump):
    folder.mkdir(exist_ok=True)
    for i, name in enumerate(BATCHES):
        images = np.full((20, 3072), i, np.uint8)
        dump(folder / name, images, list(range(10)) * 2)


def pickled(protocol, key=str.encode, array=True):
    return lambda file, x, y: file.write_bytes(pickle.dumps({key("data"): x,
        key("labels"): np.array(y) if array else y}, protocol))


def binary(file, x, y):
    file.with_suffix(".bin").write_bytes(np.concatenate([np.array(y, np.uint8)[:, None], x], 1).tobytes())


@pytest.mark.parametrize("dump", [pickled(2), pickled(4), pickled(5), pickled(2, str, False), binary])
def test_cifar_is_read_from_its_batches(here, dump):
    write_batches(here / "cifar-10-batches-py", dump)
    data = Data.find("cifar10")()
    assert sizes(data) == [90, 10, 20] and data.fields["image"].channels == 3
    assert (torch.cat([data.loaded(s)[0]["image"][:, 0, 0, 0] for s in SPLITS]).tolist() == [i
        for i in range(6) for _ in range(20)])


class Evil:
    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.mark.parametrize(("contents", "words"), [
    (pickle.dumps({b"data": Evil(), b"labels": [1]}), "mkdir"), (b"half a file", "damaged"), (b"", "damaged"),
    (pickle.dumps([1, 2]), "damaged"),
    (pickle.dumps({b"data": np.zeros((3, 7), np.uint8), b"labels": [1] * 3}, 2), "damaged"),
    (b"\x80\x02cnumpy\nzeros\n(J\xff\xff\xff\x7ftR.", "zeros"),
])
def test_a_batch_that_is_none_runs_nothing_and_is_one_line(here, contents, words, monkeypatch):
    monkeypatch.chdir(here)
    write_batches(here, pickled(2))
    (here / "data_batch_3").write_bytes(contents)
    with pytest.raises(ValueError, match=words) as error:
        Data.find("cifar10")().load("train")
    assert "data_batch_3" in one_line(error) and not (here / "ran").exists()


@pytest.mark.parametrize("contents",
    [b"", b"la la la", idx(IMAGES["t10k"])[:-5], idx(IMAGES["t10k"]) + b"x", b"\0\0\x08\3" + b"\xff" * 12])
def test_a_damaged_idx_file_is_one_line(here, contents):
    write_idx(here)
    (here / "t10k-images-idx3-ubyte").write_bytes(contents)
    with pytest.raises(ValueError, match="t10k-images") as error:
        Data.find("mnist")().load("train")
    one_line(error)


def test_as_many_labels_as_images(here):
    write_idx(here)
    (here / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(3, np.uint8)))
    with pytest.raises(ValueError, match="one label"):
        Data.find("mnist")().load("train")


@pytest.mark.parametrize("contents", [b"", b"half", b"PK\3\4" + bytes(99)])
def test_a_damaged_file_in_the_cache_is_made_again_or_named(here, tmp_path, contents):
    (tmp_path / "cache" / "mnist.npz").write_bytes(contents)
    with pytest.raises(ValueError, match=r"mnist\.npz") as error:
        Data.find("mnist")().load("train")
    one_line(error)
    write_idx(here)
    is_read("mnist", here)


def test_an_archive_counts_only_with_its_own_content(tmp_path, monkeypatch):
    """MNIST and Fashion-MNIST call their files alike."""
    import hashlib
    (tmp_path / "a" / "b").mkdir(parents=True)
    contents = idx(np.zeros((3, 28, 28), np.uint8))
    (tmp_path / "a" / "b" / "t.gz").write_bytes(contents)
    monkeypatch.setenv("SSLBENCH_DATA", str(tmp_path))
    assert torchvision_sets.find("t.gz", hashlib.md5(contents).hexdigest()) == tmp_path / "a" / "b" / "t.gz"
    assert torchvision_sets.find("t.gz", hashlib.md5(b"other").hexdigest()) is None


def test_without_files_and_network_one_line_says_where_to_put_what(tmp_path, monkeypatch):
    monkeypatch.setattr(torchvision_sets, "find", lambda file, md5: None)
    monkeypatch.setattr(locations, "cache", lambda: tmp_path)
    def refuse(*_, **__):
        raise OSError("no network")
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name, archive in (("mnist", "t10k-labels-idx1-ubyte.gz"), ("cifar10", "cifar-10-python.tar.gz")):
        with pytest.raises(FileNotFoundError) as error:
            Data.find(name)().load("train")
        assert (archive in one_line(error) and str(tmp_path) in str(error.value)
                and "SSLBENCH_DATA" in str(error.value))
    assert list(tmp_path.iterdir()) == []  # nothing half done is left
