"""TF-IDF: how often words, and short runs of characters, occur in a text, those that many texts have counting
less (Salton & Buckley 1988, doi:10.1016/0306-4573(88)90021-0)."""

from ..field import Field
from .ngrams import counted, strings

MOST = 50_000  # different ones: the most frequent


def tfidf_of_words(field: Field, train, *others) -> list:
    """Of bytes [B, T] the words and pairs of words that two training texts or more have: scipy.sparse [n, D]
    of each split."""
    return counted([words(part, field.vocab) for part in (train, *others)], ngram_range=(1, 2),
                   token_pattern=r"(?u)\b\w+\b", sublinear_tf=True, min_df=2, max_features=MOST)


def tfidf_of_characters(field: Field, train, *others) -> list:
    """Of bytes [B, T] all runs of 2 to 4 bytes, spaces and signs too: scipy.sparse [n, D] of each split."""
    return counted([strings(part, field.vocab) for part in (train, *others)], analyzer="char",
                   ngram_range=(2, 4), sublinear_tf=True, min_df=2, max_features=MOST)


def words(part, vocab: int) -> list[str]:
    """Bytes as they are written, broken characters as the replacement sign."""
    return [text.encode("latin-1").decode("utf-8", "replace") for text in strings(part, vocab)]
