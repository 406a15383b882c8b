"""Every probe on every label that it reads: scores, chance, and what stands beside them. Labels are read here
and by probes only; which scores there are is up to the catalogue of probes."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .. import probes
from ..data.labels import labelled
from ..probes.intervals import interval
from ..probes.measures import confusion
from .some_rows import Split

Check = Callable[[], None]  # called between the parts of an evaluation; what it raises ends it
MOST_CLASSES = 1000  # of a confusion matrix


@dataclass
class Beside:
    """What stands beside the scores at the end. intervals: score -> (low, high), 95 % over test samples.
    confusion: of the leading probe of the label, [classes, classes] int64 test samples by class (rows) and by
    what was said (columns); None where nobody leads or there are no classes."""

    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    confusion: Tensor | None = None


def probe(z: Tensor, labels: dict, z_test: Tensor, labels_test: dict, z_val=None, labels_val=None,
          check: Check = lambda: None, pairs: Tensor | None = None, pairs_val: Tensor | None = None,
          seen: dict[str, Tensor] | None = None, beside: Beside | None = None) -> dict[str, float]:
    """One score for each probe and label that it reads, and for each that reads pairs of the test samples;
    with z_val all probes that belong to the end, else the quick ones.
    Samples without a label are left out; a label that nobody has in one of the splits has no score. Where no
    test sample has a class that training shows, only probes that say so read it.
    seen: the classes of all training rows, where these are some of them.  beside: is filled."""
    check()
    together = probes.standardise(z, z_test, *([] if z_val is None else [z_val]))  # once for all labels
    train, test, *validation = map(probes.Features, (z, z_test, z_val), [None] * 3, together)
    scores = {}
    for i, (name, y) in enumerate(labels.items()):
        parts = [train.of(y, (seen or {}).get(name)), test.of(labels_test[name]),
                 *(v.of(labels_val[name]) for v in validation)]
        if parts[0] is None or parts[1] is None:
            continue
        for each in reading(y, parts[0].y, parts[1].y, label=i == 0, training=z_val is None):
            ask(each, parts, probes.key_of(each, name if i else ""), scores, beside, check)
    if pairs is not None:
        known = [(test, pairs), *((v, pairs_val) for v in validation)]
        parts = [probes.Features(f.z, p.to(f.z.device), f.standardised) if p is not None else None
                 for f, p in known]
        for each in probes.reading("pairs", training=z_val is None):
            ask(each, [parts[0], *parts], probes.key_of(each), scores, beside, check)
    return scores


def reading(y: Tensor, y_train: Tensor, y_test: Tensor, label: bool, training: bool) -> list[probes.Probe]:
    """The probes that read these labels."""
    apart = strange(y_train, y_test)
    return [each for each in probes.reading(probes.kind_of(y), label=label, training=training)
            if each.unseen or not apart]


def ask(probe: probes.Probe, parts: list, key: str, scores: dict[str, float], beside: Beside | None,
        check: Check) -> None:
    """Keep one probe's score, and what stands beside it."""
    check()
    keep(scores, key, probe.score(*parts, check=check))
    if beside is None or key not in scores:
        return
    answers, y = probe.answered(*parts, check=check), parts[1].y.cpu()
    if answers is None:
        return
    if probe.leads and ":" not in key and probes.kind_of(y) == "classes" and answers.ndim == 2:
        beside.confusion = confusion(answers, y, MOST_CLASSES)
    low, high = interval(probe.judge, answers, y, of=y[:, :2] if probe.reads == ("pairs",) else None,
                         check=check)
    if math.isnan(low):
        return
    # all right, or all wrong: that no draw differs does not make it certain
    far = probe.by_chance(scores[key], len(y)) if low == high else 0.0
    beside.intervals[key] = max(low - far, min(low, 0.0)), min(high + far, 1.0)


def strange(y: Tensor, y_test: Tensor) -> bool:
    """Whether no test sample has a class that training shows: people kept apart, say. No probe that fits
    labels can tell these."""
    return y.ndim == 1 and not y.is_floating_point() and not torch.isin(y_test, y).any()


def keep(scores: dict[str, float], key: str, value: float | None) -> None:
    if value is not None:
        scores[key] = value


def chance(train: Split, test: Split, training: bool = False) -> dict[str, float]:
    """The score of an answer that ignores the sample, for every probe."""
    levels = {}
    for i, (name, y) in enumerate(train.labels.items()):
        there, there_test = labelled(y), labelled(test.labels[name])
        if there.any() and there_test.any():
            own, own_test = y[there], test.labels[name][there_test]
            for each in reading(y, own, own_test, label=i == 0, training=training):
                keep(levels, probes.key_of(each, name if i else ""), each.chance(own, own_test))
    if test.pairs is not None:
        levels |= {probes.key_of(each): each.chance(test.pairs, test.pairs)
                   for each in probes.reading("pairs", training=training)}
    return levels


def judged(rows: Split, scores: dict[str, float]) -> dict[str, int]:
    """Score -> how many of these samples have the label that it is about; measures that need no label are
    left out."""
    counts = {name: int(labelled(y).sum()) for name, y in rows.labels.items()}
    about = {key: probes.parsed(key)[1] or next(iter(counts), None) for key in probes.of_labels(scores)}
    paired = {key: min(len(rows), len(rows.pairs)) for key in about
              if rows.pairs is not None and probes.parsed(key)[0]
              and probes.parsed(key)[0].reads == ("pairs",)}
    return {key: counts[name] for key, name in about.items() if name in counts} | paired
