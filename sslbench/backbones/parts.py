"""What several backbones share: reading patches or symbols as tokens, places, attention blocks."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..field import INTERPOLATION, Field
from .short_samples import Conv1d, Conv2d, Conv3d

LONG = 512  # tokens; beyond it all pairs at once would need much memory


class Symbols(nn.Embedding):
    """A vector for every symbol, one for what is hidden and one for what is absent."""

    def __init__(self, vocab: int, dim: int):
        super().__init__(vocab + 2, dim)

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        held = state_dict.get(f"{prefix}weight")
        # older weights have one vector for both
        if held is not None and len(held) == self.num_embeddings - 1:
            state_dict[f"{prefix}weight"] = torch.cat([held, held[-1:]])
        super()._load_from_state_dict(state_dict, prefix, *rest)


class Reader(nn.Module):
    """Each patch as one token: a linear map of its numbers, or the mean embedding of its symbols."""

    def __init__(self, field: Field, dim: int):
        super().__init__()
        self.field = field
        self.read = Symbols(field.vocab, dim) if field.vocab else nn.Linear(field.width, dim)

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


def attend(q: Tensor, k: Tensor, v: Tensor, causal: int = 0) -> Tensor:
    """softmax(q k^T / sqrt(d)) v of [B, heads, N, d]; causal: blocks of so many tokens see themselves and
    earlier blocks.

    For bfloat16 on CPUs the fused kernel's backward is up to 15 times slower than plain products (64 tokens,
    torch 2.15)."""
    N = q.shape[2]
    unseen = unseen_tokens(N, causal, q.device) if causal > 1 else None
    if q.device.type != "cpu" or q.dtype is not torch.bfloat16 or N > LONG:
        return F.scaled_dot_product_attention(q, k, v, None if unseen is None else ~unseen,
                                              is_causal=causal == 1)
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)  # [B, heads, N, N]
    if causal == 1:
        scores = scores + scores.new_full((N, N), float("-inf")).triu(1)
    elif causal:
        scores = scores.masked_fill(unseen, float("-inf"))
    return F.softmax(scores, -1, dtype=scores.dtype) @ v


def attention_weights(q: Tensor, k: Tensor, causal: int = 0) -> Tensor:
    """softmax(q k^T / sqrt(d)) [B, heads, N, N] in float32: what `attend` multiplies v with."""
    scores = (q.float() * q.shape[-1] ** -0.5) @ k.float().transpose(2, 3)
    if causal:
        scores = scores.masked_fill(unseen_tokens(q.shape[2], causal, q.device), float("-inf"))
    return F.softmax(scores, -1)


def unseen_tokens(n: int, causal: int, device: torch.device) -> Tensor:
    """[n, n], True where a token (row) must not see another one, of a later block."""
    block = torch.arange(n, device=device) // causal
    return block[:, None] < block


class Block(nn.Module):
    """Pre-norm attention and MLP (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762)."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def projected(self, x: Tensor) -> Tensor:
        """Queries, keys and values of tokens [B, N, D]: [3, B, heads, N, D / heads]."""
        return self.qkv(self.norm1(x)).view(*x.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)

    def weights(self, x: Tensor, causal: int = 0) -> Tensor:
        """How much each token takes of each other, [B, heads, N, N]; rows sum to 1."""
        q, k, _ = self.projected(x)
        return attention_weights(q, k, causal)

    def forward(self, x: Tensor, causal: int = 0) -> Tensor:
        B, N, D = x.shape
        mixed = attend(*self.projected(x), causal)
        x = x + self.out(mixed.transpose(1, 2).reshape(B, N, D))
        return x + self.mlp(self.norm2(x))


class Blocks(nn.Module):
    """A stack of attention blocks, normalised at the end."""

    def __init__(self, dim: int, depth: int):
        super().__init__()
        self.blocks, self.norm = nn.ModuleList(Block(dim, max(1, dim // 32))
                                               for _ in range(depth)), nn.LayerNorm(dim)

    def forward(self, x: Tensor, causal: int = 0) -> Tensor:
        for block in self.blocks:
            x = block(x, causal)
        return self.norm(x)

    def weights(self, x: Tensor, causal: int = 0) -> list[Tensor]:
        """Those of every block, [B, heads, N, N], the first block's first."""
        seen = []
        for block in self.blocks:
            seen.append(block.weights(x, causal))
            x = block(x, causal)
        return seen


def conv_and_norm(rank: int):
    """The convolution and batch normalisation for 1, 2 or 3 axes."""
    return ((Conv1d, nn.BatchNorm1d), (Conv2d, nn.BatchNorm2d), (Conv3d, nn.BatchNorm3d))[rank - 1]
