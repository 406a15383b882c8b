"""Muon: momentum whose matrices are made orthogonal before they are added, so that every direction of a
layer moves as far as any other (Jordan et al. 2024, kellerjordan.github.io/posts/muon; scaled as Liu et al.
do, 2025, arXiv:2502.16982, so that one learning rate and one weight decay serve both it and AdamW)."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ..machine.optimisers import AdamW

MOMENTUM = "momentum_buffer"


class Muon(AdamW):
    """Muon for the first group of weights, matrices and convolutions; AdamW for the others.

    dtype: of the orthogonalisation; bfloat16 where the device multiplies it fast."""

    def __init__(self, groups: list[dict], lr: float, dtype: torch.dtype = torch.float32,
                 fused: bool = False, momentum: float = 0.95):
        super().__init__(groups, lr=lr, fused=fused)
        self.dtype, self.momentum = dtype, momentum
        self._step_supports_amp_scaling = False  # gradients are unscaled before the step, as for any other

    @torch.no_grad()
    def step(self, closure=None):
        every = self.param_groups
        self.move(every[0])
        try:
            self.param_groups = every[1:]
            super().step()
        finally:
            self.param_groups = every

    def move(self, group: dict) -> None:
        for same in by_shape(p for p in group["params"] if p.grad is not None):
            updates = orthogonal(torch.stack([self.direction(p) for p in same]), self.dtype)
            scale = group["lr"] * 0.2 * max(updates.shape[1:]) ** 0.5
            for p, update in zip(same, updates):
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(update.view_as(p), alpha=-scale)

    def direction(self, p: nn.Parameter) -> Tensor:
        """[rows, columns] what Nesterov's momentum says of this step."""
        state = self.state[p]
        if not state:
            state["step"], state[MOMENTUM] = torch.zeros(()), torch.zeros_like(p)
        state["step"] += 1
        state[MOMENTUM].lerp_(p.grad, 1 - self.momentum)
        return p.grad.lerp(state[MOMENTUM], self.momentum).flatten(1)


def by_shape(weights: Iterable[nn.Parameter]) -> list[list[nn.Parameter]]:
    """Those of one shape together, which are made orthogonal at once."""
    groups: dict[torch.Size, list[nn.Parameter]] = {}
    for p in weights:
        groups.setdefault(p.flatten(1).shape, []).append(p)
    return list(groups.values())


def orthogonal(g: Tensor, dtype: torch.dtype = torch.float32, steps: int = 5) -> Tensor:
    """About U V' of the singular value decomposition U S V' of g [..., a, b], by Newton-Schulz iterations
    with Jordan's coefficients: singular values end between about 0.7 and 1.2."""
    x = g.to(dtype)
    tall = g.shape[-2] > g.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x.mT if tall else x).to(g.dtype)


def are_matrices(task: nn.Module) -> set[nn.Parameter]:
    """The weights that multiply: no tables of symbols, of which a step sees few rows, and no single
    vectors."""
    tables = {m.weight for m in task.modules() if isinstance(m, nn.Embedding)}
    return {p for p in task.parameters() if p.ndim > 1 and min(p.flatten(1).shape) > 1 and p not in tables}
