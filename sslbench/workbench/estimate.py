"""How long a recipe will train here and how much memory it takes, from a few measured steps."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from ..data import Data
from ..machine.hardware import Hardware, memory_limit
from ..recipe import Recipe
from ..training.step import Training

# steps not counted; so many are counted at least and at most, for about so long
WARM_UP, LEAST, MOST, SECONDS = 2, 3, 60, 1.5
PULSES, CHANGE = 9, 1.4  # how often a pulse is taken; how much slower or faster counts as another speed


@dataclass(frozen=True)
class Estimate:
    """seconds: of training, evaluation not counted. memory, limit: bytes of the process (of the GPU where
    there is one)."""

    seconds: float
    memory: int
    limit: int

    def __str__(self):
        said = f"about {duration(self.seconds)} of training, {self.memory / 2**30:.1f} GB of memory"
        return (said if self.memory < 0.8 * self.limit else f"{said}: close to the limit of "
                                                            f"{self.limit / 2**30:.1f} GB")


def estimate(recipe: Recipe, device: str = "auto", check: Callable[[], None] = lambda: None,
             data: Data | None = None) -> Estimate:
    """Train a few steps of a network that is thrown away. `check` is called between them; what it raises ends
    it."""
    training = Training(recipe, Hardware(device), data)
    training.task.train()
    took = []
    with training.hardware.memory_kept():
        for step in range(WARM_UP + MOST):
            check()
            began = time.perf_counter()
            training.step(step)
            wait_for(training.hardware.device)
            took.append(time.perf_counter() - began)
            if step >= WARM_UP + LEAST and sum(took[WARM_UP:]) > SECONDS:
                break
        return Estimate(recipe.steps * typical(took[WARM_UP:]), *memory(training.hardware.device))


def pulse(device: torch.device | None = None) -> float:
    """Seconds that this machine takes for something small that is always the same: is it as fast as it
    was?"""
    x = torch.full((256, 256), 0.01, device=device or torch.device("cpu"))
    took = []
    for _ in range(PULSES):
        began = time.perf_counter()
        for _ in range(8):
            x = (x @ x).clamp(max=1)
        wait_for(x.device)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def differs(before: float, now: float) -> bool:
    """Whether the machine has become so much slower or faster that an estimate is no longer true."""
    return not 1 / CHANGE < now / before < CHANGE


def typical(seconds: list[float]) -> float:
    """Median of the means of five parts: one stumble of the machine does not count, what slows every tenth
    step does."""
    n = max(1, len(seconds) // 5)
    return statistics.median(statistics.mean(seconds[i:i + n]) for i in range(0, len(seconds) - n + 1, n))


def wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def memory(device: torch.device) -> tuple[int, int]:
    """Bytes in use and the most there may be."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device), torch.cuda.get_device_properties(device).total_memory
    return resident(), memory_limit()


def resident() -> int:
    """Bytes of this process in memory now (its peak, where the system does not say)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        try:
            import resource
        except ImportError:  # Windows
            return 0
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def duration(seconds: float) -> str:
    """5 s, 1 min 20 s, 2 h 5 min."""
    s = max(1, round(seconds))
    if s < 60:
        return f"{s} s"
    if s < 3600:
        return f"{s // 60} min {s % 60} s" if s < 600 else f"{round(s / 60)} min"
    return f"{s // 3600} h {s % 3600 // 60} min"
