"""The Probe contract: one thing that can be read off frozen embeddings. One file per probe; labels end here.

    class Majority(Probe):
        "How often the most frequent class of the ten nearest samples is right."
        title, reads = "majority of 10", ("classes",)
        def score(self, train, test, validation=None, check=lambda: None): ...

It then stands in charts, tables, the verdict and on the command line, one score for each label that it reads.
Scores are keyed by probe and label: "linear" is the linear probe of the label, "linear: hue" that of a factor
called hue.
"""

import math
from collections.abc import Callable, Iterable
from functools import cached_property

import torch
from torch import Tensor

from ..catalog import Listed
from ..data import labelled
from .features import standardise

# what a label may be; "pairs" of samples that Data.pairs gives; "nothing": the embedding alone
KINDS = ("classes", "answers", "quantity", "pairs", "nothing")
Check = Callable[[], None]


class Features:
    """Embeddings of some samples of one split, and what is known of them.

    z [n, D] float32; y [n] int64 classes, [n, k] answers of 0 and 1, [n] float32, or pairs [p, 3]: two rows
    of z and whether they belong together; None for a probe that reads no label.
    z_all, turn: of the whole split, standardised as the training samples are.  views: two views of some
    samples, [m, D] each.
    """

    def __init__(self, z: Tensor, y: Tensor | None = None, standardised: Tensor | None = None,
                 views: tuple[Tensor, Tensor] | None = None):
        self.z, self.y, self._standardised, self.views = z, y, standardised, views

    @cached_property
    def standardised(self) -> Tensor:
        """[n, d] features of mean 0 and deviation 1 by the training samples; wide ones are turned onto their
        main directions."""
        return self._standardised if self._standardised is not None else standardise(self.z)[0]

    def of(self, y: Tensor) -> "Features | None":
        """The samples that have this label; None where nobody has."""
        there = labelled(y)
        if not there.any():
            return None
        if there.all():
            return Features(self.z, y.to(self.z.device), self._standardised, self.views)
        rows = there.nonzero().flatten().to(self.z.device)
        some = None if self._standardised is None else self._standardised[rows]
        return Features(self.z[rows], y[there].to(self.z.device), some, self.views)


class Probe(Listed):
    """One thing that can be read off frozen embeddings; the first line of the docstring is what the menu and
    the README show."""

    kind = "probe"
    title = ""  # what charts call it
    reads: tuple[str, ...] = ()  # of KINDS
    factors = True  # whether it reads the factors too, or the label alone
    while_training = True  # measured at every evaluation: it must be quick
    at_the_end = True  # measured on the test split
    leads = False  # the one that verdicts, tables and comparisons go by
    low, high = 0.0, 1.0  # of an axis; None: as it comes
    meaning = ""  # for measures without a label: what a high or low number says

    def score(self, train: Features, test: Features, validation: Features | None = None,
              check: Check = lambda: None) -> float | None:
        """The score on `test`; None where it cannot be had. validation: to choose settings on, only at the
        end. A probe that reads nothing gets the samples of the map as train and test. check: called now and
        then, what it raises ends the probe."""
        raise NotImplementedError

    def chance(self, y: Tensor, y_test: Tensor) -> float:
        """What an answer scores that ignores the sample."""
        return 0.0

    def by_chance(self, score: float, samples: int) -> float:
        """How far the score of so many samples (1 or more) may lie from that of very many: two standard
        deviations. A sample more of each kind keeps it from being 0 where all or none were right."""
        share = (min(max(score, 0.0), 1.0) * samples + 1) / (samples + 2)
        return 2 * math.sqrt(share * (1 - share) / samples)

    def measure(self, reads: str) -> str:
        """What the score is, in one word or two."""
        return {"classes": "accuracy", "answers": "mean AUC", "quantity": "R²",
                "pairs": "AUC"}.get(reads, "")


def kind_of(y: Tensor) -> str:
    return "quantity" if y.is_floating_point() else "classes" if y.ndim == 1 else "answers"


def reading(kind: str, label: bool = True, training: bool = False) -> Iterable[Probe]:
    """The probes that read this kind of label (label: it is no factor), those that lead last."""
    for cls in Probe.all().values():
        if (kind in cls.reads and (label or cls.factors)
            and (cls.while_training if training else cls.at_the_end)):
            yield cls()


def key_of(probe: type[Probe] | Probe, factor: str = "") -> str:
    """The name of a score: of the label, or of a factor."""
    return f"{probe.name}: {factor}" if factor else probe.name


def parsed(key: str) -> tuple[type[Probe] | None, str]:
    """Probe and factor of a score's name; None for a probe that is not listed here, such as one typed in
    another notebook."""
    name, _, factor = key.partition(": ")
    Probe.all()
    return Probe.catalogue.get(name), factor


def of_labels(scores: Iterable[str]) -> list[str]:
    """The scores that read a label or factor: the leading one first, then those of the label, then
    factors."""
    keys = [key for key in scores if parsed(key)[0] is None or parsed(key)[0].reads != ("nothing",)]
    return sorted(keys, key=lambda key: (bool(parsed(key)[1]), not getattr(parsed(key)[0], "leads", False)))


def of_nothing(scores: Iterable[str]) -> list[str]:
    """The scores that need no label."""
    return [key for key in scores if parsed(key)[0] is not None and parsed(key)[0].reads == ("nothing",)]


def leading(scores: Iterable[str]) -> str | None:
    """The score that verdicts and comparisons go by; None where nothing reads the label."""
    return next((key for key in of_labels(scores) if not parsed(key)[1]), None)


def words_of(key: str) -> str:
    """A score's name for a chart: "label (linear probe)" or "hue"."""
    probe, factor = parsed(key)
    title = probe.title if probe else key.partition(": ")[0]
    if not factor:
        return title
    return factor.replace("_", " ") if probe and probe.leads else f"{factor.replace('_', ' ')} ({title})"


__all__ = ["Check", "Features", "KINDS", "Probe", "Tensor", "key_of", "kind_of", "leading", "of_labels",
           "of_nothing", "parsed",
           "reading", "standardise", "torch", "words_of"]
