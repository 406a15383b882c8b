"""What torch and NumPy are set to while sslbench computes: what they come with, whatever a notebook has
changed.

A default dtype of float64, a default device, gradients turned off, an open autocast would each change the
numbers of a run or end it.
They are put back before anybody else computes: between two events of a training everything is as its user
left it. dtype, algorithms and products belong to the whole process, so another thread sees them for the
length of a step, where they were changed, and of several trainings at once until none of them computes.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial

import numpy as np
import torch

KINDS = ("cpu", "cuda", "mps")  # of device, each with an autocast of its own
ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}  # NumPy's own


@contextmanager
def own_settings(threads: int = 0) -> Iterator[None]:
    """Inside, everything is set as torch and NumPy come; afterwards as it was. A context, and a decorator
    with parentheses.

    threads: that torch computes with; 0: as many as are set. Where nothing was changed it takes some 8
    microseconds."""
    torch.clear_autocast_cache()  # an open autocast outside would keep the weights of an earlier step
    try:
        with _process:
            changed = [*_changed(threads)]
            if not changed:
                yield
                return
            with ExitStack() as stack:
                for context in changed:
                    stack.enter_context(context)
                yield
    finally:
        torch.clear_autocast_cache()


def _changed(threads: int) -> Iterator[AbstractContextManager]:
    """A context for each setting of this thread that is not as it comes."""
    if torch.is_inference_mode_enabled():
        yield torch.inference_mode(False)
    if not torch.is_grad_enabled():
        yield torch.enable_grad()
    if torch.empty(0).device.type != "cpu":
        yield torch.device("cpu")
    yield from (torch.autocast(kind, enabled=False) for kind in KINDS if torch.is_autocast_enabled(kind))
    if not torch.is_autocast_cache_enabled():  # after autocast, which sets it too
        yield _held(torch.set_autocast_cache_enabled, True, False)
    if threads and torch.get_num_threads() != threads:
        yield _held(torch.set_num_threads, threads, torch.get_num_threads())
    if np.geterr() != ERRORS:
        yield np.errstate(**ERRORS)


@contextmanager
def _held(set_to: Callable, inside, before) -> Iterator[None]:
    set_to(inside)
    try:
        yield
    finally:
        set_to(before)


def _products() -> str:
    """Of float32; "highest" also where torch cannot say it, because a newer setting, which PRECISIONS holds,
    overrides it."""
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return "highest"


PRECISIONS = [("generic", "all"), ("mkldnn", "all"), ("mkldnn", "matmul"), ("mkldnn", "conv"),
              ("mkldnn", "rnn"), ("cuda", "all"),
              ("cuda", "matmul")]  # the wider ones first: the others inherit them
PRECISE = "none", "ieee"  # nothing was set; float32 as it is
# torch before 2.9 has none of these
_precision = getattr(torch._C, "_get_fp32_precision_getter", lambda *of: "none")


def _set_precision(name: str, op: str, value: str) -> None:
    torch._C._set_fp32_precision_setter(name, op, value)


def _exact(*of: str) -> str:
    """What a product is computed in, "none" where that is float32 itself."""
    return "none" if (now := _precision(*of)) in PRECISE else now


OF_THE_PROCESS = [  # (read, set, as it comes)
    (torch.get_default_dtype, torch.set_default_dtype, torch.float32),
    (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode, 0),
    (torch._C._get_mkldnn_enabled, torch._C._set_mkldnn_enabled, True),
    (_products, torch.set_float32_matmul_precision, "highest"),
    *((partial(_precision if op == "all" else _exact, name, op), partial(_set_precision, name, op), "none")
      for name, op in PRECISIONS)]


class Process:
    """The settings of the whole process: held from the first who enters, put back by the last who leaves."""

    def __init__(self):
        self.lock, self.users = threading.RLock(), 0
        self.before: dict[Callable, object] = {}  # set -> the value that somebody else gave it last

    def __enter__(self):
        with self.lock:
            self.users += 1
            for read, set_to, own in OF_THE_PROCESS:
                if (now := read()) != own:
                    self.before[set_to] = now
                    set_to(own)

    def __exit__(self, *_):
        with self.lock:
            self.users -= 1
            while not self.users and self.before:
                # in reverse: what inherits comes before what it inherits from
                set_to, value = self.before.popitem()
                set_to(value)


_process = Process()
