"""What is to be said of series that were read from several files."""

from collections import Counter

from ..metadata import Metadata
from ..tables.table import count
from .files import Part


def said(found: list[Part]) -> list[str]:
    """The remarks on all files, each once."""
    counted = Counter(note for part in found for note in dict.fromkeys(part.notes))
    few = [(note, n) for note, n in counted.items()][:8]
    return [note if n == len(found) else f"{note} ({count(n, 'file')})" for note, n in few]


def classes_missing(known: Metadata, unit: str) -> list[str]:
    """Classes that a split does not show, in words."""
    name, y = next(iter(known.labels.items()), ("", None))
    if y is None or y.is_floating_point() or y.ndim > 1 or unit != "windows":
        return []  # two series of a class cannot be in three splits
    missing = {split: sorted({*range(len(known.classes[name]))} - set(y[rows].tolist()))
               for split, rows in known.splits.rows.items()}
    return [f"no {', '.join(known.classes[name][i] for i in gone[:3])}{' ...' * (len(gone) > 3)} in the "
            f"{split} split"
            for split, gone in missing.items() if gone and len(gone) < len(known.classes[name])]


def after_the_vote(said: list[str], one: dict[str, str]) -> list[str]:
    """The remarks with the truth about labels that lost all values but one: the column has several. one: its
    name -> the value that is the commonest of every window."""
    for name, value in one.items():
        before = f"column {name!r} is no label: it has one value only"
        truth = (f"column {name!r} is no label of windows: in each of them {value!r:.40} is the commonest "
                 "(shorter ones: data.length)")
        said = [truth if line == before else line for line in said]
    return said


def of_labels(known: Metadata, unit: str, one: dict[str, str], blocks: str) -> list[str]:
    """The remarks on labels. blocks: the label by which the file seems sorted, or "": then one remark says
    why splits lack classes."""
    remarks, missing = after_the_vote(known.said, one), classes_missing(known, unit)
    if not blocks or not (missing or known.unseen):
        return remarks + missing
    return [line for line in remarks if line != known.unseen] + [
        f"the file seems sorted by {blocks!r}: in time test samples show other values than training, so "
        "no score of it means much; if rows are no time, set data.layout to 'rows'"]
