"""Which samples train, which choose, which test: one place decides for all sources of the user's own files.

Decided by what is known, in this order: splits that are given, groups that must stay together, time, and else
the hash of each sample's key, 70, 10 and 20 % within each label.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from .parts import SHARES, checksums, mixed, run_reads

SPLITS = tuple(SHARES)
FEW = 10  # samples of a label; rarer labels are divided together


@dataclass(frozen=True)
class Splits:
    """rows: "train", "validation" and "test" -> row numbers, in an order that shows every label early.
    origin: where they come from, in words.  left_out: what was dropped so that splits share nothing, in words
    or ""."""

    rows: dict[str, list[int]]
    origin: str
    left_out: str = ""


def divide(keys: Sequence[str], label: Tensor | None = None, groups: Sequence[str] | None = None,
           given: Sequence[str | None] | None = None, time: np.ndarray | None = None) -> Splits:
    """The splits of n samples; none is empty where there are 10 samples or more.

    keys: a name for each, whose hash decides.  label: [n] classes (-1: none), so that each split shows them
    all.
    groups: a person, patient, speaker ... for each; nobody is in two splits.  given: "train", "validation",
    "test", or None for a sample of no split, which then trains.  time: [n, 2], where each window begins and
    ends as a share of the whole time.
    """
    n = len(keys)
    if given is not None and len(set(given) - {None}) > 1:
        return with_given(keys, label, groups, given)
    if groups is not None and len(set(groups)) > 1:
        rows, origin = by_group(keys, np.arange(n), label, groups, SHARES)
        return Splits(shown_early(keys, rows), origin)
    if time is not None:
        return by_time(time)
    rows = by_hash(keys, np.arange(n), label, SHARES)
    within = (" within each class"
              if label is not None and label.ndim == 1 and not label.is_floating_point() else "")
    return Splits(shown_early(keys, rows), f"drawn at random{within}, always the same")


def shares_of(names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """The shares of 70, 10 and 20 % of these splits alone, as ranges from 0 to 1."""
    sizes = [SHARES[name][1] - SHARES[name][0] for name in names]
    ends = np.cumsum(sizes) / sum(sizes)
    return dict(zip(names, zip([0.0, *ends[:-1]], ends)))


def with_given(keys, label, groups, given) -> Splits:
    """Splits as they are given; the ones that are missing are cut from the training part."""
    given = np.array([g or "train" for g in given])
    rows = {name: np.flatnonzero(given == name) for name in SPLITS}
    missing = [name for name in SPLITS if not len(rows[name])]
    origin, how = given_in_words(missing), " as given"
    if missing:
        source = "train" if len(rows["train"]) else "validation"  # only validation and test are given
        ways = [name for name in SPLITS if name in (source, *missing)]
        own = groups is not None and len({groups[i] for i in rows[source]}) >= len(ways)
        shares = shares_of(ways)
        rows |= (by_group(keys, rows[source], label, groups, shares)[0]
                 if own else by_hash(keys, rows[source], label, shares))
        origin, how = given_in_words(missing, source) + " by group" * own, " as given" if own else ""
    shared = shared_in_words(groups, rows)
    return Splits(shown_early(keys, rows), origin + shared + how * bool(shared))


def given_in_words(missing: Sequence[str], source: str = "") -> str:
    """Which splits are given, and which are cut from one of them."""
    cut = f", {' and '.join(missing)} cut from {source}" if source else ""
    return f"{' and '.join(name for name in SPLITS if name not in missing)} given{cut}"


def shared_in_words(groups: Sequence | None, rows: dict[str, Iterable[int]]) -> str:
    """How many groups are in more than one split, or ""."""
    if groups is None:
        return ""
    splits = Counter(group for some in rows.values() for group in {groups[i] for i in some})
    shared = sum(n > 1 for n in splits.values())
    return f", {shared:,} of {len(splits):,} groups are in several splits" if shared else ""


def by_hash(keys, among: np.ndarray, label, shares) -> dict[str, np.ndarray]:
    """Rows by the order of their hashes, within each class; classes of fewer than FEW samples are divided
    together."""
    place = np.zeros(len(keys), np.uint32)
    place[among] = checksums(keys[i] for i in among)
    order = among[np.argsort(place[among], kind="stable")]
    y = (np.zeros(len(keys), np.int64)
         if label is None or label.is_floating_point() or label.ndim > 1 else label.numpy())
    parts: dict[str, list] = {name: [] for name in shares}
    rare = []
    for value in np.unique(y[among]):
        rows = order[y[order] == value]
        # unlabelled: they can only be trained on
        if value < 0 and len(among) - len(rows) >= FEW and "train" in shares:
            parts["train"] += rows.tolist()
            continue
        if len(rows) < FEW:
            rare += [((j + place[i] / 2**32) / len(rows), i) for j, i in enumerate(rows.tolist())]
            continue
        for name, (low, high) in shares.items():
            parts[name] += rows[round(low * len(rows)):round(high * len(rows))].tolist()
    rare = [i for _, i in sorted(rare)]  # the first of every class come first, so they are for training
    for name, (low, high) in shares.items():
        parts[name] += rare[round(low * len(rare)):round(high * len(rare))]
    return {name: np.array(rows, np.int64) for name, rows in never_empty(parts).items()}


def never_empty(parts: dict[str, list]) -> dict[str, list]:
    """The same; a split without rows gets one of the largest."""
    for name in parts:
        largest = max(parts, key=lambda other: len(parts[other]))
        if not parts[name] and len(parts[largest]) > 1:
            parts[name] = [parts[largest].pop()]
    return parts


def by_group(keys, among: np.ndarray, label, groups, shares) -> tuple[dict[str, np.ndarray], str]:
    """Whole groups, the largest first, each to the split that lacks most of what it holds; and how it was
    done, in words."""
    names, of = np.unique([groups[i] for i in among], return_inverse=True)
    y = (np.zeros(len(among), np.int64)
         if label is None or label.is_floating_point() or label.ndim > 1 else label.numpy()[among])
    bare = ~np.isin(of, of[y >= 0])
    # unlabelled: they can only be trained on
    if bare.any() and "train" in shares and len(np.unique(of[~bare])) >= len(shares):
        rows, origin = by_group(keys, among[~bare], label, groups, shares)
        return rows | {"train": np.concatenate([rows["train"], among[bare]])}, origin
    kinds = np.unique(y, return_inverse=True)[1]
    counts = np.zeros((len(names), kinds.max() + 1))
    np.add.at(counts, (of, kinds), 1)  # [groups, classes]
    if (counts > 0).sum(0).max() == 1:  # each class is one group, a person say: no split can show them all
        counts = counts.sum(1, keepdims=True)
    chosen = dealt(counts, checksums(names), np.array([high - low for low, high in shares.values()]))
    rows = {name: among[chosen[of] == s] for s, name in enumerate(shares)}
    empty = [name for name, r in rows.items() if not len(r)]
    origin = f"{len(names):,} groups, none in two splits"
    if empty:
        ways = [name for name in shares if name == "train" or name in empty]
        rows |= by_hash(keys, rows["train"], label, shares_of(ways))
        origin = (f"{len(names):,} groups, too few for {len(shares)} splits, so {' and '.join(empty)} "
                  "shares groups with train")
    return rows, origin


def dealt(counts: np.ndarray, place: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The split of each group. counts: samples [groups, classes].  place: breaks ties between groups of the
    same size.  share: of the samples that each split is to have."""
    lacking = share[:, None] * counts.sum(0)  # [splits, classes]
    sizes, chosen = counts.sum(1), np.zeros(len(counts), np.int64)
    for g in np.lexsort((place, -sizes)):
        gain = (lacking / counts.sum(0)) @ counts[g]
        chosen[g] = int(gain.argmax())
        lacking[chosen[g]] -= counts[g]
    # none stays empty where there are groups enough; the test split comes first
    for s in reversed(range(len(share))):
        held = [int(sizes[chosen == t].sum()) if (chosen == t).sum() > 1 else 0 for t in range(len(share))]
        if not (chosen == s).any() and max(held):
            others = np.flatnonzero(chosen == int(np.argmax(held)))
            chosen[others[np.argmin(sizes[others])]] = s
    return chosen


