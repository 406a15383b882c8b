"""Clusters: do the samples fall into the classes by themselves? k-means of the test samples' unit-length
embeddings, with as many clusters as they have classes, against the labels (Caron et al. 2018,
arXiv:1807.05520). No label is fitted."""

import warnings
from threading import Lock

from . import Probe, Tensor, measures, torch
from .features import main_directions
from .neighbours import unit

STARTS = 3  # of k-means; the one with the tightest clusters counts
FITTED = 4000  # samples at most that the clusters are sought with; the others join the nearest
MOST = 1000  # clusters
# filters of warnings and the threads of k-means belong to the whole process: two at once leave them changed
ALONE = Lock()


class MutualInformation(Probe):
    """How much k-means clusters of the embedding say of the label: normalised mutual information, 1 is
    all."""

    name, title, reads, unseen = "nmi", "clusters, NMI", ("classes",), True
    factors, while_training, further, paper = False, False, True, "https://arxiv.org/abs/1807.05520"

    def answers(self, train, test, validation=None, check=lambda: None):
        classes = len(test.y.unique())
        return clusters(test.z, classes, check) if 1 < classes <= MOST else None

    def judge(self, answers, y, drawn=None):
        return measures.mutual_information(answers, y, drawn)

    def chance(self, y, y_test):
        """That of clusters of the classes' sizes, drawn without a look at the sample."""
        return by_lot(measures.mutual_information, y_test)

    def measure(self, reads):
        return "NMI"


class RandIndex(Probe):
    """How often k-means clusters of the embedding and the label agree on who belongs together: adjusted Rand
    index, 0 is chance."""

    name, title, reads, unseen, of = "ari", "clusters, ARI", ("classes",), True, MutualInformation
    factors, while_training, further, paper = False, False, True, "https://doi.org/10.1007/BF01908075"
    low = None

    def judge(self, answers, y, drawn=None):
        return measures.rand_index(answers, y, drawn)

    def measure(self, reads):
        return "ARI"


def clusters(z: Tensor, k: int, check=lambda: None, seed: int = 0) -> Tensor:
    """The cluster [n] of each embedding [n, D], of scikit-learn's k-means on unit-length embeddings, sought
    with at most 4,000 of them; wide ones are turned onto their main directions. check: called between the
    starts."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    z, tried = unit(z), []
    directions = main_directions(z)
    z = z if directions is None else z @ directions
    some = torch.linspace(0, len(z) - 1, min(len(z), FITTED), dtype=torch.float64).long().numpy()
    z = z.cpu().numpy()
    for start in range(seed, seed + STARTS):
        check()
        with ALONE, warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different embeddings than classes
            tried.append(KMeans(k, n_init=1, max_iter=100, random_state=start).fit(z[some]))
    return torch.from_numpy(min(tried, key=lambda model: model.inertia_).predict(z)).long()


def by_lot(measure, y: Tensor, times: int = 5) -> float:
    """What groups of the sizes of y score that are drawn at random, the mean of some draws."""
    generator, y = torch.Generator().manual_seed(0), y.cpu()
    drawn = [measure(y[torch.randperm(len(y), generator=generator)], y) for _ in range(times)]
    return torch.cat(drawn).mean().item()
