"""What one sample looks like, and all that a pretext task knows of its data.

A frozen `Field` says how many axes there are, numbers or symbols, and owns the geometry; a dict says which
fields there are, and a `Batch` holds their tensors. B batch, N tokens, C channels. Numbers are [B, C, *size],
symbols [B, *size]. What is not there (padding, a gap in a series) is NaN among numbers and the id `absent`
among symbols; only fields with `gaps` pay for looking. What a task hides is 0 among numbers and the id
`hidden` among symbols, which is there, but not to be read.
Graphs and sets do not fit; lengths that differ become windows or padding.
"""

import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

Batch = dict[str, Tensor]
INTERPOLATION = ("linear", "bilinear", "trilinear")  # by number of axes
LARGE = 1e15  # whose square is a float32
# to a coarser grid, by number of axes
MEANS = F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d


@dataclass(frozen=True)
class Field:
    """One field of a sample: `size` along 1 (series, text), 2 (images) or 3 (video) axes, cut into `patch`es.

    channels: C of numbers.  vocab: number of symbols, ids 0..vocab-1; two more ids, `hidden` and `absent`,
    are no symbols.  scale, offset: stored numbers become (x - offset) * scale.  gaps: samples may have absent
    positions.

        Field(size=(28, 28), patch=(4, 4), channels=1, scale=1 / 255)  # pictures, stored as 0 to 255
        Field(size=(128,), patch=(1,), vocab=256)  # text as bytes
    """

    size: tuple[int, ...]
    patch: tuple[int, ...]
    channels: int = 1
    vocab: int | None = None
    scale: float = 1.0
    offset: float = 0.0
    gaps: bool = False

    @property
    def rank(self) -> int:
        return len(self.size)

    @property
    def grid(self) -> tuple[int, ...]:
        return tuple(s // p for s, p in zip(self.size, self.patch))

    @property
    def tokens(self) -> int:
        return math.prod(self.grid)

    @property
    def outputs(self) -> int:
        """Numbers a guess needs at one position: one per channel, or one logit per symbol."""
        return self.vocab or self.channels

    @property
    def hidden(self) -> int:
        """The id of a symbol that is there but not to be read."""
        return self.vocab

    @property
    def absent(self) -> int:
        """The id of no symbol at all."""
        return self.vocab + 1

    @property
    def width(self) -> int:
        """Numbers a guess needs for one token."""
        return math.prod(self.patch) * self.outputs

    def unreadable(self, name: str) -> str:
        """Why no network can read samples of this field, or ""."""
        sides, patch = (" x ".join(map(str, numbers)) for numbers in (self.size, self.patch))
        if not 1 <= self.rank <= 3 or len(self.patch) != self.rank:
            return (f"{name} has samples of {self.rank} axes and patches of {len(self.patch)}; there must "
                    "be one to three of both")
        if min(self.size) < 1 or self.outputs < 1:
            return f"{name} has samples of {sides}, which are empty"
        wrong = min(self.patch) < 1 or any(s % p for s, p in zip(self.size, self.patch))
        return f"{name} has samples of {sides}, no multiple of its patch {patch}" if wrong else ""

    def resized(self, size: tuple[int, ...]) -> "Field":
        return replace(self, size=tuple(size))

    def decode(self, x: Tensor) -> Tensor:
        """Stored dtype (uint8, int16, ...) to float32 numbers or int64 ids; with gaps, a stored id that is no
        symbol is absent."""
        if self.vocab:
            ids = x.long()
            return ids.masked_fill((ids < 0) | (ids >= self.vocab), self.absent) if self.gaps else ids
        # in place: a copy less each, and rows stay as stored
        return x.to(torch.float32, copy=True).sub_(self.offset).mul_(self.scale)

    def encode(self, x: Tensor) -> Tensor:
        """The inverse of decode for numbers, not rounded: for pictures."""
        return x if self.vocab else x / self.scale + self.offset

    def patchify(self, x: Tensor) -> Tensor:
        """[B, C, *size] -> [B, N, prod(patch) * C] in the order (patch, channel), ids [B, *size] -> [B, N,
        prod(patch)]; the grid is read from x, so smaller samples work. Each size must be a multiple of its
        patch."""
        x = x.unsqueeze(1) if self.vocab else self.fill(x)
        B, C = x.shape[:2]
        grid = [s // p for s, p in zip(x.shape[2:], self.patch)]
        x = x.reshape(B, C, *[d for gp in zip(grid, self.patch) for d in gp])
        axes = range(2, 2 + 2 * self.rank)
        # [B, N, width of a patch]
        return x.permute(0, *axes[0::2], *axes[1::2], 1).reshape(B, math.prod(grid), -1)

    def dense(self, p: Tensor, grid: tuple[int, ...] | None = None) -> Tensor:
        """Guesses per token [B, N, width] -> per position [B, outputs, *size]; the inverse of patchify for
        numbers."""
        B, r = len(p), self.rank
        grid = grid or self.grid
        x = p.reshape(B, *grid, *self.patch, -1)
        x = x.permute(0, 1 + 2 * r, *[d for i in range(r) for d in (1 + i, 1 + r + i)])
        return x.reshape(B, -1, *[g * s for g, s in zip(grid, self.patch)])

    def error(self, guess: Tensor, x: Tensor) -> Tensor:
        """Squared error (mean over the channels that are there) or cross-entropy in nats at every position,
        in float32; 0 where x is absent or a hidden symbol. guess [B, outputs, *size], x a sample -> [B,
        *size]."""
        if self.vocab:
            return F.cross_entropy(guess.float(), x.clamp(max=self.vocab), reduction="none",
                                   ignore_index=self.vocab)
        error = (guess.float() - self.fill(x)).square()
        if not self.gaps:
            return error.mean(1)
        there = ~x.isnan()
        return (error * there).sum(1) / there.sum(1).clamp(min=1)

    def present(self, x: Tensor) -> Tensor | None:
        """[B, *size], True where any channel is (sensors are often read in turn) or a symbol, hidden or not.
        None when the field has no gaps."""
        if not self.gaps:
            return None
        return x != self.absent if self.vocab else ~x.isnan().all(1)

    def fill(self, x: Tensor) -> Tensor:
        """Absent numbers become 0, so that a network can read the sample."""
        return torch.nan_to_num(x, 0.0, 0.0, 0.0) if self.gaps and not self.vocab else x

    def at(self, guess: Tensor, token: int) -> Tensor:
        """What a guess [B, outputs, *size] says of one token: [B, prod(patch), outputs], logits of symbols or
        numbers."""
        return guess[(..., *self.place(guess, token))].flatten(2).transpose(1, 2)

    def put(self, x: Tensor, token: int, symbols: Tensor) -> Tensor:
        """x with one token replaced by symbols [B, prod(patch)], or by numbers [B, prod(patch), C]; x itself
        stays as it is."""
        x = x.clone()
        shape = (len(x), *self.patch) if self.vocab else (len(x), x.shape[1], *self.patch)
        x[(..., *self.place(x, token))] = (symbols
            if self.vocab else symbols.transpose(1, 2)).reshape(shape).to(x.dtype)
        return x

    def place(self, x: Tensor, token: int) -> tuple[slice, ...]:
        """Where a token lies along the last axes of x; IndexError where there is none."""
        grid, cut = [s // p for s, p in zip(x.shape[-self.rank:], self.patch)], []
        if not 0 <= token < math.prod(grid):
            raise IndexError(f"there are {math.prod(grid)} tokens, no number {token}")
        for n, p in zip(reversed(grid), reversed(self.patch)):
            token, i = divmod(token, n)
            cut.insert(0, slice(i * p, (i + 1) * p))
        return tuple(cut)

    def spread(self, m: Tensor) -> Tensor:
        """One value per token [B, N] -> one per position [B, *size]."""
        m = m.reshape(len(m), *self.grid)
        for axis, p in enumerate(self.patch, 1):
            m = m.repeat_interleave(p, axis)
        return m

    def hide(self, x: Tensor, mask: Tensor) -> Tensor:
        """x with the positions in mask [B, *size] hidden: numbers become 0, symbols the id `hidden`; what is
        absent stays so."""
        if self.vocab:
            return x.masked_fill(mask & (x != self.absent), self.hidden)
        mask = mask.unsqueeze(1)
        return x.masked_fill(mask & ~x.isnan() if self.gaps else mask, 0.0)

    def answer(self, guess: Tensor) -> Tensor:
        """A guess [B, outputs, *size] as a sample: the numbers themselves, or the most likely symbols [B,
        *size]."""
        return guess.argmax(1) if self.vocab else guess.float()

    def blend(self, x: Tensor, other: Tensor, mask: Tensor) -> Tensor:
        """x with the positions in mask [B, *size] taken from other."""
        return torch.where(mask if self.vocab else mask.unsqueeze(1), other, x)

    def window(self, x: Tensor, start: Tensor, size: tuple[int, ...]) -> Tensor:
        """One window per sample: start [B, rank] in positions, size per axis."""
        B, r = len(x), self.rank
        rows = torch.arange(B, device=x.device).view(B, *[1] * r)
        where = [start[:, i].view(B, *[1] * r)
                 + torch.arange(n, device=x.device).view(1, *[n if j == i else 1 for j in range(r)])
                 for i, n in enumerate(size)]
        return x[(rows, *where)] if self.vocab else x.movedim(1, -1)[(rows, *where)].movedim(-1, 1)


def finite(z: Tensor) -> Tensor:
    """Features [n, D] that can be summed and squared in float32: what is no number counts as 0, what is too
    large as 1e15."""
    low, high = z.aminmax() if z.numel() else (z.new_zeros(()),) * 2
    # of NaN nothing is true
    return z if max(-low, high) < LARGE else torch.nan_to_num(z, 0.0, 0.0, 0.0).clamp(-LARGE, LARGE)


def spread_of(z: Tensor, *axes: int) -> Tensor:
    """The standard deviation, 0 of a single sample."""
    return z.std(*axes, correction=min(1, len(z) - 1))


def size_of(batch) -> int:
    """B of a batch, or the number of rows of a dict of rows."""
    return len(next(iter(batch.values())))


def decode(fields: dict[str, Field], rows, index=slice(None), device=None) -> Batch:
    """The rows with these numbers as a batch of floats and ids; only the chosen rows travel to the device."""
    # only CUDA keeps what it copies from until it is copied
    later = device is not None and torch.device(device).type == "cuda"
    return {name: fields[name].decode(torch.as_tensor(picked(rows[name], index)).to(device,
        non_blocking=later)) for name in rows}


def picked(rows, index):
    """rows[index] for row numbers [n]; of a tensor by index_select, which copies whole rows where indexing
    goes byte by byte."""
    if isinstance(rows, Tensor) and isinstance(index, Tensor):
        return rows.index_select(0, index.to(rows.device, non_blocking=rows.is_cuda))
    return rows[index]


def resample(tokens: Tensor, old: tuple[int, ...], new: tuple[int, ...]) -> Tensor:
    """Tokens on one grid [B, prod(old), D] -> the same interpolated on another [B, prod(new), D]."""
    if tuple(old) == tuple(new):
        return tokens
    x = tokens.transpose(1, 2).unflatten(2, tuple(old))
    if math.prod(old) == 1:
        x = x.expand(*x.shape[:2], *new)
    else:
        x = F.interpolate(x.float(), tuple(new), mode=INTERPOLATION[len(new) - 1]).to(tokens.dtype)
    return x.flatten(2).transpose(1, 2)
