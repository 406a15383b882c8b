"""A trained run on other files than it learned from: made by its own data source, read with its scale."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..catalog import nearest
from ..data import SPLITS, Data, Field, parts
from ..data.as_stored import AsStored
from ..data.rows import Picked
from ..messages import in_words, quoted
from ..notes import note
from ..recipe import Recipe

LIKE = ("size", "channels", "vocab")  # what a network cannot read otherwise


def new_data(recipe: Recipe, known: Data, changed: Mapping[str, Any]) -> Data:
    """The data source of `recipe` with other values of its hyperparameters, such as {"folder": "new"}, as
    the network reads it: numbers are scaled as the run's own training samples were.

    known: the data that the run learned from, or what its folder remembers of it.  ValueError or OSError in
    one line where the new files cannot be read, or hold samples of another shape."""
    if not isinstance(changed, Mapping) or not changed:
        raise ValueError(f'data must be hyperparameters of {recipe.data}, such as {{"folder": "new"}}, not '
                         f"{quoted(changed)}")
    own = recipe.known("data")
    if unknown := [name for name in changed if name not in own]:
        raise ValueError(f"{recipe.data}: {nearest('hyperparameter', str(unknown[0]), own)}")
    given = {f"data.{name}": value for name, value in changed.items()}
    recipe = replace(recipe, labels=0.0, hyperparameters={**recipe.hyperparameters, **given})
    data = read_all(recipe, known, "label" in changed)
    seen = {name: field for name, field in known.fields.items() if name != known.label_field}
    unlike(data, seen)
    data.fields = {name: replace(field, gaps=field.gaps or data.fields[name].gaps)
                   for name, field in seen.items()}
    for split in SPLITS:
        rows, labels = data.loaded(split)
        data._loaded[split] = ({name: scaled(rows[name], data.as_stored.get(name), known.as_stored.get(name))
                                for name in rows}, labels)
    data.as_stored = known.as_stored
    return data


def read_all(recipe: Recipe, known: Data, label_given: bool) -> Data:
    """The source with all its rows; without labels where the files do not have those that the run had."""
    try:
        with parts.for_a_run(reads_of(known)):
            data = Data.find(recipe.data)(**recipe.checked("data"))
            data.ranges = known.ranges
            for split in SPLITS:
                data.loaded(split)
        return data
    except ValueError as error:
        asked = recipe.hyperparameters.get("data.label", "none")
        if label_given or asked == "none" or "label" not in recipe.known("data"):
            raise
        bare = {**recipe.hyperparameters, "data.label": "none"}
        data = read_all(replace(recipe, hyperparameters=bare), known, True)
        note(f"read without labels ({in_words(error)})")
        return data


def reads_of(known: Data) -> parts.Reads:
    """What the run reads: series of the steps that its own had in their files, before they were filled up to
    whole patches."""
    name, field = next(iter(known.fields.items()))
    stored = known.as_stored.get(name)
    steps = (stored and stored.steps) or (field.size[0] if field.rank == 1 else 0)
    return parts.Reads(known.unit, steps, field.gaps)


def unlike(data: Data, seen: dict[str, Field]) -> None:
    """ValueError in one line when samples have another shape than the network reads."""
    for name, field in seen.items():
        other = data.fields.get(name)
        if other is None or any(getattr(other, part) != getattr(field, part) for part in LIKE):
            raise ValueError(f"the new files hold {name} {described(other)}, and this run reads "
                             f"{described(field)}; bring them to that form")
        if other.gaps and not field.gaps and not field.vocab:
            raise ValueError(f"the new files hold absent numbers in {name}, and this run was trained without "
                             "any; fill them in")


def described(field: Field | None) -> str:
    if field is None:
        return "nowhere"
    what = "symbols" if field.vocab else f"numbers in {field.channels} channel{'s' * (field.channels > 1)}"
    return f"of {' x '.join(map(str, field.size))} {what}"


@dataclass(frozen=True)
class Rescaled:
    """Rows as `old` stored them -> as `new` would have stored the same numbers."""

    old: AsStored
    new: AsStored

    def __call__(self, x: Tensor) -> Tensor:
        x = x.double()
        there = x.isfinite() & (x != self.old.absent)
        mean, deviation = (t.reshape(-1, *[1] * (x.ndim - 2)).double()
                           for t in (self.old.mean, self.old.deviation))
        numbers = (x - self.old.offset) / self.old.gain * deviation + mean
        whole = replace(self.new, clean=False, length=0, single=False)
        return whole(torch.where(there, numbers, torch.nan))


def scaled(rows: Any, old: AsStored | None, new: AsStored | None) -> Any:
    """The same rows by another scale; as they are where the source has none."""
    if old is None or new is None:
        return rows
    return Picked(rows, torch.arange(len(rows)), Rescaled(old, new))
