"""Which tar shards are meant by data.file: a range of numbers, a pattern, a folder, or several of these."""

import itertools
import math
import re
from pathlib import Path

from .. import locations

RANGE = re.compile(r"\{(\d{1,18})\.\.(\d{1,18})\}")
MOST = 200_000  # names that braces may stand for: 20 MB of them, and two seconds to look for


def meant(file: str) -> tuple[list[Path], list[str]]:
    """The shards of a pattern, a folder or several with commas between them, and the names that are not
    there. What is called like a shard and is no file stays among them, to be said. OSError or ValueError in
    one line where there is none at all."""
    found, missing = [], []
    for part in filter(None, map(str.strip, re.split(r",(?![^{]*\})", file))):
        for name in expanded(part):
            path = locations.absolute(name)
            here = sorted(path.glob("*.tar")) if path.is_dir() else locations.fitting(name)
            found += here
            missing += [name] * (not here)
    if not found:
        locations.whole_or_folder((missing or [file])[0], [], "data.file")
        raise FileNotFoundError(f"there is no .tar in {file!r}; check data.file")
    return list(dict.fromkeys(found)), missing


def expanded(pattern: str) -> list[str]:
    """train-{000000..000127}.tar -> 128 names; ValueError where they are too many."""
    parts = RANGE.split(pattern)
    ends = list(zip(parts[1::3], parts[2::3]))
    n = math.prod(max(0, int(high) - int(low) + 1) for low, high in ends)
    if n > MOST:
        raise ValueError(f"data.file {pattern[:100]!r} stands for {n:,} shards, more than {MOST:,}; give the "
                         "numbers that are there, or a pattern with *")
    ranges = [[f"{i:0{len(low)}}" for i in range(int(low), int(high) + 1)] for low, high in ends]
    return ["".join(a + b for a, b in zip(parts[0::3], (*numbers, "")))
            for numbers in itertools.product(*ranges)]
