"""Runs of symbols counted, many samples at once, and weighed as scikit-learn weighs them."""

import numpy as np

from ..field import Field

BUCKETS = 2**22  # runs are told apart by a hash; of a million different ones a tenth meet another


def runs_counted(field: Field, parts: list, lengths: tuple[int, int], most: int, least: int = 1,
                 lower: bool = False, **weights) -> list:
    """Of symbols [B, T] how often each run of lengths[0] to lengths[1] symbols occurs, weighed:
    scipy.sparse float32 [n, D] of each part, rows of length 1, or 0 where nothing known occurs. A run over
    what is absent is none.

    most: only the most frequent of the first part.  least: that occur in as many of its samples.  lower:
    capital letters count as small ones.  weights: of sklearn's TfidfTransformer, which is fitted on the first
    part."""
    from scipy.sparse import vstack
    from sklearn.feature_extraction.text import TfidfTransformer

    counts = [vstack([of_batch(folded(x, lower), field.vocab, lengths) for x in part], "csr")
              for part in parts]
    samples = np.bincount(counts[0].indices, minlength=BUCKETS)  # that have it
    kept = np.argsort(-samples, kind="stable")[:most]
    kept = np.sort(kept[samples[kept] >= max(1, min(least, counts[0].shape[0] // 2))])
    kept = kept if len(kept) else np.zeros(1, int)
    counts = [part[:, kept] for part in counts]
    weighed = TfidfTransformer(**weights).fit(counts[0])
    return [weighed.transform(part).astype(np.float32) for part in counts]


def folded(x, lower: bool) -> np.ndarray:
    """Ids [B, T], capital letters of ASCII as small ones where asked."""
    ids = x.cpu().numpy()
    return np.where((ids >= 65) & (ids <= 90), ids + 32, ids) if lower else ids


def of_batch(ids: np.ndarray, vocab: int, lengths: tuple[int, int]):
    """Counts [B, BUCKETS] of some samples."""
    from scipy.sparse import csr_matrix

    B, T = ids.shape
    columns, rows = [], []
    for n in range(lengths[0], min(lengths[1], T) + 1):
        code, there = np.full((B, T - n + 1), n, np.uint64), np.ones((B, T - n + 1), bool)
        for i in range(n):
            part = ids[:, i:T - n + 1 + i]
            code = code * np.uint64(vocab + 1) + part.astype(np.uint64)
            there &= part < vocab
        code = (code ^ code >> np.uint64(29)) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(42)  # the top bits
        columns.append(code[there])
        rows.append(np.nonzero(there)[0])
    at = np.concatenate(columns).astype(np.int32) if columns else np.zeros(0, np.int32)
    counts = csr_matrix((np.ones(len(at), np.float32), (np.concatenate(rows) if rows else at, at)),
                        shape=(B, BUCKETS))
    counts.sum_duplicates()
    return counts
