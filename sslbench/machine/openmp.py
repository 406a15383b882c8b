"""Worker threads of a computation, given back by a thread that has finished computing.

Every thread that computes with torch gets workers of its own, one for each further core, and keeps them. Once
all of them together are more than the cores, GNU's OpenMP puts workers to sleep between any two parts of a
computation: on two cores a training in a thread takes 1.45 times as long as long as another thread has
computed before, even if that one does nothing any more.
"""

import ctypes
from functools import cache

SOFT = 1  # omp_pause_soft: what was set stays set; the workers come back when they are needed


def release_workers() -> None:
    """Give back the calling thread's workers; its next computation gets new ones, in some 0.1 ms."""
    library = _gnu()
    if library:
        library.omp_pause_resource_all(SOFT)


@cache
def _gnu():
    """torch's OpenMP where it is GNU's, which pauses the calling thread's workers only; else None."""
    try:
        import torch  # noqa: F401  it brings OpenMP into the process

        process = ctypes.CDLL(None)
    except (OSError, TypeError):  # Windows has no such handle
        return None
    return (process if hasattr(process, "omp_pause_resource_all") and not hasattr(process, "__kmpc_fork_call")
            else None)
