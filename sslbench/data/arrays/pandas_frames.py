"""Tables of pandas handed over in memory: columns of numbers are series, others may be labels. pandas itself
is not imported."""

from typing import Any

import numpy as np

from ..column_names import likely


def is_frame(x: Any) -> bool:
    return type(x).__module__.startswith("pandas") and type(x).__name__ == "DataFrame"


def is_series(x: Any) -> bool:
    return type(x).__module__.startswith("pandas") and type(x).__name__ in ("Series", "Categorical", "Index")


def of_frame(frame: Any, labels: Any, groups: Any, splits: Any) -> tuple[np.ndarray, Any, Any, Any,
    list[str]]:
    """The columns of numbers as series [n, T]; labels, groups and splits may be names of columns."""
    notes, used = [], []

    def asked(what: Any, parameter: str) -> Any:
        if not isinstance(what, str):
            return what
        if what not in frame.columns:
            raise ValueError(f"{parameter}: the table has no column {what!r}; it has "
                             f"{', '.join(map(str, frame.columns[:12]))}")
        used.append(what)
        return frame[what]

    if labels is None and (name := likely(frame.columns)):
        labels, notes = name, [f"column {name!r} taken for the label"]
    labels = {labels: asked(labels, "labels")} if isinstance(labels, str) else labels
    groups, splits = asked(groups, "groups"), asked(splits, "splits")
    rest = frame.drop(columns=used)
    numbers = rest.select_dtypes(["number", "bool"])
    if not numbers.shape[1]:
        raise ValueError("the table has no columns of numbers; it has "
                         f"{', '.join(map(str, frame.columns[:12]))}")
    if left := [str(c) for c in rest.columns if c not in numbers.columns]:
        notes.append(f"columns that are no numbers and not used: {', '.join(left[:6])}")
    return numbers.to_numpy(), labels, groups, splits, [*notes, f"a row is a series of {numbers.shape[1]} "
                                                                "steps"]
