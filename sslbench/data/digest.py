"""A fingerprint of rows and labels, so that a run that goes on notices when its data has become another."""

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .rows import evenly, in_memory, nbytes

# rows that are looked at where asking for them takes reading or decoding: about 0.1 s in large photographs
SPREAD = 16
PIECE = 2**24  # bytes at once


def digest_of(rows: dict[str, Any], labels: dict[str, Tensor]) -> str:
    """One short word for all rows that are in memory (about 3 GB a second) and all labels; of memory maps and
    streamed folders for their number, their shape, evenly spread rows and, where rows have `names` of files,
    all of these."""
    sha = hashlib.sha256()
    for name, x in [*rows.items(), *labels.items()]:
        sha.update(f"{name} {len(x)}".encode())
        for file in getattr(x, "names", ()):
            sha.update(file.encode("utf-8", "surrogateescape") + b"\0")
        for piece in map(torch.as_tensor, pieces(x)):
            sha.update(f"{list(piece.shape)} {piece.dtype}".encode())
            check = zlib.crc32(piece.cpu().contiguous().flatten().view(torch.uint8).numpy().data)
            sha.update(check.to_bytes(4, "big"))
    return sha.hexdigest()[:32]


def pieces(x: Any) -> Iterator[Any]:
    """All rows, some megabytes at a time, where they are in memory; else a few."""
    if not len(x):
        return
    if not in_memory(x):
        yield x[evenly(len(x), SPREAD)]
        return
    step = max(1, PIECE * len(x) // max(1, nbytes(x)))
    for start in range(0, len(x), step):
        yield x[start:start + step]
