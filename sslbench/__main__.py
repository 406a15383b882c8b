"""The command line: every field of a Recipe and every hyperparameter is a flag, by its place and name.

    python -m sslbench train --data wild_digits --pretext masked --backbone transformer --pretext.mask_ratio 0.7 --out runs/first
    torchrun --nproc-per-node 2 -m sslbench train --recipe runs/first/recipe.json --out runs/second

A mistake is one line on standard error; with --traceback also where it happened.
"""

import argparse
import os
import sys
import traceback
import warnings
from dataclasses import Field, fields, replace

from .catalog import catalog, contracts, nearest
from .data import locations
from .messages import in_words, one_line, said
from .notes import Note
from .recipe import LARGEST, Recipe

VERBS = ("train", "resume", "show", "catalog")


def main(argv: list[str] | None = None) -> int:
    """Run one verb; whatever goes wrong is one line on standard error and exit code 2. --traceback: and where it went wrong."""
    argv = list(sys.argv[1:] if argv is None else argv)
    words = [word for word in argv if word != "--traceback"]
    try:
        with warnings.catch_warnings():
            warnings.showwarning = note
            warnings.simplefilter("always", Note)  # whatever -W says: what a run lost or decided is nowhere else to be read
            code = {"train": train, "resume": resume, "show": show, "catalog": list_catalog}[verb(words)](words[1:])
            if sys.stdout:  # None where it is closed
                sys.stdout.flush()
            return code
    except BrokenPipeError:  # who read the output has seen enough: sslbench show FOLDER | head
        sys.stdout = open(os.devnull, "w")  # what is left is written at the end, to nowhere
        return 141
    except Exception as error:
        if words != argv:
            traceback.print_exc()
        print(f"sslbench: {in_words(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sslbench: interrupted; a run with --out goes on with: python -m sslbench resume FOLDER", file=sys.stderr)
        return 130


def note(message, category, filename, lineno, file=None, line=None) -> None:
    """A warning as one line on standard error."""
    print(f"sslbench: {one_line(str(message))}", file=sys.stderr)


def verb(argv: list[str]) -> str:
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__ + "\nverbs: " + ", ".join(VERBS) + "; python -m sslbench VERB --help says more")
        raise SystemExit(0 if argv else 2)
    if argv[0] not in VERBS:
        raise ValueError(nearest("verb", argv[0], VERBS))
    return argv[0]


class Parser(argparse.ArgumentParser):
    """argparse's, whose complaints are one line."""

    def error(self, message):
        raise ValueError(f"{one_line(message, 200)}; {self.prog} --help says more")


def parser(name: str, what: str) -> Parser:
    p = Parser(prog=f"python -m sslbench {name}", description=what, allow_abbrev=False)
    p.add_argument("--traceback", action="store_true", help="when something goes wrong, say where in the code")
    return p


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def recipe_flags(p: argparse.ArgumentParser) -> None:
    """One flag per field of a Recipe; hyperparameters are flags of their own."""
    for f in fields(Recipe):
        if f.name != "hyperparameters":
            names = " or ".join(contracts()[f.name].all()) if f.name in contracts() else f"default {f.default!r}"
            p.add_argument(flag(f.name), *({"--" + f.name} - {flag(f.name)}), dest=f.name, help=names)
    p.add_argument("--recipe", help="a recipe.json or a share string to start from; other flags change it")


def hyperparameter_flags(p: argparse.ArgumentParser, recipe: Recipe) -> None:
    known = {f"{key}.{name}": h for key in contracts() for name, h in recipe.known(key).items()}
    for name, h in known.items():
        limits = f" {h.low:g} to {h.high:g}" if h.low is not None and h.high is not None else ""
        p.add_argument(f"--{name}", help=f"{h.meaning}{limits} (default {h.default})".replace("%", "%%"))


def read(p: argparse.ArgumentParser, argv: list[str]) -> tuple[Recipe, argparse.Namespace]:
    """The recipe that the flags describe, checked, and the other flags."""
    recipe_flags(p)
    wants_help = any(word in ("-h", "--help") for word in argv)
    early, _ = p.parse_known_args([word for word in argv if word not in ("-h", "--help")])
    given = {f.name: typed(f, getattr(early, f.name)) for f in fields(Recipe) if getattr(early, f.name, None) is not None}
    recipe = replace(_start(early.recipe), **given)
    hyperparameter_flags(p, recipe)
    args, unknown = p.parse_known_args(argv + ["--help"] * (wants_help and not set(argv) & {"-h", "--help"}))
    for word in unknown:
        known = [name.lstrip("-") for action in p._actions for name in action.option_strings]
        raise ValueError(nearest("flag", word.lstrip("-").split("=")[0], known))
    chosen = {name: value for name, value in vars(args).items() if "." in name and value is not None}
    return replace(recipe, hyperparameters={**recipe.hyperparameters, **chosen}).check(), args


def typed(f: Field, text: str) -> int | float | str:
    """The value of a recipe's entry; a text that is no number stays one, and the recipe's check says what it must be."""
    try:
        return f.type(text)
    except ValueError:
        return text


