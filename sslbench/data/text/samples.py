"""Texts as rows of bytes with labels and splits: one row for each text, or consecutive windows of running
text."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from .. import SPLITS, parts
from ..metadata import Columns, Metadata, metadata_of
from ..splits import Splits, given_in_words, shares_of
from . import as_bytes
from .files import NO_LABELS, Texts

IDS = ("id", "idx", "index", "name", "key", "uuid", "path", "file", "filename")  # columns that name a text


@dataclass(frozen=True)
class Prepared:
    """ids: int16 [n, length].  metadata: labels and splits.  notes: what was decided and left out.  letters:
    the bytes of texts that are sequences of a few, all equally long."""

    ids: np.ndarray
    metadata: Metadata
    notes: list[str]
    letters: tuple[int, ...] = ()


def prepared(found: Texts, length: int, label: str, group: str, split: str, name: str) -> Prepared:
    """All samples of `length` bytes; label, group, split: what somebody asked for, as in `metadata_of`."""
    if found.running:
        return of_windows(found, length, label, group, split, name)
    names = called(found)
    there = [i for i, text in enumerate(found.texts) if text.strip()]
    empty = len(found.texts) - len(there)
    parts.enough(len(there), "texts", name)
    found = only(found, there) if empty else found
    if len(set(found.texts)) == 1 < len(there):
        raise ValueError(f"all {len(there)} texts of {name} are the same: {found.texts[0][:40]!r}; choose "
                         "another data.text_column or file")
    cut = sum(len(text) > length or len(text.encode("utf-8", "replace")) > length for text in found.texts)
    notes = [f"{empty:,} empty texts left out"] * (empty > 0)
    notes += [f"{cut:,} texts are longer than {length} bytes and cut (data.length)"] * (cut > 0)
    metadata = replace(labels_and_splits(found, found.texts, label, group, split),
                       names=[names[i] for i in there])
    if not label and not found.likely:
        notes += hint(found)
    ids = as_bytes.padded(found.texts, length)
    return Prepared(ids, metadata, [*found.notes, *notes, *metadata.said], as_bytes.letters_of(ids))


def called(found: Texts) -> list[str]:
    """A name by which each text is found again: its header, its id, its file, or its number there."""
    own = [values for name, values in found.columns.items() if name.lower() in IDS]
    for names in (found.headers, *own, found.names):
        if len(names) == len(found.texts) and len(set(map(str, names))) == len(names):
            return list(map(str, names))
    if len(set(found.names)) < 2:
        return [str(i) for i in range(len(found.texts))]
    numbers: Counter[str] = Counter()
    names = []
    for file in found.names:
        names.append(f"{file}:{numbers[file]}")
        numbers[file] += 1
    return names


def hint(found: Texts) -> list[str]:
    """What could be the label where nothing is called like one."""
    if unlikely := [name for name in found.columns if name.lower() not in NO_LABELS]:
        return [f"a label can be named with data.label: {', '.join(map(repr, unlikely[:6]))}"]
    several = len(set(found.names)) > 1
    return [f"data.label can be a pattern on file names such as {found.names[0][:60]}"] * several


def only(found: Texts, rows: list[int]) -> Texts:
    """The same for some of the texts."""
    def some(values):
        return [values[i] for i in rows] if values else values
    return replace(found, texts=some(found.texts),
                   columns={name: some(v) for name, v in found.columns.items()}, given=some(found.given),
                   names=some(found.names), headers=some(found.headers))


def labels_and_splits(found: Texts, keys: list[str], label: str, group: str, split: str,
            time: np.ndarray | None = None) -> Metadata:
    """Labels and splits; patterns are looked for in the names of the files, then in the headers of FASTA.
    time: as in `divide`."""
    columns, said = dict(found.columns), []

    def asked(what: str, parameter: str) -> str:
        if what in ("", "none"):
            return what
        refused: ValueError | None = None
        for names in (found.names, found.headers):
            known = Columns(names, columns, any("/" in name for name in names))
            try:
                chosen = known.asked(what, parameter, several=parameter == "data.label") if names else []
            except ValueError as error:
                refused = refused or error
                continue
            if chosen:
                said.extend(known.said)
                return ",".join(chosen)
        raise refused or ValueError(f"{parameter}: there is nothing called {what[:60]!r}")

    label, group, split = asked(label, "data.label"), asked(group, "data.group"), asked(split, "data.split")
    metadata = metadata_of(keys, columns, label=label, group=group, split=split, likely=found.likely or (),
                     given=found.given, time=time)
    return replace(metadata, said=[*metadata.said, *said])


def of_windows(found: Texts, length: int, label: str, group: str, split: str, name: str) -> Prepared:
    """Windows of every running text; splits are those that somebody asked for, the files whose names say so,
    or stretches of each."""
    pieces = [as_bytes.windows(text, length) for text in found.texts]
    ids = np.concatenate(pieces)
    if len(ids) < 10:
        size = sum(len(text.encode("utf-8", "replace")) for text in found.texts)
        hint = f"; set data.length to {size // 10} or less" if size >= 160 else ""
        raise ValueError(f"{name} has {len(ids)} windows of {length} bytes; 10 are the least that can be "
                         f"split into training, validation and test{hint}")
    named = found.given if split != "none" and len({*(found.given or ())} - {None}) > 1 else None
    own = stretches([len(p) for p in pieces], named)
    if len(pieces) == 1 and {label, group, split} <= {"", "none"}:
        rows = {s: [i for i, g in enumerate(own) if g == s] for s in SPLITS}
        return Prepared(ids, Metadata({}, {}, Splits(rows, "consecutive stretches of the text")),
                        found.notes)
    of_file = [i for i, p in enumerate(pieces) for _ in range(len(p))]
    grouped = group not in ("", "none")
    given = None if named is None else [named[i] for i in of_file] if grouped else own
    time = None if named else np.array([parts.SHARES[s] for s in own])  # [n, 2]
    keys = [str(i) for i in range(len(ids))]
    metadata = labels_and_splits(replace(only(found, of_file), given=given), keys, label, group, split, time)
    # nothing else decided
    if not grouped and all(own[i] == s for s, rows in metadata.splits.rows.items() for i in rows):
        metadata = replace(metadata, splits=Splits({s: parts.mixed(keys, rows)
                                            for s, rows in metadata.splits.rows.items()}, origin_of(named)))
    return Prepared(ids, metadata, [f"{len(pieces)} running texts", *found.notes, *metadata.said])


def origin_of(named: list[str | None] | None) -> str:
    """Where the splits of running texts come from, in words. named: the split in the name of each file."""
    if named is None:
        return "consecutive stretches of each file"
    missing = [s for s in SPLITS if s not in named]
    return (f"{given_in_words(missing)} by the files" + f", {' and '.join(missing)} stretches of the files "
                                                        "for training" * bool(missing))


def stretches(sizes: list[int], given: list[str | None] | None) -> list[str]:
    """The split of every window: that of its file; training files give up their ends for splits that no file
    has."""
    missing = [s for s in SPLITS[1:] if s not in (given or ())]
    out = []
    for n, own in zip(sizes, given or [None] * len(sizes)):
        shares = shares_of(["train", *missing]) if own in (None, "train") else {own: (0.0, 1.0)}
        for s, (low, high) in shares.items():
            out += [s] * (round(high * n) - round(low * n))
    return out

