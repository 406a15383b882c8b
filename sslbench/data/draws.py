"""Random numbers on the device of their generator. Plain functions."""

import torch
from torch import Generator, Tensor


def rand(generator: Generator, *shape) -> Tensor:
    """Uniform numbers in [0, 1) on the generator's device."""
    return torch.rand(*shape, generator=generator, device=generator.device)


def randint(generator: Generator, high: int, *shape) -> Tensor:
    """Integers 0..high-1 on the generator's device."""
    return torch.randint(0, high, shape, generator=generator, device=generator.device)
