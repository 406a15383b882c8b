"""Checks of the notebook 04_what_was_done: a quarter turn for each sample, and the chance level of a
puzzle."""

import math

import torch

from .check import Check, normal


def turned(x, turn):
    return torch.stack([one.rot90(int(k), (-2, -1)) for one, k in zip(x, turn)])


check_turn = Check(
    turned,
    lambda: [(normal(5, 3, 6, 6), torch.tensor([1, 0, 2, 3, 1])),
             (normal(3, 1, 4, 4), torch.tensor([3, 3, 1]))],
    {"it turns the other way round; torch.rot90 with (-2, -1) turns against the clock":
        lambda x, turn: turned(x, -turn),
     "every sample has a number of turns of its own: turn[0] is for the first alone":
        lambda x, turn: x.rot90(int(turn[0]), (-2, -1)),
     "every picture comes back as it was: none was turned": lambda x, turn: x,
     "that mirrors the picture; turn it": lambda x, turn: turned(x, turn).flip(-1)},
    "four answers, and nobody had to label a picture")

check_puzzle_chance = Check(
    lambda n: math.log(math.factorial(n)),
    lambda: [(2,), (4,), (9,)],
    {"n pieces can be ordered in n! ways, not n": lambda n: math.log(n),
     "two pieces cannot lie at one place: there are n!, not n to the power of n": lambda n: n * math.log(n),
     "that is in bits; the loss uses the natural logarithm": lambda n: math.log2(math.factorial(n)),
     "the sign: a loss is the negative logarithm of a probability": lambda n: -math.log(math.factorial(n)),
     "that is the number of orders; the loss is the logarithm of it": lambda n: math.factorial(n)},
    "all orders equally likely cost ln n!; nine pieces have so many that the paper keeps some hundred")
