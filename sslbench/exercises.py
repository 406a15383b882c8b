"""Instant checks of the notebooks' exercises: your function beside a reference on random tensors, what is wrong in a line.

    answer = ...                  # shows: waiting for your answer
    check_info_nce(answer)
"""

import html
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass(frozen=True)
class Result:
    """What a check found: ok is None while it waits for an answer. Shows as one line, in a notebook with a coloured edge."""

    ok: bool | None
    words: str

    def __repr__(self):
        return f"{ {None: '…', True: '✓', False: '✗'}[self.ok] } {self.words}"

    def _repr_html_(self):
        color = {None: "#767676", True: "#009E73", False: "#D55E00"}[self.ok]
        return f'<div style="border-left: 4px solid {color}; padding: 4px 10px">{html.escape(repr(self))}</div>'


@dataclass(frozen=True)
class Check:
    """Compares an answer with `reference` on every one of `cases`; an answer that equals a known mistake is told which."""

    reference: Callable
    cases: Callable[[], list[tuple]]  # the arguments of each call
    mistakes: dict[str, Callable]  # what to say -> the function that makes this mistake
    right: str

    def __call__(self, answer) -> Result:
        if answer is ...:
            return Result(None, "waiting for your answer")
        if not callable(answer):
            return Result(False, f"answer must be a function, not {type(answer).__name__}; begin with def answer(")
        for case in self.cases():
            if words := self.fault(answer, case):
                return Result(False, words)
        return Result(True, f"right: {self.right}")

    def fault(self, answer, case) -> str:
        """What is wrong with the answer to one case, or ""."""
        try:
            given = answer(*(x.clone() if torch.is_tensor(x) else x for x in case))
        except Exception as error:  # whatever a learner's function raises belongs on the learner's line
            return f"it raises {type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'without a word'}"
        if given is None or given is ...:
            return "it returns nothing; end the function with return"
        try:
            given = torch.as_tensor(given)
        except (TypeError, ValueError, RuntimeError):
            return f"it returns a {type(given).__name__}; return one tensor or number"
        wanted = torch.as_tensor(self.reference(*case))
        if equal(given, wanted):
            return ""
        for words, mistake in self.mistakes.items():
            if equal(given, torch.as_tensor(mistake(*case))):
                return words
        return difference(given, wanted)


def equal(given, wanted) -> bool:
    alike = given.shape == wanted.shape and given.dtype.is_floating_point == wanted.dtype.is_floating_point
    return alike and bool(close(given, wanted).all())


def close(given, wanted):
    return torch.isclose(given.double(), wanted.double(), rtol=1e-4, atol=1e-5)


def difference(given, wanted) -> str:
    """Shape, type or value: the first that differs."""
    if given.shape != wanted.shape:
        return f"the shape is {list(given.shape)}, it should be {list(wanted.shape)}"
    if given.dtype.is_floating_point != wanted.dtype.is_floating_point:
        return f"it holds {given.dtype}, it should hold {wanted.dtype}"
    if not given.isfinite().all():
        return "it is not a finite number everywhere; where does a logarithm or a division meet 0?"
    if wanted.ndim == 0:
        return f"on a random batch it gives {given.item():.4f}, it should give {wanted.item():.4f}"
    return f"{(~close(given, wanted)).double().mean():.0%} of its entries are not what they should be"


def normal(*shape, seed: int = 0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def cosines(a, b):
    return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T


def one_way(logits):
    return F.cross_entropy(logits, torch.arange(len(logits)))


# 01: two views

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
    {"those are the candidates of NT-Xent, which looks in both views; here each view is compared with the other one alone":
        lambda n: math.log(2 * n - 1),
     "the partner is one of the candidates, so there are n, not n - 1": lambda n: math.log(n - 1) if n > 1 else 0.0,
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

# 02: fill the gap


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
    lambda: [(normal(4, 32, 32), normal(4, 32, 32, seed=1), normal(4, 32, 32, seed=2) > shift) for shift in (0.0, 0.8)],
    {"that is the mean over everything; visible positions are easy, so only the hidden ones count":
        lambda guess, x, mask: (guess - x).square().mean(),
     "the hidden errors are divided by the number of all positions; divide by the number of hidden ones":
        lambda guess, x, mask: ((guess - x).square() * mask).mean(),
     "that is the error where the sample is visible; mask is True where it is hidden":
        lambda guess, x, mask: (guess - x).square()[~mask].mean(),
     "that is the absolute error; square it": lambda guess, x, mask: (guess - x).abs()[mask].mean()},
    "only what was hidden is asked for")

# 03: what comes next


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
