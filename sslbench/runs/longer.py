"""Longer runs that ship with sslbench: what tasks of the lessons learn in more than a minute."""

from pathlib import Path

from ..catalog import nearest
from .run import Run, load_run

FOLDER = Path(__file__).parents[1] / "recorded" / "longer"  # benchmarks/record_lessons.py writes it


def longer_run(name: str) -> Run:
    """A recorded run, with weights in half precision and every tenth step: "masked-wild_digits", say.
    ValueError with the names that there are for another.

        run = longer_run("masked-wild_digits")
        run.seconds, run.scores["linear"]
    """
    names = sorted(path.parent.name for path in FOLDER.glob("*/recipe.json"))
    if name not in names:
        raise ValueError(nearest("longer run", name, names))
    return load_run(FOLDER / name)
