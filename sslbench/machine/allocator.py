"""Memory that a step frees stays in the process while it trains, because the next step asks for the same
blocks again.

glibc gives large blocks back to the system and gets them anew, page by page, at every step: on two cores a
fifth of small_cnn's step, an eighth of the transformer's and of resnet18's. `mallopt(3)` changes that. Other
allocators and systems are left alone.
"""

import contextlib
import ctypes
import os
import sys
from functools import cache

from .process_settings import WhileNeeded

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # malloc.h
# bytes of a block from the heap: while training; what glibc arrives at by itself
LARGEST, LARGEST_BY_ITSELF = 1 << 30, 1 << 25


def freed_memory_kept() -> contextlib.AbstractContextManager:
    """Inside, the process keeps what it frees; the last one to leave gives it back.

    Blocks of up to a gigabyte come from the heap then, which never shrinks; in threads of up to 64 MB, the
    size of their heaps. Where the user has tuned the allocator, and where it is not glibc's, nothing
    changes."""
    return _kept if _glibc() and not _tuned() else contextlib.nullcontext()


def _keep() -> None:
    libc = _glibc()
    if not libc.mallopt(M_MMAP_THRESHOLD, LARGEST):
        libc.mallopt(M_MMAP_THRESHOLD, LARGEST_BY_ITSELF)  # glibc before 2.36 allows no more
    libc.mallopt(M_TRIM_THRESHOLD, -1)  # never
    # a thread's heap that is empty goes when less than this would be left, so none does
    libc.mallopt(M_TOP_PAD, 1 << 27)


def _as_before() -> None:
    libc = _glibc()
    for what, value in ((M_MMAP_THRESHOLD, LARGEST_BY_ITSELF), (M_TRIM_THRESHOLD, 2 * LARGEST_BY_ITSELF),
                        (M_TOP_PAD, 1 << 17)):
        libc.mallopt(what, value)
    libc.malloc_trim(0)


_kept = WhileNeeded(_keep, _as_before)


def _tuned() -> bool:
    return (any(name.startswith("MALLOC_") for name in os.environ)
            or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", ""))


@cache
def _glibc():
    """The C library of this process where it is glibc, else None."""
    if not sys.platform.startswith("linux") or "CS_GNU_LIBC_VERSION" not in os.confstr_names:
        return None
    try:
        return ctypes.CDLL(None) if os.confstr("CS_GNU_LIBC_VERSION") else None
    except (OSError, ValueError):  # musl knows the name and not the answer
        return None
