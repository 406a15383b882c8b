"""python -m sslbench tournament: which task suits this data, under one time budget."""

from ..runs.halving.tournament import tournament
from .flags import parser, read
from .report import say


def run(argv: list[str]) -> int:
    p = parser("tournament", "Train every task that fits the data and let the better half of each round go "
                             "on. Called again with the same words it goes on where it was.")
    p.add_argument("--minutes", type=float, default=10, help="the whole of it (default 10)")
    p.add_argument("--out", help="folder of the runs (default runs/tournament-DATA)")
    p.add_argument("--tasks", default="", help="only these, such as simclr,masked")
    p.add_argument("--backbones", default="", help="only these, such as small_cnn,transformer")
    p.add_argument("--workers", type=int, help="runs side by side (default: as many as there are cores)")
    recipe, args = read(p, argv)
    found = tournament(recipe, args.minutes, folder=args.out, tasks=listed(args.tasks), seed=recipe.seed,
                       backbones=listed(args.backbones), workers=args.workers, progress=say)
    say(found)
    return 0


def listed(text: str) -> list[str] | None:
    return [word.strip() for word in text.split(",") if word.strip()] or None
