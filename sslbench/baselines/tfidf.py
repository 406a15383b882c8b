"""TF-IDF: how often words, and short runs of characters, occur in a text, those that many texts have counting
less (Salton & Buckley 1988, doi:10.1016/0306-4573(88)90021-0)."""

import numpy as np

from ..field import Field
from .ngrams import runs_counted

MOST = 50_000  # different ones: those in most training texts


def tfidf_of_words(field: Field, train, *others) -> list:
    """Of bytes [B, T] the words and pairs of words that two training texts or more have: scipy.sparse [n, D]
    of each split."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [words(part, field.vocab) for part in (train, *others)]
    vectors = TfidfVectorizer(dtype=np.float32, ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b",
                              sublinear_tf=True, min_df=min(2, max(1, len(texts[0]) // 2)), max_features=MOST)
    try:
        return [vectors.fit_transform(texts[0]), *map(vectors.transform, texts[1:])]
    except ValueError:  # there is no word that two texts share
        return [csr_matrix((len(part), 1), dtype=np.float32) for part in texts]


def tfidf_of_characters(field: Field, train, *others) -> list:
    """Of bytes [B, T] all runs of 2 to 4 bytes, spaces and signs too, that two training texts or more have:
    scipy.sparse [n, D] of each split."""
    return runs_counted(field, [train, *others], (2, 4), MOST, 2, lower=True, sublinear_tf=True)


def words(part, vocab: int) -> list[str]:
    """Bytes as they are written, broken characters as the replacement sign; what is absent is left out."""
    return [row[row < vocab].astype(np.uint8).tobytes().decode("utf-8", "replace")
            for x in part for row in x.cpu().numpy()]
