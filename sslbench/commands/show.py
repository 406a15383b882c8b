"""python -m sslbench show: what a recorded run is and has learned."""

from ..plots import save
from ..runs.run import load_run
from .flags import parser
from .report import line, say


def run(argv: list[str]) -> int:
    p = parser("show", "Print a recorded run's recipe, scores and verdict; --png writes its figure.")
    p.add_argument("folder")
    p.add_argument("--png", help="file to write the figure to")
    args = p.parse_args(argv)
    found = load_run(args.folder)
    lines = [found.recipe.as_python(), *filter(None, [found.reading]), *map(line, found.evaluations),
             found.verdict]
    say(*lines)
    if args.png:
        save(found.show(), args.png)
    return 0
