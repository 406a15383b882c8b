"""arrays(): whatever a researcher holds in memory is read as it was meant, or one line says what to do."""

import itertools
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset

from sslbench.data import SPLITS, Data
from sslbench.data.arrays.arrays import arrays


@pytest.fixture(autouse=True)
def same_catalogue():
    """What a test lists with arrays() is gone after it."""
    before = dict(Data.all())
    yield
    for name in set(Data.catalogue) - set(before):
        del Data.catalogue[name]


def everything(data):
    """The rows of the first field and the labels over all three splits."""
    loaded = [data.loaded(split) for split in SPLITS]
    rows = torch.cat([next(iter(rows.values()))[:] for rows, _ in loaded])
    return rows, {key: torch.cat([labels[key] for _, labels in loaded]) for key in loaded[0][1]}


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message and len(message) < 400
    return message


@pytest.mark.parametrize(("x", "shape", "field"), [
    (np.random.rand(40, 28, 28), (1, 28, 28), "image"),
    (np.random.randint(0, 255, (40, 20, 24, 3), np.uint8), (3, 20, 24), "image"),
    (torch.rand(40, 3, 31, 32), (3, 28, 32), "image"),
    (torch.randn(40, 5, 60), (5, 60), "signal"),
    (torch.randn(40, 60), (1, 60), "signal"),
    (torch.randint(0, 7, (40, 12)), (12,), "symbols"),
])
def test_arrays_of_any_shape_are_a_source(x, shape, field):
    data = Data.find(arrays(x, ["a", "b"] * 20))()
    rows, labels = everything(data)
    assert (list(data.fields) == [field] and rows.shape == (40, *shape)
            and labels["label"].bincount().tolist() == [20, 20])
    assert data.classes == {"label": ["a", "b"]}
    one = data.augment({field: data.fields[field].decode(rows)}, torch.Generator().manual_seed(0))[field]
    assert one.shape == rows.shape and not torch.equal(one, data.fields[field].decode(rows))
    assert data.fields[field].vocab or abs(data.fields[field].decode(rows).std() - 1) < 0.2


class Squares(torch.utils.data.Dataset):
    """A torch Dataset of (image, label)."""

    def __len__(self):
        return 30

    def __getitem__(self, i):
        return torch.full((3, 16, 16), i / 30), i % 3


def test_a_torch_dataset_keeps_images_and_labels_together():
    data = Data.find(arrays(Squares(), name="squares"))()
    x, labels = everything(data)
    number = (x[:, 0, 0, 0] / 255 * 29).round().long()
    assert sorted(number.tolist()) == list(range(30)) and torch.equal(labels["label"], number % 3)


def test_several_labels_and_quantities():
    given = {"kind": np.arange(30) % 3, "weight": np.linspace(0, 1, 30)}
    _, labels = everything(Data.find(arrays(torch.randn(30, 20), given))())
    assert {key: y.dtype for key, y in labels.items()} == {"kind": torch.int64, "weight": torch.float32}


@pytest.mark.parametrize(("given", "words"), [
    ({"x": np.zeros((4, 8, 8))}, "4 samples"),
    ({"x": np.zeros(40)}, "shape"),
    ({"x": np.zeros((40, 3, 8, 8)), "labels": [1, 2]}, "one for each sample"),
    ({"x": np.zeros((40, 3, 8, 8)), "name": "waves"}, "another name"),
    ({"x": np.zeros((40, 3, 8, 8)), "kind": "film"}, "image, series, symbols"),
    ({"x": np.zeros((40, 9)), "kind": "image"}, "does not fit"),
    ({"x": np.zeros((40, 9)), "kind": "symbols"}, "whole numbers"),
])
def test_arrays_that_do_not_fit_are_named(given, words):
    with pytest.raises(ValueError) as error:
        arrays(**given)
    assert words in one_line(error)


RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3, 20)).astype(np.float32)
Y = np.arange(40) % 4
IMAGES = RNG.integers(0, 255, (40, 16, 16, 3), np.uint8)
SOUND = (3000 * np.sin(np.arange(8000) / 7)).astype(np.int16).reshape(40, 200)


def held(*given, **more):
    data = Data.find(arrays(*given, **more))()
    return data, *everything(data)


def sizes(data):
    return [len(next(iter(data.loaded(split)[0].values()))) for split in SPLITS]


# Which axis is what

