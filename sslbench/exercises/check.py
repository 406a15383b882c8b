"""What an instant check is: your function beside a reference on random tensors, what is wrong in a line."""

import html
from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Result:
    """What a check found: ok is None while it waits for an answer. Shows as one line, in a notebook with a
    coloured edge."""

    ok: bool | None
    words: str

    def __repr__(self):
        return f"{ {None: '…', True: '✓', False: '✗'}[self.ok] } {self.words}"

    def _repr_html_(self):
        color = {None: "#767676", True: "#009E73", False: "#D55E00"}[self.ok]
        return (f'<div style="border-left: 4px solid {color}; padding: 4px '
                f'10px">{html.escape(repr(self))}</div>')


@dataclass(frozen=True)
class Check:
    """Compares an answer with `reference` on every one of `cases`; an answer that equals a known mistake is
    told which."""

    reference: Callable
    cases: Callable[[], list[tuple]]  # the arguments of each call
    mistakes: dict[str, Callable]  # what to say -> the function that makes this mistake
    right: str

    def __call__(self, answer) -> Result:
        if answer is ...:
            return Result(None, "waiting for your answer")
        if not callable(answer):
            return Result(False, f"answer must be a function, not {type(answer).__name__}; begin with def "
                                 "answer(")
        for case in self.cases():
            if words := self.fault(answer, case):
                return Result(False, words)
        return Result(True, f"right: {self.right}")

    def fault(self, answer, case) -> str:
        """What is wrong with the answer to one case, or ""."""
        try:
            given = answer(*(x.clone() if torch.is_tensor(x) else x for x in case))
        except Exception as error:  # whatever a learner's function raises belongs on the learner's line
            return (f"it raises {type(error).__name__}: "
                    f"{str(error).splitlines()[0] if str(error) else 'without a word'}")
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
