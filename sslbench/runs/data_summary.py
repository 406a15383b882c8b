"""What a run folder remembers of its data: enough to build the network and to read rows that somebody gives
it."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data import Batch, Data, Field
from ..data.as_stored import AsStored, as_stored_of, range_of
from ..machine.torch_settings import own_settings
from ..messages import quoted

LARGEST = 2**24  # numbers in a sample, and symbols: far more than any network here could read


class Remembered(Data, listed=False):
    """The fields and the names of classes of a run's data. The data itself is made when something needs it,
    and says then what is missing. about: what run.json says."""

    def __init__(self, about: dict[str, Any], make: Callable[[], Data]):
        self.fields = {name: field_of(said) for name, said in about["fields"].items()}
        if not self.fields:
            raise ValueError("no fields")
        self.stored = {name: str(kind) for name, kind in about.get("stored", {}).items()}
        self.as_stored = {name: as_stored_of(how, self.fields[name].channels, self.fields[name].size)
                          for name, how in about.get("as_stored", {}).items()}
        self.ranges = {str(kind): range_of(*found) for kind, found in about.get("ranges", {}).items()}
        self.knows = "as_stored" in about  # False: recorded before this was remembered
        self.classes = {name: list(map(str, names)) for name, names in about.get("classes", {}).items()}
        self.probe_on = tuple(name for name in about.get("probe_on", ()) if name in self.fields)
        self.alike, self.label_field = bool(about.get("alike", False)), str(about.get("label_field", ""))
        self.target = str(about.get("target", ""))
        self.unit = str(about.get("unit", ""))
        self.said, self._make = str(about.get("reading", "")), make

    @classmethod
    def of(cls, about: dict[str, Any], make: Callable[[], Data]) -> "Remembered | None":
        """None where the folder says nothing of its data, or nothing that can be right."""
        try:
            return cls(about, make)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    @cached_property
    def source(self) -> Data:
        """The data itself; ValueError when it is another than the run was trained on."""
        data = self._make()
        if data.fields != self.fields:
            raise ValueError(f"{data.name} gives other samples now ({data.fields}) than this run was "
                             f"trained on ({self.fields})")
        return data

    def load(self, split):
        return self.source.loaded(split)

    def augment(self, batch, generator):
        return self.source.augment(batch, generator)

    def views(self, batch, generator, n=2):
        return self.source.views(batch, generator, n)

    def targets(self, split):
        return self.source.targets(split)

    def pairs(self, split):
        return self.source.pairs(split)

    def sample_names(self, split):
        return self.source.sample_names(split)

    def raw(self, batch):
        return self.source.raw(batch)

    def baselines(self):
        return self.source.baselines()

    def picture(self, sample):
        return self.source.picture(sample)

    def spell(self, ids):
        return self.source.spell(ids)

    def reading(self):
        return self.said

    def cite(self):
        return self.source.cite()


def field_of(said: dict[str, Any]) -> Field:
    """A field from its plain values; ValueError or TypeError when they are of another kind or out of all
    proportion."""
    field = Field(**{**said, "size": tuple(said["size"]), "patch": tuple(said["patch"])})
    whole = [*field.size, *field.patch, field.channels, *([] if field.vocab is None else [field.vocab])]
    if not all(isinstance(n, int) and 0 < n <= LARGEST for n in whole):
        raise ValueError("no proper field")
    if not all(isinstance(number, (int, float)) for number in (field.scale, field.offset)):
        raise ValueError("no proper field")
    if (len(field.size) != len(field.patch) or not 1 <= field.rank <= 3
        or math.prod(field.size) * field.channels > LARGEST):
        raise ValueError("no proper field")
    return field


def numbers_of(name: str, given: Any) -> Tensor:
    """Somebody's rows as a tensor; ValueError in one line for what holds no real numbers."""
    try:
        x = given if isinstance(given, Tensor) else torch.as_tensor(np.asarray(given))
    except (TypeError, ValueError):
        x = None
    if x is None or x.is_complex():
        raise ValueError(f"{name} must be an array of real numbers, not "
                         f"{quoted(given) if x is None else x.dtype}")
    return x


@own_settings()
def batch_of(given: Any, fields: dict[str, Field], stored: dict[str, str],
             as_stored: dict[str, AsStored]) -> Batch:
    """Somebody's rows as the network reads them. given: field -> [n, ...], or the one field alone. Where the
    source brings its numbers to another form (as_stored), rows are as its file or array holds them, and the
    same is done to them. Else numbers of the kind that it stores are scaled as its rows are, and others count
    as a decoded batch. ValueError in one line when they do not fit."""
    if not isinstance(given, dict):
        given = {next(iter(fields)): given} if len(fields) == 1 else {}
    if missing := [name for name in fields if name not in given]:
        raise ValueError(f"rows of {' and '.join(missing)} are needed: "
                         f"embed({{{', '.join(f'{name!r}: ...' for name in fields)}}})")
    batch = {}
    for name, field in fields.items():
        x = numbers_of(name, given[name])
        wanted = ([] if field.vocab else [field.channels]) + list(field.size)
        if x.ndim != 1 + len(wanted) or (not field.vocab and x.shape[1] != field.channels):
            raise ValueError(f"{name} must have the shape [n, {', '.join(map(str, wanted))}], not "
                             f"{list(x.shape)}")
        batch[name] = read(x, field, stored.get(name), as_stored.get(name))
        if not field.gaps and not field.vocab and not batch[name].isfinite().all():
            raise ValueError(f"{name} holds absent (NaN) or infinite numbers, and the network was trained "
                             "without any; fill them in")
    if len({len(x) for x in batch.values()}) > 1:
        raise ValueError("all fields need as many rows, not "
                         f"{', '.join(str(len(x)) for x in batch.values())}")
    return batch


def read(x: Tensor, field: Field, stored: str | None, as_stored: AsStored | None) -> Tensor:
    """Rows of one field, decoded."""
    if field.vocab:
        # as arrays() has it: below 0 is absent
        return torch.where(x < 0, field.absent, x).long() if field.gaps else field.decode(x)
    if as_stored:
        # where nothing was absent nothing is filled up
        whole = replace(as_stored, length=as_stored.length if field.gaps else 0)
        return field.decode(whole(x))
    ready = x.is_floating_point() and stored not in (None, str(x.dtype).removeprefix("torch."))
    return x.float() if ready else field.decode(x)
