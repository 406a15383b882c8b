"""Processes that train together end when the one that started them is gone, however it went: a signal that
nobody can catch tells nobody. Nothing heavy is imported here."""

import json
import os
import sys
import threading
import time
from contextlib import suppress

from ..storage import lock

LAUNCHER = "SSLBENCH_LAUNCHER"  # who called launch(), as a lock names its owner
EVERY = 1.0  # seconds between two looks
GONE = 143  # exit code, as of a process that was asked to end


def watch_parents() -> None:
    """In a process of torchrun: look from now on whether torchrun and who launched it are there, and end
    where one of them is not."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return
    launcher, parent = launcher_in(os.environ.get(LAUNCHER, "")), os.getppid()
    threading.Thread(target=watch, args=(parent, launcher), name="sslbench-parents", daemon=True).start()


def watch(parent: int, launcher: dict) -> None:
    while not (gone := missing(parent, launcher)):
        time.sleep(EVERY)
    with suppress(OSError, ValueError):
        print(f"sslbench: {gone} has ended, and this process ends with it", file=sys.stderr, flush=True)
    os._exit(GONE)  # the main thread may wait in a collective call for good


def missing(parent: int, launcher: dict) -> str:
    """Who of them is gone, in words; ""."""
    if os.getppid() != parent or (launcher and parent == 1 != launcher["pid"]):
        return "torchrun"
    if launcher and os.name != "nt" and not lock.alive(launcher):  # Windows cannot be asked without a signal
        return "the process that launched it"
    return ""


def launcher_in(text: str) -> dict:
    try:
        owner = json.loads(text)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) and isinstance(owner.get("pid"), int) and owner["pid"] > 0 else {}