@pytest.mark.parametrize(("shape", "kind", "channels", "size"), [
    ((30, 64, 64, 13), None, 13, (64, 64)), ((30, 13, 64, 64), None, 13, (64, 64)),
    ((30, 9, 9, 200), None, 200, (9, 9)),
    ((30, 64, 48, 7), None, 7, (64, 48)), ((30, 128, 9), None, 9, (128,)), ((30, 9, 128), None, 9, (128,)),
    ((30, 9, 128), "ntc", 128, (9,)), ((30, 128, 9), "nct", 128, (9,)),
    ((30, 16, 16, 8), "nchw", 16, (16, 8)),
    ((30, 8, 16, 16), "nhwc", 16, (8, 16)), ((30, 24, 20), "image", 1, (24, 20)),
])
def test_channels_are_the_axis_that_differs_or_is_small_and_it_is_said(shape, kind, channels, size):
    data = Data.find(arrays(RNG.random(shape, np.float32), kind=kind))()
    (field,) = data.fields.values()
    assert (field.channels, field.size) == (channels, size)
    assert kind or ("kind=" in data.reading() and str(channels) in data.reading())


@pytest.mark.parametrize(("x", "field"), [
    (SOUND, "signal"), (SOUND.astype(np.int32) + 3000, "signal"), (RNG.integers(0, 4, (40, 60)), "symbols"),
    (RNG.integers(0, 30_000, (40, 60)), "symbols"), (RNG.integers(-1, 4, (40, 60)), "symbols"),
    (RNG.integers(0, 10**9, (40, 60)), "signal"),
])
def test_sound_in_whole_numbers_is_a_series_and_what_was_taken_is_said(x, field):
    data, rows, _ = held(x)
    assert list(data.fields) == [field] and "kind=" in data.reading()
    assert data.fields[field].vocab or not rows.isnan().any()


@pytest.mark.parametrize(("last", "channels"),
                         [(np.full((40, 16, 16, 1), 255), 3), (RNG.integers(0, 255, (40, 16, 16, 1)), 4)])
def test_a_fourth_channel_is_left_out_only_when_it_is_transparency(last, channels):
    data, _, _ = held(np.concatenate([IMAGES, last.astype(np.uint8)], -1))
    assert data.fields["image"].channels == channels and ("transparency" in data.reading()) == (channels == 3)


# The memory that arrays hold

AWKWARD = {
    "turned round": X[::-1, :, ::-1], "big-endian": X.astype(">f4"), "Fortran order": np.asfortranarray(X),
    "float16": X.astype(np.float16),
    "long double": X.astype(np.longdouble), "read-only": np.broadcast_to(X, X.shape),
    "every other": np.repeat(X, 2, 0)[::2],
    "bfloat16": torch.tensor(X).bfloat16(), "with a gradient": torch.tensor(X, requires_grad=True),
    "list": list(X),
    "list of tensors": list(torch.tensor(X)), "objects": np.array([*X, None], object)[:-1],
    "nested lists": X.tolist(),
    "masked nowhere": np.ma.MaskedArray(X, False), "big-endian whole": (1000 * X).astype(">i4"),
}


@pytest.mark.parametrize("kind", AWKWARD)
def test_arrays_of_any_layout_are_read_alike(kind):
    x = AWKWARD[kind]
    plain, rows, _ = held(np.ascontiguousarray(X[::-1, :, ::-1] if kind == "turned round" else X),
                          name="plain")
    _, read, _ = held(x, name="awkward")
    assert (read.shape == rows.shape and torch.allclose(read, rows, atol=0.02)
            and not plain.fields["signal"].gaps)


@pytest.mark.parametrize("view", ["as it is", "turned round", "big-endian"])
def test_a_memory_map_stays_on_the_disk(tmp_path, view):
    x = np.memmap(tmp_path / "x", ">f4" if view == "big-endian" else "f4", "w+", shape=(400, 3, 50))
    x[:] = RNG.normal(size=x.shape)
    data = Data.find(arrays(x[..., ::-1] if view == "turned round" else x))()
    rows = data.load("train")[0]["signal"]
    assert not rows.in_memory and len(rows) == 280 and rows[:].isfinite().all()


def test_an_array_in_memory_is_not_copied():
    data = Data.find(arrays(X))()
    assert data.x[0].data_ptr() == X.ctypes.data and data.load("train")[0]["signal"].in_memory


def test_pictures_of_few_or_many_bits_use_the_whole_scale():
    for x in (RNG.integers(0, 4096, (40, 1, 16, 16)).astype(np.uint16), RNG.random((40, 16, 16)) > 0.5,
              RNG.random((40, 16, 16)) * 1e-6):
        _, rows, _ = held(x)
        assert rows.min() == 0 and rows.max() == 255


