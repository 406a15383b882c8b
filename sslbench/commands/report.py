"""What a run prints on the way: a line for each evaluation, a progress bar in a terminal, the verdict."""

import sys

from ..messages import one_line, printable
from ..probes import leading, main, of_labels, of_nothing
from ..recipe import Recipe
from ..runs.fitting import bar
from ..runs.run import Run
from ..runs.verdict import rows_read
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
    """One evaluation: its scores, and the baselines of the probe that leads; at the end intervals, further
    measures in a line of their own, and which rows were read."""
    first = [*main(e.scores), *of_nothing(e.scores)]
    key = leading(e.scores)
    beside = [f"{one_line(name)} {of[key]:.3f}" for name, of in e.baselines.items() if key in of]
    more = [said(name, e) for name in of_labels(e.scores) if name not in first]
    return (f"step {e.step:>6} {e.split:<10} " + "  ".join(said(name, e) for name in first)
            + (f"   ({key} of {', '.join(beside)})" if beside else "") + rows_read(e.rows)
            + (f"\n{'further':>22}  " + "  ".join(more) if more else ""))


def said(name: str, e: Evaluation) -> str:
    """One score, with its interval where it has one: "linear 0.851 [0.821, 0.878]"."""
    between = " [{:.3f}, {:.3f}]".format(*e.intervals[name]) if name in e.intervals else ""
    return f"{one_line(name)} {e.scores[name]:.3f}{between}"
