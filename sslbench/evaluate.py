"""Scores of a frozen network beside the honest baselines. Labels are read here and by probes only."""

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from . import probes
from .data import Data
from .data.labels import labelled
from .data.rows import in_memory, nbytes
from .field import Batch, decode, size_of
from .hardware import Hardware, memory_limit
from .pretexts import Pretext
from .settings import own_settings

QUICK = {"train": 1000, "validation": 1000}  # rows read while training: a slow evaluation would make a slow Stop
FULL = {"train": 10000, "validation": 5000, "test": 10000}
POINTS = 1000  # of the map
KEPT = 1 / 16  # of the memory, for evaluated rows of a map or a streamed folder
QUICK_STRENGTH = 1e-2  # of the linear probe's penalty while training; at the end it is chosen on validation
_kept: WeakKeyDictionary[Data, dict] = WeakKeyDictionary()  # as long as the data lives


@dataclass
class Split:
    """Some rows of one split and their labels."""

    rows: dict
    labels: dict[str, Tensor]
    index: Tensor

    def __len__(self):
        return len(self.index)


@own_settings()
def read(data: Data, split: str, most: int) -> Split:
    """At most `most` rows, evenly spread, always the same ones."""
    rows, labels = data.loaded(split)
    n = size_of(rows)
    index = torch.arange(n) if n <= most else torch.linspace(0, n - 1, most).long()
    labels = {name: y[index] for name, y in labels.items()}
    if all(map(in_memory, rows.values())):
        return Split(rows, labels, index)
    if kept := once(data, (split, most), rows, index):
        return Split(kept, labels, torch.arange(len(index)))
    return Split(rows, labels, index)


