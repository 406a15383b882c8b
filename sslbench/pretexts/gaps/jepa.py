"""Predict what a slow copy of the network says of hidden parts, not the parts themselves (I-JEPA, Assran et
al. 2023)."""

import math
from typing import Annotated

from ...backbones.parts import Blocks
from ...machine.hardware import gather
from .. import Hyperparameter, Matrix, Pretext, Row, nn, rand, size_of, torch
from ..parts import Teacher, boxes, cut_as_read, mean_over, rising

EPSILON = 1e-4


class JEPA(Pretext):
    """Predict how a slowly following copy of the network describes hidden blocks, from what is visible."""

    name = "jepa"
    paper = "https://arxiv.org/abs/2301.08243"
    chance_is_a_direction = True

    def __init__(self, backbone, data, *,
                 blocks: Annotated[int, Hyperparameter("hidden blocks", 1, 8)] = 4,
                 side: Annotated[
                     float, Hyperparameter("side of a block as a share of every axis", 0.1, 0.8)] = 0.4,
                 momentum: Annotated[float, Hyperparameter(
                     "share of itself the teacher keeps at every step; rises to 1", 0.5, 1.0)] = 0.98,
                 depth: Annotated[int, Hyperparameter("attention blocks of the predictor", 1, 8)] = 2,
                 augment: Annotated[bool, Hyperparameter("read augmented samples")] = True):
        super().__init__(backbone, data)
        self.blocks, self.side, self.momentum, self.augment = blocks, side, momentum, augment
        self.fields = cut_as_read(backbone, self.fields)
        self.grid, backbone.one_way = backbone.grid(next(iter(self.fields))), 0
        tokens = math.prod(self.grid)
        area = math.prod(min(n, max(1, round(side * n))) for n in self.grid)
        # the same number in every sample, and at least one in four, wherever its blocks lie
        self.kept = max(1, tokens // 4, tokens - blocks * area)
        self.place = nn.Parameter(0.02 * torch.randn(tokens, backbone.dim))
        self.blank = nn.Parameter(0.02 * torch.randn(backbone.dim))
        self.predictor, self.out = Blocks(backbone.dim, depth), nn.Linear(backbone.dim, backbone.dim)
        self.teacher = Teacher(backbone)

    @classmethod
    def incompatible(cls, backbone, data):
        fields = list(cls.reads(data).values())
        if len(fields) > 1 or fields[0].tokens < 4:
            return "hides blocks of one field of several parts; masked and simclr fit"
        return "" if backbone.maskable else "needs a backbone that reads any part of the tokens: transformer"

    def inputs(self, batch, generator):
        """The sample, the order of its tokens with hidden ones last [B, N], and which are hidden [B, N]."""
        batch = self.own(self.data.augment(batch, generator) if self.augment else batch)
        hidden = torch.zeros(size_of(batch), *self.grid, dtype=torch.bool, device=generator.device)
        for _ in range(self.blocks):
            hidden |= boxes(generator, size_of(batch), self.grid, self.side)
        hidden = hidden.flatten(1)
        order = (hidden + 0.5 * rand(generator, *hidden.shape)).argsort(1)
        return batch, order, hidden.scatter(1, order[:, : self.kept], False)

    def target(self, batch, join=gather):
        """The teacher's description of every part [B, N, D], each of mean 0 and deviation 1; then each number
        of it, at each place, over the samples of all processes. Without that the place alone tells most of a
        description, and whoever guesses it has learned nothing. join: `gather`, or nothing where one process
        asks alone. And how much a description varied before: 0 is collapsed."""
        with torch.no_grad():
            z = nn.functional.layer_norm(self.teacher.copy(batch).float(), (self.backbone.dim,))
            mean = join(z.mean(0, keepdim=True)).mean(0)
            variance = join((z - mean).square().mean(0, keepdim=True)).mean(0)
            deviation = (variance + EPSILON).sqrt()
            return (z - mean) / deviation, deviation.mean()

    def guess(self, batch, order):
        tokens = self.backbone.stem(batch)
        visible = order[:, : self.kept].unsqueeze(-1).expand(-1, -1, tokens.shape[-1])
        seen = self.backbone.trunk(tokens.gather(1, visible))
        full = self.blank.to(seen.dtype).expand(tokens.shape).scatter(1, visible, seen)
        return self.out(self.predictor(full + self.place.to(seen.dtype))).float()  # [B, N, D]

    def forward(self, inputs):
        batch, order, hidden = inputs
        target, deviation = self.target(batch)
        error = nn.functional.smooth_l1_loss(self.guess(batch, order), target, reduction="none").mean(2)
        present = self.backbone.present(batch)
        there = hidden if present is None else hidden & (present > 0)
        return {"loss": mean_over(error, there), "target_deviation": deviation}

    def after_step(self, progress):
        self.teacher.follow(self.backbone, rising(self.momentum, progress))

    def show(self, inputs):
        batch, order, hidden = inputs
        ((name, field),) = self.fields.items()
        seen = {name: field.hide(batch[name], field.spread(hidden))}
        weight = hidden.float() / hidden.sum(1, keepdim=True).clamp(min=1)
        a, b = (nn.functional.normalize((z * weight[..., None]).sum(1), dim=1)
                for z in (self.guess(batch, order), self.target(batch, join=lambda x: x)[0]))
        return [Row("sees", seen), Row("original", batch, "truth"),
                Matrix("description guessed (rows) and the teacher's (columns)", a @ b.T)]