def test_each_channel_of_a_series_is_scaled_by_itself():
    far = np.array([1, 1000, 1e-3])[:, None] * X + np.array([0, 0, 5])[:, None]
    _, rows, _ = held(far)
    assert torch.allclose(rows.std((0, 2)), torch.ones(3), atol=0.1) and rows.mean((0, 2)).abs().max() < 0.1


def test_the_scale_is_that_of_the_training_samples():
    given = ["train"] * 30 + ["test"] * 10
    far = np.where((np.array(given) == "test")[:, None, None], 1000 * X, X)
    data, _, _ = held(far, splits=given)
    assert data.load("train")[0]["signal"][:].std() < 1.1 < 100 < data.load("test")[0]["signal"][:].std()


def test_dates_in_seconds_are_told_apart():
    x = 1_700_000_000 + np.cumsum(RNG.random((40, 50)) > 0.5, 1)
    assert len(held(x, kind="series")[1][0].unique()) > 20


def test_series_that_patches_do_not_divide_are_padded():
    data, rows, _ = held(RNG.normal(size=(40, 31)))
    assert (rows.shape[2] % data.fields["signal"].patch[0] == 0 and data.fields["signal"].gaps
            and rows[:, :, :31].isfinite().all())


# What is absent

@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf, "masked"])
@pytest.mark.parametrize("shape", [(40, 3, 20), (40, 3, 16, 16), (40, 7, 16, 16)])
def test_absent_numbers_are_counted_and_change_nothing_else(hole, shape):
    x, gone = RNG.random(shape), np.zeros(shape, bool)
    gone[::9, 0, 1] = True
    data, rows, _ = held(np.ma.MaskedArray(x, gone) if hole == "masked" else np.where(gone, hole, x))
    assert f"{gone.sum()} " in data.reading() and "absent" in data.reading()
    (field,) = data.fields.values()
    assert int(rows.isnan().sum()) == (gone.sum() if len(shape) == 3 else 0) and not rows.isinf().any()
    assert field.gaps == (len(shape) == 3) and abs(np.nanstd(field.decode(rows)) - 1) < 0.2


def test_masked_symbols_are_absent():
    gone = RNG.random((40, 20)) > 0.9
    data, rows, _ = held(np.ma.MaskedArray(RNG.integers(0, 5, (40, 20)), gone))
    assert (data.fields["symbols"].gaps and data.fields["symbols"].vocab == 5
            and (rows == 5).sum() == gone.sum())


@pytest.mark.parametrize("make",
                         [list, lambda rows: np.array(rows, object), lambda rows: [r.tolist() for r in rows]])
@pytest.mark.parametrize(("sample", "field"),
    [(lambda n: RNG.normal(size=n), "signal"), (lambda n: RNG.integers(0, 4, n), "symbols"),
                                               (lambda n: RNG.normal(size=(n, 2)), "signal")])
def test_series_of_unequal_lengths_end_in_nothing(make, sample, field):
    data, rows, _ = held(make([sample(n) for n in range(11, 51)]))
    assert (list(data.fields) == [field] and data.fields[field].gaps and rows.shape[-1] >= 50
            and "11 to 50 steps" in data.reading())


# Datasets

class Items(torch.utils.data.Dataset):
    """A Dataset of whatever an item is made by."""

    def __init__(self, make, n=40):
        self.make, self.n = make, n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return self.make(i)


class Elsewhere:
    """What Hugging Face's datasets look like: no torch class, items are dicts, names of classes in
    features."""

    def __init__(self):
        self.features = {"label": type("ClassLabel", (), {"names": ["no", "yes", "may", "be"]})()}

    def __len__(self):
        return 40

    def __getitem__(self, i):
        return {"audio": {"array": X[i, 0], "sampling_rate": 8000}, "label": int(Y[i])}


DATASETS = {
    "x": (Items(lambda i: X[i]), None), "(x,)": (Items(lambda i: (X[i],)), None),
    "(x, y)": (Items(lambda i: (X[i], int(Y[i]))), 4),
    "(x, y, name)": (Items(lambda i: (X[i], Y[i], f"{i}.png")), 4),
    "dict": (Items(lambda i: {"signal": X[i], "label": "ab"[i % 2], "id": i}), 2),
    "tensors": (TensorDataset(torch.tensor(X)), None),
    "tensors with labels": (TensorDataset(torch.tensor(X), torch.tensor(Y)), 4),
    "one-hot": (Items(lambda i: (X[i], np.eye(4)[Y[i]])), 4),
    "some unlabelled": (Items(lambda i: (X[i], i % 3 if i % 2 else None)), 3),
    "part": (Subset(Items(lambda i: (X[i], int(Y[i]))), range(5, 30)), 4),
    "list": ([(x, int(y)) for x, y in zip(X, Y)], 4),
    "pair of arrays": ((X, Y), 4), "pair of lists": ((list(torch.tensor(X)), Y.tolist()), 4),
    "dict of arrays": ({"x": X, "y": Y}, 4), "elsewhere": (Elsewhere(), 4),
}