def once(data: Data, key: tuple[str, int], rows: dict, index: Tensor) -> dict[str, Tensor] | None:
    """These rows in memory, so that the next evaluation does not decode or read them again; None when they are too large."""
    kept = _kept.setdefault(data, {})
    if key not in kept:
        size = sum(nbytes(x) * len(index) // len(x) for x in rows.values())
        held = [rows for splits in list(_kept.values()) for rows in list(splits.values())]  # lists: another thread may add to them
        if size + sum(x.nbytes for rows in held for x in rows.values()) > KEPT * memory_limit():
            return None
        kept[key] = {name: x[index] for name, x in rows.items()}
    return kept[key]


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
def embed(task: Pretext, data: Data, split: Split, hardware: Hardware) -> Tensor:
    """Embeddings [n, D] in float32, on the run's device; the network is in evaluation mode for it."""
    training = task.training
    task.eval()
    try:
        parts = []
        with hardware.autocast():
            for batch in batches(data, split, hardware.device):
                hardware.check()
                parts.append(task.embed(batch).float())
        return torch.cat(parts)
    finally:
        task.train(training)


def raw(data: Data, split: Split, device) -> dict[str, Tensor]:
    parts = [data.raw(batch) for batch in batches(data, split, device)]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def probe(z: Tensor, labels: dict, z_test: Tensor, labels_test: dict, z_val=None, labels_val=None,
          check: Callable[[], None] = lambda: None) -> dict[str, float]:
    """"knn" and "linear" of the label, then one score per factor: accuracy, R^2 of a quantity, mean AUC of several answers.
    Samples without a label are left out; a label that nobody has in one of the splits has no score."""
    scores, chosen = {}, {} if z_val is not None else {"strengths": (QUICK_STRENGTH,)}
    check()
    s, s_test, *s_val = probes.standardise(z, z_test, *([] if z_val is None else [z_val]))  # once for all labels
    for i, (name, y) in enumerate(labels.items()):
        check()
        own, own_test = Told(y, z.device), Told(labels_test[name], z.device)
        if own.none or own_test.none:
            continue
        if y.is_floating_point():
            scores[name] = probes.ridge_on_standardised(own(s), own_test(s_test), own.y, own_test.y)
            continue
        if i == 0:
            scores["knn"] = probes.knn(own(z), own.y, own_test(z_test), own_test.y)
        own_val = Told(labels_val[name], z.device) if s_val else None
        validation = (own_val(*s_val), own_val.y) if own_val and not own_val.none else ()
        scores["linear" if i == 0 else name] = probes.linear_on_standardised(own(s), own.y, own_test(s_test), own_test.y,
                                                                              *validation, **chosen, check=check)
    return scores


class Told:
    """The samples that have a label: y of them, and a call picks their rows of z."""

    def __init__(self, y: Tensor, device: torch.device):
        there = labelled(y)
        self.all, self.rows = bool(there.all()), there.nonzero().flatten().to(device)
        self.y = y[there].to(device)
        self.none = not len(self.y)

    def __call__(self, z: Tensor) -> Tensor:
        return z if self.all else z[self.rows]


def chance(train: Split, test: Split) -> dict[str, float]:
    """The score of an answer that ignores the sample, for every probe."""
    levels = {}
    for i, (name, y) in enumerate(train.labels.items()):
        own, own_test = Told(y, y.device), Told(test.labels[name], y.device)
        if own.none or own_test.none:
            continue
        level = probes.chance(own.y, own_test.y)
        levels |= {"knn": level, "linear": level} if i == 0 and not y.is_floating_point() else {name: level}
    return levels


@torch.no_grad()
def geometry(task: Pretext, data: Data, z: Tensor, batch: Batch, hardware: Hardware, generator) -> dict[str, float]:
    """Measures that need no labels: effective rank, feature deviation, uniformity, alignment of two views."""
    scores = {"rankme": probes.rankme(z), "deviation": probes.deviation(z), "uniformity": probes.uniformity(z)}
    views = data.views(batch, generator)
    if len(views) == 2 and views[0].keys() == views[1].keys():
        training = task.training
        task.eval()
        with hardware.autocast():
            seen = [{k: x for k, x in view.items() if k in visible(data)} for view in views]
            scores["alignment"] = probes.alignment(*(task.embed(view) for view in seen))
        task.train(training)
    return scores


def judged(data: Data, split: str, most: dict[str, int]) -> dict[str, int]:
    """Score -> how many samples of the split have the label that it is about."""
    labels = read(data, split, most[split]).labels
    counts = {name: int(labelled(y).sum()) for name, y in labels.items()}
    first = next(iter(labels), None)
    named = first is not None and not labels[first].is_floating_point()
    return {"linear" if named and name == first else name: n for name, n in counts.items()}


def quick(task: Pretext, data: Data, hardware: Hardware, generator) -> tuple[dict[str, float], Tensor]:
    """Scores on validation while training, and the embedding [n, D] of the map's points."""
    train, test, shown = read(data, "train", QUICK["train"]), read(data, "validation", QUICK["validation"]), points(data)
    z_shown = embed(task, data, shown, hardware)
    some = decode(data.fields, shown.rows, shown.index[:128], hardware.device)
    scores = geometry(task, data, z_shown, some, hardware, generator)
    if train.labels:
        z = embed(task, data, train, hardware)
        same = shown.rows is test.rows and torch.equal(shown.index, test.index)
        z_test = z_shown if same else embed(task, data, test, hardware)
        scores = {**probe(z, train.labels, z_test, test.labels, check=hardware.check), **scores}
    return scores, z_shown


def quick_baselines(data: Data, hardware: Hardware) -> dict[str, dict[str, float]]:
    """chance and raw input on validation: they stand beside the scores while training."""
    return _baselines(data, read(data, "train", QUICK["train"]), read(data, "validation", QUICK["validation"]), None, hardware)


def final(task: Pretext, untrained: Pretext, data: Data, hardware: Hardware):
    """Scores on the test split, touched once, with chance, raw input and the untrained network beside them."""
    splits = {name: read(data, name, most) for name, most in FULL.items()}
    train, validation, test = splits.values()
    if not train.labels:
        return {}, {}
    results = {}
    for name, network in (("trained", task), ("untrained", untrained)):
        z = [embed(network, data, split, hardware) for split in splits.values()]
        results[name] = probe(z[0], train.labels, z[2], test.labels, z[1], validation.labels, hardware.check)
    return results["trained"], {**_baselines(data, train, test, validation, hardware), "untrained": results["untrained"]}


def _baselines(data, train, test, validation, hardware):
    if not train.labels:
        return {}
    z, z_test = raw(data, train, hardware.device), raw(data, test, hardware.device)
    z_val = raw(data, validation, hardware.device) if validation else dict.fromkeys(z)
    labels_val = validation.labels if validation else None
    return {"chance": chance(train, test),
            **{name: probe(z[name], train.labels, z_test[name], test.labels, z_val[name], labels_val, hardware.check) for name in z}}
