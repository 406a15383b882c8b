"""Freed memory stays in the process while it trains, and goes back to the system at the end."""

import threading

import psutil
import pytest
import torch

from sslbench import Recipe, train
from sslbench.machine import allocator
from sslbench.machine.hardware import Hardware
from sslbench.training.loop import Step

pytestmark = pytest.mark.skipif(not allocator._glibc() or allocator._tuned(),
                                reason="the allocator is not glibc's, or is tuned")
NUMBERS = 10_000_000  # 40 MB of float32: more than glibc takes from its heap by itself


def new_pages(rounds: int = 10) -> int:
    """Pages that the system hands out while a thread makes and frees the same block again and again, after
    the first times."""
    import resource

    counted = []

    def work():
        for _ in range(rounds):  # a thread's heaps are used from one end to the other first
            torch.zeros(NUMBERS)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(rounds):
            torch.zeros(NUMBERS)
        counted.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return counted[0]


def test_a_block_that_is_freed_and_asked_for_again_needs_no_new_pages():
    with allocator.freed_memory_kept():
        inside = new_pages()
    outside = new_pages()  # the control: the same blocks, without
    assert inside < outside / 20, (inside, outside)


def test_what_was_kept_goes_back_at_the_end():
    own = psutil.Process()
    with allocator.freed_memory_kept():
        block = [torch.zeros(1_000_000) for _ in range(50)]  # 200 MB
        before = own.memory_info().rss
        del block
        kept = own.memory_info().rss
    assert kept > before - 50e6
    assert own.memory_info().rss < before - 150e6


@pytest.mark.slow
def test_training_keeps_memory_from_its_first_step_to_its_end(monkeypatch):
    calls = []
    monkeypatch.setattr(allocator, "_glibc", lambda: Library(calls))
    one, two = (train(Recipe(steps=2, batch_size=8), test=False, device="cpu") for _ in range(2))
    for events in (one, two):
        next(event for event in events if isinstance(event, Step))
    assert len(calls) == 3
    one.close()
    assert "trimmed" not in calls  # the other one still trains
    two.close()
    assert calls[-1] == "trimmed"


def test_an_old_library_that_refuses_large_blocks_gets_smaller_ones(monkeypatch):
    calls = []
    monkeypatch.setattr(allocator, "_glibc", lambda: Library(calls, largest=1 << 25))
    with allocator.freed_memory_kept():
        assert (calls[:2] == [(allocator.M_MMAP_THRESHOLD, 1 << 30), (allocator.M_MMAP_THRESHOLD, 1 << 25)]
                and len(calls) == 4)


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES"])
def test_an_allocator_that_the_user_tuned_is_left_alone(monkeypatch, name):
    monkeypatch.setenv(name, "glibc.malloc.arena_max=1")
    calls = []
    monkeypatch.setattr(allocator, "_glibc", lambda: Library(calls))
    with allocator.freed_memory_kept():
        pass
    assert not calls


@pytest.mark.parametrize("limits", [[], [2**30]])
def test_a_process_with_a_memory_limit_of_its_own_is_left_alone(monkeypatch, limits):
    calls = []
    monkeypatch.setattr(allocator, "_glibc", lambda: Library(calls))
    monkeypatch.setattr("sslbench.machine.hardware._own_limits", lambda: limits)
    with Hardware("cpu").memory_kept():
        assert bool(calls) == (not limits)


class Library:
    """Stands in for the C library and writes down what it is asked."""

    def __init__(self, calls, largest=1 << 40):
        self.calls, self.largest = calls, largest

    def mallopt(self, what, value):
        self.calls.append((what, value))
        return int(value <= self.largest)

    def malloc_trim(self, pad):
        self.calls.append("trimmed")
