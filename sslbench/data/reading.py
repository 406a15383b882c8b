"""What was read, in a sentence or two."""

import re

import torch

from ..field import size_of
from ..messages import printable
from .labels import phrase
from .shared_rows import shared_with_training
from .splits import SPLITS


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


def begun(line: str) -> str:
    """With a capital letter, unless the name of a file stands first: that is spelled as it is."""
    return line if re.search(r"[._/]\w", line.split(" ", 1)[0]) else line[:1].upper() + line[1:]


def without_label(targets: dict[str, torch.Tensor]) -> str:
    """What is probed of samples that have no label, and the verb."""
    known = [name for name in ("mask", "boxes") if name in targets]
    return f"only the {' and '.join(known)} are" if known else "nothing is"
