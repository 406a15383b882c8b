"""Occlusion (Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901): hide one place after another and see
how far the embedding moves."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ... import arguments
from ...data import Field
from ...field import Batch, size_of
from ...machine.torch_settings import own_settings
from .maps import AttributionMaps
from .samples import field_asked, on_device, samples_of

TOGETHER = 250  # samples with a hidden place that are read at once


def occlusion(run: Any, samples: Any = "validation", most: int = 6, *, field: str = "", device: str = "auto",
              check: Callable[[], None] = lambda: None) -> AttributionMaps:
    """How far the pooled embedding of each sample moves, 1 - cosine, when one patch of its field is hidden:
    values [n, *grid]. What is hidden is 0 among numbers, the mean that the field standardises to, and the
    symbol `hidden` among symbols. Works with every backbone.

    samples: "train", "validation" or "test", of which at most `most` are taken, or your own rows as for
    run.embed().  field: which one is hidden where there are several.  check: called between batches; what it
    raises ends it.  ValueError in one line for what the network cannot read.
    """
    batch = samples_of(run, samples, arguments.whole(most, "most", 1))
    task, hardware = on_device(run, device)
    name = field_asked(task.data, batch, field)
    moved = {k: x.to(hardware.device) for k, x in batch.items()}
    values = distances(task.embed, moved, name, task.data.fields[name], check).cpu()
    return AttributionMaps("occlusion", values, name, batch, task.data)


@own_settings()
@torch.no_grad()
def distances(embed: Callable[[Batch], Tensor], batch: Batch, name: str, field: Field,
              check: Callable[[], None] = lambda: None) -> Tensor:
    """1 - cosine between embed(batch) [n, D] and the same with each patch of one field hidden: [n, *grid]."""
    n, N = size_of(batch), field.tokens
    whole = F.normalize(embed(batch).float(), dim=1)
    found = []
    for cells in torch.arange(n * N, device=whole.device).split(TOGETHER):
        check()
        which, patch = cells // N, cells % N
        part = {key: x[which] for key, x in batch.items()}
        part[name] = field.hide(part[name], field.spread(F.one_hot(patch, N).bool()))
        z = F.normalize(embed(part).float(), dim=1)
        # of unit vectors that is 1 - cosine, and exactly 0 where nothing has moved
        found.append((z - whole[which]).square().sum(1) / 2)
    return torch.cat(found).view(n, *field.grid) if found else whole.new_zeros(0, *field.grid)
