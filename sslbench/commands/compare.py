"""python -m sslbench compare: recorded runs in one table, with the baselines they must beat."""

from ..plots import save
from ..runs.comparison import compare
from .flags import parser
from .report import say


def run(argv: list[str]) -> int:
    p = parser("compare", "Recorded runs in one table, with their baselines; runs that differ in the seed "
                          "alone are one row.")
    p.add_argument("folders", nargs="+", metavar="FOLDER", help="run folders, or folders that hold the runs "
                                                                "of several seeds")
    p.add_argument("--png", help="file to write the figure to")
    args = p.parse_args(argv)
    found = compare(*args.folders)
    say(found)
    if args.png:
        save(found.figure, args.png)
    return 0
