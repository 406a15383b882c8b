"""python -m sslbench export: what a run has learned, for other tools."""

from ..runs.export import export
from .flags import parser


def run(argv: list[str]) -> int:
    p = parser("export", "Write a run's embeddings with labels and names of samples (.npz, .parquet, .csv), "
                         "or the weights of "
                         "its inner network (.pt, .safetensors).")
    p.add_argument("folder")
    p.add_argument("--out", required=True, metavar="FILE", help="its ending says what is written")
    p.add_argument("--split", default="test", help="train, validation or test")
    p.add_argument("--most", type=int, default=10_000, help="samples at most (default 10000)")
    p.add_argument("--overwrite", action="store_true", help="replace the file")
    args = p.parse_args(argv)
    print(export(args.folder, args.out, split=args.split, most=args.most, overwrite=args.overwrite))
    return 0
