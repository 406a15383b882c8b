"""Scores of a frozen network beside the honest baselines. Labels are read here and by probes only; which
scores there are is up to the catalogue of probes."""

from collections.abc import Callable

import torch
from torch import Tensor

from .. import probes
from ..data import Data
from ..data.labels import labelled
from ..field import Batch, decode
from ..machine.hardware import Hardware
from ..machine.torch_settings import own_settings
from ..pretexts import Pretext, evaluating
from .simple_baselines import simple_baselines
from .some_rows import Split, read

# rows read while training: a slow evaluation would make a slow Stop
QUICK = {"train": 1000, "validation": 1000}
FULL = {"train": 10000, "validation": 5000, "test": 10000}
POINTS = 1000  # of the map
Check = Callable[[], None]  # called between the parts of an evaluation; what it raises ends it


def points(data: Data) -> Split:
    """The samples of the map: validation rows, or training rows where validation is small."""
    validation = read(data, "validation", POINTS)
    return validation if len(validation) >= 300 else read(data, "train", POINTS)


def visible(data: Data) -> tuple[str, ...]:
    """The fields a probe may see."""
    return data.probe_on or tuple(data.fields)


def batches(data: Data, split: Split, device=None, size: int = 250):
    """Decoded batches of the fields that a probe may see."""
    rows = {name: split.rows[name] for name in visible(data)}
    for index in split.index.split(size):
        yield decode(data.fields, rows, index, device)


@own_settings()
@torch.no_grad()
def embed(task: Pretext, data: Data, split: Split, hardware: Hardware, check: Check = lambda: None) -> Tensor:
    """Embeddings [n, D] in float32, on the run's device; the network is in evaluation mode for it."""
    parts = []
    with evaluating(task), hardware.autocast():
        for batch in batches(data, split, hardware.device):
            check()
            parts.append(task.embed(batch).float())
    return torch.cat(parts)


def raw(data: Data, split: Split, device) -> dict[str, Tensor]:
    parts = [data.raw(batch) for batch in batches(data, split, device)]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def probe(z: Tensor, labels: dict, z_test: Tensor, labels_test: dict, z_val=None, labels_val=None,
          check: Check = lambda: None, pairs: Tensor | None = None,
          pairs_val: Tensor | None = None) -> dict[str, float]:
    """One score for each probe and label that it reads, and for each that reads pairs of the test samples;
    with z_val all probes that belong to the end, else the quick ones.
    Samples without a label are left out; a label that nobody has in one of the splits has no score, nor have
    classes of which none of the test samples was ever seen in training."""
    check()
    together = probes.standardise(z, z_test, *([] if z_val is None else [z_val]))  # once for all labels
    train, test, *validation = map(probes.Features, (z, z_test, z_val), [None] * 3, together)
    scores = {}
    for i, (name, y) in enumerate(labels.items()):
        parts = [train.of(y), test.of(labels_test[name]), *(v.of(labels_val[name]) for v in validation)]
        if parts[0] is None or parts[1] is None or strange(parts[0].y, parts[1].y):
            continue
        for each in probes.reading(probes.kind_of(y), label=i == 0, training=z_val is None):
            check()
            keep(scores, probes.key_of(each, name if i else ""), each.score(*parts, check=check))
    if pairs is not None:
        known = [(test, pairs), *((v, pairs_val) for v in validation)]
        parts = [probes.Features(f.z, p.to(f.z.device), f.standardised) if p is not None else None
                 for f, p in known]
        for each in probes.reading("pairs", training=z_val is None):
            keep(scores, probes.key_of(each), each.score(parts[0], *parts, check=check))
    return scores


def strange(y: Tensor, y_test: Tensor) -> bool:
    """Whether no test sample has a class that training shows: people kept apart, say. No probe can tell
    these."""
    return y.ndim == 1 and not y.is_floating_point() and not torch.isin(y_test, y).any()


def keep(scores: dict[str, float], key: str, value: float | None) -> None:
    if value is not None:
        scores[key] = value


def chance(train: Split, test: Split, training: bool = False) -> dict[str, float]:
    """The score of an answer that ignores the sample, for every probe."""
    levels = {}
    for i, (name, y) in enumerate(train.labels.items()):
        there, there_test = labelled(y), labelled(test.labels[name])
        if there.any() and there_test.any() and not strange(y[there], test.labels[name][there_test]):
            for each in probes.reading(probes.kind_of(y), label=i == 0, training=training):
                levels[probes.key_of(each, name if i else "")] = each.chance(y[there],
                    test.labels[name][there_test])
    if test.pairs is not None:
        levels |= {probes.key_of(each): each.chance(test.pairs, test.pairs)
                   for each in probes.reading("pairs", training=training)}
    return levels


