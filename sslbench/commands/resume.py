"""python -m sslbench resume: go on with an interrupted run, or with the seeds that are missing."""

from pathlib import Path

from ..runs import fitting
from ..runs.loggers import LOGGERS, logged
from ..runs.on_disk import earlier, finished, last_checkpoint, play, read_recipe
from ..runs.recording import mend
from ..runs.run import load_run
from ..runs.seeds import holds_seeds
from .flags import parser
from .report import say, watch


def run(argv: list[str]) -> int:
    p = parser("resume", "Go on with an interrupted run from its last good checkpoint; a finished run is "
                         "left as it is.")
    p.add_argument("folder")
    p.add_argument("--device", default="auto", help="auto is the one it had: cpu, cuda or mps")
    p.add_argument("--precision", default="auto", help="auto is the one it had: bfloat16, float16 or float32")
    p.add_argument("--changed-data", action="store_true", help="go on although the training data is another "
                                                               "than before")
    p.add_argument("--log", default="", help=f"what else the events are written to: {', '.join(LOGGERS)}")
    args = p.parse_args(argv)
    under = {"device": args.device, "precision": args.precision, "changed_data": args.changed_data}
    if holds_seeds(args.folder):
        say(fitting.resume(args.folder, log=args.log, **under))
        return 0
    recipe = read_recipe(args.folder)
    if finished(args.folder):
        return leave(args.folder)
    state = last_checkpoint(args.folder)
    say(f"going on after step {state['step']} of {recipe.steps}")
    before = list(earlier(args.folder, state["step"]))
    events = logged(play(recipe, args.folder, resume=state, **under), args.log, recipe, args.folder)
    watch(events, recipe, start=state["step"], earlier=before)
    return 0


def leave(folder: str) -> int:
    """Say that a run is finished."""
    mend(Path(folder))
    run = load_run(folder)
    say(f"{folder} is finished after step {run.step} of {run.recipe.steps}; nothing is changed", run.verdict)
    return 0
