"""The simple baselines are what their papers and other libraries say, and stand beside the scores at the
end."""

import math

import numpy as np
import pytest
import torch
from real_data import real
from toys import SHAPES, Toy, catalogue  # noqa: F401  fixture

from sslbench import baselines
from sslbench.baselines import ngrams
from sslbench.baselines.hog import cell_of, descriptors, hog
from sslbench.baselines.kmers import kmers
from sslbench.baselines.nearest_neighbour import values_and_presence
from sslbench.baselines.one_hot import one_hot
from sslbench.baselines.rocket import Kernels, convolved, random_convolutions, transformed, weights_of
from sslbench.baselines.tfidf import tfidf_of_characters, tfidf_of_words
from sslbench.data import Data, Field, Labelled
from sslbench.probes.knn import vote_of_nearest
from sslbench.probes.sparse import fitted, linear_on_sparse
from sslbench.training.evaluate import full
from sslbench.training.simple_baselines import simple_baselines
from sslbench.training.some_rows import read

BYTES = Field((64,), (1,), vocab=256, gaps=True)
TEXTS = ["A good film, a GOOD film!", "a bad film", "good, good and bad: Füße", "the bad thing",
         "a good thing"]


def as_ids(texts: list[str], length: int = 64) -> torch.Tensor:
    ids = torch.full((len(texts), length), 257)
    for row, text in zip(ids, texts):
        row[:len(text.encode())] = torch.tensor(list(text.encode()))
    return ids


def scores_of(data: Data, **most) -> dict:
    every = full(10_000)
    train, validation, test = (read(data, s, most.get(s, every[s])) for s in ("train", "validation", "test"))
    return simple_baselines(data, train, test, validation)


@pytest.mark.parametrize("shape, cell", [((1, 32, 32), (4, 4)), ((1, 33, 47), (8, 8)), ((3, 40, 24), (3, 3)),
                                         ((1, 30, 50), (5, 10))])
def test_hog_is_that_of_scikit_image(shape, cell):
    from skimage.feature import hog as reference

    x = torch.rand(5, *shape, generator=torch.Generator().manual_seed(0))
    found = descriptors(x, cell).numpy()
    for mine, picture in zip(found, x.permute(0, 2, 3, 1).double().numpy()):
        theirs = reference(picture, 9, cell, (2, 2), block_norm="L2-Hys", channel_axis=-1)
        np.testing.assert_allclose(mine, theirs, atol=2e-4)
    assert np.abs(found[0] - found[1]).max() > 0.05  # other pictures are told apart


def test_hog_has_about_eight_cells_along_the_shorter_side_and_no_more_than_sixteen_along_the_other():
    assert [cell_of(size) for size in ((28, 28), (64, 64), (64, 1000), (8, 8))] == [(4, 4), (8, 8), (8, 63),
                                                                                    (2, 2)]
    field = Field((224, 224), (16, 16), 3)
    assert hog(field, [torch.zeros(1, 3, 224, 224)])[0].shape == (1, 7 * 7 * 36)


def test_tfidf_of_words_is_that_of_scikit_learn_and_knows_training_alone():
    from sklearn.feature_extraction.text import TfidfVectorizer

    train, test = tfidf_of_words(BYTES, [as_ids(TEXTS[:2]), as_ids(TEXTS[2:4])], [as_ids(TEXTS[4:])])
    theirs = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", sublinear_tf=True, min_df=2)
    np.testing.assert_allclose(train.toarray(), theirs.fit_transform(TEXTS[:4]).toarray(), rtol=1e-5)
    np.testing.assert_allclose(test.toarray(), theirs.transform(TEXTS[4:]).toarray(), rtol=1e-5)
    assert not np.allclose(test.toarray()[0][:3], train.toarray()[1][:3])


def test_tfidf_of_characters_is_that_of_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer

    train, test = tfidf_of_characters(BYTES, [as_ids(TEXTS[:4])], [as_ids(TEXTS[4:])])
    raw = [bytes(t.encode()).decode("latin-1").translate({i: i + 32 for i in range(65, 91)}) for t in TEXTS]
    theirs = TfidfVectorizer(sublinear_tf=True, min_df=2, analyzer=lambda text: [
        text[i:i + n] for n in (2, 3, 4) for i in range(len(text) - n + 1)])
    both = theirs.fit_transform(raw[:4]), theirs.transform(raw[4:])
    for mine, other in zip((train, test), both):  # the same columns in another order
        gram = (other @ both[0].T).toarray()
        np.testing.assert_allclose((mine @ train.T).toarray(), gram, rtol=1e-5)
    assert train.shape == both[0].shape


