"""What several backbones share: reading patches or symbols as tokens, places, attention blocks."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..field import INTERPOLATION, Field
from .short_samples import Conv1d, Conv2d, Conv3d

LONG = 512  # tokens; beyond it all pairs at once would need much memory


class Reader(nn.Module):
    """Each patch as one token: a linear map of its numbers, or the mean embedding of its symbols."""

    def __init__(self, field: Field, dim: int):
        super().__init__()
        self.field = field
        self.read = nn.Embedding(field.vocab + 1, dim) if field.vocab else nn.Linear(field.width, dim)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.read(self.field.patchify(x))
        return tokens.mean(2) if self.field.vocab else tokens  # [B, N, D]


class Places(nn.Module):
    """A learned vector for every place of a grid, interpolated when a sample has another size."""

    def __init__(self, grid: tuple[int, ...], dim: int):
        super().__init__()
        self.grid, self.table = tuple(grid), nn.Parameter(0.02 * torch.randn(dim, *grid))

    def forward(self, grid: tuple[int, ...]) -> Tensor:
        table = self.table
        if tuple(grid) != self.grid:
            table = F.interpolate(table[None].float(), tuple(grid), mode=INTERPOLATION[len(grid) - 1])[0]
        return table.flatten(1).T  # [N, D]


def attend(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    """softmax(q k^T / sqrt(d)) v of [B, heads, N, d]; causal: no token sees a later one.

    For bfloat16 on CPUs the fused kernel's backward is up to 15 times slower than plain products (64 tokens, torch 2.15)."""
    N = q.shape[2]
    if q.device.type != "cpu" or q.dtype is not torch.bfloat16 or N > LONG:
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)  # [B, heads, N, N]
    if causal:
        scores = scores + scores.new_full((N, N), float("-inf")).triu(1)
    return F.softmax(scores, -1, dtype=scores.dtype) @ v


class Block(nn.Module):
    """Pre-norm attention and MLP (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762)."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x: Tensor, causal: bool = False) -> Tensor:
        B, N, D = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(B, N, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # [B, heads, N, D / heads]
        mixed = attend(q, k, v, causal)
        x = x + self.out(mixed.transpose(1, 2).reshape(B, N, D))
        return x + self.mlp(self.norm2(x))


class Blocks(nn.Module):
    """A stack of attention blocks, normalised at the end."""

    def __init__(self, dim: int, depth: int):
        super().__init__()
        self.blocks, self.norm = nn.ModuleList(Block(dim, max(1, dim // 32)) for _ in range(depth)), nn.LayerNorm(dim)

    def forward(self, x: Tensor, causal: bool = False) -> Tensor:
        for block in self.blocks:
            x = block(x, causal)
        return self.norm(x)


def conv_and_norm(rank: int):
    """The convolution and batch normalisation for 1, 2 or 3 axes."""
    return ((Conv1d, nn.BatchNorm1d), (Conv2d, nn.BatchNorm2d), (Conv3d, nn.BatchNorm3d))[rank - 1]
