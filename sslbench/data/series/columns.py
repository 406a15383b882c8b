"""What each column of a table of series is: a channel or a time step, something said about the series, or
neither."""

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ..column_names import LABELS, PERSONS, SPLIT_COLUMNS, split_name
from ..tables import cells
from ..tables.table import Table, count
from .clock import NUMBERS, counts, counts_again, date_in_parts, in_order, mostly_rising
from .layout import few_words, likely_layout, stem_of

# activity_id
BESIDE = {"id", "ids", "name", "names", "idx", "index", "code", "no", "num", "number", "true", "ground",
          "truth", "type"}
TAKES = {"recording", "session", "episode", "trial", "take", "run", "file", "filename", "segment", "sequence"}
IDS = {"id", "ids", "idx", "index", "nr", "no", "key", "uuid", "guid"}
# names of columns that count the rows
ROWS = {"row", "rows", "sample", "record", "observation", "obs", "unnamed"}
TIMES = {"time", "times", "date", "datetime", "timestamp", "timestamps", "t", "ts", "sec", "secs", "second",
         "seconds", "ms", "clock"}
DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]+\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?")


@dataclass
class Roles:
    """numbers: channel or time step -> float64 [rows].  about: columns that say something about the rows.
    likely: those that are the label and factors, if nobody chooses.  group: the column that keeps persons
    apart, or "".  borders: columns whose changes end a stretch of time.  clock: columns say that the rows are
    time.  notes: what was decided, in words."""

    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    about: dict[str, list[str]] = field(default_factory=dict)
    likely: list[str] = field(default_factory=list)
    group: str = ""
    borders: list[str] = field(default_factory=list)
    layout: str = "columns"
    clock: bool = False
    notes: list[str] = field(default_factory=list)


def roles(table: Table, asked: set[str], layout: str, parts: bool = False) -> Roles:
    """What the columns are. asked: columns that somebody named.  layout: "rows", "columns" or "auto".  parts:
    the file is one of a training and a test file, as in archives of series, so a table without names may hold
    the class first."""
    found, left, bad = Roles(), [], Bad()
    dated, time = date_in_parts(table)
    if dated:
        restarts(found, time)
    for name in table.names:
        numbers = table.numbers(name)
        words = tokens(name)
        kind = "asked" if name in asked else "time" if name in dated else kind_of(table, name, numbers, words)
        if kind == "time" and numbers is not None and name not in dated:
            restarts(found, numbers.values)
        if kind == "channel":
            found.numbers[name] = numbers.values
            bad.note(name, numbers)
        elif kind in ("counts the rows", "time"):
            left.append(f"{name!r} ({kind})")
            found.clock |= name in dated or (in_order(table, name) if kind == "time" else bool(
                set(words) & NUMBERS and not any(is_label(tokens(one), table) for one in table.names)))
        else:
            found.about[name] = table.words(name)
    found.layout = layout if layout != "auto" else likely_layout(table, found, parts)
    if found.layout == "rows":
        step_columns(table, found)
    if not table.headed or found.layout == "rows":
        unnamed_label(table, found, parts)
    kinds = {name: set(tokens(name)) for name in found.about}
    found.likely = likely_labels(found, kinds)
    groups_and_borders(found, kinds)
    used = {*found.likely, found.group, *asked}
    others = [repr(name) for name in found.about
              if name not in used and name in table.columns and table.numbers(name)]
    left += [f"{name} (see data.label and data.group)" for name in others]
    found.notes += [f"no channel: {shown(left)}"] if left else []
    found.notes += bad.said()
    return found


def tokens(name: str) -> list[str]:
    """The words of a name in small letters: "SubjectID" and "subject_id" are subject and id."""
    return [w for w in re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) if w]


