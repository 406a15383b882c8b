"""Rows that somebody gives to a trained run, as its network reads them."""

from typing import Any

from ..data.rows import kinds_of
from ..field import Batch
from ..notes import note
from ..training import evaluate
from .data_summary import Remembered, batch_of


def own_batch(run: Any, rows: Any) -> Batch:
    """Rows of one's own (field -> [n, ...], or the one field alone) as a decoded batch; ValueError in one
    line for what the run cannot read."""
    known = run.task.data
    fields = {name: known.fields[name] for name in evaluate.visible(known)}
    stored = known.stored if isinstance(known, Remembered) else kinds_of(known.loaded("train")[0])
    if isinstance(known, Remembered) and not known.knows:
        note(f"{run.folder} was recorded before runs remembered how rows are standardised: yours are "
             "read as the source stores them")
    return batch_of(rows, fields, stored, known.as_stored)
