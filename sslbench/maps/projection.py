"""Embeddings [n, D] as maps [n, 2]: PCA while training, UMAP and t-SNE on request, aligned from one map to
the next.

PCA is linear and takes milliseconds. UMAP and t-SNE keep neighbourhoods, take seconds, and tell the caller
how far they are: `progress(share, words)` is called many times, and whatever it raises ends the computation
(that is how to cancel).
"""

import threading
import warnings
from collections.abc import Callable
from unittest.mock import patch

import torch
from torch import Tensor

Progress = Callable[[float, str], None]  # share done in [0, 1], what is being done
# its epochs are counted through a name in its module, which two at once would take for theirs
_one_umap = threading.Lock()
QUERIES = 1000  # points whose distances to all others are held at once


def pca(z) -> Tensor:
    """Embeddings [n, D] -> the two directions of largest variance [n, 2], centred, in the units of z.
    Deterministic."""
    z = _numbers(z)
    z = z - z.mean(0)
    n, D = z.shape
    vectors = torch.linalg.eigh(z.T @ z)[1][:, -2:].flip(1) if D <= n else _gram_directions(z)  # [D, 2]
    if vectors.shape[1] < 2:
        vectors = torch.nn.functional.pad(vectors, (0, 2 - vectors.shape[1]))
    strongest = vectors.abs().argmax(0)
    return z @ (vectors * vectors[strongest, [0, 1]].sign())  # an eigenvector's sign is arbitrary: fix it


def _gram_directions(z: Tensor) -> Tensor:
    """The same directions through the n x n matrix, for more dimensions than points."""
    values, u = torch.linalg.eigh(z @ z.T)
    values, u = values[-2:].flip(0), u[:, -2:].flip(1)
    return z.T @ u / values.clamp(min=1e-12).sqrt()


def align(xy, reference=None) -> Tensor:
    """A map [n, 2] centred, at unit scale, and turned (or mirrored) onto the reference map of the same
    points.

    Orthogonal Procrustes: without it an animation shows rotation, not learning. Every map has root mean
    square radius 1, because the least-squares scale shrinks maps that agree badly. A map without any spread
    stays at the origin.
    """
    xy = _unit(_numbers(xy))
    if reference is None:
        return xy
    u, _, v = torch.linalg.svd(xy.T @ _unit(_numbers(reference)))
    return xy @ u @ v


def drawn_in(xy) -> Tensor:
    """A map [n, 2] whose points beyond 2.5 times the radius that holds 95 % of them are drawn in to that
    distance, so that one far point does not squeeze all others; centred on the median."""
    xy = _numbers(xy)
    xy = xy - xy.median(0).values
    radius = xy.norm(dim=1)
    limit = 2.5 * radius.quantile(0.95)
    return xy * (limit / radius.clamp(min=1e-300)).clamp(max=1)[:, None] if limit > 0 else xy


def _unit(xy: Tensor) -> Tensor:
    xy = xy - xy.mean(0)
    radius = xy.square().sum(1).mean().sqrt()
    return xy / radius if radius > 1e-12 else torch.zeros_like(xy)


def neighbours(z, k: int = 8) -> Tensor:
    """Embeddings [n, D] -> the k most similar other points of each by cosine, nearest first [n, k]."""
    return _nearest(z, k)[0]


def _nearest(z, k: int, done: Callable[[float], None] = lambda share: None) -> tuple[Tensor, Tensor]:
    """Embeddings [n, D] -> the k nearest other points of each by cosine and how far they are (1 - cosine),
    both [n, k].

    All pairs are compared, a thousand rows at a time; done(share) is called after each thousand."""
    z = torch.nn.functional.normalize(_numbers(z).float(), dim=1)
    n, found = len(z), []
    for start in range(0, n, QUERIES):
        similar = z[start:start + QUERIES] @ z.T  # [rows, n]
        similar.diagonal(start).fill_(-2)  # nobody is its own neighbour
        found.append(similar.topk(min(k, n - 1), 1))
        done(min(1.0, (start + QUERIES) / n))
    return torch.cat([near.indices for near in found]), 1 - torch.cat([near.values for near in found])


