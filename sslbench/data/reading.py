"""What was read, in a sentence or two."""

import re

import torch

from ..field import size_of
from ..messages import printable
from .labels import phrase
from .shared_rows import shared_with_training
from .splits import SPLITS

# phrases on how samples are divided, which say nothing of files that are only embedded
OF_SPLITS = re.compile(r"training\b|in (one|two|several) splits?\b|the \w+ split\b|splits from|test samples|"
                       r"groups from|divided in order of time|keeps them together")


def reading(data) -> str:
    """The sentences of Data.reading()."""
    loaded = {split: data.loaded(split) for split in SPLITS}
    sizes = {split: size_of(rows) for split, (rows, _) in loaded.items()}
    origin = f" ({data.splits_from})" if data.splits_from else ""
    said = [f"{sum(sizes.values()):,} {data.unit}: {sizes['train']:,} for training, {sizes['validation']:,} "
            "for validation, "
            f"{sizes['test']:,} for testing{origin}"]
    label, *factors = list(loaded["train"][1]) or [""]
    values = label and torch.cat([labels[label] for _, labels in loaded.values()])
    said.append(f"label {label!r}: {phrase(values, data.classes.get(label))}"
                if label else f"no label, so {without_label(data.targets('test'))} probed")
    said += [f"factors: {', '.join(factors)}"] if factors else []
    said += [shared] if (shared := shared_with_training(loaded)) else []
    return printable(". ".join(map(begun, [*said, *data.notes])) + ".")


def reading_of_embedded(data) -> str:
    """What was read of files that a trained run embeds: how many, their label where they have one, and what
    was left out; nothing of splits, which they have none of."""
    loaded = [data.loaded(split) for split in SPLITS]
    n = sum(size_of(rows) for rows, _ in loaded)
    unit = data.unit.removesuffix("s") if n == 1 and data.unit != "series" else data.unit
    said, label = [f"{n:,} {unit}, only embedded"], next(iter(loaded[0][1]), "")
    if label:
        values = torch.cat([labels[label] for _, labels in loaded])
        said.append(f"label {label!r}: {phrase(values, data.classes.get(label))}")
    said += [line for line in data.notes if not OF_SPLITS.search(line)]
    return printable(". ".join(map(begun, said)) + ".")


def begun(line: str) -> str:
    """With a capital letter, unless the name of a file stands first: that is spelled as it is."""
    return line if re.search(r"[._/]\w", line.split(" ", 1)[0]) else line[:1].upper() + line[1:]


def without_label(targets: dict[str, torch.Tensor]) -> str:
    """What is probed of samples that have no label, and the verb."""
    known = [name for name in ("mask", "boxes") if name in targets]
    return f"only the {' and '.join(known)} are" if known else "nothing is"