def by_time(time: np.ndarray) -> Splits:
    """Stretches of time: the past never sees the future. Windows that reach over a border are left out,
    unless a trained run reads them: it learns from none."""
    if run_reads():
        middle = time.mean(1)
        return Splits({name: np.flatnonzero((middle >= low) & (middle < high)).tolist()
                       for name, (low, high) in SHARES.items()}, "in order of time")
    rows = {name: np.flatnonzero((time[:, 0] >= low - 1e-9) & (time[:, 1] <= high + 1e-9)).tolist()
            for name, (low, high) in SHARES.items()}
    for name, (low, high) in SHARES.items():
        if not rows[name] and len(time) >= FEW:  # windows nearly as long as its stretch
            rows = with_nearest(time, rows, name, (low + high) / 2)
    lost = len(time) - sum(map(len, rows.values()))
    return Splits(rows, "in order of time",
                  f"{lost:,} windows that reach over the border of two splits" if lost else "")


def with_nearest(time: np.ndarray, rows: dict[str, list[int]], name: str, middle: float) -> dict:
    """The same, and in the empty split the window that lies nearest to the middle of its stretch; what
    overlaps with it is in no other."""
    i = int(abs(time.mean(1) - middle).argmin())
    apart = (time[:, 1] <= time[i, 0] + 1e-9) | (time[:, 0] >= time[i, 1] - 1e-9)
    return {other: [i] if other == name else [j for j in some if apart[j]] for other, some in rows.items()}


def shown_early(keys, rows: dict[str, np.ndarray]) -> dict[str, list[int]]:
    """Each split mixed by its keys, so that its first rows show every label; a given order carries no
    meaning."""
    return {name: mixed(keys, [int(i) for i in rows[name]]) for name in SPLITS}
