"""Checks of the notebook 05_collapse: how far answers lie apart, and in how many directions."""

import torch.nn.functional as F

from .check import Check, normal


def unit(z):
    return F.normalize(z, dim=1)


def entropy(p):
    return -(p * p.log()).sum()


check_deviation = Check(
    lambda z: unit(z).std(0, correction=0).mean() * z.shape[1] ** 0.5,
    lambda: [(normal(64, 16),), (normal(50, 8, seed=1) + 3,)],
    {"the vectors must have length 1 before their deviation is taken: F.normalize(z, dim=1)":
        lambda z: z.std(0, correction=0).mean() * z.shape[1] ** 0.5,
     "multiply by the square root of the number of features, so that 1 means evenly spread":
        lambda z: unit(z).std(0, correction=0).mean(),
     "that is the deviation within each sample; it is over the samples of the batch: dim 0":
        lambda z: unit(z).std(1, correction=0).mean() * z.shape[1] ** 0.5,
     "torch divides by n - 1 unless it is told not to: std(0, correction=0)":
        lambda z: unit(z).std(0).mean() * z.shape[1] ** 0.5,
     "that is the variance; take its square root":
        lambda z: unit(z).var(0, correction=0).mean() * z.shape[1] ** 0.5},
    "0 says that all samples got the same answer, 1 that answers point everywhere")

check_effective_rank = Check(
    lambda s: entropy(s / s.sum()).exp(),
    lambda: [(normal(12).abs() + 0.1,), (normal(5, seed=1).abs() + 0.5,)],
    {"that is the entropy; its exponential is a number of directions": lambda s: entropy(s / s.sum()),
     "the shares must sum to 1: divide by the sum first": lambda s: entropy(s).exp(),
     "the sign: an entropy is minus the sum of p log p": lambda s: (-entropy(s / s.sum())).exp(),
     "take the singular values themselves, not their squares":
        lambda s: entropy(s**2 / (s**2).sum()).exp()},
    "equal singular values give their number, a single large one gives 1")
