"""Memory that a step frees stays in the process while it trains, because the next step asks for the same blocks again.

glibc gives large blocks back to the system and gets them anew, page by page, at every step: on two cores a fifth of small_cnn's
step, an eighth of the transformer's and of resnet18's. `mallopt(3)` changes that. Other allocators and systems are left alone.
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from functools import cache

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # malloc.h
# Blocks up to a gigabyte come from the heap, which never shrinks. The padding is for threads: their heaps are 64 MiB each, and
# an empty one is given back when less than the padding would be left.
KEEPING = {M_MMAP_THRESHOLD: 1 << 30, M_TRIM_THRESHOLD: (1 << 31) - 1, M_TOP_PAD: 1 << 27}
AS_BEFORE = {M_MMAP_THRESHOLD: 1 << 25, M_TRIM_THRESHOLD: 1 << 26, M_TOP_PAD: 1 << 17}  # what glibc arrives at by itself


@contextlib.contextmanager
def freed_memory_kept(wanted: bool = True) -> Iterator[bool]:
    """Inside, the process keeps what it frees; at the end it gives it back. Yields whether that was possible.

    Where the user has tuned the allocator nothing changes."""
    libc = _glibc() if wanted and not _tuned() else None
    try:
        yield bool(libc) and all(libc.mallopt(*setting) for setting in KEEPING.items())
    finally:
        if libc:
            for setting in AS_BEFORE.items():
                libc.mallopt(*setting)
            libc.malloc_trim(0)


def _tuned() -> bool:
    return any(name.startswith("MALLOC_") for name in os.environ) or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "")


@cache
def _glibc():
    """The C library of this process where it is glibc, else None."""
    if not sys.platform.startswith("linux") or "CS_GNU_LIBC_VERSION" not in os.confstr_names:
        return None
    try:
        return ctypes.CDLL(None) if os.confstr("CS_GNU_LIBC_VERSION") else None
    except (OSError, ValueError):  # musl knows the name and not the answer
        return None
