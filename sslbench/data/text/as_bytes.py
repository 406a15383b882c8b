"""Text as bytes: str <-> ids, views of text, and what can be counted without a network. Plain functions.

Ids are bytes 0..255; 256 is a hidden byte, 257 none (Field.vocab is 256). Rows as they are stored have 256
where no byte is: nothing is hidden there, and a field with gaps decodes what is no byte as absent.
"""

import re
from typing import Annotated
from zlib import crc32

import numpy as np
import torch
from torch import Generator, Tensor

from ...catalog import Hyperparameter
from .. import rand

TextCrop = Annotated[float, Hyperparameter("smallest share of the sequence a view keeps", 0.1, 1,
                                           augments=True)]
Hide = Annotated[float, Hyperparameter("share of symbols hidden in a view", 0, 0.9, augments=True)]

BYTES = 256
WORDS = 1024  # hash buckets of words, and of three bytes in a row
FEW = 32  # different bytes in texts that are sequences of letters: DNA, proteins
DOT = "·".encode()


def windows(text: str, length: int) -> np.ndarray:
    """The text cut into consecutive pieces of `length` bytes, int16 [n, length]; what is left over is
    dropped."""
    ids = np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
    n = len(ids) // length
    return ids[: n * length].reshape(n, length).astype(np.int16)


def padded(texts: list[str], length: int) -> np.ndarray:
    """One row per text, int16 [n, length]; cut at `length` bytes, shorter ones end in 256, no byte."""
    out = np.full((len(texts), length), BYTES, np.int16)
    for row, text in zip(out, texts):
        ids = np.frombuffer(text.encode("utf-8", "replace")[:length], np.uint8)
        row[: len(ids)] = ids
    return out


def spell(ids: Tensor) -> str:
    """Ids [T] as a string; a hidden or absent byte is a dot, a broken character the replacement sign."""
    return b"".join(DOT if not 0 <= i < BYTES else bytes([i]) for i in ids.tolist()).decode("utf-8",
        "replace")


def excerpt(ids: Tensor, generator: Generator, crop: float = 0.5, hide: float = 0.1, span: int = 8,
            vocab: int = BYTES) -> Tensor:
    """A view of text [B, T]: a random stretch of it, moved to the front, with short spans hidden.

    crop: the smallest share that is kept.  hide: share of bytes hidden, in spans of `span`.  vocab: number of
    symbols.
    """
    B, T = ids.shape
    r = rand(generator, 2, B, 1).to(ids.device)
    at = torch.arange(T, device=ids.device)
    there = (at * (ids <= vocab)).amax(1, keepdim=True) + 1  # [B, 1] bytes before the padding
    kept = ((crop + (1 - crop) * r[0]) * there).long().clamp(min=1)
    start = (r[1] * (there - kept + 1)).long()
    out = ids.gather(1, (at + start).clamp(max=T - 1)).masked_fill(at >= kept, vocab + 1)
    hidden = rand(generator, B, -(-T // span)).to(ids.device) < hide
    return out.masked_fill(hidden.repeat_interleave(span, 1)[:, :T] & (out <= vocab), vocab)


def histogram(ids: Tensor) -> Tensor:
    """How often each byte occurs, as shares [B, 256]."""
    counts = torch.zeros(len(ids), BYTES + 2, device=ids.device)
    counts.scatter_add_(1, ids, torch.ones_like(ids, dtype=counts.dtype))
    return counts[:, :BYTES] / counts[:, :BYTES].sum(1, keepdim=True).clamp(min=1)


def bag_of_words(ids: Tensor) -> Tensor:
    """log(1 + count) of the words in each sample, hashed into WORDS buckets: [B, WORDS]."""
    counts = np.zeros((len(ids), WORDS), np.float32)
    for row, sample in zip(counts, ids.cpu().numpy()):
        text = sample[sample < BYTES].astype(np.uint8).tobytes().lower()
        for word in re.findall(rb"[a-z\x80-\xff]+", text):
            row[crc32(word) % WORDS] += 1
    return torch.from_numpy(counts).log1p().to(ids.device)


def trigrams(ids: Tensor) -> Tensor:
    """log(1 + count) of every three bytes in a row, hashed into WORDS buckets: [B, WORDS]."""
    parts = [ids[:, i:ids.shape[1] - 2 + i].long() for i in range(3)]
    counts = torch.zeros(len(ids), WORDS, device=ids.device)
    if ids.shape[1] > 2:
        hashed = ((parts[0] * 257 + parts[1]) * 257 + parts[2]) * 2654435761 % 2**32 * WORDS // 2**32
        there = torch.stack(parts).amax(0) < BYTES
        counts.scatter_add_(1, hashed, there.to(counts.dtype))
    return counts.log1p()


def few_letters(ids: np.ndarray) -> bool:
    """Whether texts [n, T], 256 where no byte is, are made of few different bytes: DNA, proteins."""
    return len(np.unique(ids[ids < BYTES])) <= FEW


def letters_of(ids: np.ndarray) -> tuple[int, ...]:
    """The bytes of texts that are all equally long and made of few, so that a place means something; else
    none. ids [n, T], 256 where no byte is."""
    sizes = (ids < BYTES).sum(1)
    found = np.unique(ids[ids < BYTES])
    return tuple(found.tolist()) if len(set(sizes.tolist())) == 1 and len(found) <= FEW else ()


def at_places(ids: Tensor, letters: tuple[int, ...]) -> Tensor:
    """Which letter stands where: [B, T * letters] of 0 and 1."""
    return (ids.unsqueeze(-1) == torch.tensor(letters, device=ids.device)).flatten(1).float()


def raw(ids: Tensor, letters: tuple[int, ...] = ()) -> dict[str, Tensor]:
    """The baselines for text: bytes, words and three bytes in a row counted; and where texts are sequences of
    these letters, all equally long, each place of them."""
    counted = {"byte histogram": histogram(ids), "bag of words": bag_of_words(ids), "3-grams": trigrams(ids)}
    return counted | ({"one-hot": at_places(ids, letters)} if letters else {})
