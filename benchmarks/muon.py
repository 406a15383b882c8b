"""Muon: momentum whose matrices are made orthogonal, at the step size of AdamW. One of the record's
optimisers."""

import torch
from torch import Tensor


class Muon(torch.optim.Optimizer):
    """Matrices and convolutions as Jordan et al. (2024) do it, scaled as Liu et al. do (2025, arXiv
    2502.16982), so that one learning rate serves both it and AdamW, through which vectors go.

    dtype: of the orthogonalisation; bfloat16 where the device multiplies it fast."""

    def __init__(self, weights, lr: float, weight_decay: float, momentum: float = 0.95,
                 dtype: torch.dtype = torch.float32):
        weights = list(weights)
        super().__init__(weights, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})
        fused = weights[0].device.type in ("cpu", "cuda")
        self.dtype, self.vectors = dtype, torch.optim.AdamW([p for p in weights if p.ndim <= 1], lr=lr,
                                                            weight_decay=0.0, fused=fused)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in (p for p in group["params"] if p.ndim > 1 and p.grad is not None):
                if p not in self.state:
                    self.state[p]["average"] = torch.zeros_like(p)
                average = self.state[p]["average"]
                average.lerp_(p.grad, 1 - group["momentum"])
                update = orthogonal(p.grad.lerp(average, group["momentum"]).flatten(1),
                                    self.dtype).view(p.shape)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * 0.2 * max(len(p), p[0].numel()) ** 0.5)
        for group in self.vectors.param_groups:
            group["lr"] = self.param_groups[0]["lr"]
        self.vectors.step()

    def zero_grad(self, set_to_none: bool = True):
        super().zero_grad(set_to_none)
        self.vectors.zero_grad(set_to_none)


def orthogonal(g: Tensor, dtype: torch.dtype = torch.float32, steps: int = 5) -> Tensor:
    """About U V' of the singular value decomposition U S V' of g [a, b], by Newton-Schulz iterations with
    Jordan's coefficients: singular values end between about 0.7 and 1.2."""
    x = g.to(dtype)
    x = x.T if len(g) > g.shape[1] else x
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x.T if len(g) > g.shape[1] else x).to(g.dtype)
