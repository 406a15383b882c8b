"""python -m sslbench export: what a run has learned, for other tools."""

from ..messages import quoted
from ..runs.export import export
from .flags import parser
from .report import say


def run(argv: list[str]) -> int:
    p = parser("export", "Write a run's embeddings with labels, splits and names of samples (.npz, .parquet, "
                         ".csv), or the weights of its inner network (.pt, .safetensors).")
    p.add_argument("folder")
    p.add_argument("--out", required=True, metavar="FILE", help="its ending says what is written")
    p.add_argument("--split", default="", help="train, validation, test or all (default test; of other data "
                                               "all)")
    p.add_argument("--most", type=int, help="samples of a split at most (default: all)")
    p.add_argument("--overwrite", action="store_true", help="replace the file")
    p.add_argument("--data.NAME", dest="data", help="other data for the run to read, such as --data.folder "
                                                    "new: embeddings of it, at the run's size and scale")
    args, rest = p.parse_known_args(argv)
    say(export(args.folder, args.out, split=args.split, most=args.most, data=hyperparameters(rest),
               overwrite=args.overwrite))
    return 0


def hyperparameters(words: list[str]) -> dict[str, str] | None:
    """{"folder": "new"} of ["--data.folder", "new"]; None without any."""
    words = [part for word in words
             for part in (word.split("=", 1) if word.startswith("--data.") else [word])]
    names, values = words[::2], words[1::2]
    if strange := next((name for name in names if not name.startswith("--data.")), ""):
        raise ValueError(f"there is no {quoted(strange)}; python -m sslbench export --help says more")
    if len(names) > len(values):
        raise ValueError(f"{names[-1]} needs a value")
    if empty := next((name for name, value in zip(names, values) if not value.strip()), ""):
        raise ValueError(f"{empty} is empty; without it the run's own data is read")
    return {name.removeprefix("--data."): value for name, value in zip(names, values)} or None
