"""What torch and NumPy are set to while sslbench computes: what they come with, whatever a notebook has changed.

A default dtype of float64, a default device, gradients turned off, an open autocast would each change the numbers of a run or end it.
They are put back before anybody else computes: between two events of a training everything is as its user left it. dtype,
algorithms and products belong to the whole process, so another thread sees them for the length of a step, where they were changed.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import numpy as np
import torch

KINDS = ("cpu", "cuda", "mps")  # of device, each with an autocast of its own
ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}  # NumPy's own


@contextmanager
def own_settings(threads: int = 0) -> Iterator[None]:
    """Inside, everything is set as torch and NumPy come; afterwards as it was. A context, and a decorator with parentheses.

    threads: that torch computes with; 0: as many as are set. Where nothing was changed it takes some 9 microseconds."""
    torch.clear_autocast_cache()  # an open autocast outside would keep the weights of an earlier step
    try:
        with ExitStack() as stack:
            for context in _changed(threads):
                stack.enter_context(context)
            yield
    finally:
        torch.clear_autocast_cache()


def _changed(threads: int) -> Iterator[AbstractContextManager]:
    """A context for each setting that is not as it comes."""
    if torch.get_default_dtype() is not torch.float32:
        yield _held(torch.set_default_dtype, torch.float32, torch.get_default_dtype())
    if torch.is_inference_mode_enabled():
        yield torch.inference_mode(False)
    if not torch.is_grad_enabled():
        yield torch.enable_grad()
    if torch.empty(0).device.type != "cpu":
        yield torch.device("cpu")
    yield from (torch.autocast(kind, enabled=False) for kind in KINDS if torch.is_autocast_enabled(kind))
    if torch.are_deterministic_algorithms_enabled():
        yield _deterministic()
    if torch.get_float32_matmul_precision() != "highest":
        yield _held(torch.set_float32_matmul_precision, "highest", torch.get_float32_matmul_precision())
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


@contextmanager
def _deterministic() -> Iterator[None]:
    """Inside, torch may choose among its algorithms as in any other run."""
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True, warn_only=warn_only)