def test_kmers_are_counted_by_hand_and_not_across_what_is_absent():
    field = Field((5,), (1,), vocab=4, gaps=True)
    counts = ngrams.counts_of(np.array([[0, 1, 0, 1, 2], [0, 1, 5, 0, 1]]), 4, (2, 2))
    assert sorted(counts[0].data) == [1, 1, 2] and counts[1].data.tolist() == [2]  # 01 10 12, 01
    (z,) = kmers(field, [torch.tensor([[0, 1, 0, 1, 2], [0, 1, 5, 0, 1], [5, 5, 5, 5, 5]])])
    lengths = np.sqrt(z.multiply(z).sum(1)).A1 if hasattr(z, "A1") else np.sqrt((z.toarray() ** 2).sum(1))
    np.testing.assert_allclose(lengths, [1, 1, 0], atol=1e-6)


def test_one_hot_by_position_is_written_out_and_unknown_symbols_are_nothing():
    field = Field((3,), (1,), vocab=9, gaps=True)
    train, test = one_hot(field, [torch.tensor([[2, 7, 2]])], [torch.tensor([[7, 10, 3]])])
    assert train.tolist() == [[1, 0, 0, 1, 1, 0]] and test.tolist() == [[0, 1, 0, 0, 0, 0]]


def test_the_nearest_neighbour_is_that_of_scikit_learn_and_reads_what_is_present():
    from sklearn.neighbors import KNeighborsClassifier

    generator, field = torch.Generator().manual_seed(0), Field((20,), (1,), 2)
    x, y = torch.randn(90, 2, 20, generator=generator), torch.arange(90) % 3
    x[:, 0, :5] += y[:, None]
    z, z_test = values_and_presence(field, [x[:30], x[30:60]], [x[60:]])
    theirs = KNeighborsClassifier(1).fit(x[:60].flatten(1), y[:60]).score(x[60:].flatten(1), y[60:])
    assert vote_of_nearest(z, y[:60], z_test, y[60:]) == pytest.approx(theirs)
    gaps = torch.tensor([[[0.0, 0.0]], [[3.0, 3.0]], [[math.nan, 1.0]]])  # by 1.0 alone the first is nearer
    z = values_and_presence(Field((2,), (1,), gaps=True), [gaps])[0]
    assert vote_of_nearest(z[:, :2], torch.tensor([0, 1]), z[:, 2:], torch.tensor([0])) == 1


def test_random_convolutions_are_shares_and_maxima_of_convolutions_written_out():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 2, 40, generator=generator)
    kernels = Kernels(weights_of(4, 2, 7, generator), 2, 6, torch.tensor([0.1, -0.2, 0.0, 0.5]))
    w, padded = kernels.weights.numpy(), np.pad(x.numpy(), ((0, 0), (0, 0), (6, 6)))
    by_hand = np.array([[[(w[k] * padded[i, :, t:t + 13:2]).sum() + kernels.bias[k].item() for t in range(40)]
                         for k in range(4)] for i in range(3)])
    found = transformed(x, [kernels]).numpy()
    np.testing.assert_allclose(found, np.concatenate([(by_hand > 0).mean(2), by_hand.max(2)], 1), atol=1e-5)
    assert kernels.weights.sum(2).abs().max() < 1e-5
    # what is absent counts for nothing: the same as without it
    x[:, :, 30:] = math.nan
    values, there = convolved(kernels, x)
    assert there[0, 0].tolist() == [True] * 30 + [False] * 10 and values.isfinite().all()


def test_a_long_series_is_read_at_evenly_spaced_places():
    x, w = torch.randn(2, 1, 3000, generator=torch.Generator().manual_seed(0)), torch.randn(3, 1, 9)
    for padding in (0, 8):
        (some, there), (every, _) = (convolved(Kernels(w, 2, padding), part) for part in (x, x[..., :1024]))
        assert some.shape[2] <= 1024 and there.shape[2] == some.shape[2]
        assert torch.allclose(some[..., :300], every[..., ::3][..., :300], atol=1e-5)


def test_the_scale_of_a_series_changes_no_share_of_a_random_convolution():
    x = torch.randn(20, 1, 50, generator=torch.Generator().manual_seed(0))
    (z,), (large,) = (random_convolutions(Field((50,), (1,)), [x * k]) for k in (1, 1000))
    assert torch.allclose(z[:, :500], large[:, :500], atol=0.021) and not torch.allclose(z, large)
    assert torch.equal(z, random_convolutions(Field((50,), (1,)), [x])[0])  # always the same kernels


