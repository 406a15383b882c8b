"""What a run prints on the way: a line for each evaluation, a progress bar in a terminal, the verdict."""

import sys

from ..messages import one_line, printable
from ..probes import leading
from ..recipe import Recipe
from ..runs.fitting import bar
from ..runs.run import Run
from ..training.loop import Evaluation, Step


def say(*texts: object) -> None:
    """Print them, line by line. Whatever a file brought in, a terminal gets no character that it obeys: all
    that the command line prints goes through here."""
    print(*(printable(line) for text in texts for line in str(text).split("\n")), sep="\n", flush=True)


def watch(events, recipe: Recipe, quiet: bool = False, start: int = 0, earlier=()) -> Run:
    """Exhaust the events; print a line per evaluation and the verdict. earlier: events from before an
    interruption."""
    run = Run(recipe)
    for event in earlier:
        run.add(event)
    for event in bar(events, recipe, shown=not quiet and sys.stderr.isatty(), start=start):
        if isinstance(event, (Step, Evaluation)):
            run.add(event)
        if isinstance(event, Evaluation) and not quiet:
            say(line(event))
    if not quiet:
        say(run.verdict)
    return run


def line(e: Evaluation) -> str:
    """One evaluation: its scores, and the baselines of the probe that leads."""
    scores = [f"{one_line(name)} {value:.3f}" for name, value in e.scores.items()]
    key = leading(e.scores)
    beside = [f"{one_line(name)} {of[key]:.3f}" for name, of in e.baselines.items() if key in of]
    return (f"step {e.step:>6} {e.split:<10} " + "  ".join(scores)
            + (f"   ({key} of {', '.join(beside)})" if beside else ""))
