"""How often each run of k symbols occurs, wherever it stands: the spectrum kernel for sequences (Leslie et
al. 2002, doi:10.1142/9789812799623_0053)."""

from ..field import Field
from .ngrams import runs_counted

LENGTHS = (1, 5)  # k
MOST = 20_000  # different ones: the most frequent


def kmers(field: Field, train, *others) -> list:
    """Of symbols [B, T] the counts of all runs of 1 to 5 symbols, each sample's divided by their length as a
    vector: scipy.sparse [n, D] of each split."""
    return runs_counted(field, [train, *others], LENGTHS, MOST, use_idf=False)
