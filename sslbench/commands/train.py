"""python -m sslbench train: one recipe, with one seed or several."""

import os

from ..runs.fitting import fit
from ..runs.loggers import LOGGERS, logged
from ..runs.on_disk import play
from ..training import evaluate
from .flags import HIDDEN, parser, read
from .report import say, watch


def run(argv: list[str]) -> int:
    p = parser("train", "Train one recipe; --out keeps it in a run folder.")
    p.add_argument("--out", help="run folder to write: a new or an empty one")
    p.add_argument("--overwrite", action="store_true", help="replace the run that the folder holds")
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    p.add_argument("--precision", default="auto", help="auto, bfloat16, float16 or float32")
    p.add_argument("--seeds", type=int, default=1, help="train with so many seeds, side by side in the "
                                                        "folder: mean ± deviation")
    p.add_argument("--log", default="", help=f"what else the events are written to: {', '.join(LOGGERS)}")
    p.add_argument("--probe-rows", type=int, help="rows that probes are fitted on, and judged on, at the end "
                                                  f"at most (default {evaluate.PROBE_ROWS}; 0: all)")
    p.add_argument("--quiet", action="store_true", help="no progress bar, no scores")
    p.add_argument("--run-id", default="", help=HIDDEN)  # of launch(), which waits for this run
    recipe, args = read(p, argv)
    first = os.environ.get("RANK", "0") == "0"
    quiet = args.quiet or not first
    how = {"overwrite": args.overwrite, "device": args.device, "precision": args.precision,
           "probe_rows": args.probe_rows}
    if args.seeds != 1:
        found = fit(recipe, args.out, seeds=args.seeds, log=args.log, progress=not quiet, **how)
        say(*[] if args.quiet else [found])
        return 0
    ready = (lambda training: None) if quiet else (lambda training: say(training.reading))
    events = play(recipe, args.out if first else None, ready=ready, run=args.run_id, **how)
    watch(logged(events, args.log if first else "", recipe, args.out), recipe, quiet=quiet)
    return 0
