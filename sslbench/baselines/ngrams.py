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

    samples, n = np.zeros(BUCKETS, np.int64), 0  # that have each
    for x in parts[0]:
        found = counts_of(folded(x, lower), field.vocab, lengths)
        samples, n = samples + np.bincount(found.indices, minlength=BUCKETS), n + len(x)
    kept = np.argsort(-samples, kind="stable")[:most]
    kept = kept[samples[kept] >= max(1, min(least, n // 2))]
    counts = [vstack([counts_of(folded(x, lower), field.vocab, lengths, kept) for x in part], "csr")
              for part in parts]  # gone through twice, since all that is counted may be too much to hold
    weighed = TfidfTransformer(**weights).fit(counts[0])
    return [weighed.transform(part).astype(np.float32) for part in counts]


def folded(x, lower: bool) -> np.ndarray:
    """Ids [B, T], capital letters of ASCII as small ones where asked."""
    ids = x.cpu().numpy()
    return np.where((ids >= 65) & (ids <= 90), ids + 32, ids) if lower else ids


def counts_of(ids: np.ndarray, vocab: int, lengths: tuple[int, int], kept: np.ndarray | None = None):
    """How often each run occurs in some samples: scipy.sparse [B, BUCKETS], or of those kept [B, 1 or
    more]."""
    from scipy.sparse import csr_matrix

    B, T = ids.shape
    columns, rows = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for n in range(lengths[0], min(lengths[1], T) + 1):
        code, there = np.full((B, T - n + 1), n, np.uint64), np.ones((B, T - n + 1), bool)
        for i in range(n):
            part = ids[:, i:T - n + 1 + i]
            code = code * np.uint64(vocab + 1) + part.astype(np.uint64)
            there &= part < vocab
        code = (code ^ code >> np.uint64(29)) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(42)  # the top bits
        columns.append(code[there].astype(np.int64))
        rows.append(np.nonzero(there)[0])
    at, row, width = np.concatenate(columns), np.concatenate(rows), BUCKETS
    if kept is not None:
        place = np.full(BUCKETS, -1)
        place[kept], width = np.arange(len(kept)), max(1, len(kept))
        known = place[at] >= 0
        at, row = place[at][known], row[known]
    counts = csr_matrix((np.ones(len(at), np.float32), (row, at)), shape=(B, width))
    counts.sum_duplicates()
    return counts
