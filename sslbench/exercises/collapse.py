"""Checks of the notebook 05_collapse: how far answers lie apart, and in how many directions."""

import math

import torch.nn.functional as F

from .check import Check, normal

LN2 = math.log(2)


def unit(z):
    return F.normalize(z, dim=1)


def entropy(p):
    return -(p * p.log()).sum()


check_deviation = Check(
    lambda z: unit(z).std(0, correction=0).mean() * z.shape[1] ** 0.5,
    lambda: [(normal(64, 16),), (normal(50, 8, seed=1) + 3,)],
    {"the vectors must have length 1 before their deviation is taken: F.normalize(z, dim=1)":
        lambda z: z.std(0, correction=0).mean() * z.shape[1] ** 0.5,
     "the vectors must have length 1 first, F.normalize(z, dim=1), and the square root of P is missing":
        lambda z: z.std(0, correction=0).mean(),
     "the vectors must have length 1 first, F.normalize(z, dim=1), and std needs correction=0":
        lambda z: z.std(0).mean() * z.shape[1] ** 0.5,
     "length 1, the square root of P and correction=0 are missing": lambda z: z.std(0).mean(),
     "that scales each feature over the batch; each answer, a row, must have length 1: dim=1":
        lambda z: F.normalize(z, dim=0).std(0, correction=0).mean() * z.shape[1] ** 0.5,
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
     "that is in bits; use the natural logarithm, or 2 to that power":
        lambda s: (entropy(s / s.sum()) / LN2).exp(),
     "the exponential of an entropy in natural units is exp, not 2 to its power":
        lambda s: 2 ** entropy(s / s.sum()),
     "shares everywhere: both before and inside the logarithm":
        lambda s: (-(s * (s / s.sum()).log()).sum()).exp(),
     "inside the logarithm stands the share as well": lambda s: (-(s / s.sum() * s.log()).sum()).exp(),
     "that is the mean of the logarithms; each one counts as much as its share":
        lambda s: (-(s / s.sum()).log().mean()).exp(),
     "that counts the values; a small one must count less than a large one: exp of the entropy": len,
     "that counts the values, though as a float; a small one must count less than a large one":
        lambda s: float(len(s)),
     "take the singular values themselves, not their squares":
        lambda s: entropy(s**2 / (s**2).sum()).exp()},
    "equal singular values give their number, a single large one gives 1")
