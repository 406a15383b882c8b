"""The benches that are open in this process: one of a name, and all of them hear when a cell has run."""

import sys
import threading
import weakref
from typing import Protocol

from ..catalog import contracts

_lock = threading.Lock()
# name -> the bench of that name
_open: "weakref.WeakValueDictionary[str, Bench]" = weakref.WeakValueDictionary()
_hears = weakref.WeakSet()  # the shells that tell when a cell has run


class Bench(Protocol):
    def close(self) -> None: ...
    def look_again(self) -> None: ...


def replace(name: str, bench: Bench) -> None:
    """This bench is now the one of its name; the one before is closed."""
    with _lock:
        before = _open.get(name)
        _open[name] = bench
        listen()
    if before is not None:
        before.close()


def listen() -> None:
    """Hear when a cell has run, where there are cells: it may have written a class."""
    if "IPython" not in sys.modules:
        return
    from IPython.core.interactiveshell import InteractiveShell

    shell = sys.modules["IPython"].get_ipython()
    if isinstance(shell, InteractiveShell) and shell not in _hears:
        shell.events.register("post_run_cell", cell_has_run)
        _hears.add(shell)


def cell_has_run(result=None) -> None:
    for bench in list(_open.values()):
        bench.look_again()


def classes() -> tuple:
    """Everything in the catalogue: another value when a class was written, or written anew."""
    return tuple((kind, *contract.catalogue.items()) for kind, contract in contracts().items())
