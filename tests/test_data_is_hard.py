"""The default sources cannot be solved without learning: raw input probes near chance, while the same probe
does well where the answer is plain to see."""

import pytest
import torch

from sslbench.data import Data
from sslbench.data.image.wild_digits import handwriting


def ridge(x, y, x_test, y_test, penalty=10.0) -> float:
    """Accuracy of a linear probe by ridge regression on one-hot labels."""
    mean, std = x.mean(0), x.std(0) + 1e-6
    x, x_test = (x - mean) / std, (x_test - mean) / std
    target = torch.nn.functional.one_hot(y).float()
    gram = x.T @ x + penalty * len(x) / 100 * torch.eye(x.shape[1])
    weights = torch.linalg.solve(gram, x.T @ (target - target.mean(0)))
    return ((x_test @ weights).argmax(1) == y_test).float().mean().item()


@pytest.fixture(scope="module")
def digits():
    data = Data.find("wild_digits")()
    splits = map(data.load, ("train", "test"))
    return [(data.fields["image"].decode(rows["image"]), labels["digit"]) for rows, labels in splits]


def small(x):
    return torch.nn.functional.avg_pool2d(x, 2).flatten(1)


def test_raw_pixels_of_wild_digits_probe_near_chance(digits):
    (x, y), (x_test, y_test) = digits
    assert ridge(small(x), y, small(x_test), y_test) < 0.2


def test_the_same_probe_reads_the_digits_where_they_are_drawn_plainly():
    x, y = handwriting()
    assert ridge(x[:1200].flatten(1), y[:1200], x[1200:].flatten(1), y[1200:]) > 0.8


@pytest.fixture(scope="module")
def waves():
    data = Data.find("waves")()
    return [(rows["signal"], labels["order"]) for rows, labels in map(data.load, ("train", "test"))]


def lags(x):
    """[n, 3 * 41]: how alike each pair of channels is when one is moved by -20 to 20 steps."""
    x = (x - x.mean(2, keepdim=True)) / x.std(2, keepdim=True)
    return torch.cat([(x[:, [a], 20:-20] * x[:, b].unfold(1, 88, 1).transpose(0, 1).transpose(0, 1)).mean(2)
                      for a, b in ((0, 1), (0, 2), (1, 2))], 1)


def test_raw_waves_probe_near_chance_and_their_dynamics_tell_the_class(waves):
    (x, y), (x_test, y_test) = waves
    assert ridge(x.flatten(1), y, x_test.flatten(1), y_test) < 0.3
    assert ridge(lags(x), y, lags(x_test), y_test) > 0.7


@pytest.fixture(scope="module")
def captions():
    data = Data.find("captions")()
    splits = map(data.load, ("train", "test"))
    return [({name: data.fields[name].decode(x) for name, x in rows.items()}, labels["shape"])
            for rows, labels in splits]


def test_raw_pictures_of_captions_probe_near_chance_and_the_sentences_tell_the_shape(captions):
    (x, y), (x_test, y_test) = captions
    assert ridge(small(x["image"]), y, small(x_test["image"]), y_test) < 0.3
    counts, counts_test = (torch.nn.functional.one_hot(part["caption"]).float().mean(1)
                           for part in (x, x_test))
    assert ridge(counts, y, counts_test, y_test) > 0.95
