"""The command line: every field of a Recipe and every hyperparameter is a flag, by its place and name.

    python -m sslbench train --data wild_digits --pretext masked --backbone transformer --pretext.mask_ratio 0.7 --out runs/first
    torchrun --nproc-per-node 2 -m sslbench train --recipe runs/first/recipe.json --out runs/second
"""

import argparse
import os
import sys
from dataclasses import fields, replace

from .catalog import catalog, contracts, nearest
from .recipe import Recipe

VERBS = ("train", "resume", "show", "catalog", "results")


def main(argv: list[str] | None = None) -> int:
    """Run one verb; a mistake of the user is one line on standard error and exit code 2."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        return {"train": train, "resume": resume, "show": show, "catalog": list_catalog, "results": results}[verb(argv)](argv[1:])
    except (ValueError, OSError, FloatingPointError, RuntimeError) as error:
        print(f"sslbench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sslbench: interrupted; a run with --out goes on with: python -m sslbench resume FOLDER", file=sys.stderr)
        return 130


def verb(argv: list[str]) -> str:
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__ + "\nverbs: " + ", ".join(VERBS) + "; python -m sslbench VERB --help says more")
        raise SystemExit(0 if argv else 2)
    if argv[0] not in VERBS:
        raise ValueError(nearest("verb", argv[0], VERBS))
    return argv[0]


def parser(name: str, what: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"python -m sslbench {name}", description=what, allow_abbrev=False)


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def recipe_flags(p: argparse.ArgumentParser) -> None:
    """One flag per field of a Recipe; hyperparameters are flags of their own."""
    for f in fields(Recipe):
        if f.name != "hyperparameters":
            names = " or ".join(contracts()[f.name].all()) if f.name in contracts() else f"default {f.default!r}"
            p.add_argument(flag(f.name), *({"--" + f.name} - {flag(f.name)}), dest=f.name, type=f.type, help=names)
    p.add_argument("--recipe", help="a recipe.json or a share string to start from; other flags change it")


def hyperparameter_flags(p: argparse.ArgumentParser, recipe: Recipe) -> None:
    for key, cls in recipe.classes():
        for name, h in cls.hyperparameters().items():
            limits = f" {h.low:g} to {h.high:g}" if h.low is not None and h.high is not None else ""
            p.add_argument(f"--{key}.{name}", help=f"{h.meaning}{limits} (default {h.default})".replace("%", "%%"))


def read(p: argparse.ArgumentParser, argv: list[str]) -> tuple[Recipe, argparse.Namespace]:
    """The recipe that the flags describe, checked, and the other flags."""
    recipe_flags(p)
    wants_help = any(word in ("-h", "--help") for word in argv)
    early, _ = p.parse_known_args([word for word in argv if word not in ("-h", "--help")])
    given = {f.name: getattr(early, f.name) for f in fields(Recipe) if getattr(early, f.name, None) is not None}
    recipe = replace(_start(early.recipe), **given)
    hyperparameter_flags(p, recipe)
    args, unknown = p.parse_known_args(argv + ["--help"] * (wants_help and not set(argv) & {"-h", "--help"}))
    for word in unknown:
        known = [name.lstrip("-") for action in p._actions for name in action.option_strings]
        raise ValueError(nearest("flag", word.lstrip("-").split("=")[0], known))
    chosen = {name: value for name, value in vars(args).items() if "." in name and value is not None}
    return replace(recipe, hyperparameters={**recipe.hyperparameters, **chosen}).check(), args


def _start(text: str | None) -> Recipe:
    if text is None:
        return Recipe()
    if text.startswith("ssl1."):
        return Recipe.from_share(text)
    with open(text) as file:
        return Recipe.from_json(file.read())


def train(argv: list[str]) -> int:
    from .runs import record

    p = parser("train", "Train one recipe; --out keeps it in a run folder.")
    p.add_argument("--out", help="run folder to write")
    p.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    p.add_argument("--precision", default="auto", help="auto, bfloat16, float16 or float32")
    p.add_argument("--quiet", action="store_true", help="no progress bar, no scores")
    recipe, args = read(p, argv)
    from .engine import train as events_of
    events = events_of(recipe, device=args.device, precision=args.precision)
    first = os.environ.get("RANK", "0") == "0"
    if args.out and first:
        events = record(events, recipe, args.out)
    return watch(events, recipe, quiet=args.quiet or not first)


def watch(events, recipe: Recipe, quiet: bool = False, start: int = 0, earlier=()) -> int:
    """Exhaust the events; print a line per evaluation and the verdict. earlier: events from before an interruption."""
    from .engine import Evaluation, Step
    from .fitting import bar
    from .run import Run

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

    said = [f"{name} {value:.3f}" for name, value in e.scores.items()]
    key = leading(e.scores)
    beside = [f"{name} {scores[key]:.3f}" for name, scores in e.baselines.items() if key in scores]
    return f"step {e.step:>6} {e.split:<10} " + "  ".join(said) + (f"   ({key} of {', '.join(beside)})" if beside else "")


def resume(argv: list[str]) -> int:
    from .engine import train as events_of
    from .runs import earlier, last_checkpoint, read_recipe, record

    p = parser("resume", "Go on with an interrupted run from its last good checkpoint.")
    p.add_argument("folder")
    p.add_argument("--device", default="auto")
    args = p.parse_args(argv)
    recipe, state = read_recipe(args.folder), last_checkpoint(args.folder)
    print(f"going on after step {state['step']} of {recipe.steps}", flush=True)
    before = list(earlier(args.folder, state["step"]))
    events = record(events_of(recipe, resume=state, device=args.device), recipe, args.folder, resumed=state["step"])
    return watch(events, recipe, start=state["step"], earlier=before)


def show(argv: list[str]) -> int:
    from .run import load_run

    p = parser("show", "Print a recorded run's recipe, scores and verdict; --png writes its figure.")
    p.add_argument("folder")
    p.add_argument("--png", help="file to write the figure to")
    args = p.parse_args(argv)
    run = load_run(args.folder)
    print(run.recipe.as_python(), *map(line, run.evaluations), run.verdict, sep="\n")
    if args.png:
        from .plots import save

        save(run.show(), args.png)
    return 0


def list_catalog(argv: list[str]) -> int:
    p = parser("catalog", "List data sources, pretext tasks and backbones.")
    p.add_argument("kind", nargs="?", help="data, pretext or backbone")
    print(catalog(p.parse_args(argv).kind))
    return 0


def results(argv: list[str]) -> int:
    from .results import main as regenerate

    p = parser("results", "Train the README's results table anew (three seeds each) and write it into the README.")
    p.add_argument("--only", default="", help="rows whose name contains this text")
    p.add_argument("--seeds", type=int, default=3)
    p.add_argument("--table", action="store_true", help="train nothing; write the table from the runs recorded so far")
    args = p.parse_args(argv)
    return regenerate(args.only, args.seeds, args.table)


if __name__ == "__main__":
    sys.exit(main())
