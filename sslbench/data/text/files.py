"""Files of text -> samples: tables, FASTA, lines with labels, folders of texts, or running text. What the
names of files and folders say of splits and labels becomes columns."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...machine.hardware import memory_limit
from ..column_names import GROUPS, LABELS, SPLIT_COLUMNS, likely
from ..folders import layout
from ..tables import delimited, reading
from .line_formats import Samples, fasta, is_fasta, labelled
from .paths import by_name, files, group, names_of

HEAD = 100_000  # characters that tell the kind of a file
MANY = 10  # files of plain text are samples; fewer are running texts
TEXT_NAMES = ("text", "sentence", "review", "comment", "content", "caption", "message", "body", "tweet",
              "utterance", "question",
              "document", "abstract", "description", "headline", "title", "smiles", "sequence", "seq",
              "peptide", "dna", "string")
NO_LABELS = ("id", "idx", "index", "image", "image_id", "file", "filename", "path", "name", "url", "date",
             "time", "header",
             *SPLIT_COLUMNS)


@dataclass(frozen=True)
class Texts:
    """texts: one for each sample, or whole running texts.  columns: name -> one value for each.  likely: the
    column that is the label where nobody chose one.  given: the split of each, or None.  names: a name of
    each for patterns and folder levels.
    notes: what was decided or left out."""

    texts: list[str]
    running: bool = False
    columns: dict[str, list] = field(default_factory=dict)
    likely: str = ""
    given: list[str | None] | None = None
    names: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)  # a second name of each: those of FASTA
    notes: list[str] = field(default_factory=list)


def read(file: str, text_column: str = "", whole: bool = False) -> Texts:
    """The texts of data.file. whole: lines are not taken apart, whatever they look like."""
    paths, root, notes = files(file)
    kind = kind_of(paths, whole)
    if text_column and kind != "table":
        raise ValueError(f"{paths[0].name} is no table, so there is no column {text_column[:60]!r}; leave "
                         "data.text_column empty")
    found = of_tables(paths, text_column) if kind == "table" else of_plain(paths, root, kind, whole)
    return replace(found, notes=[*notes, *found.notes])


def kind_of(paths: list[Path], whole: bool) -> str:
    kinds = {group(p) for p in paths}
    if len(kinds) > 1:
        raise ValueError(f"{', '.join(p.name for p in paths[:4])} are of different kinds; data.file must be "
                         "tables, FASTA or plain text")
    kind = kinds.pop()
    if kind == "plain" and len(paths) < MANY:
        texts = [decoded(p, HEAD)[0] for p in paths]
        return ("fasta" if all(map(is_fasta, texts)) else "table"
                if not whole and all(map(is_table, texts)) else "plain")
    return kind


def is_table(text: str) -> bool:
    """Whether lines are rows of a table although the file is not called like one: two tabs or more in each,
    or known names above."""
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    names = [name.strip(' "').lower() for name in re.split(r"[,;\t]", lines[0])] if lines else []
    if len(lines) > MANY and set(names) & set(TEXT_NAMES) and set(names) & {*LABELS, *NO_LABELS}:
        return True
    tabs = Counter(line.count("\t") for line in lines).most_common(1)
    return len(lines) > MANY and tabs[0][0] > 1 and tabs[0][1] >= 0.95 * len(lines)


def decoded(path: Path, most: int = -1) -> tuple[str, list[str]]:
    """The text of a file or its first characters, and a remark where it is not UTF-8; ValueError where it is
    none."""
    size = path.stat().st_size
    if size > memory_limit() // 8:
        raise ValueError(f"{path.name} has {size / 1e9:.1f} GB, too much to be held in memory as text; give "
                         "a part of it")
    encoding, remark = delimited.encoding_of(path)
    with open(path, encoding=encoding, errors="replace") as f:
        text = f.read(most)
    head = text[:10_000]
    strange = sum((c < " " and c not in "\t\n\r\f\x1b") or c == "\ufffd" for c in head)
    if strange > len(head) // 20:
        raise ValueError(f"{path.name} is no text ({strange} of its first {len(head):,} characters cannot "
                         "be read); save it as plain text, a table or FASTA")
    return text.removeprefix("\ufeff"), [f"{path.name}: {remark}"] if remark else []


# Tables

def of_tables(paths: list[Path], text_column: str) -> Texts:
    """One sample for each row."""
    read_ones = [reading.read(p) for p in paths]
    first = max(read_ones, key=lambda t: len(t.names))
    at = chosen_text(first, text_column)
    if differing := next((t for t in read_ones
                          if at not in t.columns or not set(t.names) <= set(first.names)), None):
        raise ValueError(f"{first.file.name} and {differing.file.name} have different columns; give one "
                         "file, or files that are alike: "
                         + ", ".join(p.name for p in paths[:6]))
    notes = [f"{t.file.name}: {note}" if len(paths) > 1 else note for t in read_ones for note in t.notes]
    if not text_column and at != "text":
        notes.append(f"texts from column {at!r}")
    columns = {name: [w for t in read_ones for w in (t.words(name) if name in t.columns else [None] * len(t))]
               for name in first.names}
    notes += [f"no column {', '.join(map(repr, gone[:4]))} in {t.file.name}, so its {len(t):,} rows have none"
              for t in read_ones if (gone := [name for name in first.names if name not in t.columns])]
    of_file = [i for i, t in enumerate(read_ones) for _ in range(len(t))]
    given, rests = by_name(paths) if len(paths) > 1 else (None, [""])
    likely = likely_label(columns, at, first.made)
    if any(rests):
        columns["file"] = [rests[i] for i in of_file]
        likely = likely or "file"
    texts = columns.pop(at)
    return Texts(texts, False, columns, likely, given and [given[i] for i in of_file],
                 [paths[i].name for i in of_file], notes=notes)


def chosen_text(found: reading.Table, asked: str) -> str:
    """The column of texts: the one that is asked for, else one that is called so, else the one of the longest
    words."""
    if asked:
        found.column(asked, "data.text_column")
        return asked
    lower = {name.lower(): name for name in reversed(found.names)}
    if known := next((lower[name] for name in TEXT_NAMES if name in lower), None):
        return known
    words = {name: found.words(name) for name in found.names if found.numbers(name) is None}
    if not words:
        raise ValueError(f"{found.file.name} has no column of texts; its columns are "
                         f"{', '.join(found.names[:12])}")
    return max(words, key=lambda name: sum(map(len, words[name])))


def likely_label(columns: dict[str, list], text: str, made: frozenset[str]) -> str:
    """The column that is called like a label, the other one of two, or in a table without names the first
    with few values."""
    rest = [name for name in columns if name != text]
    if known := likely(rest):
        return known
    parts = [name for name in rest if set(re.split(r"[^a-z]+", name.lower())) & set(LABELS) - {"y"}]
    if len(parts) == 1:  # airline_sentiment
        return parts[0]
    if len(rest) == 1 and not numbers_rows(rest[0].lower()):
        return rest[0]
    return next((name for name in rest
                 if name in made and 1 < len(set(columns[name])) <= max(2, len(columns[name]) // 10)), "")


def numbers_rows(name: str) -> bool:
    """Whether a column is called like what tells rows apart, not like what is said of them."""
    return name in NO_LABELS or (name.endswith(("_id", "_file", "_path")) and name not in GROUPS)


# FASTA, lines with labels, texts in folders, running text

def of_plain(paths: list[Path], root: Path, kind: str, whole: bool) -> Texts:
    read_ones = [decoded(p) for p in paths]
    texts, notes = [t for t, _ in read_ones], [remark for _, remarks in read_ones for remark in remarks]
    notes = notes[:3] + [f"{len(notes) - 3} more files are not UTF-8"] * (len(notes) > 3)
    if kind == "plain" and len(paths) >= MANY:
        return in_folders(texts, names_of(paths, root), notes)
    parts = [fasta(t) if kind == "fasta" else None if whole or p.suffix.lower() == ".md" else labelled(t)
             for t, p in zip(texts, paths)]
    if all(p is not None for p in parts):
        return joined(paths, parts, notes)
    given, rests = by_name(paths) if len(paths) > 1 else (None, [""])
    files = {"file": rests} if any(rests) else {}
    return Texts(texts, True, files, next(iter(files), ""), given, names_of(paths, root), notes=notes)


def joined(paths: list[Path], parts: list[Samples], notes: list[str]) -> Texts:
    """The samples of several files one after the other."""
    given, rests = by_name(paths) if len(paths) > 1 else (None, [""])
    of_file = [i for i, p in enumerate(parts) for _ in p.texts]
    columns = {name: [v for p in parts for v in p.columns[name]] for name in parts[0].columns}
    likely = parts[0].label
    if any(rests):
        columns["file"] = [rests[i] for i in of_file]
        likely = likely or "file"
    headers = columns.get("header", [])
    said = list(dict.fromkeys(note for p in parts for note in p.notes)) + ["FASTA: a record is a text, "
                                                                           "headers are none"] * bool(headers)
    said = [f"{note} (data.label=none for running text)" if "read as labels" in note else note
            for note in said]
    return Texts([t for p in parts for t in p.texts], False, columns, likely,
                 given and [given[i] for i in of_file],
                 [paths[i].name for i in of_file], headers, [*notes, *said])


def in_folders(texts: list[str], names: list[str], notes: list[str]) -> Texts:
    """Each file a sample; folders are splits and labels, as for pictures."""
    found = layout(names)
    words = found.words()
    said = [note.replace("pictures lie", "texts lie").replace("picture lies", "text lies")
            for note in found.notes]
    labelled_by_folder = len(set(words) - {None}) > 1
    return Texts(texts, False, {"folder": words} if labelled_by_folder else {},
                 "folder" if labelled_by_folder else "",
                 found.given or None, names, notes=[*notes, "each file is a text", *said])
