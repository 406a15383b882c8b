"""Checks of the notebook 03_what_comes_next: the shift of a predictor, and the entropy of symbols."""

import math

import torch

from .check import Check


def symbols(n: int, length: int, vocab: int, seed: int):
    return torch.randint(0, vocab, (n, length), generator=torch.Generator().manual_seed(seed))


def starts(ids, start):
    return torch.full_like(ids[:, :1], start)


check_shift = Check(
    lambda ids, start: torch.cat([starts(ids, start), ids[:, :-1]], 1),
    lambda: [(symbols(4, 10, 50, 0), 256), (symbols(2, 3, 50, 1), 0)],
    {"the network would read the very symbol it has to predict: move everything one place to the right":
        lambda ids, start: ids,
     "that shows it the future: symbol t + 1 stands where t is to be predicted":
        lambda ids, start: torch.cat([ids[:, 1:], starts(ids, start)], 1),
     "the last symbol has no place to predict any more: drop it, so that the length stays the same":
        lambda ids, start: torch.cat([starts(ids, start), ids], 1),
     "that brings the last symbol to the front, and the last is the future":
        lambda ids, start: ids.roll(1, 1)},
    "at every place the network has read what comes before it, and nothing else")


def frequencies(ids):
    share = torch.bincount(ids.flatten()).double() / ids.numel()
    return share[share > 0]


check_entropy = Check(
    lambda ids: -(frequencies(ids) * frequencies(ids).log()).sum(),
    lambda: [(symbols(8, 30, 5, 0),), (symbols(8, 30, 40, 1).square(),)],
    {"the sign: logarithms of probabilities are negative, entropy is not":
        lambda ids: (frequencies(ids) * frequencies(ids).log()).sum(),
     "that is in bits; the loss uses the natural logarithm":
        lambda ids: -(frequencies(ids) * frequencies(ids).log2()).sum(),
     "that treats all symbols as equally likely; weigh each by how often it occurs":
        lambda ids: math.log(len(frequencies(ids))),
     "that is the mean over kinds of symbols; weigh each by how often it occurs":
        lambda ids: -frequencies(ids).log().mean()},
    "the best guess that reads nothing is how often each symbol occurs, and entropy is its loss")