def _start(text: str | None) -> Recipe:
    if text is None:
        return Recipe()
    if text.startswith("ssl1."):
        return Recipe.from_share(text)
    path = locations.existing(text, "recipe", "--recipe")
    if path.is_dir():
        raise IsADirectoryError(f"{said(text)} is a folder; --recipe must be a recipe.json or a share string")
    with open(path, "rb") as file:
        content = file.read(4 * LARGEST + 1)
    try:
        return Recipe.from_json(content.decode("utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{said(text)} is no recipe: {in_words(error)}") from None


def train(argv: list[str]) -> int:
    p = parser("train", "Train one recipe; --out keeps it in a run folder.")
    p.add_argument("--out", help="run folder to write: a new or an empty one")
    p.add_argument("--overwrite", action="store_true", help="replace the run that the folder holds")
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    p.add_argument("--precision", default="auto", help="auto, bfloat16, float16 or float32")
    p.add_argument("--quiet", action="store_true", help="no progress bar, no scores")
    p.add_argument("--run-id", default="", help=argparse.SUPPRESS)  # of launch(), which waits for this run
    recipe, args = read(p, argv)
    from .runs.on_disk import play

    first = os.environ.get("RANK", "0") == "0"
    quiet = args.quiet or not first
    ready = (lambda training: None) if quiet else (lambda training: print(training.data.reading(), flush=True))
    events = play(recipe, args.out if first else None, overwrite=args.overwrite, ready=ready, device=args.device,
                  precision=args.precision, run=args.run_id)
    return watch(events, recipe, quiet=quiet)


def watch(events, recipe: Recipe, quiet: bool = False, start: int = 0, earlier=()) -> int:
    """Exhaust the events; print a line per evaluation and the verdict. earlier: events from before an interruption."""
    from .runs.fitting import bar
    from .runs.run import Run
    from .training.loop import Evaluation, Step

    run = Run(recipe)
    for event in earlier:
        run.add(event)
    for event in bar(events, recipe, shown=not quiet and sys.stderr.isatty(), start=start):
        if isinstance(event, (Step, Evaluation)):
            run.add(event)
        if isinstance(event, Evaluation) and not quiet:
            print(line(event), flush=True)
    if not quiet:
        print(run.verdict)
    return 0


def line(e) -> str:
    from .probes import leading

    said = [f"{one_line(name)} {value:.3f}" for name, value in e.scores.items()]
    key = leading(e.scores)
    beside = [f"{one_line(name)} {scores[key]:.3f}" for name, scores in e.baselines.items() if key in scores]
    return f"step {e.step:>6} {e.split:<10} " + "  ".join(said) + (f"   ({key} of {', '.join(beside)})" if beside else "")


def resume(argv: list[str]) -> int:
    p = parser("resume", "Go on with an interrupted run from its last good checkpoint; a finished run is left as it is.")
    p.add_argument("folder")
    p.add_argument("--device", default="auto", help="auto is the one it had: cpu, cuda or mps")
    p.add_argument("--precision", default="auto", help="auto is the one it had: bfloat16, float16 or float32")
    p.add_argument("--changed-data", action="store_true", help="go on although the training data is another than before")
    args = p.parse_args(argv)
    from .runs.on_disk import earlier, finished, last_checkpoint, play, read_recipe

    recipe = read_recipe(args.folder)
    if finished(args.folder):
        return leave(args.folder)
    state = last_checkpoint(args.folder)
    print(f"going on after step {state['step']} of {recipe.steps}", flush=True)
    before = list(earlier(args.folder, state["step"]))
    events = play(recipe, args.folder, resume=state, device=args.device, precision=args.precision, changed_data=args.changed_data)
    return watch(events, recipe, start=state["step"], earlier=before)


def leave(folder: str) -> int:
    """Say that a run is finished."""
    from pathlib import Path

    from .runs.recording import mend
    from .runs.run import load_run

    mend(Path(folder))
    run = load_run(folder)
    print(f"{folder} is finished after step {run.step} of {run.recipe.steps}; nothing is changed", run.verdict, sep="\n")
    return 0


def show(argv: list[str]) -> int:
    p = parser("show", "Print a recorded run's recipe, scores and verdict; --png writes its figure.")
    p.add_argument("folder")
    p.add_argument("--png", help="file to write the figure to")
    args = p.parse_args(argv)
    from .runs.run import load_run

    run = load_run(args.folder)
    print(run.recipe.as_python(), *filter(None, [run.reading]), *map(line, run.evaluations), run.verdict, sep="\n")
    if args.png:
        from .plots import save

        save(run.show(), args.png)
    return 0


def list_catalog(argv: list[str]) -> int:
    p = parser("catalog", "List data sources, pretext tasks and backbones.")
    p.add_argument("kind", nargs="?", help="data, pretext or backbone")
    print(catalog(p.parse_args(argv).kind))
    return 0


if __name__ == "__main__":
    sys.exit(main())
