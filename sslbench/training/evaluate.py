"""Scores of a frozen network beside the honest baselines: what is embedded, and on which rows."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .. import probes
from ..data import Data
from ..field import Batch, decode
from ..machine.hardware import Hardware
from ..machine.torch_settings import own_settings
from ..pretexts import Pretext, evaluating
from .dense_probing import Places
from .known_baselines import known_baselines
from .probing import Beside, Check, chance, judged, keep, probe
from .some_rows import Split, batches, read, visible

# rows read while training: a slow evaluation would make a slow Stop
QUICK = {"train": 1000, "validation": 1000}
POINTS = 1000  # of the map
PROBE_ROWS = 10_000  # that probes are fitted on, and judged on, at the end unless somebody asks for others


def full(probe_rows: int = PROBE_ROWS) -> dict[str, int]:
    """The rows that are read at the end at most: so many for training and testing, half for validation; 0:
    all."""
    most = probe_rows or 2**62
    return {"train": most, "validation": max(1, most // 2), "test": most}


def points(data: Data) -> Split:
    """The samples of the map: validation rows, or training rows where validation is small."""
    validation = read(data, "validation", POINTS)
    return validation if len(validation) >= 300 else read(data, "train", POINTS)


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


@dataclass
class Final:
    """What the test split says, with chance, raw input and the untrained network beside it. samples: score ->
    how many samples it was read from.  rows: split -> how many rows were read, and how many it has."""

    scores: dict[str, float]
    baselines: dict[str, dict[str, float]]
    beside: Beside
    samples: dict[str, int]
    rows: dict[str, tuple[int, int]]


def final(task: Pretext, untrained: Pretext, data: Data, hardware: Hardware, check: Check = lambda: None,
          probe_rows: int = PROBE_ROWS) -> Final:
    """Scores on the test split, touched once, with the simple baselines of the data beside them. probe_rows:
    as in full()."""
    splits = {name: read(data, name, most) for name, most in full(probe_rows).items()}
    train, validation, test = splits.values()
    rows = {name: (len(split), split.there) for name, split in splits.items()}
    results, beside, places = {}, Beside(), Places(data, hardware)
    if not train.labels and test.pairs is None and not places:
        return Final({}, {}, beside, {}, {})
    for name, network in (("trained", task), ("untrained", untrained)):
        z = [embed(network, data, split, hardware, check) for split in splits.values()]
        results[name] = probe(z[0], train.labels, z[2], test.labels, z[1], validation.labels, check,
                              test.pairs, validation.pairs, train.seen,
                              beside if name == "trained" else None)
        results[name] |= places.scores(network, beside if name == "trained" else None, check)
    scores, baselines = results["trained"], _baselines(data, train, test, validation, hardware, check)
    if places:
        baselines["raw"] = baselines.get("raw", {}) | places.scores(None, check=check)
        baselines["chance"] = baselines.get("chance", {}) | places.chance()
    baselines["chance"] = {key: level for key, level in baselines["chance"].items() if key in scores}
    simple = known_baselines(data, train, test, validation, hardware.device, check)
    return Final(scores, {**baselines, **simple, "untrained": results["untrained"]}, beside,
                 judged(test, scores) | places.judged(), rows)


def _baselines(data, train, test, validation, hardware, check):
    if not train.labels and test.pairs is None:
        return {}
    z, z_test = raw(data, train, hardware.device), raw(data, test, hardware.device)
    z_val = raw(data, validation, hardware.device) if validation else dict.fromkeys(z)
    labels_val, seen = (validation.labels, train.seen) if validation else (None, None)
    return {"chance": chance(train, test, training=validation is None),
            **{name: probe(z[name], train.labels, z_test[name], test.labels, z_val[name], labels_val, check,
                           test.pairs, validation.pairs if validation else None, seen)
               for name in z}}


__all__ = ["QUICK", "Final", "Split", "chance", "embed", "final", "full", "judged", "points", "probe",
           "quick", "quick_baselines", "raw", "read", "visible"]
