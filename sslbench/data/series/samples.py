"""Files of series -> samples of one length with their labels and splits, ready to be picked from."""

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...catalog import nearest
from ...machine.torch_settings import own_settings
from .. import parts as shares
from ..column_names import split_name
from ..folders import Layout
from ..folders import layout as layout_of_folders
from ..metadata import Metadata, metadata_of
from ..splits import SPLITS, given_in_words, shared_in_words
from ..tables.table import count
from . import files, paths, recordings, scaling, windows
from .files import Part
from .remarks import of_labels, said
from .stacked import filled, joined, longer_than, picked

LIMIT = 2048  # steps of a series that are read where nobody asks for more


@dataclass(frozen=True)
class Samples:
    """x [n, C, T] as it is in the file, scaling makes [n, C, a multiple of patch] of some of it.  rows: of
    the splits and labels, numbers of samples -> rows of x.  notes: what was decided, for the reading.  unit:
    "series" or "windows"."""

    x: Tensor
    rows: np.ndarray
    scaling: scaling.Scaling
    metadata: Metadata
    patch: int
    gaps: bool
    mapped: bool
    notes: list[str]
    unit: str


@lru_cache(maxsize=2)
def cached(paths: tuple[Path, ...], changed: tuple, *how) -> Samples:
    """The files are read again only when they, or how to read them, have changed."""
    return read(list(paths), *how)


@own_settings()  # a source reads its files when it is made
def read(sources: list[Path], layout: str, length: int, label: str, group: str, split: str,
         beside: tuple[str, ...], reads: shares.Reads | None = None) -> Samples:
    keys = paths.keys(sources)
    tree = layout_of_folders(keys)
    named_splits = paths.given(sources, tree.given)
    given = None if split == "none" else named_splits
    columns, (label, group, split) = paths.columns(keys, tree.words(), label, group, split)
    names = ({name.strip() for what in (label, group, split) for name in (what, *what.split(","))}
             - {"", "none"})
    archive = named_splits is not None and len(sources) == len(set(named_splits))  # one file for each split
    found = files.read_all(sources, layout, names, archive, reads.unit if reads else "")
    alike(found, keys, sources[0].parents[keys[0].count("/")])
    recordings.settle(found, group != "none")
    for part, i in zip(found, range(len(found))):
        part.about |= {name: [values[i]] * len(part)
                       for name, values in columns.items() if name not in part.about}
    for what, parameter in ((label, "data.label"), (group, "data.group"), (split, "data.split")):
        named(what, parameter, found)
    for part in found:  # no window reaches from one of these to the next
        part.borders += [what for what in (group, split) if what in part.about and what not in part.borders]
    name = sources[0].name if len(sources) == 1 else f"{len(sources)} files"
    asked = {"label": label, "group": group, "split": split}
    long = found[0].x.ndim == 2
    lie = of_folders(found, tree, long)
    draft = (of_recordings(found, keys, given, length, asked, name, reads)
             if long else of_series(found, keys, given, length, reads))
    draft.notes = list(beside) + lie + said(found) + files.without_labels(found, sources) + draft.notes
    shares.enough(len(draft.rows), draft.unit, name)
    return finished(draft, found, asked)


def of_folders(found: list[Part], tree: Layout, long: bool) -> list[str]:
    """Makes folders the label where no column is; what is said of files that lie beside them."""
    by_folder = not any(part.likely for part in found) and paths.classes(tree.words(), long)
    for part in found if by_folder else []:
        part.likely = ["folder"]
    notes = tree.notes if by_folder or tree.given else []
    return [note.replace("pictures lie", "files lie").replace("picture lies", "file lies") for note in notes]


def named(what: str, parameter: str, found: list[Part]) -> None:
    """ValueError that lists the columns there are, channels too, where something is asked for that no file
    has."""
    known = dict.fromkeys(["file"] * (len(found) > 1)
                          + [name for part in found for name in (*part.names, *part.about)])
    for name in [] if what in ("", "none", *known) else what.split(","):
        if name.strip() not in known:
            raise ValueError(f"{parameter}: "
                             f"{nearest('column', name.strip()[:60], [c[:40] for c in list(known)[:40]])}")