def test_sparse_regressions_are_those_of_scikit_learn():
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(0)
    x = generator.random((300, 40)) * (generator.random((300, 40)) < 0.3)
    y = (x[:, :3] + 0.1 * generator.random((300, 3))).argmax(1)
    parts, labels = [csr_matrix(x[i:i + 100]) for i in (0, 100, 200)], torch.tensor(y).split(100)
    best = max((model.score(x[200:], y[200:]), -C, model.score(x[100:200], y[100:200]))
                for C in (10, 100, 1000, 10000)
                for model in [LogisticRegression(C=C, max_iter=3000).fit(x[:100], y[:100])])
    assert linear_on_sparse(parts, labels) == pytest.approx(best[2], abs=0.02)
    quantity = torch.tensor(x @ generator.random(40), dtype=torch.float32).split(100)
    assert linear_on_sparse(parts, quantity) > 0.95
    answers = torch.tensor((x[:, :2] > 0).astype(int)).split(100)
    assert linear_on_sparse(parts, answers) > 0.85
    theirs = LogisticRegression(C=1 / (1e-3 * 100), max_iter=3000).fit(x[:100], y[:100])  # bias apart
    mine = fitted(parts[0], labels[0], 1e-3, None, lambda: None)
    np.testing.assert_allclose(mine[:-1].T, theirs.coef_, atol=0.02 * np.abs(theirs.coef_).max())
    shuffled = [label[torch.randperm(100, generator=torch.Generator().manual_seed(0))] for label in labels]
    assert linear_on_sparse(parts, shuffled) < 0.55  # labels that mean nothing


@pytest.mark.parametrize("shape, names", [
    ("series", {"random convolutions", "1-nearest neighbour"}), ("image", {"HOG"}),
    ("text", {"one-hot by position", "k-mers"}), ("symbols on a grid", set()), ("clip", set()),
    ("states and actions", {"1-nearest neighbour of state", "one-hot by position of action",
                            "k-mers of action"}),
    ("padded series", {"random convolutions", "1-nearest neighbour"}),
    ("padded text", {"one-hot by position", "k-mers"})])
def test_each_kind_of_data_has_its_own(shape, names):
    data = Toy(SHAPES[shape])
    assert {each.name for each in data.baselines()} == names
    told = scores_of(data)
    assert set(told) == names
    for name, scores in told.items():
        assert set(scores) == {"knn" if "nearest" in name else "linear"}
        # better than a guess; where these patterns stand says nothing, only what they are
        assert 1 / 3 < min(scores.values()) <= 1 or "one-hot" in name, name


def test_texts_have_words_and_sequences_of_letters_have_kmers(tmp_path):
    dice = np.random.default_rng(0)
    for name, letters, names in (("t.csv", "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ", {"words", "characters"}),
                                 ("s.csv", "acgt", {"k-mers", "one-hot by position"})):
        rows = [f"{'xy'[i % 2]},{''.join(dice.choice(list(letters), 20 + i % 9))}" for i in range(60)]
        (tmp_path / name).write_text("kind,sequence\n" + "\n".join(rows))
        data = Data.find("text")(file=str(tmp_path / name))
        assert {each.name.removeprefix("TF-IDF of ") for each in data.baselines()} == names
    assert {each.field for each in data.baselines()} == {"text"}
    assert [each.name for each in Labelled(data).baselines()] == [each.name for each in data.baselines()]


@pytest.mark.slow
def test_labels_that_mean_nothing_are_not_told():
    class Shuffled(Toy, listed=False):
        def load(self, split):
            rows, labels = super().load(split)
            order = torch.randperm(self.n, generator=torch.Generator().manual_seed(5))
            return rows, {"class": labels["class"][order]}

    for shape in ("series", "image", "text"):
        told = scores_of(Shuffled(SHAPES[shape], n=300))
        assert told and all(value < 0.45 for scores in told.values() for value in scores.values()), told


class Odd(Toy, listed=False):
    def __init__(self, shape, change, n=24):
        super().__init__(SHAPES[shape], n)
        self.change = change

    def load(self, split):
        rows, labels = super().load(split)
        return self.change(split, rows, labels["class"])


def filled(value):
    return lambda split, rows, y: ({k: torch.full_like(x, value) for k, x in rows.items()}, {"class": y})


