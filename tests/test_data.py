"""What every data source promises: the same samples again, splits that share nothing, views that depend on
the generator."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from real_data import real

from sslbench.data import SPLITS, Data, Field
from sslbench.data.arrays.arrays import Held
from sslbench.data.image import wild_digits as wild
from sslbench.data.image.augment import affine_basis
from sslbench.data.labels import label_of
from sslbench.data.raw import RAW, raw_numbers
from sslbench.data.splits import divide
from sslbench.data.text import docs as docs_file

NEEDS_FILES = {"mnist", "fashion_mnist", "cifar10", "medmnist"}  # archives that may not be on this machine
SOURCES = sorted({name for name, c in Data.all().items() if not issubclass(c, Held)} - NEEDS_FILES)
SOURCES += ["fashion_mnist"] * bool(real("fashion-mnist"))
IMAGES = [name for name in SOURCES if name in ("wild_digits", "images", "fashion_mnist")]
held = {}


def source(name: str) -> Data:
    return held.setdefault(name, Data.find(name)())


def batch(name: str, n: int = 16):
    data = source(name)
    rows, _ = data.loaded("validation")
    return {key: data.fields[key].decode(x[:n]) for key, x in rows.items()}


def generator(seed: int = 0):
    return torch.Generator().manual_seed(seed)


def equal(a: dict, b: dict) -> bool:
    return (a.keys() == b.keys()
            and all(torch.equal(torch.nan_to_num(a[k][:]), torch.nan_to_num(b[k][:])) for k in a))


@pytest.mark.parametrize("name", SOURCES)
def test_the_same_samples_come_again_whatever_else_was_drawn(name):
    torch.manual_seed(123)
    torch.rand(7)
    assert all(equal(one, two)
               for one, two in zip(Data.find(name)().load("validation"), source(name).loaded("validation")))


def test_how_many_digits_are_painted_together_changes_nothing(monkeypatch):
    monkeypatch.setattr(wild, "AT_ONCE", 1000)
    ours, whole = wild.WildDigits().load("validation"), source("wild_digits").loaded("validation")
    assert all(equal(one, two) for one, two in zip(ours, whole))


@pytest.mark.parametrize("name", ["wild_digits", "waves"])
def test_another_seed_draws_other_samples(name):
    assert not equal(Data.find(name)(seed=1).load("validation")[0], source(name).loaded("validation")[0])


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n == "shapes" else n
                                  for n in SOURCES])
def test_rows_fit_the_fields_and_labels_fit_the_rows(name):
    data = source(name)
    for split in SPLITS:
        rows, labels = data.loaded(split)
        assert rows.keys() == data.fields.keys()
        for key, field in data.fields.items():
            shape = field.size if field.vocab else (field.channels, *field.size)
            assert (rows[key][:1].shape[1:] == shape
                    and all(s % p == 0 for s, p in zip(field.size, field.patch)))
            assert len({len(rows[key]), *map(len, labels.values())}) == 1
        assert all(y.dtype in (torch.int64, torch.float32) for y in labels.values())
        assert all(int(labels[key].max()) < len(values) for key, values in data.classes.items())
        assert all(len(values) == len(set(values)) for values in data.classes.values())


@pytest.mark.parametrize("name", SOURCES)
def test_the_first_rows_show_every_label(name):
    """Scores while training read the first few hundred rows; a source sorted by label would show them one
    label."""
    _, labels = source(name).loaded("train")
    y = next(iter(labels.values()))
    assert set(y[:200].tolist()) == set(y.tolist())
    assert set(y.sort()[0][:200].tolist()) != set(y.tolist()) or len(y) < 1000  # the control


@pytest.mark.parametrize("name", SOURCES)
def test_no_sample_is_in_two_splits(name):
    seen = {split: {b"".join(x.numpy().tobytes() for x in sample)
                    for sample in zip(*source(name).loaded(split)[0].values())}
            for split in SPLITS}
    for one, two in (("train", "test"), ("train", "validation"), ("validation", "test")):
        share = len(seen[one] & seen[two]) / len(seen[two])
        # a few clothes and sentences are the same by nature
        assert share < 0.02, f"{share:.0%} of {two} is in {one}"


# Splits by source: what is drawn or cut from one thing stays in one split

def digits_used(monkeypatch, split):
    """The numbers of the handwritten digits that a split is drawn from."""
    monkeypatch.setattr(wild, "strokes", lambda images: torch.arange(len(images)))
    monkeypatch.setattr(wild, "draw", lambda ink, which, generator, out: {"size": ink[which]})
    return set(wild.WildDigits().load(split)[1]["size"].tolist())


def shared(sets) -> int:
    return sum(map(len, sets)) - len(set().union(*sets))


def test_no_handwritten_digit_is_in_two_splits(monkeypatch):
    used = [digits_used(monkeypatch, split) for split in SPLITS]
    assert shared(used) == 0 and min(map(len, used)) > 150
    monkeypatch.setitem(wild.SOURCES, "test", (1000, 1797))  # the control: splits that overlap are found out
    assert shared([digits_used(monkeypatch, split) for split in SPLITS]) > 100


@pytest.mark.parametrize("library", docs_file.LIBRARIES)
def test_no_docstring_is_in_two_splits(library, monkeypatch):
    texts = [set(docs_file.objects(library, split)) for split in SPLITS]
    assert shared(texts) == 0 and min(map(len, texts)) > 5
    monkeypatch.setitem(docs_file.PARTS, "test", (0.5, 1))
    assert shared([set(docs_file.objects(library, split)) for split in SPLITS]) > 5


def test_splits_are_complete_and_even_over_labels():
    keys, labels = [f"file {i}" for i in range(1000)], ["rare" if i % 10 == 0 else "often"
                                                        for i in range(1000)]
    rows = [divide(keys, label_of(labels)[0].values).rows[split] for split in SPLITS]
    assert (sorted([*rows[0], *rows[1], *rows[2]]) == list(range(1000))
            and [len(r) for r in rows] == [700, 100, 200])
    assert [sum(labels[i] == "rare" for i in r) for r in rows] == [70, 10, 20]
    assert rows[0] != list(range(700))  # not simply in order


def test_a_file_keeps_its_split_when_others_are_added_to_another_class():
    keys = [f"file {i}" for i in range(40)]
    before = divide(keys, torch.arange(40) * 0).rows["train"]
    after = divide([*keys, *(f"other {i}" for i in range(30))],
                   torch.tensor([0] * 40 + [1] * 30)).rows["train"]
    assert before == [i for i in after if i < 40]


# Views

@pytest.mark.parametrize("name", SOURCES)
def test_views_depend_on_the_generator_alone(name):
    data, x = source(name), batch(name)
    torch.manual_seed(1)
    one = data.augment(x, generator())
    torch.manual_seed(2)
    assert equal(one, data.augment(x, generator()))
    assert not equal(one, data.augment(x, generator(1)))


@pytest.mark.parametrize("name", SOURCES)
def test_views_keep_shape_and_type_and_leave_the_batch_as_it_was(name):
    x = batch(name)
    kept = {key: value.clone() for key, value in x.items()}
    views = source(name).views(x, generator())
    assert len(views) == 2 and equal(x, kept)
    assert all(v.shape == x[k].shape and v.dtype == x[k].dtype for view in views for k, v in view.items())
    each = [{k} for k in x] if source(name).alike else [set(x)] * 2
    assert [set(view) for view in views] == each


@pytest.mark.parametrize("name", SOURCES)
def test_windows_of_samples_are_changed_too(name):
    windows = {}
    for key, x in batch(name).items():
        field = source(name).fields[key]
        size = tuple(max(p, n // 2 // p * p) for n, p in zip(field.size, field.patch))
        windows[key] = field.window(x, torch.zeros(len(x), field.rank, dtype=torch.long), size)
    changed = source(name).augment(windows, generator())
    assert all(changed[k].shape == x.shape and changed[k].dtype == x.dtype for k, x in windows.items())


@pytest.mark.parametrize("name", SOURCES)
def test_every_sample_of_a_batch_is_changed_in_its_own_way(name):
    x = {key: value[:1].expand(8, *value.shape[1:]).contiguous() for key, value in batch(name).items()}
    view = source(name).augment(x, generator()).values()
    assert len({b"".join(v.numpy().tobytes() for v in sample) for sample in zip(*view)}) == 8


@pytest.mark.parametrize("H, W", [(32, 32), (7, 12)])
def test_the_sampling_grid_is_torchs_affine_grid(H, W):
    theta = torch.randn(5, 6, generator=generator())
    w_cos, w_sin, h_cos, h_sin, x, y = theta.T
    # pixels are squares
    matrix = torch.stack([w_cos, -h_sin * H / W, x, w_sin * W / H, h_cos, y], 1).view(5, 2, 3)
    grid = (theta @ affine_basis(H, W, theta.device)).view(5, H, W, 2)
    assert torch.allclose(grid, F.affine_grid(matrix, [5, 1, H, W], align_corners=False), atol=1e-5)
    assert not torch.allclose(grid, F.affine_grid(matrix, [5, 1, H, W], align_corners=True), atol=1e-2)


@pytest.mark.parametrize("name", SOURCES)
def test_the_views_of_a_sample_differ(name):
    one, other = source(name).views(batch(name), generator())
    assert one.keys() != other.keys() or not equal(one, other)


@pytest.mark.parametrize("name", SOURCES)
def test_strengths_are_read_when_they_are_used(name):
    data, x = Data.find(name)(), batch(name)
    for strength in ("color", "rotation", "flip", "hide", "amplitude", "offset", "jitter"):
        setattr(data, strength, 0)
    data.crop = 1
    before, still, changed = ([torch.nan_to_num(v.float()) for v in view.values()]
                              for view in (x, data.augment(x, generator()),
                                           source(name).augment(x, generator())))
    assert all(torch.allclose(a, b, atol=1e-3) for a, b in zip(still, before))
    assert not all(torch.allclose(a, b, atol=1e-3) for a, b in zip(changed, before))


# What is seen and read

@pytest.mark.parametrize("name", IMAGES)
def test_images_are_decoded_to_mean_0_and_deviation_1(name):
    data = source(name)
    x = data.fields["image"].decode(data.loaded("train")[0]["image"][:2000])
    assert abs(x.mean()) < 0.6 and 0.6 < x.std() < 1.5


@pytest.mark.parametrize("name", SOURCES)
def test_a_sample_has_a_picture(name):
    picture = source(name).picture({key: x[0] for key, x in batch(name).items()})
    if picture.kind == "image":
        assert picture.value.dtype == np.uint8 and picture.value.shape[-1] == 3 and picture.value.std() > 5
    elif picture.kind == "line":
        assert picture.value.ndim == 2 and np.nanstd(picture.value) > 0.1
    else:
        assert sum(c.isalpha() for c in picture.value) > 20


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_probe_reads_without_a_network_is_finite_numbers(name):
    for x in source(name).raw(batch(name)).values():
        assert x.shape[0] == 16 and x.ndim == 2 and x.isfinite().all()


@pytest.mark.parametrize("size", [(224, 224), (48, 64), (32, 32)])
def test_raw_pixels_of_a_large_picture_are_means(size):
    x = torch.rand(2, 3, *size, generator=generator())
    raw = raw_numbers(Field(size, (8, 8), 3), x)
    assert raw.shape[1] <= RAW and raw.mean() == pytest.approx(x.mean().item(), abs=1e-3)
    assert torch.equal(raw, x.flatten(1)) == (size == (32, 32))  # small ones stay as they are


@pytest.mark.parametrize("name", SOURCES)
def test_the_origin_is_one_line(name):
    assert 10 < len(source(name).cite()) < 160 and "\n" not in source(name).cite()


def test_construction_reads_no_files(monkeypatch):
    monkeypatch.setattr("numpy.load", None)
    for name in NEEDS_FILES | {"wild_digits", "docs", "waves"}:
        assert Data.find(name)().fields


def test_names_of_libraries_are_neutral_in_docs():
    texts = " ".join(t for library in docs_file.LIBRARIES for t in docs_file.objects(library, "test"))
    assert not docs_file.NAMES.search(texts) and "lib" in texts
    assert docs_file.NAMES.search("import numpy as np")  # the control


def test_docs_are_balanced_and_survive_a_damaged_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(docs_file.locations, "cache", lambda: tmp_path)
    monkeypatch.setattr(docs_file, "BYTES", 20_000)
    fresh = docs_file.documentation("numpy")
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"half a file")
    assert docs_file.documentation("numpy") == fresh and docs_file.documentation("no_such_library") == []
    counts = source("docs").loaded("train")[1]["library"].bincount()
    assert len(counts) == 5 and counts.max() == counts.min()


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits
    greys, digit = wild.handwriting()
    assert (np.array_equal(greys.numpy(), load_digits().images)
            and np.array_equal(digit.numpy(), load_digits().target))
