"""Attention of transformers as maps: each head of the last layer, or the rollout through all layers (Abnar
and Zuidema 2020, https://arxiv.org/abs/2005.00928)."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ... import arguments
from ...machine.torch_settings import own_settings
from ...pretexts import Pretext
from .maps import AttributionMaps
from .samples import field_asked, on_device, samples_of


def attention(run: Any, samples: Any = "validation", most: int = 6, *, rollout: bool = False, field: str = "",
              device: str = "auto", check: Callable[[], None] = lambda: None) -> AttributionMaps:
    """How much attention each patch gets from the mean over all tokens, which is what is pooled: values [n,
    heads, *grid] of the last layer's heads, or [n, 1, *grid] of the rollout.

    samples, field, check: as for occlusion().  Of one field the values sum to 1, less what goes to other
    fields and class tokens.  ValueError in one line where the network has no attention.
    """
    batch = samples_of(run, samples, arguments.whole(most, "most", 1))
    task, hardware = on_device(run, device)
    name = field_asked(task.data, batch, field)
    check()
    weights = weights_of(task, {k: x.to(hardware.device) for k, x in batch.items()})
    check()
    mixed = rolled_out(weights).unsqueeze(1) if arguments.yes_or_no(rollout, "rollout") else weights[-1]
    values = of_field(task, batch, asked_by_mean(task, batch, mixed.cpu()), name)
    return AttributionMaps("rollout" if rollout else "attention", values, name, batch, task.data)


@own_settings()
@torch.no_grad()
def weights_of(task: Pretext, batch) -> list[Tensor]:
    return [layer.float() for layer in task.attention(batch)]


def rolled_out(weights: list[Tensor]) -> Tensor:
    """Weights of each layer [B, heads, N, N], the first first -> how much of each token (column) has come to
    each other through all of them, residual connections included: [B, N, N]; rows sum to 1."""
    n = weights[0].shape[-1]
    through = torch.eye(n, device=weights[0].device).expand(len(weights[0]), n, n)
    for layer in weights:
        through = (0.5 * layer.mean(1) + 0.5 * torch.eye(n, device=layer.device)) @ through
    return through


def asked_by_mean(task: Pretext, batch, mixed: Tensor) -> Tensor:
    """[B, heads, P + N, P + N] -> [B, heads, N]: from all tokens that are there, as they are pooled, to each
    of them."""
    there = task.backbone.present(batch)  # [B, N]
    tokens = sum(torch.Size(task.backbone.grid(name)).numel() for name, _ in task.backbone.ordered(batch))
    mixed = mixed[..., -tokens:, -tokens:]
    if there is None:
        return mixed.mean(2)
    share = there / there.sum(1, keepdim=True).clamp(min=1e-6)
    return torch.einsum("bhqk,bq->bhk", mixed, share.to(mixed))


def of_field(task: Pretext, batch, values: Tensor, name: str) -> Tensor:
    """Those of one field, [B, heads, *grid]."""
    names = [field for field, _ in task.backbone.ordered(batch)]
    sizes = [torch.Size(task.backbone.grid(field)).numel() for field in names]
    return values.split(sizes, 2)[names.index(name)].unflatten(2, tuple(task.backbone.grid(name)))
