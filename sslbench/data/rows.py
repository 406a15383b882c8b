"""Some rows of something larger, read when they are asked for: no copy of the data for a split, none of a
memory map."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..field import picked
from ..machine.torch_settings import own_settings


class Picked:
    """The rows with these numbers of x, in this order.

    x: a tensor (one over a memory map, too), or anything with len() that accepts a LongTensor, such as a lazy
    folder.
    stored: what is done to the rows that were asked for.  mapped: x is a tensor whose numbers are on the
    disk.
    """

    def __init__(self, x: Any, rows: Tensor | list[int], stored: Callable[[Tensor], Tensor] | None = None,
                 mapped: bool = False):
        self.x, self.stored = x, stored
        where = rows.device if isinstance(rows, Tensor) else "cpu"
        self.rows = torch.as_tensor(rows, dtype=torch.long, device=where)
        self.in_memory = in_memory(x) and not mapped

    def __len__(self) -> int:
        return len(self.rows)

    @own_settings()  # a default device that a notebook sets would be that of what is read
    def __getitem__(self, index) -> Tensor:
        """Row numbers or a slice -> [n, ...]; one number -> one row."""
        rows = self.rows[index]
        # of a view with its axes moved, too
        x = torch.as_tensor(picked(self.x, rows.reshape(-1))).contiguous()
        x = self.stored(x) if self.stored else x
        return x if rows.ndim else x[0]


def evenly(n: int, most: int) -> Tensor:
    """The numbers of at most `most` of n rows, evenly spread, always the same ones."""
    if n <= most:
        return torch.arange(n)
    exact = torch.float64 if n > 2**24 else torch.float32  # float32 cannot count further
    return torch.linspace(0, n - 1, most, dtype=exact).long()


def in_memory(rows: Any) -> bool:
    """Whether asking for rows takes no reading and no decoding."""
    return isinstance(rows, Tensor) or (isinstance(rows, Picked) and rows.in_memory)


def kinds_of(rows: dict[str, Any]) -> dict[str, str]:
    """Field -> the kind of number that its rows are stored as, such as "uint8"."""
    first = torch.tensor([0], device="cpu")
    return {name: str(torch.as_tensor(x[first]).dtype).removeprefix("torch.") for name, x in rows.items()}


def nbytes(rows: Any) -> int:
    """Of all the rows as they are stored."""
    return len(rows) * rows[torch.tensor([0], device="cpu")].nbytes
