"""How often each run of k symbols occurs, wherever it stands: the spectrum kernel for sequences (Leslie et
al. 2002, doi:10.1142/9789812799623_0053), runs weighed as words are in TF-IDF."""

from ..field import Field
from .ngrams import runs_counted

LENGTHS = (1, 6)  # k
MOST = 20_000  # different ones: those in most training samples


def kmers(field: Field, train, *others) -> list:
    """Of symbols [B, T] the log counts of all runs of 1 to 6 symbols, those that many samples have counting
    less, each sample's divided by their length as a vector: scipy.sparse [n, D] of each split."""
    return runs_counted(field, [train, *others], LENGTHS, MOST, sublinear_tf=True)