def alike(found: list[Part], keys: list[str], folder: Path) -> None:
    """ValueError where files do not hold the same channels."""
    kinds = [(part.x.ndim, part.x.shape[-2]) for part in found]
    common = Counter(kinds).most_common(2)
    if len(common) > 1:
        what = {2: "a recording", 3: "series"}
        shown = [f"{keys[kinds.index(kind)]} holds {what[kind[0]]} of {count(kind[1], 'channel')}"
                 for kind, _ in common]
        best = max(kinds, key=lambda kind: (kinds.count(kind), kind))
        name = keys[kinds.index(best)].rpartition("/")[2]
        raise ValueError(f"the files differ: {' and '.join(shown)}; set data.file to those that are alike, "
                         f"such as {str(folder / '*' / name)!r}")


@dataclass
class Draft:
    """Samples before it is decided which of them train. rows: numbers of samples -> rows of x.  names, about,
    given and time: one for each sample, as in `metadata_of`."""

    x: Tensor
    rows: np.ndarray
    names: list[str]
    about: dict
    unit: str
    notes: list[str]
    given: list | None = None
    time: np.ndarray | None = None
    mapped: bool = False
    one: dict[str, str] = field(default_factory=dict)  # as in `windows.Windows`
    blocks: str = ""  # the label by which the file seems sorted, in blocks too short to be divided in time
    cut: tuple[str, ...] = ()  # splits that are not given and were cut from the training windows

    def only(self, keep: np.ndarray, why: str) -> "Draft":
        """Without the samples that are False in keep [n], with a remark."""
        if keep.all():
            return self
        at = np.flatnonzero(keep)
        noun = "series" if self.unit == "series" else count(len(keep) - len(at), "window").split(" ")[1]
        return replace(self, rows=self.rows[at], names=picked(self.names, at),
                       about={k: picked(v, at) for k, v in self.about.items()},
                       notes=[*self.notes, f"{len(keep) - len(at):,} {noun} {why}"],
                       given=self.given and picked(self.given, at),
                       time=None if self.time is None else self.time[at])


def of_series(found: list[Part], keys: list[str], given: list | None, length: int,
              reads: shares.Reads | None) -> Draft:
    """Each series a sample, cut after `length` steps (0: the longest, LIMIT at most) and padded to it, or to
    the steps of the run that reads them."""
    longest = max(part.x.shape[2] for part in found)
    T = min(length or LIMIT, longest)
    T = max(T, reads.steps) if reads and reads.gaps else T
    x = found[0].x[..., :T] if len(found) == 1 and T <= longest else joined([part.x for part in found], T)
    cut = sum(longer_than(part.x, T) for part in found)
    notes = [f"{cut:,} of {len(x):,} series are longer than {T:,} steps (up to {longest:,}) and cut there; "
             "set data.length to read more"]
    mapped = len(found) == 1 and isinstance(x, np.memmap)
    x = scaling.as_tensor(x)
    names = [f"{key}:" * (len(keys) > 1) + str(i) for key, part in zip(keys, found) for i in range(len(part))]
    given = [g for g, part in zip(given, found) for _ in range(len(part))] if given else None
    draft = Draft(x, np.arange(len(x)), names, windows.together(found), "series", notes if cut else [], given,
                  None, mapped)
    return draft.only(filled(x, draft.rows), "without any value left out")


