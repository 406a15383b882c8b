"""The Probe contract: one thing that can be read off frozen embeddings. One file per probe; labels end here.

    class Majority(Probe):
        "How often the most frequent class of the ten nearest samples is right."
        title, reads = "majority of 10", ("classes",)
        def answers(self, train, test, validation=None, check=lambda: None): ...  # a vote [n, classes]
        def judge(self, answers, y, drawn=None): return measures.accuracy(answers, y, drawn)

It then stands in charts, tables, the verdict and on the command line, one score for each label that it reads.
Another measure of the same answers is a probe that says `of = Majority` and how it judges: nothing is fitted
twice. A probe that overrides `score` alone is one without answers: it has no interval.
Scores are keyed by probe and label: "linear" is the linear probe of the label, "linear: hue" that of a factor
called hue.
"""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from ..catalog import Listed
from .features import Features, standardise

# what a label may be; "pairs" of samples that Data.pairs gives; "masks" and "boxes" of pictures that
# Data.targets gives, told from tokens (probes.dense); "nothing": the embedding alone
KINDS = ("classes", "answers", "quantity", "pairs", "masks", "boxes", "nothing")
Check = Callable[[], None]


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
    further = False  # stands below the others, in a table of its own, and in no chart
    unseen = False  # also reads a label of which the test has no class that training shows
    of: "type[Probe] | None" = None  # the probe whose answers it judges; None: its own
    low, high = 0.0, 1.0  # of an axis; None: as it comes
    meaning = ""  # for measures without a label: what a high or low number says

    def answers(self, train: Features, test: Features, validation: Features | None = None,
                check: Check = lambda: None) -> Tensor | None:
        """What it says of every test sample, [n] or [n, k]; None where it can say nothing. validation: to
        choose settings on, only at the end. check: called now and then, what it raises ends the probe."""
        raise NotImplementedError

    def judge(self, answers: Tensor, y: Tensor, drawn: Tensor | None = None) -> Tensor:
        """How right answers are, [b]: for each column of drawn [n, b], how often every sample counts; [1]
        without. On the CPU, float64; NaN where nothing can be judged."""
        raise NotImplementedError

    def score(self, train: Features, test: Features, validation: Features | None = None,
              check: Check = lambda: None) -> float | None:
        """The score on `test`; None where it cannot be had. A probe that reads nothing gets the samples of
        the map as train and test."""
        answers = self.answered(train, test, validation, check)
        if answers is None:
            return None
        score = self.judge(answers, test.y.cpu()).item()
        return score if math.isfinite(score) else None

    def answered(self, train: Features, test: Features, validation: Features | None = None,
                 check: Check = lambda: None) -> Tensor | None:
        """The answers that it judges, on the CPU: found once for all probes that judge the same; None for a
        probe that gives a score alone."""
        source = self.of or type(self)
        if source.answers is Probe.answers:
            return None
        def found():
            answers = source().answers(train, test, validation, check)
            return None if answers is None else answers.detach().cpu()
        return test.once((source, train, validation), found)

    def chance(self, y: Tensor, y_test: Tensor) -> float | None:
        """What an answer scores that ignores the sample; None where there is no score."""
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
    return sorted(keys, key=lambda key: (bool(parsed(key)[1]), not getattr(parsed(key)[0], "leads", False),
                                         getattr(parsed(key)[0], "further", False)))


def of_nothing(scores: Iterable[str]) -> list[str]:
    """The scores that need no label."""
    return [key for key in scores if parsed(key)[0] is not None and parsed(key)[0].reads == ("nothing",)]


def main(scores: Iterable[str]) -> list[str]:
    """The scores that read a label or factor without further measures of what others say already."""
    return [key for key in of_labels(scores) if not getattr(parsed(key)[0], "further", False)]


def leading(scores: Iterable[str]) -> str | None:
    """The score that verdicts and comparisons go by; None where nothing reads the label."""
    return next((key for key in [*main(scores), *of_labels(scores)] if not parsed(key)[1]), None)


def by_chance(key: str, one: float, other: float, samples: int) -> float:
    """How far two scores of one probe, read from so many samples, may lie apart by chance: two standard
    deviations of their difference. 0 where nobody counted the samples."""
    probe = (parsed(key)[0] or Probe)()
    return math.hypot(*(probe.by_chance(score, samples) for score in (one, other))) if samples else 0.0


def words_of(key: str) -> str:
    """A score's name for a chart: "label (linear probe)" or "hue"."""
    probe, factor = parsed(key)
    title = probe.title if probe else key.partition(": ")[0]
    if not factor:
        return title
    return factor.replace("_", " ") if probe and probe.leads else f"{factor.replace('_', ' ')} ({title})"


__all__ = ["Check", "Features", "KINDS", "Probe", "Tensor", "by_chance", "key_of", "kind_of", "leading",
           "main", "of_labels", "of_nothing", "parsed", "reading", "standardise", "torch", "words_of"]