def agreement(xy, labels, k: int = 10) -> tuple[float, float]:
    """Share of the k nearest neighbours in a map [n, 2] that carry the same label [n], and the same by
    chance.

    Labels below 0 (unknown) are left out. At most 1,000 evenly spaced points are asked.
    """
    xy, labels = _numbers(xy), torch.as_tensor(labels)
    xy, labels = xy[labels >= 0], labels[labels >= 0].long()
    n = len(xy)
    if n < 2:
        return float("nan"), float("nan")
    ask = torch.arange(0, n, -(-n // QUERIES))
    distance = torch.cdist(xy[ask], xy)  # [queries, n]
    distance[torch.arange(len(ask)), ask] = torch.inf
    near = distance.topk(min(k, n - 1), largest=False).indices
    same = (labels[near] == labels[ask, None]).double().mean().item()
    return same, labels.bincount().double().div(n).square().sum().item()


def _with_itself(other, far) -> tuple[Tensor, Tensor]:
    """Neighbours [n, k - 1] and their distances -> [n, k]: umap counts the point itself."""
    near = torch.cat([torch.arange(len(other))[:, None], other], 1)
    return near, torch.cat([torch.zeros(len(far), 1), far.clamp(min=0)], 1)


def umap_map(z, init=None, *, n_neighbors: int = 15, min_dist: float = 0.1, seed: int = 0,
             progress: Progress = lambda share, words: None) -> Tensor:
    """UMAP of embeddings [n, D] -> [n, 2] (McInnes et al. 2018, arXiv:1802.03426), cosine distance,
    deterministic in seed.

    init: a map [n, 2] to start from, so that the new one resembles it. Fewer than four points are drawn by
    PCA. The neighbours are exact: umap's own search, an approximation, compiles for half a minute before it
    finds any, and says nothing meanwhile.
    """
    z = _numbers(z)
    if len(z) < 4:
        return align(pca(z))
    progress(0.0, "UMAP: compiling (5 to 15 s the first time)")
    from umap import UMAP, layouts

    def epochs(numbers, **_):  # stands in for tqdm, which would open its own widget in some notebook cell
        for i in numbers:
            progress(0.3 + 0.7 * i / len(numbers), f"UMAP: epoch {i} of {len(numbers)}")
            yield i

    start = "spectral" if init is None else (align(init) * 5).float().numpy()
    n_neighbors = min(n_neighbors, len(z) - 1)
    near, far = _with_itself(*_nearest(
        z, n_neighbors - 1, lambda share: progress(0.1 + 0.1 * share, "UMAP: finding neighbours")))
    # without an index nothing can be added to the map later, which nobody does
    warnings.filterwarnings("ignore", "precomputed_knn.2. ")
    model = UMAP(n_neighbors=n_neighbors, min_dist=min_dist, metric="cosine", init=start, random_state=seed,
                 n_jobs=1, precomputed_knn=(near.numpy(), far.numpy()))
    progress(0.2, "UMAP: building the graph")
    while not _one_umap.acquire(timeout=0.2):
        progress(0.2, "UMAP: waiting for another map")
    try:
        with patch.object(layouts, "tqdm", epochs, create=True):
            xy = model.fit_transform(z.float().numpy())
    finally:
        _one_umap.release()
    progress(1.0, "UMAP: done")
    return torch.as_tensor(xy).double()


def tsne_map(z, init=None, *, perplexity: float = 30.0, steps: int = 400, seed: int = 0,
             progress: Progress = lambda share, words: None) -> Tensor:
    """Exact t-SNE of embeddings [n, D] -> [n, 2] (van der Maaten and Hinton 2008), for up to a few thousand
    points.

    Starts from PCA with early exaggeration 12 for a quarter of the steps, or from `init`, an earlier map that
    the new one shall resemble. Deterministic: `seed` only moves points apart that coincide at the start.
    Learning rate n / 12 (Belkina et al. 2019), delta-bar-delta gains.
    """
    progress(0.0, "t-SNE: finding neighbours")
    z = torch.nn.functional.normalize(_numbers(z).float(), dim=1)
    n = len(z)
    p = _similarities(torch.cdist(z, z).square(), min(perplexity, (n - 1) / 3))  # [n, n]
    # the size at which such maps end
    y = align(pca(z)) * 1e-4 if init is None else align(init) * 0.8 * n**0.5
    y = y.float() + 1e-6 * torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))
    speed, gain, rate = torch.zeros_like(y), torch.ones_like(y), max(n / 12, 5.0)
    for step in range(steps):
        early = init is None and step < steps // 4  # exaggerated, the map would forget where it started
        slope = _slope(p * 12 if early else p, y)
        gain = torch.where(slope.sign() != speed.sign(), gain + 0.2, gain * 0.8).clamp(min=0.01)
        speed = (0.5 if early else 0.8) * speed - rate * gain * slope
        y = y + speed
        progress((step + 1) / steps, f"t-SNE: step {step + 1} of {steps}")
    return (y - y.mean(0)).double()


def _slope(p: Tensor, y: Tensor) -> Tensor:
    """Gradient of KL(P || Q) with respect to the map y [n, 2]; Q has the heavy tails of Student's t."""
    # [n, n]
    near = torch.cdist(y, y, compute_mode="donot_use_mm_for_euclid_dist").square_().add_(1).reciprocal_()
    near.fill_diagonal_(0)
    pull = (p - near / near.sum()) * near
    return 4 * (pull.sum(1, keepdim=True) * y - pull @ y)


def _similarities(distance: Tensor, perplexity: float) -> Tensor:
    """Squared distances [n, n] -> joint probabilities whose rows have this perplexity before symmetrising."""
    n = len(distance)
    distance = distance / distance.mean().clamp(min=1e-12)
    low, high = torch.full((n, 1), -10.0), torch.full((n, 1), 20.0)  # bounds of the log of the precision
    self_pair = torch.eye(n, dtype=torch.bool)
    for _ in range(25):  # halving
        middle = (low + high) / 2
        logits = (-distance * middle.exp()).masked_fill(self_pair, -torch.inf)
        log_p = logits.log_softmax(1)
        p = log_p.exp()
        entropy = -(p * log_p.masked_fill(self_pair, 0)).sum(1, keepdim=True)
        flat = entropy > torch.log(torch.tensor(perplexity))
        low, high = torch.where(flat, middle, low), torch.where(flat, high, middle)
    return ((p + p.T) / (2 * n)).clamp(min=1e-12)


def _numbers(x) -> Tensor:
    """Anything like an array [n, D] -> float64 on the CPU; what is not finite becomes 0."""
    return torch.nan_to_num(torch.as_tensor(x).detach().cpu().double(), posinf=0.0, neginf=0.0)
