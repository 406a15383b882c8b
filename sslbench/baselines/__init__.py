"""What a practitioner would try before any network, one function each, one file each: the honest bar.

A baseline turns samples into features, without labels: `features(field, train, *others)` gets the training
samples and those of other splits as batches that may be gone through several times, and returns the features
of each split. What must be fitted (frequencies of words, say) is fitted on the training samples alone. Which
suit a source its `Data.baselines` says; training/simple_baselines.py has them read, once, at the end of a
run.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from ..field import Field
from .hog import hog, large_enough
from .kmers import kmers
from .nearest_neighbour import values_and_presence
from .one_hot import MOST, one_hot
from .rocket import long_enough, random_convolutions
from .tfidf import tfidf_of_characters, tfidf_of_words

Batches = Iterable[Tensor]


@dataclass(frozen=True)
class Baseline:
    """name: what charts, tables and the verdict call it.  features: the function.  paper: its address.

    read_by: "linear", the linear probe on standardised features [n, D]; "sparse", the same regression on
    features as they are, scipy.sparse [n, D]; or "nearest", the label of the one nearest training sample, by
    values and their presence [2, n, D].
    field: name of the field whose samples it reads.
    """

    name: str
    features: Callable[..., list[Any]]
    read_by: str
    paper: str
    field: str = ""

    def __call__(self, field: Field, train: Batches, *others: Batches) -> list[Any]:
        return self.features(field, train, *others)


HOG = Baseline("HOG", hog, "linear", "https://doi.org/10.1109/CVPR.2005.177")
ROCKET = Baseline("random convolutions", random_convolutions, "linear", "https://arxiv.org/abs/1910.13051")
NEAREST = Baseline("1-nearest neighbour", values_and_presence, "nearest",
                   "https://doi.org/10.1109/TIT.1967.1053964")
ONE_HOT = Baseline("one-hot by position", one_hot, "linear", "https://doi.org/10.1093/nar/10.9.2997")
KMERS = Baseline("k-mers", kmers, "sparse", "https://doi.org/10.1142/9789812799623_0053")
WORDS = Baseline("TF-IDF of words", tfidf_of_words, "sparse", "https://doi.org/10.1016/0306-4573(88)90021-0")
CHARACTERS = Baseline("TF-IDF of characters", tfidf_of_characters, "sparse",
                      "https://doi.org/10.1016/0306-4573(88)90021-0")


def suiting(fields: dict[str, Field]) -> list[Baseline]:
    """The baselines for samples of these kinds: pictures, series and symbols; none for clips, and none where
    samples are too small for them. Of several fields each is named."""
    return [replace(each, field=name, name=f"{each.name} of {name}" if len(fields) > 1 else each.name)
            for name, field in fields.items() for each in of_kind(field)]


def for_text(field: str, letters: bool, at_places: bool) -> list[Baseline]:
    """Those for bytes.  letters: they are sequences of few different ones, such as DNA.  at_places: these are
    read by position too."""
    found = (ONE_HOT,) * at_places + (KMERS,) if letters else (WORDS, CHARACTERS)
    return [replace(each, field=field) for each in found]


def of_kind(field: Field) -> tuple[Baseline, ...]:
    if field.vocab:
        fits = field.rank == 1 and field.size[0] * field.vocab <= MOST
        return ((ONE_HOT,) * fits + (KMERS,)) if field.rank == 1 else ()
    if field.rank == 1:
        return (ROCKET,) * long_enough(field) + (NEAREST,)
    return (HOG,) if field.rank == 2 and large_enough(field) else ()


__all__ = ["Baseline", "Batches", "for_text", "suiting"]
