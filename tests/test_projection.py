"""Maps are deterministic, comparable from one to the next, and their makers say how far they are."""

import sys
import threading
import time

import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cosine_similarity

from sslbench.maps import projection
from sslbench.maps.projection import agreement, align, drawn_in, neighbours, pca, tsne_map, umap_map


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    return torch.as_tensor(x[:180]), torch.as_tensor(y[:180])


def turned(xy, degrees=70.0):
    angle = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    turn = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
    return 3 * xy @ turn.T * torch.tensor([1, -1]) + 5


def test_pca_agrees_with_scikit_learn(digits):
    from sklearn.decomposition import PCA

    theirs = torch.as_tensor(PCA(2).fit_transform(digits[0].numpy()))
    torch.testing.assert_close(pca(digits[0]).abs(), theirs.abs())


def test_pca_is_the_same_for_more_dimensions_than_points(digits):
    few = digits[0][:40]
    wide = torch.cat([few, torch.zeros(40, 200)], 1)
    torch.testing.assert_close(pca(wide).abs(), pca(few).abs(), atol=1e-6, rtol=1e-6)


def test_pca_of_a_collapsed_or_tiny_embedding_is_finite():
    assert pca(torch.ones(5, 8)).abs().max() == 0
    assert pca(torch.randn(5, 1)).shape == (5, 2)
    assert pca(torch.full((3, 4), torch.nan)).isfinite().all()


def test_a_turned_mirrored_and_scaled_map_is_brought_back(digits):
    xy = align(pca(digits[0]))
    torch.testing.assert_close(align(turned(xy), xy), xy)
    assert (align(turned(xy)) - xy).abs().max() > 0.5  # not without the reference


def test_aligned_maps_have_one_size_even_when_they_agree_badly():
    a, b = torch.randn(200, 2), 1e-3 * torch.randn(200, 2)
    assert align(b, a).square().sum(1).mean().item() == pytest.approx(1)
    assert align(torch.ones(9, 2), a[:9]).abs().max() == 0


def test_one_far_point_does_not_squeeze_the_others():
    xy = torch.randn(300, 2, generator=torch.Generator().manual_seed(0))
    xy[0] = torch.tensor([1e6, 0.0])
    assert drawn_in(xy).abs().max() < 10 and drawn_in(xy)[0, 0] > 4
    torch.testing.assert_close(drawn_in(xy[1:]) + xy[1:].double().median(0).values, xy[1:].double())


def test_neighbours_are_the_most_similar_other_points():
    z = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    assert neighbours(5 * z, 1).flatten().tolist() == [1, 0, 3, 2]


def test_neighbours_found_piece_by_piece_are_those_found_at_once(digits, monkeypatch):
    z, shares = digits[0], []
    at_once, far = projection._nearest(z, 8)
    assert (1 - cosine_similarity(z.unsqueeze(1), z[at_once], dim=2) - far).abs().max() < 1e-5
    monkeypatch.setattr(projection, "QUERIES", 50)
    in_pieces, _ = projection._nearest(z, 8, shares.append)
    assert torch.equal(in_pieces, at_once) and shares == pytest.approx([50 / 180, 100 / 180, 150 / 180, 1.0])
    # also beyond the first piece nobody is its own neighbour
    assert (at_once != torch.arange(180)[:, None]).all()


def test_agreement_is_one_for_clusters_and_chance_for_shuffled_labels():
    y = torch.arange(600) % 4
    xy = torch.randn(600, 2) + 50 * torch.stack([y % 2, y // 2], 1)
    assert agreement(xy, y) == (pytest.approx(1), pytest.approx(0.25))
    assert agreement(xy, y[torch.randperm(600)])[0] == pytest.approx(0.25, abs=0.08)


def test_agreement_leaves_out_unknown_labels():
    same, _ = agreement(torch.randn(50, 2), torch.full((50,), -1))
    assert same != same


def test_tsne_separates_better_than_pca_and_says_how_far_it_is(digits):
    z, y = digits
    said = []
    xy = tsne_map(z, steps=150, progress=lambda share, words: said.append(share))
    assert agreement(xy, y)[0] > agreement(pca(z), y)[0] + 0.1
    assert said == sorted(said) and said[-1] == 1 and len(said) > 100


def test_tsne_is_deterministic_and_resembles_where_it_starts(digits):
    z = digits[0]
    first = tsne_map(z, steps=150)
    assert torch.equal(first, tsne_map(z, steps=150))
    start = align(turned(first))
    near, far = (align(tsne_map(z, init, steps=150)) for init in (start, None))
    assert (near - start).norm() < 0.4 * (far - start).norm()


def test_what_progress_raises_ends_the_computation(digits):
    class Cancelled(Exception):
        pass

    def stop(share, words):
        if share > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        tsne_map(digits[0], progress=stop)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # umap's and numba's own
def test_umap_separates_better_than_pca_says_how_far_it_is_and_can_be_stopped(digits):
    z, y = digits
    said = []
    xy = umap_map(z, pca(z), progress=lambda share, words: said.append(share))
    assert agreement(xy, y)[0] > agreement(pca(z), y)[0] + 0.1
    # falls to 3 if umap no longer counts its epochs here
    assert said == sorted(said) and said[-1] == 1 and len(said) > 100

    def stop(share, words):
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        umap_map(z, progress=stop)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_two_umaps_at_once_take_turns_and_one_that_waits_can_be_stopped(digits):
    """Each counts its epochs through the same name in umap's module."""
    import umap

    tqdm, running, heard = umap.layouts.tqdm, threading.Event(), []

    def slow(share, words):
        heard.append(words)
        if "epoch" in words:
            running.set()
            time.sleep(0.01)

    def stop(share, words):
        if "waiting" in words:
            raise KeyboardInterrupt

    first = threading.Thread(target=umap_map, args=(digits[0], pca(digits[0])), kwargs={"progress": slow})
    first.start()
    assert running.wait(60)
    with pytest.raises(KeyboardInterrupt):
        umap_map(digits[0], progress=stop)
    first.join()
    assert heard[-1] == "UMAP: done" and umap.layouts.tqdm is tqdm


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_umap_draws_few_points_too(n):
    assert umap_map(torch.randn(n, 8)).shape == (n, 2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_umap_takes_the_neighbours_it_is_given(digits, monkeypatch):
    """It ignores what does not suit it, with a warning only, and its own search would be silent for half a
    minute."""
    import umap.umap_ as inside

    def search(*_, **__):
        raise AssertionError("umap looks for neighbours itself")

    z = digits[0]
    for name in ("nearest_neighbors", "pairwise_distances"):
        monkeypatch.setattr(inside, name, search)
    umap_map(z, pca(z))
    with pytest.raises(AssertionError, match="itself"):
        inside.UMAP(init=pca(z).float().numpy(), metric="cosine").fit_transform(z.float().numpy())


@pytest.mark.slow
def test_importing_projection_does_not_import_umap():
    import subprocess

    code = "import sys, sslbench.maps.projection; print({'umap', 'numba', 'sklearn'} & set(sys.modules))"
    assert (subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                           check=True).stdout.strip() == "set()")
