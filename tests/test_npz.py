"""Arrays in files: samples, labels, groups and splits are told by their names, and a file that lies costs
nothing."""

import io
import struct
import zipfile

import numpy as np
import pytest

from sslbench.data import SPLITS, Data
from sslbench.data.arrays import npz, npz_members

X = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32)
Y = np.arange(40) % 2


def saved(tmp_path, **arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    return tmp_path / "a.npz"


@pytest.mark.parametrize(("x", "y"),
    [("x", "y"), ("X", "Y"), ("data", "labels"), ("images", "label"), ("signals", "target"),
                                      ("arr_0", "arr_1"), ("features", "targets"), ("spectra", "material")])
def test_samples_and_labels_are_told_by_their_names(tmp_path, x, y):
    found = npz.load(saved(tmp_path, **{y: Y[:, None], x: X}))
    assert np.array_equal(found.x, X) and np.array_equal(found.columns[found.label], Y)
    assert bool(found.notes) == (x in ("arr_0", "spectra"))  # what was guessed is said


@pytest.mark.parametrize("names",
                         ["{0}_images {0}_labels", "X_{0} y_{0}", "{0}X {0}Y", "x{0} y{0}", "x-{0} y-{0}"])
def test_parts_are_given_splits(tmp_path, names):
    x, y = names.split()
    found = npz.load(saved(tmp_path,
                           **{y.format("test"): Y[30:], x.format("train"): X[:30], y.format("train"): Y[:30],
                                        x.format("test"): X[30:]}))
    assert np.array_equal(found.x, X) and np.array_equal(found.columns["label"], Y)
    assert found.columns[found.split] == ["train"] * 30 + ["test"] * 10


def test_a_part_without_labels_is_unlabelled(tmp_path):
    found = npz.load(saved(tmp_path, x_train=X[:20], y_train=Y[:20], x_unsup=X[20:]))
    assert (found.columns["label"] == [*Y[:20].tolist(), *[None] * 20]
            and found.columns["split"] == ["train"] * 40)


def test_groups_splits_and_what_is_not_used(tmp_path):
    found = npz.load(saved(tmp_path, x=X, y=Y, subject=np.arange(40) // 2,
                           split=np.array(["train", "test"] * 20),
                           mask=np.ones((40, 3, 3)), fs=50))
    assert (found.label, found.group, found.split) == ("label", "subject", "split")
    assert found.notes == ["2 arrays not used: mask [40, 3, 3], fs []"]


def test_one_hot_rows_and_fortran_order_come_whole(tmp_path):
    found = npz.load(saved(tmp_path, x=np.asfortranarray(X), y=np.eye(4)[np.arange(40) % 4]))
    assert found.columns["label"].shape == (40, 4) and np.array_equal(found.x, X)


def test_an_npy_stays_on_the_disk(tmp_path):
    np.save(tmp_path / "a.npy", X)
    found = npz.load(tmp_path / "a.npy")
    assert isinstance(found.x, np.memmap) and np.array_equal(found.x, X)


def npy(shape, data: bytes = b"", descr: str = "<f4", version: int = 1) -> bytes:
    """An .npy with whatever header."""
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return (b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text
            + data)


def objects() -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([None], object), allow_pickle=True)
    return out.getvalue()


