"""Sequences of symbols as strings, and how scikit-learn counts what occurs in them."""

import numpy as np


def strings(part, vocab: int) -> list[str]:
    """Of symbols [B, T] each sample as a string with a character for each symbol, number i as chr(i); what is
    absent is left out."""
    found = []
    for x in part:
        for row in x.cpu().numpy():
            found.append(row[row < vocab].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass"))
    return found


def counted(parts: list[list[str]], **how) -> list:
    """scipy.sparse float32 [n, D] of each list of strings; what is counted, and how much it counts, is found
    in the first. Rows have length 1, or 0 where nothing known occurs."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    how = {**how, "min_df": min(how.get("min_df", 1), max(1, len(parts[0]) // 2))}
    vectors = TfidfVectorizer(dtype=np.float32, **how)
    try:
        return [vectors.fit_transform(parts[0]), *map(vectors.transform, parts[1:])]
    except ValueError:  # nothing is there to be counted
        return [csr_matrix((len(part), 1), dtype=np.float32) for part in parts]
