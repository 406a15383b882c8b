"""Checks of the notebook 02_fill_the_gap: the mask, and the error where something was hidden."""

import torch

from .check import Check, normal


def shuffled(n: int, tokens: int, seed: int):
    return torch.rand(n, tokens, generator=torch.Generator().manual_seed(seed)).argsort(1)


def hidden(order, kept):
    return torch.ones_like(order, dtype=torch.bool).scatter(1, order[:, :kept], False)


check_mask = Check(
    hidden,
    lambda: [(shuffled(5, 64, 0), 26), (shuffled(3, 16, 1), 4)],
    {"that marks what stays visible; True should mean hidden":
        lambda order, kept: ~hidden(order, kept),
     "that hides the same places in every sample; order says which stay visible":
        lambda order, kept: (torch.arange(order.shape[1]) >= kept).expand(order.shape),
     "order holds places, not ranks: scatter into the places order[:, :kept]":
        lambda order, kept: order >= kept},
    "every sample keeps the same number of tokens, at its own random places")

check_hidden_error = Check(
    lambda guess, x, mask: (guess - x).square()[mask].mean(),
    lambda: [(normal(4, 32, 32), normal(4, 32, 32, seed=1), normal(4, 32, 32, seed=2) > shift)
             for shift in (0.0, 0.8)],
    {"that is the mean over everything; visible positions are easy, so only the hidden ones count":
        lambda guess, x, mask: (guess - x).square().mean(),
     "the hidden errors are divided by the number of all positions; divide by the number of hidden ones":
        lambda guess, x, mask: ((guess - x).square() * mask).mean(),
     "that is the error where the sample is visible; mask is True where it is hidden":
        lambda guess, x, mask: (guess - x).square()[~mask].mean(),
     "that is the absolute error; square it": lambda guess, x, mask: (guess - x).abs()[mask].mean()},
    "only what was hidden is asked for")
