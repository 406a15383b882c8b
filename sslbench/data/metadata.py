"""What is said of each sample beside its values: from columns, folders and file names to labels, groups and
splits.

A source of the user's own files reads samples and columns; what they mean is decided here, once for all of
them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..catalog import nearest
from . import labels as meaning
from .column_names import SPLIT_COLUMNS, split_name
from .folders import NoLevel
from .parts import run_reads
from .repeats import repeated
from .splits import Splits, divide


@dataclass(frozen=True)
class Metadata:
    """labels: name -> values of all samples, the first is the label; classes: names of their values; said:
    what was decided."""

    labels: dict[str, Tensor]
    classes: dict[str, list[str]]
    splits: Splits
    said: list[str] = field(default_factory=list)
    keys: Sequence[str] = ()  # of each sample, whose hash decides its split
    # by which somebody finds each sample again, its file or its number there, where that is not its key
    names: Sequence[str] = ()
    unseen: str = ""  # what `said` says of test samples whose class training never shows

    def names_of(self, split: str) -> list[str]:
        """A name for each sample of one split."""
        names = self.names or self.keys
        return [str(names[i]) if len(names) else str(i) for i in self.splits.rows[split]]

    def of(self, split: str) -> tuple[list[int], dict[str, Tensor]]:
        """Row numbers of one split and the labels of these rows."""
        rows = self.splits.rows[split]
        return rows, {name: y[rows] for name, y in self.labels.items()}


def metadata_of(keys: Sequence[str], columns: dict[str, Any], *, label: str = "", group: str = "",
              split: str = "", likely: str | Sequence[str] = (), paths: bool = False,
              given: Sequence[str | None] | None = None,
              time: np.ndarray | None = None) -> Metadata:
    """Labels and splits of n samples.

    keys: a name for each; with paths, "folder/file.png".  columns: name -> [n] (or [n, k]) words or numbers.
    label, group, split: what somebody asked for: a column, several for the label ("kind,colour": the first is
    the label), several that are answers at once ("rain+wind", 0 and 1 each), "none", a folder level ("1" is
    the first below the root, "-1" the last), or a pattern on the file name "{label}_{speaker}_{take}.wav",
    whose places become columns. Where label is "" the source's likely ones are taken.
    given: a split of each that the source knows, such as folders called train and test.  time: as in
    `divide`.
    ValueError in one line where something is asked for that is not there.
    """
    known = Columns(keys, dict(columns), paths)
    said: list[str] = []
    names = (known.asked(label, "data.label", several=True) if label else [likely]
             if isinstance(likely, str) else list(likely))
    values, classes = read_labels(known, names, bool(label), said)
    groups = whose(known, group, said) if group not in ("", "none") else None
    if groups is not None and len(set(groups)) < 2 and not run_reads():
        raise ValueError(f"data.group {group!r} puts all samples into one group; choose what differs "
                         "between persons, patients or takes")
    given = given_splits(known, split, names, said) or (None if split == "none" else given)
    said += repeated(columns, values) if not group and given is None and time is None else []
    first = next(iter(values.values()), None)
    splits = divide(keys, first, groups, given, time)
    if splits.left_out:
        said.append(f"left out: {splits.left_out}")
    unseen = next((never_seen(y, splits.rows, name) for name, y in values.items()), "")
    said += [unseen] * bool(unseen)
    return Metadata(values, classes, splits, said + known.said, keys, unseen=unseen)


def whose(known: "Columns", group: str, said: list[str]) -> list[str]:
    """The group of each sample; one without a group stands alone."""
    (name,) = known.asked(group, "data.group")
    found = words(known.columns[name])
    alone = [i for i, word in enumerate(found) if word in meaning.NO_LABEL]
    for i in alone:
        # windows of one file stay together
        found[i] = re.sub(r":\d+$", "", known.keys[i]) + ", which has none"
    said.append(f"groups from {name!r}"
                + (f", {len(alone):,} samples without one stand alone" if alone else ""))
    return found


def never_seen(y: Tensor, rows: dict[str, list[int]], name: str) -> str:
    """How many test samples have a class that training never shows: no probe can name it."""
    if y.is_floating_point() or y.ndim > 1 or not rows["train"] or not rows["test"]:
        return ""
    test = y[rows["test"]]
    test = test[test >= 0]
    strange = int((~torch.isin(test, y[rows["train"]])).sum())
    if not strange:
        return ""
    return (f"{strange:,} of {len(test):,} test samples have a {name!r} that no training sample has, so no "
            "probe can tell it")


def read_labels(known: "Columns", names: list[str], chosen: bool, said: list[str]) -> tuple[dict[str, Tensor],
    dict[str, list[str]]]:
    """The labels of these columns, and the names of their classes; columns that are no label are said."""
    values, classes = {}, {}
    for name in names:
        label, why = meaning.label_of(known.columns[name], chosen)
        if label is None:
            said.append(f"column {name!r} is no label: it {why}")
            continue
        values[name] = label.values
        if label.names:
            classes[name] = known.answers.get(name, label.names)
        if label.said and "unlabelled" not in label.said:
            said.append(f"label {name!r}: {label.said}")
    return values, classes


def given_splits(known: "Columns", split: str, taken: list[str], said: list[str]) -> list[str | None] | None:
    """The split of each sample by the column that was asked for, or by one that is called so and holds
    nothing else."""
    if split == "none":
        return None
    if split:
        found = words(known.one(split, "data.split"))
        given = [split_name(word) for word in found]
        other = sorted({w for w, g in zip(found, given) if g is None and w not in meaning.NO_LABEL})
        if other:
            raise ValueError(f"data.split {split!r} holds {other[0]!r:.40}; its values must be train, "
                             "validation (or val) and test")
        if len(set(given) - {None}) < 2 and not run_reads():
            raise ValueError(f"data.split {split!r} names one split only; it must tell training from test "
                             "samples")
        return given
    for name in known.columns:
        if name.lower() in SPLIT_COLUMNS and name not in taken:
            given = [split_name(word) for word in words(known.columns[name])]
            if None not in given and len(set(given)) > 1:
                said.append(f"splits from column {name!r}")
                return given
    return None


def words(values: Any) -> list[str]:
    return [meaning.text("" if v is None else v) for v in meaning.plain(values).tolist()]


class Columns:
    """Columns by name; folder levels and the places of a file name's pattern become columns when they are
    asked for."""

    def __init__(self, keys: Sequence[str], columns: dict[str, Any], paths: bool):
        self.keys, self.columns, self.paths, self.said = keys, columns, paths, []
        self.answers: dict[str, list[str]] = {}  # label of several columns -> their names

    def one(self, what: str, parameter: str) -> Any:
        return self.columns[self.asked(what, parameter)[0]]

    def asked(self, what: str, parameter: str, several: bool = False) -> list[str]:
        """Names of the columns that `what` asks for, made where they are folder levels or a pattern."""
        if what == "none":
            return []
        if what in self.columns:
            return [what]
        if several and "+" in what and all(part.strip() in self.columns for part in what.split("+")):
            return [self.together([part.strip() for part in what.split("+")])]
        if "{" in what:
            return [self.matched(what, parameter)]
        if self.paths and re.fullmatch(r"-?[1-9]", what.strip()):
            return [self.level(int(what), parameter)]
        parts = [part.strip() for part in what.split(",")]
        if several and len(parts) > 1:
            return [name for part in parts for name in self.asked(part, parameter)]
        raise ValueError(f"{parameter}: "
                         f"{nearest('column', what[:60], [c[:40] for c in list(self.columns)[:40]])}")

    def together(self, names: list[str]) -> str:
        """Columns of 0 and 1 as one of several answers at once: [n, k]."""
        rows = np.array([[float(w) if w in ("0", "1", "0.0", "1.0") else np.nan
                          for w in words(self.columns[name])] for name in names]).T
        if np.isnan(rows).all(0).any():
            raise ValueError(f"data.label {'+'.join(names)[:60]!r}: columns that are one label together "
                             "must hold 0 and 1")
        title = "+".join(names)
        self.columns[title], self.answers[title] = rows, names
        return title

    def level(self, n: int, parameter: str) -> str:
        """The folder at this level of every path: 1 is the first below the root, -1 the one that holds the
        file."""
        folders = [key.split("/")[:-1] for key in self.keys]
        found = [f[n - 1 if n > 0 else n] if len(f) >= abs(n) else None for f in folders]
        if not any(found):
            raise NoLevel(parameter, n, max(map(len, folders)))
        name = f"folder {n}"
        self.columns[name] = found
        return name

    def matched(self, pattern: str, parameter: str) -> str:
        """The places of a pattern as columns; the name of the one called like the parameter, else of the
        first."""
        expression = as_expression(pattern, parameter)
        found = [expression.search(key) for key in self.keys]
        if not any(found):
            raise ValueError(f"{parameter}: {pattern[:60]!r} fits no file name such as "
                             f"{self.keys[0].rpartition('/')[2][:60]!r}")
        if missed := sum(f is None for f in found):
            self.said.append(f"{missed:,} of {len(found):,} names do not fit {pattern!r}")
        names = list(expression.groupindex)
        if otherwise := [key for key, match in zip(self.keys, found) if match and ambiguous(pattern, match)]:
            example = expression.search(otherwise[0])
            self.said.append(f"{len(otherwise):,} names fit {pattern!r} in several ways: in "
                             f"{otherwise[0].rpartition('/')[2][:40]!r} "
                             + ", ".join(f"{name} is {example[name][:20]!r}" for name in names))
        self.columns.update({name: [f and f[name] for f in found] for name in names})
        own = parameter.removeprefix("data.")
        return own if own in names else names[0]


def ambiguous(pattern: str, match: re.Match) -> bool:
    """Whether a name could be cut otherwise: what stands between two places occurs within one of them."""
    between = [part for part in re.split(r"\{[^{}]*\}", pattern)[1:-1] if part]
    return any(part in found for part in between for found in match.groups() if found)


def as_expression(pattern: str, parameter: str) -> re.Pattern:
    """A regular expression of "{label}_{speaker}_{take}.wav"; without an ending any ending fits, without "/"
    any folder."""
    places = re.findall(r"\{([^{}]*)\}", pattern)
    if not places or not all(p.isidentifier() for p in places) or len(set(places)) < len(places):
        raise ValueError(f"{parameter}: {pattern[:60]!r} must name its places once each, such as "
                         f"{{label}}_{{speaker}}_{{take}}.wav")
    parts = re.split(r"\{[^{}]*\}", pattern)
    # A label may hold what stands between the places, as great_pyrenees_12 does: it takes all it can, the
    # others as little
    most = {place: "" if place == "label" else "?" for place in places}
    body = (re.escape(parts[0])
            + "".join(f"(?P<{p}>[^/]+{most[p]})" + re.escape(rest) for p, rest in zip(places, parts[1:])))
    ending = "" if "." in parts[-1] else r"(?:\.[^./]*)?"
    return re.compile(rf"(?:^|/){body}{ending}$")