ODD = {
    "constant": filled(3), "one class": lambda split, rows, y: (rows, {"class": y * 0}),
    "one training sample": lambda split, rows, y: (
        ({k: x[:1] for k, x in rows.items()}, {"class": y[:1]}) if split == "train" else (rows,
                                                                                          {"class": y})),
    "one sample each": lambda split, rows, y: ({k: x[:1] for k, x in rows.items()}, {"class": y[:1]}),
    "a quantity": lambda split, rows, y: (rows, {"size": y.float()}),
    "a quantity that never changes": lambda split, rows, y: (rows, {"size": y.float() * 0}),
    "answers": lambda split, rows, y: (rows, {"both": torch.stack([y > 0, y > 1], 1).long()}),
    "few labels": lambda split, rows, y: (rows, {"class": y.masked_fill(torch.arange(len(y)) > 3, -1)}),
    "classes in training alone": lambda split, rows, y: (rows, {"class": y + 5 * (split == "train")}),
    "no label": lambda split, rows, y: (rows, {"class": y * 0 - 1}),
    "no labels": lambda split, rows, y: (rows, {}),
}


@pytest.mark.parametrize("shape", ["padded series", "padded text", "image",
                                   pytest.param("series", marks=pytest.mark.slow),
                                   pytest.param("text", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ODD)
def test_odd_data_ends_in_numbers_or_nothing(shape, name):
    told = scores_of(Odd(shape, ODD[name]))
    assert all(math.isfinite(value) for scores in told.values() for value in scores.values())
    assert bool(told) == (name not in ("classes in training alone", "no label", "no labels"))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nothing_but_absent_numbers_ends_in_numbers(value):
    told = scores_of(Odd("padded series", filled(value)))
    assert told and all(math.isfinite(v) for scores in told.values() for v in scores.values())


def test_they_are_read_once_for_a_source_and_a_stop_ends_them(monkeypatch):
    data, seen = Toy(SHAPES["image"]), []
    splits = [read(data, s, full(10_000)[s]) for s in ("train", "test", "validation")]
    stopped = RuntimeError("stopped")

    def stop():
        raise stopped
    with pytest.raises(RuntimeError, match="stopped"):
        simple_baselines(data, *splits, check=stop)
    first = simple_baselines(data, *splits, check=lambda: seen.append(1))
    n = len(seen)
    assert simple_baselines(data, *splits, check=lambda: seen.append(1)) == first and len(seen) == n > 3
    assert simple_baselines(Toy(SHAPES["image"]), *splits, check=lambda: seen.append(1)) and len(seen) > n


def test_a_paper_stands_beside_each():
    every = [each for fields in SHAPES.values() for each in baselines.suiting(fields)]
    every += baselines.for_text("text", False, False)
    assert all(each.paper.startswith("https://") for each in every) and len({e.features for e in every}) == 7


LEVELS = {  # ROCKET and 1-NN with Euclidean distance as published: Dempster et al. 2020, UEA and UCR archives
    "ItalyPowerDemand": {"random convolutions": 0.969, "1-nearest neighbour": 0.955},
    "BasicMotions": {"random convolutions": 0.99, "1-nearest neighbour": 0.675},
    "JapaneseVowels": {"random convolutions": 0.965, "1-nearest neighbour": 0.924},
}


@pytest.mark.parametrize("name, folder",
                         [(path.name, path) for path in real(*(f"ucr-uea/{n}" for n in LEVELS))])
def test_series_of_the_archive_are_told_as_well_as_published(name, folder):
    told = scores_of(Data.find("series")(file=str(folder / "*.ts")))
    found = {each: max(told[each].values()) for each in LEVELS[name]}
    assert found["random convolutions"] > LEVELS[name]["random convolutions"] - 0.025
    assert abs(found["1-nearest neighbour"] - LEVELS[name]["1-nearest neighbour"]) < 0.13


@pytest.mark.slow
@pytest.mark.parametrize("folder", real("imdb-small"))
def test_tfidf_tells_more_of_reviews_than_a_bag_of_words(folder):
    from sslbench.machine.hardware import Hardware
    from sslbench.training.evaluate import _baselines
    data = Data.find("text")(file=str(folder), length=1024)
    train, validation, test = (read(data, s, full(10_000)[s]) for s in ("train", "validation", "test"))
    told = simple_baselines(data, train, test, validation)
    raw = _baselines(data, train, test, validation, Hardware("cpu", "float32"), lambda: None)
    assert told["TF-IDF of words"]["linear"] > raw["bag of words"]["linear"] + 0.06
