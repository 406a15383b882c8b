"""Plain text that is more than running text: FASTA records and lines with a label, recognised by their form.
Plain functions."""

import re
from collections import Counter
from dataclasses import dataclass, field

FASTA = (".fa", ".fasta", ".fas", ".fna", ".faa", ".ffn", ".frn")
SEQUENCE = re.compile(r"[A-Za-z*.\s-]+")
FASTTEXT = re.compile(r"\s*((?:__label__\S+\s+)+)(.*)")
FIRST = re.compile(r"([^\s,;|]{1,30}?)(?:\s*[,;|]\s*|:\s+|\s+)(\S.*)")  # a word, then the text
LEAST = 10  # lines
ALIKE = 0.95  # of the lines that must have the form; the others are said


@dataclass
class Samples:
    """Texts with columns of what is said of each.  label: the column that is the label, or "".  notes: in
    words."""

    texts: list[str]
    columns: dict[str, list] = field(default_factory=dict)
    label: str = ""
    notes: list[str] = field(default_factory=list)


def is_fasta(text: str) -> bool:
    """Whether the text begins with a header line > and a line of letters."""
    lines = [line for line in text[:20_000].splitlines() if line.strip() and not line.startswith(";")][:2]
    return (len(lines) == 2 and lines[0].startswith(">") and SEQUENCE.fullmatch(lines[1]) is not None
            and " " not in lines[1].strip())


def fasta(text: str) -> Samples:
    """One sample for each record: its letters; the header is no text, its first word is the column id, all of
    it the column header."""
    headers, texts = [], []
    for record in re.split(r"^>", text, flags=re.M)[1:]:
        header, _, letters = record.partition("\n")
        headers.append(header.strip())
        texts.append("".join(line for line in letters.splitlines() if not line.startswith(";")).replace(" ",
            "").replace("\t", ""))
    if not headers:
        raise ValueError("there is no FASTA record, which begins with a line > and a name")
    return Samples(texts, {"id": [(h.split() or [""])[0] for h in headers], "header": headers})


def labelled(text: str) -> Samples | None:
    """Lines "__label__x text", "LABEL<tab>text", "text<tab>LABEL" or "LABEL text" as samples; None for other
    text."""
    every = text.splitlines()
    lines = [line for line in every if line.strip()]
    if len(lines) < LEAST:
        return None
    return (of_fasttext(lines) or of_tabs(lines)
            or (of_first_words(lines) if len(lines) >= ALIKE * len(every) else None))


def of_fasttext(lines: list[str]) -> Samples | None:
    found = [FASTTEXT.match(line) for line in lines]
    if sum(m is not None for m in found) < ALIKE * len(lines):
        return None
    words = [m[1].replace("__label__", " ").split() if m else [] for m in found]
    more = sum(len(w) > 1 for w in words)
    notes = ["lines '__label__x text' read as labels and texts"] + [f"of several labels in {more:,} lines "
                                                                    "the first is read"] * (more > 0)
    return Samples([m[2] if m else line for m, line in zip(found, lines)],
                   {"label": [w[0] if w else "" for w in words]}, "label", notes)


def of_tabs(lines: list[str]) -> Samples | None:
    """One tab in each line, a label on one side of it."""
    pairs = [line.split("\t") for line in lines]
    if sum(len(p) == 2 for p in pairs) < ALIKE * len(lines):
        return None
    pairs = [p if len(p) == 2 else ["", line] for p, line in zip(pairs, lines)]
    for side, form in ((0, "LABEL<tab>text"), (1, "text<tab>LABEL")):
        labels, texts = [p[side].strip() for p in pairs], [p[1 - side] for p in pairs]
        if few(labels, len(lines) // 5) and sum(map(len, labels)) < sum(map(len, texts)):
            return Samples(texts, {"label": labels}, "label", [f"lines {form!r} read as labels and texts"])
    return None


def of_first_words(lines: list[str]) -> Samples | None:
    """Lines that begin with one of few words: no prose does."""
    found = [FIRST.match(line) for line in lines]
    if sum(m is not None for m in found) < ALIKE * len(lines):
        return None
    labels = [m[1] if m else "" for m in found]
    if not few(labels, len(lines) // 10) or sum(len(m[2].split()) for m in found if m) < 2 * len(lines):
        return None
    return Samples([m[2] if m else line for m, line in zip(found, lines)], {"label": labels}, "label",
                   ["lines 'LABEL text' read as labels and texts"])


def few(labels: list[str], most: int) -> bool:
    """Whether these are labels: two or more different ones, few, and nearly each of them several times."""
    counts = Counter(labels)
    return 2 <= len(counts) <= max(2, most) and sum(n == 1 for n in counts.values()) <= len(counts) // 5
