"""Pictures that are decoded whenever they are asked for, in threads, and what stands in for a damaged one.

Threads decode, not processes: Pillow lets other threads run while it decodes and scales. Measured on one
core, a photograph of 500 x 375 pixels takes 2.4 ms to 128 pixels, of which Python itself needs about 0.1 ms:
by that ratio threads keep some twenty cores busy; a small PNG takes 0.1 ms, nearly all of it Python's. A
worker process would hold 280 MB of its own (memory is what is short when a folder is streamed), would take
seconds to start, would cost this process 0.03 to 0.1 ms for every picture that it receives, and fails in
scripts without `if __name__ == "__main__"`.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ...machine.hardware import cpu_limit
from ...machine.torch_settings import own_settings
from ...notes import note
from ..folders import plain
from .to_square import Form

AT_ONCE = 1000  # pictures on their way: a large folder is not decoded into a list first


class Streamed:
    """Pictures that are decoded when they are asked for: [LongTensor] -> uint8 [B, C, size, size].

    One that turns out to be damaged is replaced by the next that can be read, with the same label where there
    is one.
    names: of each picture.  place: where they are, for messages.  alike: something for each that says which
    belong together, such as labels; a second sequence decides among those that do.
    """

    def __init__(self, names: Sequence[str], form: Form, place: str, *alike: Sequence):
        self.names, self.form, self.place, self.alike = names, form, place, alike
        self.instead: dict[int, int] = {}  # damaged row -> the row that takes its place

    def decoded(self, rows: list[int]) -> Iterable[np.ndarray | None]:
        """These pictures as uint8 [C, size, size]; None for one that cannot be read."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.names)

    @own_settings()
    def __getitem__(self, index: Tensor | slice | int) -> Tensor:
        """Row numbers or a slice -> [n, C, size, size]; one number -> one picture."""
        index = index if isinstance(index, Tensor) else torch.arange(len(self))[index]
        rows = [self.instead.get(i, i) for i in index.reshape(-1).tolist()]
        images = [self.replace(i) if image is None else image for i, image in zip(rows, self.decoded(rows))]
        shape = (0, self.form.bands, self.form.size, self.form.size)
        x = torch.from_numpy(np.stack(images)) if images else torch.empty(shape, dtype=torch.uint8)
        return x if index.ndim else x[0]

    def replace(self, row: int) -> np.ndarray:
        """The picture that stands in for a damaged one: always the same, so that a run stays a function of
        its recipe."""
        n = len(self.names)
        others = [(row + i) % n for i in range(1, n)]
        # keeps the label right; the sort is stable
        others.sort(key=lambda i: [x[i] != x[row] for x in self.alike])
        for i in others:
            (image,) = self.decoded([i])
            if image is not None:
                if row not in self.instead:
                    said = f"{plain(self.names[row])} cannot be read; {plain(self.names[i])} takes its place"
                    note(said)
                self.instead[row] = i
                return image
        raise ValueError(f"no image in {self.place!r} can be read any more")


def in_threads(function: Callable, items: Iterable) -> Iterator:
    """function(item) for each, in their order."""
    items = iter(items)
    with ThreadPoolExecutor(max(2, min(16, cpu_limit()))) as pool:  # at least two: one may wait for the disk
        while some := list(itertools.islice(items, AT_ONCE)):
            yield from pool.map(function, some)
