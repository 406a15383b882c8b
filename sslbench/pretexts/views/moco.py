"""Tell the own other view from a long queue of earlier samples: many negatives with small batches (MoCo, He
et al. 2020)."""

import math
from typing import Annotated

from ...machine.hardware import gather, in_float32
from .. import Hyperparameter, Tensor, nn, torch
from ..parts import Teacher, head
from . import TwoViews, compared


class MoCo(TwoViews):
    """Find the other view of each sample among many earlier samples, which a queue remembers."""

    name = "moco"
    paper = "https://arxiv.org/abs/1911.05722"

    def __init__(self, backbone, data, *,
                 temperature: Annotated[float, Hyperparameter(
                     "small: only the nearest others repel", 0.02, 2.0, log=True)] = 0.2,
                 momentum: Annotated[float, Hyperparameter(
                     "share of itself the teacher keeps at every step", 0.5, 1.0)] = 0.99,
                 queue: Annotated[
                     int, Hyperparameter("earlier samples that are remembered", 16, 65536, log=True)] = 1024,
                 projection_dim: Annotated[
                     int, Hyperparameter("numbers in the projection that is compared", 8, 1024)] = 128):
        super().__init__(backbone, data)
        self.temperature, self.momentum = temperature, momentum
        self.projector = head(backbone.dim, backbone.dim, projection_dim)
        self.teacher = Teacher(nn.ModuleList([backbone, self.projector]))
        self.register_buffer("queue", nn.functional.normalize(torch.randn(queue, projection_dim), dim=1))
        # row of the queue that is replaced next
        self.register_buffer("oldest", torch.zeros((), dtype=torch.long))
        self.keys = None  # of this step, until after_step puts them into the queue

    def query(self, view):
        return nn.functional.normalize(self.projector(self.embed(view)).float(), dim=1)  # [B, P]

    @torch.no_grad()
    def key(self, view):
        backbone, projector = self.teacher.copy
        return nn.functional.normalize(projector(backbone.embed(view)).float(), dim=1)  # [B, P]

    def forward(self, inputs):
        query, self.keys = self.query(inputs[0]), self.key(inputs[1])
        return info_nce(query, self.keys, self.queue, self.temperature)

    @torch.no_grad()
    def after_step(self, progress):
        self.teacher.follow(nn.ModuleList([self.backbone, self.projector]), self.momentum)
        # [G, P], in the order of one process
        keys = gather(self.keys)[-len(self.queue):].to(self.queue.dtype)
        self.queue[(self.oldest + torch.arange(len(keys), device=keys.device)) % len(self.queue)] = keys
        self.oldest.add_(len(keys)).remainder_(len(self.queue))

    def chance(self, inputs):
        return math.log(1 + len(self.queue))

    def show(self, inputs):
        return compared(inputs, self.query(inputs[0]), self.key(inputs[1]),
                        "similarity of view 1 (rows) and the teacher's view 2 (columns)")


def info_nce(query: Tensor, key: Tensor, queue: Tensor, temperature: float) -> dict[str, Tensor]:
    """Cross-entropy of the own key among the queue; query and key [B, P], queue [K, P], all of length 1.

    "accuracy": how often the own key is nearer than the whole queue.
    """
    with in_float32(query):
        own = (query * key).sum(1, keepdim=True)
        logits = torch.cat([own, query @ queue.T], 1) / temperature  # [B, 1 + K], the own key first
    first = torch.zeros(len(query), dtype=torch.long, device=query.device)
    return {"loss": nn.functional.cross_entropy(logits, first),
            "accuracy": (logits.argmax(1) == first).float().mean()}