def shown(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def kind_of(table: Table, name: str, numbers: cells.Numbers | None, words: list[str]) -> str:
    """"channel", "about", "time" or "counts the rows"."""
    last = words[-1] if words else ""
    if numbers is None:
        some = [w for w in table.words(name)[:200] if w]
        return "time" if some and sum(bool(DATE.fullmatch(w)) for w in some) > 0.9 * len(some) else "about"
    values = numbers.values
    whole = cells.whole(values)
    if whole and counts(values) and (name in table.made or last in IDS or set(words) & ROWS):
        return "counts the rows"
    if (whole and name in table.made
        and (counts_again(values) or (np.nanmedian(values) > 1e8 and mostly_rising(values)))):
        return "time"  # or seconds, milliseconds ... since 1970
    if set(words) & TIMES and not called_label(set(words)) and mostly_rising(values):
        return "time"
    if (name in table.made and name == table.names[0] and len(table.names) > 1 and cells.evenly(values)
        and not whole):
        return "time"
    if is_label(words, table) or (whole and (last in IDS or set(words) & (PERSONS | TAKES))):
        return "about"
    return "about" if name.lower() in SPLIT_COLUMNS else "channel"


def is_label(words: list[str], table: Table) -> bool:
    """Whether a name says that the column is a label; y is none beside x, where both are axes."""
    if words == ["y"]:
        return "x" not in {name.lower() for name in table.names}
    return called_label(set(words)) and "y" not in words


def called_label(words: set[str]) -> bool:
    """activity, class_label and target_id, but not target_speed."""
    return not words.isdisjoint(LABELS) and words <= {*LABELS, *BESIDE}


def restarts(found: Roles, time: np.ndarray) -> None:
    """Where time falls back a new recording begins."""
    again = np.diff(time) < 0
    if again.any() and "recording" not in found.about:
        found.about["recording"] = [str(n) for n in np.concatenate([[0], again.cumsum()])]
        found.notes.append(f"time begins again {count(int(again.sum()), 'time')}: {again.sum() + 1:,} "
                           "recordings")


def step_columns(table: Table, found: Roles) -> None:
    """Columns of numbers whose names are not those of the time steps are about the series."""
    stems = Counter(stem_of(name) for name in found.numbers if name not in table.made)
    if not stems:
        return
    stem, alike = stems.most_common(1)[0]
    other = [name for name in found.numbers if stem_of(name) != stem and name not in table.made]
    if alike >= 0.8 * len(found.numbers) and alike > 2:
        for name in other:
            del found.numbers[name]
            found.about[name] = table.words(name)


def unnamed_label(table: Table, found: Roles, parts: bool) -> None:
    """Without a line of names, the first or last column is the label where it holds few whole numbers and the
    others do not."""
    names = list(found.numbers)
    if table.headed or len(names) < 3 or any(few_words(found.about[name]) for name in found.about):
        return
    for name, rest in ((names[0], names[1:]), (names[-1], names[:-1])):
        values = found.numbers[name]
        different = len(np.unique(values[np.isfinite(values)]))
        others = np.concatenate([found.numbers[other][:200] for other in rest])
        repeated = 2 <= different <= min(100, len(values) // 2)
        if cells.whole(values) and (repeated or (parts and name == names[0])) and not cells.whole(others):
            del found.numbers[name]
            found.about[name] = table.words(name)
            found.likely = [name]
            return


def likely_labels(found: Roles, kinds: dict[str, set[str]]) -> list[str]:
    """Columns that are called like labels, then columns of words with few values; of persons only where
    nothing else is there."""
    named = sorted((name for name, kind in kinds.items() if called_label(kind)),
                   key=lambda name: name.lower() not in LABELS)
    apart = PERSONS | TAKES | IDS | set(SPLIT_COLUMNS)
    words = [name for name, kind in kinds.items()
             if not kind & apart and not cells.numeric(found.about[name])]
    few = [name for name in words if few_words(found.about[name])]
    likely = list(dict.fromkeys([*found.likely, *named, *few]))
    if not likely and found.layout == "rows":
        likely = [name for name, kind in kinds.items() if kind & PERSONS and few_words(found.about[name])][:1]
    other = [name for name in words if name not in likely]
    if other:
        values = [f"{name!r} ({count(len(set(found.about[name]) - {''}), 'value')})" for name in other]
        found.notes.append(f"not read: {shown(values)}")
    return likely


def groups_and_borders(found: Roles, kinds: dict[str, set[str]]) -> None:
    """The column whose persons or recordings stay together, and the columns whose changes no window
    crosses."""
    apart = [name for known in (PERSONS, TAKES, IDS)
             for name, kind in kinds.items() if kind & known and name not in found.likely]
    apart = list(dict.fromkeys(apart))
    found.borders = [name for name in apart if few_words(found.about[name])]
    for name in found.about:
        if name.lower() in SPLIT_COLUMNS and None not in map(split_name, set(found.about[name])):
            found.borders.append(name)
    many = [name for name in found.borders if name in apart and len(set(found.about[name])) > 2]
    if many:
        found.group = many[0]


class Bad:
    """Cells in columns of numbers that are none, to be said in one sentence."""

    def __init__(self):
        self.words, self.infinite, self.examples = Counter(), Counter(), []

    def note(self, name: str, numbers: cells.Numbers) -> None:
        self.words[name] += numbers.bad_cells
        self.infinite[name] += numbers.infinite
        self.examples += numbers.bad[:1]

    def said(self) -> list[str]:
        examples = shown([repr(word[:20]) for word in dict.fromkeys(self.examples)], 2)
        kinds = ((self.words, "cell", f" that {{}} no number ({examples})"),
                 (self.infinite, "infinite value", ""))
        return [f"{count(found.total(), noun)}{text.format('are' if found.total() > 1 else 'is')} in "
                f"{columns(found)} counted as missing"
                for found, noun, text in kinds if found.total()]


def columns(found: Counter) -> str:
    names = [repr(name) for name, n in found.items() if n]
    return f"column{'s' * (len(names) > 1)} {shown(names, 3)}"