def of_recordings(found: list[Part], keys: list[str], given: list | None, length: int, asked: dict[str, str],
                  name: str, reads: shares.Reads | None) -> Draft:
    """Windows of the recordings, with the splits that are given completed by stretches of time."""
    likely = {label for part in found for label in part.likely}
    label = (asked["label"].partition(",")[0].strip()
             or next((name for part in found for name in part.likely), ""))
    grouped = asked["group"] != "none" and (asked["group"] or found[0].group)
    sorted_by = (len(found) == 1 and not grouped and label in found[0].about
                 and windows.in_blocks(found[0].about[label], length))
    found[0].borders += [label] if sorted_by and label not in found[0].borders else []
    cut = windows.cut(found, length, name, likely | {name.strip() for name in asked["label"].split(",")},
                      sorted_by, reads)
    about, first, last = cut.about, cut.first, cut.last
    if len(found) > 1:
        about.setdefault("file", [keys[i] for i in cut.file])
    names = [f"{keys[i]}:{at}" for i, at in zip(cut.file, cut.row)]
    draft = Draft(cut.x, first, names, about, "windows", cut.notes, given and [given[i] for i in cut.file],
                  cut.share if sorted_by else np.stack([first, last], 1) / last.max(), one=cut.one)
    if len(found) == 1 and not sorted_by and label in found[0].about:
        draft.blocks = label if windows.stands_together(found[0].about[label]) else ""
    draft.notes += [f"each stretch of {label!r} is divided in order of time"] if sorted_by else []
    column = (asked["split"]
        or next((b for part in found for b in part.borders if b not in likely and is_split(about[b])), ""))
    if column in about and is_split(about[column]):
        draft.given, asked["split"] = [split_name(word) for word in about.pop(column)], ""
        draft.notes.append(f"splits from column {column!r}")
    if draft.given and not reads:  # a trained run learns from no window, so none is left out
        own = np.array(about.get(group_of(found, asked, draft), cut.file), object).astype(str)
        there = set(draft.given)
        draft.given, keep = windows.cut_by_time(draft.given, first, last, own)
        draft.cut = tuple(s for s in SPLITS if s in set(draft.given) - there)
        draft = draft.only(keep, "over the border of two splits left out")
    return draft.only(filled(draft.x, draft.rows), "without any value left out")


def is_split(words: list) -> bool:
    """Whether a column holds names of splits, two at least, and nothing else."""
    names = {split_name(word) for word in set(words)}
    return None not in names and len(names) > 1


def group_of(found: list[Part], asked: dict[str, str], draft: Draft) -> str:
    """The column whose values stay in one split: what was asked for, persons or recordings of the tables, or
    the files; or ""."""
    if asked["group"]:
        return "" if asked["group"] == "none" else asked["group"]
    own = next((part.group for part in found if part.group), "")
    if own in {name.strip() for name in asked["label"].split(",")}:
        own = ""
    return own or ("file" if draft.unit == "windows" and len(found) > 2 else "")


def finished(draft: Draft, found: list[Part], asked: dict[str, str]) -> Samples:
    """The samples with their splits, their labels, and what brings each channel to mean 0 and deviation 1."""
    x, about, notes = draft.x, draft.about, list(draft.notes)
    likely = [name for name in dict.fromkeys(name for part in found for name in part.likely) if name in about]
    group = group_of(found, asked, draft)
    if group and not asked["group"] and not draft.given:
        notes.append(f"each {group!r} is kept in one split (data.group none: do not)")
    split = asked["split"] or next((part.given for part in found if part.given), "")
    known = metadata_of(draft.names, about, label=asked["label"], group=group, split=split, likely=likely,
                      given=draft.given, time=draft.time)
    if draft.cut and not split:
        origin = f"{given_in_words(draft.cut, 'train')} in order of time"
        shared = shared_in_words(about.get(group), known.splits.rows)
        known = replace(known, splits=replace(known.splits, origin=origin + shared))
    if len(found) == 1 and draft.unit == "series" and found[0].called:
        known = replace(known, names=[found[0].called[i] for i in draft.rows])
    train = torch.zeros(len(draft.rows), dtype=torch.bool)
    train[known.splits.rows["train"]] = True
    seen = scaling.looked_at(x, torch.from_numpy(draft.rows), train)
    patch = shares.patch_of_series(x.shape[2])
    length = -(-x.shape[2] // patch) * patch
    notes += seen.said(found[0].channels) + of_labels(known, draft.unit, draft.one, draft.blocks)
    return Samples(x, draft.rows, seen.scaling(length), known, patch, seen.absent or length > x.shape[2],
                   draft.mapped, notes, draft.unit)
