"""Cluster the embeddings of all training samples before every epoch, then learn to tell the cluster of each
(DeepCluster, Caron et al. 2018).

A sample's cluster is the centre nearest to what the network said of it before the epoch: a copy of the
network is kept for that.
"""

import math
from typing import Annotated

from ...backbones import evaluating
from ...machine.hardware import gather, in_float32
from .. import Hyperparameter, Pretext, Row, Says, Tensor, nn, torch
from ..parts import Teacher, nearest_to_centers

AT_ONCE = 2**16  # samples that are compared with all centres


class DeepCluster(Pretext):
    """Sort all samples into clusters before every epoch, and learn to tell the cluster of each."""

    name = "deepcluster"
    paper = "https://arxiv.org/abs/1807.05520"
    chance_is_a_direction = True
    shows = 64  # so that a cluster finds some of its own

    def __init__(self, backbone, data, *,
                 clusters: Annotated[int, Hyperparameter("clusters", 2, 4096, log=True)] = 64,
                 rounds: Annotated[int, Hyperparameter("rounds of k-means before every epoch", 1, 100)] = 10):
        super().__init__(backbone, data)
        self.rounds, self.classify = rounds, nn.Linear(backbone.dim, clusters)
        self.before = Teacher(backbone)  # the network as it was before this epoch
        self.register_buffer("mean", torch.zeros(backbone.dim))
        self.register_buffer("whiten", torch.eye(backbone.dim))
        self.register_buffer("centers", nn.functional.normalize(torch.randn(clusters, backbone.dim), dim=1))

    def direction(self, z):
        """Whitened and of length 1, as the paper does: no feature, colour say, decides alone."""
        return nn.functional.normalize((z.float() - self.mean) @ self.whiten, dim=1)

    def before_epoch(self, batches):
        self.before.follow(self.backbone, 0.0)
        z = gather(torch.cat([self.embed(self.own(batch)).float() for batch in batches]))  # [n, D]
        self.mean.copy_(z.mean(0))
        self.whiten.copy_(whitening(z - self.mean))
        z = self.direction(z)
        start = z[torch.linspace(0, len(z) - 1, len(self.centers)).long()]
        self.centers.copy_(kmeans(z, start, self.rounds))
        nn.init.zeros_(self.classify.weight)  # the clusters are new
        nn.init.zeros_(self.classify.bias)

    def inputs(self, batch, generator):
        """The sample, its augmented view, and the cluster of the sample [B]."""
        return self.own(batch), self.own(self.data.augment(batch, generator)), self.cluster(self.own(batch))

    def cluster(self, batch):
        return self.closeness(batch).argmax(1)

    @torch.no_grad()
    def closeness(self, batch):
        """Cosine of each sample, as it was seen before the epoch, with each centre [B, K]."""
        with in_float32(self.centers), evaluating(self.before):
            return self.direction(self.before.copy.embed(batch)) @ self.centers.T

    def forward(self, inputs):
        _, view, cluster = inputs
        logits = self.classify(self.embed(view)).float()
        share = torch.bincount(gather(cluster), minlength=len(self.centers)).clamp(min=1).to(logits.dtype)
        weight = 1 / share[cluster]  # every cluster counts alike in the batch of all processes
        total = gather(weight.sum()[None]).mean()
        loss = nn.functional.cross_entropy(logits, cluster, reduction="none")
        return {"loss": (loss * weight).sum() / total,
                "accuracy": (logits.argmax(1) == cluster).float().mean()}

    def chance(self, inputs):
        return math.log(len(self.centers))

    def show(self, inputs):
        sample, view, cluster = inputs
        guess, cluster = self.classify(self.embed(view)).argmax(1)[:8], cluster[:8]
        words = [f"cluster {a}, guess {b}" for a, b in zip(cluster.tolist(), guess.tolist())]
        first = [{name: x[:8] for name, x in batch.items()} for batch in (sample, view)]
        return [Row("sample that was sorted", first[0]), Row("its view", first[1]),
                Says(words, (guess == cluster).tolist()), *nearest_to_centers(sample, self.closeness(sample))]


def whitening(z: Tensor) -> Tensor:
    """[D, D]: what makes features [n, D] of mean 0 uncorrelated and of deviation 1, by their main directions;
    those that hardly vary stay small."""
    with in_float32(z):
        values, directions = torch.linalg.eigh(z.T @ z / len(z))
    return directions / (values + 1e-3 * values.max().clamp(min=1e-12)).sqrt()


def kmeans(x: Tensor, centers: Tensor, rounds: int) -> Tensor:
    """Spherical k-means of unit vectors [n, D] from these centres [K, D]; an empty cluster starts again at
    the sample that lies farthest from its own centre."""
    for _ in range(rounds):
        best, which = (torch.cat(parts) for parts in zip(*((part @ centers.T).max(1)
                                                           for part in x.split(AT_ONCE))))
        total = torch.zeros_like(centers).index_add_(0, which, x)
        empty = (torch.bincount(which, minlength=len(centers)) == 0).nonzero().flatten()[:len(x)]
        total[empty] = x[best.argsort()[: len(empty)]]
        centers = nn.functional.normalize(total, dim=1)
    return centers
