"""python -m sslbench catalog: what there is."""

from ..catalog import catalog
from .flags import parser
from .report import say


def run(argv: list[str]) -> int:
    p = parser("catalog", "List data sources, pretext tasks and backbones.")
    p.add_argument("kind", nargs="?", help="data, pretext or backbone")
    say(catalog(p.parse_args(argv).kind))
    return 0