@pytest.mark.parametrize("kind", DATASETS)
def test_items_of_a_dataset_in_any_form(kind):
    dataset, classes = DATASETS[kind]
    data, rows, labels = held(dataset)
    assert len(rows) == (25 if kind == "part" else 40) and list(labels) == (["label"] if classes else [])
    assert classes is None or len(data.classes["label"]) == classes


def test_names_of_classes_come_from_the_dataset():
    dataset = Items(lambda i: (Image.fromarray(IMAGES[i]), int(Y[i])))
    dataset.classes = ["cat", "dog", "emu", "fox"]
    assert held(Subset(dataset, range(20)))[0].classes == {"label": ["cat", "dog", "emu", "fox"]}
    assert set(held(Elsewhere())[0].classes["label"]) == {"no", "yes", "may", "be"}


def test_pictures_of_mixed_modes_are_coloured():
    _, rows, _ = held([Image.fromarray(x).convert(mode)
                       for x, mode in zip(IMAGES, ["L", "RGB", "RGBA", "P"] * 10)])
    assert rows.shape == (40, 3, 16, 16) and rows.dtype == torch.uint8


class Stream(IterableDataset):
    def __iter__(self):
        return iter([(x, int(y)) for x, y in zip(X, Y)])


def test_a_stream_of_items_says_how_to_read_some(monkeypatch):
    with pytest.raises(ValueError, match="islice") as error:
        arrays(Stream())
    assert len(held(list(itertools.islice(Stream(), 20)))[1]) == 20 and one_line(error)


# Tables

@pytest.mark.parametrize("library", ["pandas"] * bool(find_spec("pandas")))
def test_a_table_of_pandas_gives_series_labels_and_groups(library):
    pandas = import_module(library)
    table = pandas.DataFrame(X[:, 0]).assign(kind=["a", "b"] * 20, who=[f"p{i // 5}" for i in range(40)])
    data, rows, _ = held(table, "kind", groups="who")
    assert rows.shape == (40, 1, 20) and data.classes == {"kind": ["a", "b"]} and "8 groups" in data.reading()


# Labels, groups and splits

@pytest.mark.parametrize(("labels", "words"), [
    (np.where(Y == 0, -1, Y), "3 classes (1, 2, 3), 10 unlabelled"),
    ([None if i % 4 == 0 else "ab"[i % 2] for i in range(40)], "10 unlabelled"),
    (np.linspace(0, 9, 40), "a quantity from 0 to 9"), (np.eye(4)[Y], "4 classes"),
    (RNG.integers(0, 2, (40, 5)), "5 yes-or-no"),
    (np.ma.MaskedArray(Y, Y == 2), "10 unlabelled"), (torch.tensor(Y), "4 classes"),
    ({"kind": Y, "age": np.linspace(1, 2, 40)}, "age"),
    ({"a,b": Y, "c": Y}, "a,b"), ([f"own {i}" for i in range(40)], "40 classes"),
])
def test_labels_of_every_kind(labels, words):
    data, _, read = held(X, labels)
    assert words in data.reading() and read


def test_unlabelled_samples_stay_for_training():
    data, _, labels = held(X, np.where(Y == 0, -1, Y))
    assert sum(sizes(data)) == 40 and (labels["label"] == -1).sum() == 10


def test_a_person_stays_in_one_split():
    who = np.arange(40) // 4
    data = Data.find(arrays(X, {"who": who}, groups=who))()
    seen = [set(data.loaded(split)[1]["who"].tolist()) for split in SPLITS]
    assert sum(map(len, seen)) == len(set().union(*seen)) == 10 and "groups" in data.reading()


@pytest.mark.parametrize("x",
    [{"train": (X[:30], Y[:30]), "test": (X[30:], Y[30:])}, {"train": X[:30], "test": X[30:]},
                               {"train": TensorDataset(torch.tensor(X[:30])),
                                "test": TensorDataset(torch.tensor(X[30:]))}])
def test_given_splits_are_kept_and_nothing_is_joined_in_memory(x):
    data, _, _ = held(x)
    assert sizes(data)[2] == 10 and sum(sizes(data)) == 40 and "given" in data.reading()
    assert all(isinstance(data.load(split)[0]["signal"].x, torch.Tensor) for split in SPLITS)
    assert sizes(held(X, splits=["train"] * 30 + ["test"] * 10, name="words")[0]) == sizes(data)


