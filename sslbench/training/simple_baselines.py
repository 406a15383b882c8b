"""What the simple baselines of the data tell of its labels, once for each source, at the end of a run. A
later run on the same source finds the scores."""

from collections.abc import Iterator
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from .. import probes
from ..baselines import Baseline
from ..data import Data
from ..data.labels import labelled
from ..field import decode
from ..machine.torch_settings import own_settings
from ..probes.knn import vote_of_nearest
from ..probes.sparse import linear_on_sparse
from .probing import Check, strange
from .some_rows import Split

Scores = dict[str, dict[str, float]]
_known: WeakKeyDictionary[Data, dict[tuple, Scores]] = WeakKeyDictionary()


class Decoded:
    """Batches of one field of some rows, as often as they are asked for: the rows are never all decoded at
    once. check: called before each; what it raises ends the reading."""

    def __init__(self, data: Data, field: str, split: Split, device, check: Check, size: int = 250):
        self.fields, self.field, self.split = data.fields, field, split
        self.device, self.check, self.size = device, check, size

    def __iter__(self) -> Iterator[Tensor]:
        rows = {self.field: self.split.rows[self.field]}
        for index in self.split.index.split(self.size):
            self.check()
            yield decode(self.fields, rows, index, self.device)[self.field]


@own_settings()
@torch.no_grad()
def simple_baselines(data: Data, train: Split, test: Split, validation: Split, device=None,
                     check: Check = lambda: None) -> Scores:
    """Name of a baseline -> score -> value on the test samples. One that reads classes and quantities as the
    linear probe does stands at the leading probe's scores, the nearest neighbour at that of nearest
    neighbours. Empty where nothing is labelled."""
    key = tuple(tuple(split.index.tolist()) for split in (train, test, validation))
    known = _known.setdefault(data, {})
    if (found := known.get(key)) is None:
        found = {}
        for each in data.baselines() if any_known(train, test, validation) else ():
            check()
            parts = [Decoded(data, each.field, split, device, check) for split in (train, test, validation)]
            if scores := read_by(each, data, parts, [s.labels for s in (train, test, validation)], check):
                found[each.name] = scores
        known[key] = found
    return {name: dict(scores) for name, scores in found.items()}


def any_known(*splits: Split) -> bool:
    return any(all(labelled(split.labels[name]).any() for split in splits) for name in splits[0].labels)


def read_by(baseline: Baseline, data: Data, parts: list[Decoded], labels: list[dict[str, Tensor]],
            check: Check) -> dict[str, float]:
    """The scores of one baseline, for each label and factor that it can be asked about."""
    features = baseline(data.fields[baseline.field], *parts)
    standardised = (probes.standardise(*features) if baseline.read_by == "linear" else None)
    scores = {}
    for i, name in enumerate(labels[0]):
        y = [of[name] for of in labels]
        there = [labelled(each) for each in y]
        if not all(t.any() for t in there) or strange(*(a[t] for a, t in zip(y[:2], there))):
            continue
        y = [each[t] for each, t in zip(y, there)]
        check()
        rows = [t.nonzero().flatten() for t in there]
        for probe in asked(baseline, probes.kind_of(y[0]), label=i == 0):
            told = told_by(baseline, probe, features, standardised, rows, y, check)
            if told is not None:
                scores[probes.key_of(probe, name if i else "")] = told
    return scores


def asked(baseline: Baseline, kind: str, label: bool) -> list[probes.Probe]:
    """The probe at whose score the baseline stands: nearest neighbours, or the one that leads."""
    return [probe for probe in probes.reading(kind, label)
            if (probe.name == "knn" if baseline.read_by == "nearest" else probe.leads)]


def told_by(baseline: Baseline, probe: probes.Probe, features: list, standardised: list[Tensor] | None,
            rows: list[Tensor], y: list[Tensor], check: Check) -> float | None:
    """The score of one label, on the samples that have it."""
    if baseline.read_by == "nearest":
        (z, z_test), (y, y_test) = [x[:, r.to(x.device)] for x, r in zip(features[:2], rows)], y[:2]
        return vote_of_nearest(z, y.to(z.device), z_test, y_test.to(z.device))
    if baseline.read_by == "sparse":
        return linear_on_sparse([x[r.numpy()] for x, r in zip(features, rows)], y, check)
    parts = [probes.Features(x[r.to(x.device)], each.to(x.device), ready[r.to(x.device)])
             for x, ready, r, each in zip(features, standardised, rows, y)]
    return probe.score(*parts, check=check)