BAD = {
    "promises more": (npy((10**12, 30), b"abc"), "promises"),
    "overflows": (npy((2**40, 2**40), b"abc"), "promises"),
    "negative": (npy((-4, 30), b"abc" * 99), "below zero"),
    "long header": (b"\x93NUMPY\2\0" + struct.pack("<I", 2**31), "2147483648"),
    "no array": (b"la la la", "damaged"),
    "empty": (b"", "damaged"),
    "objects": (objects(), "objects"),
    "one axis": (npy((4,), bytes(16)), "axes"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_a_header_that_lies_is_one_line(tmp_path, kind, ending):
    contents, words = BAD[kind]
    path = tmp_path / f"a.{ending}"
    if ending == "npy":
        path.write_bytes(contents)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", contents)
    with pytest.raises(ValueError, match=words) as error:
        npz.load(path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400


@pytest.mark.parametrize(("name", "words"),
                         [("x", "objects"), ("y", "objects"), ("patient", "objects"), ("extra", "")])
def test_objects_are_refused_where_they_are_needed(tmp_path, name, words):
    path = saved(tmp_path, **{"x": X, name: np.array([{}] * 40)})
    if words:
        with pytest.raises(ValueError, match=words):
            npz.load(path)
    else:
        assert npz.load(path).notes == ["1 arrays not used: extra [40]"]


def test_records_are_refused(tmp_path):
    with pytest.raises(ValueError, match="each of its columns"):
        npz.load(saved(tmp_path, x=np.zeros((40, 3), [("a", "f4"), ("b", "f4")])))


def test_complex_samples_are_refused(tmp_path):
    with pytest.raises(ValueError, match="two channels"):
        npz.load(saved(tmp_path, x=X * 1j))


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("pack", [np.savez, np.savez_compressed])
def test_half_a_file_is_one_line(tmp_path, at, pack):
    pack(tmp_path / "a.npz", x=X, y=Y)
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(whole[:int(at * len(whole))])
    with pytest.raises(ValueError, match="damaged"):
        npz.load(tmp_path / "a.npz")


def test_every_flipped_byte_is_read_or_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=X[:, :4], y=Y)
    whole = bytearray((tmp_path / "a.npz").read_bytes())
    refused = 0
    for at in range(0, len(whole), 7):
        whole[at] ^= 0xFF
        (tmp_path / "a.npz").write_bytes(whole)
        whole[at] ^= 0xFF
        try:
            assert npz.load(tmp_path / "a.npz").x.shape == (40, 4)
        except ValueError as error:
            refused += "\n" not in str(error)
    assert refused > 20


def test_zeros_may_be_packed_densely(tmp_path):
    zeros = np.zeros((10, 2**20), np.float32)
    np.savez_compressed(tmp_path / "a.npz", x=zeros)
    assert npz.load(tmp_path / "a.npz").x.shape == zeros.shape


def test_a_bomb_and_more_than_memory_are_refused(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((10, 2**18), np.float32))
    monkeypatch.setattr(npz_members, "SMALL", 2**20)
    with pytest.raises(ValueError, match="only an array of zeros"):
        npz.load(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", x=np.zeros((10, 2**18), np.float32))
    assert len(npz.load(tmp_path / "a.npz").x) == 10
    monkeypatch.setattr(npz_members, "memory_limit", lambda: 2**22)
    with pytest.raises(ValueError, match=r"numpy\.save"):
        npz.load(tmp_path / "a.npz")


def test_splits_that_are_not_alike_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"x_train \[20, 30\], x_test \[20, 20\]"):
        npz.load(saved(tmp_path, x_train=X[:20], x_test=X[20:, :20]))


@pytest.mark.parametrize(("first", "second"),
                         [("train", "eval"), ("trn", "tst"), ("training", "holdout"), ("train", "devel")])
def test_every_word_for_a_split_names_parts(tmp_path, first, second):
    found = npz.load(saved(tmp_path,
        **{f"{first}_x": X[:30], f"{first}_y": Y[:30], f"{second}_x": X[30:], f"{second}_y": Y[30:]}))
    assert (len(found.x) == 40 and found.split == "split" and len(set(found.columns["split"])) == 2
            and len(found.columns["label"]) == 40)


@pytest.mark.parametrize("other",
    [{"fold": np.arange(40) % 5}, {"split": np.array(["a", "b"] * 20)}, {"set": np.array(["train"] * 40)},
                                   {"subject": np.zeros(40)}])
def test_columns_that_are_called_like_splits_or_groups_and_divide_nothing_are_not_taken(tmp_path, other):
    found = npz.load(saved(tmp_path, x=X, y=Y, **other))
    assert ((found.label, found.group, found.split) == ("label", "", "")
            and set(found.columns) == {"label", *other})
    assert Data.find("series")(file=str(tmp_path / "a.npz")).loaded("train")
    found = npz.load(saved(tmp_path, x=X, **other))
    assert found.label == ""


def test_one_part_alone_gives_no_splits(tmp_path):
    data = Data.find("series")(file=str(saved(tmp_path, x_train=X, y_train=Y)))
    assert [len(data.loaded(split)[0]["signal"]) for split in SPLITS] == [28, 4, 8]
