"""Checks of the notebook 01_two_views: InfoNCE, its chance level, BYOL's distance."""

import math

import torch
import torch.nn.functional as F

from .check import Check, normal


def cosines(a, b):
    return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T


def one_way(logits):
    return F.cross_entropy(logits, torch.arange(len(logits)))


check_info_nce = Check(
    lambda a, b, t: (one_way(cosines(a, b) / t) + one_way(cosines(b, a) / t)) / 2,
    lambda: [(normal(n, 16), normal(n, 16, seed=1) + normal(n, 16), t) for n, t in ((6, 0.5), (9, 0.1))],
    {"its sign is turned: the loss must fall when the partners come closer":
        lambda a, b, t: -(one_way(cosines(a, b) / t) + one_way(cosines(b, a) / t)) / 2,
     "the vectors must have length 1 before they are compared: F.normalize(a, dim=1)":
        lambda a, b, t: (one_way(a @ b.T / t) + one_way(b @ a.T / t)) / 2,
     "the temperature divides the cosines; here it multiplies them":
        lambda a, b, t: (one_way(cosines(a, b) * t) + one_way(cosines(b, a) * t)) / 2,
     "that is one direction, from a to b; b looks for its partner in a as well: take the mean of the two":
        lambda a, b, t: one_way(cosines(a, b) / t),
     "that is the sum of the two directions; take their mean":
        lambda a, b, t: one_way(cosines(a, b) / t) + one_way(cosines(b, a) / t)},
    "partners are found among the other view alone, which is how CLIP matches images with captions")

check_chance = Check(
    lambda n: math.log(n),
    lambda: [(2,), (64,), (1000,)],
    {"those are the candidates of NT-Xent, which looks in both views; here each view is compared with the "
     "other one alone":
        lambda n: math.log(2 * n - 1),
     "the partner is one of the candidates, so there are n, not n - 1":
        lambda n: math.log(n - 1) if n > 1 else 0.0,
     "that is in bits; the loss uses the natural logarithm": lambda n: math.log2(n),
     "that is the probability of a hit; the loss is its negative logarithm": lambda n: 1 / n,
     "the sign: a loss is the negative logarithm of a probability": lambda n: -math.log(n)},
    "an equal probability for each of n candidates costs ln n")

check_byol_distance = Check(
    lambda p, t: 2 - 2 * F.cosine_similarity(p, t, dim=1),
    lambda: [(normal(7, 12), normal(7, 12, seed=1)), (normal(5, 3), 10 * normal(5, 3, seed=2))],
    {"that is the mean over the batch; return one distance for each sample":
        lambda p, t: (2 - 2 * F.cosine_similarity(p, t, dim=1)).mean(),
     "the vectors must have length 1 before their distance is taken: F.normalize(p, dim=1)":
        lambda p, t: (p - t).square().sum(1),
     "sum the squares over the features; a mean makes it smaller by their number":
        lambda p, t: (F.normalize(p, dim=1) - F.normalize(t, dim=1)).square().mean(1),
     "that is the distance; it is the squared one that is used":
        lambda p, t: (F.normalize(p, dim=1) - F.normalize(t, dim=1)).norm(dim=1),
     "that is the cosine, which grows when they agree; a loss must fall":
        lambda p, t: F.cosine_similarity(p, t, dim=1)},
    "the squared distance of two unit vectors is 2 - 2 cos")
