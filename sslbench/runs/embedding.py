"""Embeddings for other tools: exact, and in one line what the network cannot read."""

import torch
from torch import Tensor

from ..field import Batch, size_of
from ..machine.hardware import Hardware
from ..machine.torch_settings import own_settings
from ..messages import in_words
from ..pretexts import Pretext


def exact() -> Hardware:
    """Where embeddings for other tools are made: rounded to bfloat16 they would differ from machine to
    machine."""
    return Hardware("cpu", "float32")


@own_settings()
@torch.no_grad()
def embedded(task: Pretext, batch: Batch, size: int = 250) -> Tensor:
    """Embeddings [n, D] of a batch; ValueError in one line when the network cannot read it."""
    parts, hardware = [], exact()
    try:
        with hardware.autocast():
            for start in range(0, size_of(batch), size):
                parts.append(task.embed({name: x[start:start + size] for name, x in batch.items()}).float())
    except (RuntimeError, IndexError) as error:
        shapes = ", ".join(f"{name} {list(x.shape)}" for name, x in batch.items())
        raise ValueError(f"{type(task.backbone).name} cannot read {shapes} ({in_words(error)})") from None
    return torch.cat(parts) if parts else torch.zeros(0, task.backbone.dim)
