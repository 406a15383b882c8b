"""python -m sslbench few-labels: what few labels are worth with the features of a recorded run."""

import sys

from ..plots import save
from ..runs.few_labels import few_labels
from ..runs.label_curve import COUNTS
from .flags import parser
from .report import say


def run(argv: list[str]) -> int:
    p = parser("few-labels", "Accuracy with 1, 3, 10, 30, 100 labels per class and all: linear on the run's "
                             "frozen features, fine-tuned, supervised from scratch, linear on raw and "
                             "untrained. Kept in the run's folder as it comes.")
    p.add_argument("run", metavar="RUN", help="run folder")
    p.add_argument("--labels", default="1,3,10,30,100,all", help="labels per class, such as 1,10,all")
    p.add_argument("--draws", type=int, default=3, help="so many draws of the labelled samples")
    p.add_argument("--steps", type=int, help="of each network that is trained on them (the run's, at most "
                                             "400)")
    p.add_argument("--png", help="file to write the figure to")
    args = p.parse_args(argv)
    curve = few_labels(args.run, numbers(args.labels), draws=args.draws, steps=args.steps,
                       progress=sys.stderr.isatty() or say)
    say(curve)
    if args.png:
        save(curve.figure, args.png)
    return 0


def numbers(text: str) -> list[int | None]:
    """"1,10,all" as numbers; ValueError in one line for anything else."""
    words = [word.strip() for word in text.split(",")]
    if not all(word == "all" or word.isdecimal() for word in words):
        raise ValueError(f"--labels must be whole numbers and all, such as {','.join(map(str, COUNTS[:3]))}"
                         f",all, not {text[:60]!r}")
    return [None if word == "all" else int(word) for word in words]