@pytest.mark.parametrize("splits", [["train"] * 25 + ["val"] * 5 + ["test"] * 10,
                                    {"train": np.arange(25), "val": range(25, 30),
                                     "test": np.arange(40) >= 30},
                                    np.array(["train"] * 25 + ["dev"] * 5 + ["testing"] * 10), "part"])
def test_splits_are_words_or_row_numbers_or_a_column(splits):
    labels = {"kind": Y, "part": ["train"] * 25 + ["val"] * 5 + ["test"] * 10}
    assert sizes(held(X, labels, splits=splits, groups=None)[0]) == [25, 5, 10]
    assert "4 groups" in held(X, labels, groups="kind", name="by column")[0].reading()


@pytest.mark.parametrize("splits",
    [{"train": [0, 99]}, {"train": [0.5]}, {"rest": [1]}, {"train": [1, 2], "test": [2, 3]},
                                    {"train": [[1]]}])
def test_row_numbers_that_cannot_be_are_named(splits):
    with pytest.raises(ValueError, match="split") as error:
        arrays(X, splits=splits)
    one_line(error)


def test_a_split_of_two_pieces_is_read_from_both():
    data, rows, labels = held({"train": (X[:10], Y[:10]), "unsup": X[10:30], "test": (X[30:], Y[30:])})
    assert (sizes(data)[2] == 10 and (labels["label"] == -1).sum() == 20
            and len({r.numpy().tobytes() for r in rows}) == 40)


# What is refused

@pytest.mark.parametrize(("given", "words"), [
    ({"x": X * 1j}, "two channels"), ({"x": torch.tensor(X) * 1j}, "two channels"),
    ({"x": torch.tensor(X).to_sparse()}, "to_dense"),
    ({"x": torch.empty(40, 3, 20, device="meta")}, "meta"), ({"x": np.zeros((40, 2, 3, 4, 5))}, "videos"),
    ({"x": X[:0]}, "0 samples"),
    ({"x": X[..., :0]}, "holds no numbers"), ({"x": X * np.nan}, "no finite number"),
    ({"x": ["words"] * 40}, "source 'text'"),
    ({"x": np.array(["words"] * 40)}, "source 'text'"), ({"x": "x.npy"}, "sources"),
    ({"x": None}, "NoneType"),
    ({"x": (x for x in X)}, "list(x)"), ({"x": {"foo": X}}, "foo"),
    ({"x": DataLoader(Items(lambda i: X[i]))}, "loader.dataset"),
    ({"x": Items(lambda i: ((X[i], X[i]), 1))}, "views"),
    ({"x": Items(lambda i: (X[i], X[i]))}, "(x, label)"),
    ({"x": Items(lambda i: {"foo": 1})}, "foo"), ({"x": Items(lambda i: 1 / 0)}, "item 0"),
    ({"x": Items(lambda i: X[i], 0)}, "0 samples"),
    ({"x": [np.zeros((i, 20, 3), np.uint8) for i in range(10, 50)]}, "resize"),
    ({"x": X, "labels": "kind"}, "one for each"),
    ({"x": X, "labels": 3}, "one for each"), ({"x": X, "groups": ["a"] * 3}, "groups"),
    ({"x": X, "groups": ["a"] * 40}, "one group"),
    ({"x": X, "splits": ["train"] * 39 + ["rest"]}, "'rest'"), ({"x": X, "labels": 1j * Y}, "complex"),
    ({"x": X, "name": 5}, "name"),
    ({"x": RNG.integers(-9, 9, (40, 20)), "kind": "symbols"}, "numbered from 0"),
    ({"x": X, "kind": "nchw"}, "does not fit"),
    ({"x": {"train": X[:30], "test": X[30:, :, :5]}}, "alike"),
    ({"x": RNG.integers(0, 10**9, (40, 20)), "kind": "symbols"}, "unique"),
])
def test_what_cannot_be_read_is_one_line_with_a_remedy(given, words):
    with pytest.raises(ValueError) as error:
        arrays(**given)
    assert words in one_line(error)


@pytest.mark.parametrize("x",
    [np.zeros((40, 3, 8, 8), np.float32), np.full((40, 8, 8), 7, np.uint8), np.full((40, 20), 1e9),
                               np.full((40, 8, 8), 1e-300)])
def test_constant_samples_are_finite(x):
    data, rows, _ = held(x)
    assert next(iter(data.fields.values())).decode(rows).isfinite().all()