@torch.no_grad()
def geometry(task: Pretext, data: Data, z: Tensor, batch: Batch, hardware: Hardware, generator) -> dict[str,
    float]:
    """What the probes say that need no labels, of the map's points and two views of some of them."""
    points, scores = probes.Features(z, views=two_views(task, data, batch, hardware, generator)), {}
    for each in probes.reading("nothing", training=True):
        keep(scores, probes.key_of(each), each.score(points, points))
    return scores


def two_views(task: Pretext, data: Data, batch: Batch, hardware: Hardware, generator) -> tuple[Tensor,
    Tensor] | None:
    """The embeddings of two views of the batch [B, D]; None where views are of different fields."""
    views = data.views(batch, generator)
    if len(views) != 2 or views[0].keys() != views[1].keys():
        return None
    with evaluating(task), hardware.autocast():
        seen = [{k: x for k, x in view.items() if k in visible(data)} for view in views]
        return tuple(task.embed(view).float() for view in seen)


def judged(data: Data, split: str, most: dict[str, int], scores: dict[str, float]) -> dict[str, int]:
    """Score -> how many samples of the split have the label that it is about; measures that need no label are
    left out."""
    rows = read(data, split, most[split])
    counts = {name: int(labelled(y).sum()) for name, y in rows.labels.items()}
    about = {key: probes.parsed(key)[1] or next(iter(counts), None) for key in probes.of_labels(scores)}
    paired = {key: min(len(rows), len(rows.pairs)) for key in about
              if probes.parsed(key)[0] and probes.parsed(key)[0].reads == ("pairs",)}
    return {key: counts[name] for key, name in about.items() if name in counts} | paired


def quick(task: Pretext, data: Data, hardware: Hardware, generator,
          check: Check = lambda: None) -> tuple[dict[str, float], Tensor]:
    """Scores on validation while training, and the embedding [n, D] of the map's points."""
    train, test, shown = read(data, "train", QUICK["train"]), read(data, "validation",
        QUICK["validation"]), points(data)
    z_shown = embed(task, data, shown, hardware, check)
    some = decode(data.fields, shown.rows, shown.index[:128], hardware.device)
    scores = geometry(task, data, z_shown, some, hardware, generator)
    if train.labels or test.pairs is not None:
        z = embed(task, data, train, hardware, check)
        same = shown.rows is test.rows and torch.equal(shown.index, test.index)
        z_test = z_shown if same else embed(task, data, test, hardware, check)
        scores = {**probe(z, train.labels, z_test, test.labels, check=check, pairs=test.pairs), **scores}
    return scores, z_shown


def quick_baselines(data: Data, hardware: Hardware, check: Check = lambda: None) -> dict[str,
    dict[str, float]]:
    """chance and raw input on validation: they stand beside the scores while training."""
    return _baselines(data, read(data, "train", QUICK["train"]),
                      read(data, "validation", QUICK["validation"]), None, hardware, check)


def final(task: Pretext, untrained: Pretext, data: Data, hardware: Hardware, check: Check = lambda: None):
    """Scores on the test split, touched once, with chance, raw input, the untrained network and the simple
    baselines of the data beside them."""
    splits = {name: read(data, name, most) for name, most in FULL.items()}
    train, validation, test = splits.values()
    if not train.labels and test.pairs is None:
        return {}, {}
    results = {}
    for name, network in (("trained", task), ("untrained", untrained)):
        z = [embed(network, data, split, hardware, check) for split in splits.values()]
        results[name] = probe(z[0], train.labels, z[2], test.labels, z[1], validation.labels, check,
                              test.pairs, validation.pairs)
    return results["trained"], {**_baselines(data, train, test, validation, hardware, check),
                                **simple_baselines(data, train, test, validation, hardware.device, check),
                                "untrained": results["untrained"]}


def _baselines(data, train, test, validation, hardware, check):
    if not train.labels and test.pairs is None:
        return {}
    z, z_test = raw(data, train, hardware.device), raw(data, test, hardware.device)
    z_val = raw(data, validation, hardware.device) if validation else dict.fromkeys(z)
    labels_val = validation.labels if validation else None
    return {"chance": chance(train, test, training=validation is None),
            **{name: probe(z[name], train.labels, z_test[name], test.labels, z_val[name], labels_val, check,
                           test.pairs, validation.pairs if validation else None)
               for name in z}}
