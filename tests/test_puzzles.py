"""Puzzles are cut as they say: pieces put back make the sample, a neighbour lies where its answer says."""

import pytest
import torch
from toys import Toy, batch_of, build

from sslbench.field import Field
from sslbench.pretexts.puzzles.deepcluster import kmeans, whitening
from sslbench.pretexts.puzzles.jigsaw import far_apart
from sslbench.pretexts.views.swav import sinkhorn

PLANE, VOLUME, LINE = Field((12, 12), (4, 4), 3), Field((6, 6, 6), (2, 2, 2), 1), Field((30,), (10,), 2)


def generator(seed: int = 0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("field", [PLANE, LINE], ids=["image", "series"])
def test_pieces_that_are_put_back_rightly_make_the_sample(field):
    """Where a window fills its cell, nothing is lost between the pieces."""
    data = Toy({"x": field})
    data.augment = lambda batch, generator: batch
    task, batch = build("jigsaw", "small_cnn", data, cells=3), batch_of(data)
    pieces, which = task.inputs(batch, generator())
    assert torch.equal(task.joined(pieces, which)["x"], batch["x"])
    shown = task.joined(pieces, torch.zeros_like(which))["x"]
    assert not torch.equal(shown, batch["x"])
    torch.testing.assert_close(shown.flatten(1).sum(1), batch["x"].flatten(1).sum(1))


@pytest.mark.parametrize("n, count", [(4, 24), (9, 50), (3, 100)])
def test_orders_are_different_and_the_first_moves_nothing(n, count):
    orders = far_apart(n, count)
    assert len(orders) == min(count, {3: 6, 4: 24}.get(n, count))
    assert len(set(map(tuple, orders.tolist()))) == len(orders)
    assert orders[0].tolist() == list(range(n))
    differ = (orders[1:] != orders[0]).sum(1)
    assert differ[0] == n and differ.min() >= 2  # the farthest comes first


def test_the_neighbour_lies_where_the_answer_says():
    field = Field((12, 12), (2, 2), 2)
    data = Toy({"x": field})
    data.augment = lambda batch, generator: batch
    task = build("relative_patch", "small_cnn", data)
    place = torch.stack(torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij"))  # [2, 12, 12]
    middle, other, which = task.inputs({"x": place.expand(64, 2, 12, 12)}, generator())
    cell = lambda window: window["x"].amin((2, 3)).long() // 4  # [64, 2]: a cell is 4 wide, a window 2
    assert set(which.tolist()) == set(range(8)) and (cell(middle) == 1).all()
    assert torch.equal(cell(other) - cell(middle), task.around[which])
    assert len(middle["x"].amin((2, 3)).unique()) > 1  # it does not always lie at the same place


def test_clusters_are_equally_large_and_keep_the_nearest():
    scores = torch.randn(96, 8, generator=generator())
    shares = sinkhorn(scores, 0.05, iterations=50)
    torch.testing.assert_close(shares.sum(1), torch.ones(96))
    torch.testing.assert_close(shares.sum(0), torch.full((8,), 12.0), rtol=0.05, atol=0.0)
    assert (scores.softmax(1).sum(0) - 12).abs().max() > 1  # before it was not so
    assert (shares.argmax(1) == scores.argmax(1)).float().mean() > 0.5


def test_kmeans_finds_directions_and_fills_empty_clusters():
    centers = torch.nn.functional.normalize(torch.randn(4, 16, generator=generator()), dim=1)
    x = torch.nn.functional.normalize(
        centers.repeat_interleave(25, 0) + 0.05 * torch.randn(100, 16, generator=generator(1)), dim=1)
    found = kmeans(x, x[[0, 0, 25, 50]], 20)  # the second is empty at first
    assert sorted((found @ centers.T).argmax(1).tolist()) == [0, 1, 2, 3]
    assert (found @ centers.T).amax(1).min() > 0.98


def test_whitened_features_are_uncorrelated_whatever_their_size():
    z = torch.randn(500, 6, generator=generator()) * torch.tensor([100.0, 10, 1, 1, 1, 30])
    z = z @ torch.linalg.qr(torch.randn(6, 6, generator=generator(1)))[0]
    z = z - z.mean(0)
    white = z @ whitening(z)
    c = white.T @ white / len(z)
    assert (c - c.diag().diag()).abs().max() < 1e-3
    assert c.diag().sort().values[-3:].min() > 0.9 and c.diag().max() < 1.01
