"""Seconds of training until a linear probe of the label reaches a level, beside lightly's loop around the
same backbone.

    python benchmarks/time_to_result.py [--small] [--only wild_digits] [--steps 500] [--rounds 3]

Each budget is a run of its own, because the learning rate falls over the whole of a run; a level is reached
by the shortest run that ends at or above it. "defaults" are those of the package (SimCLR); "adamw" has that
optimiser; "vicreg" is that task; "wider" is twice as wide, with a temperature and augmentations chosen on
validation (WIDER). lightly's loop (SimCLR) gets the same seconds and backbone, with the batch, optimiser and
falling learning rate of its tutorials, its own views and temperature, and float32, its default; at the end it
gets LONGER times the seconds that the first level it has not reached took here. The probe is that of every
final score (strength of the penalty chosen on validation, test read once), but reads all training labels, as
papers do. Seconds are those of training. Every round has a seed of its own; figures are medians, beside them
the lowest of ours and the highest of lightly's.
"""

import contextlib
import math
import time
from dataclasses import replace
from statistics import median

from common import another_process, arguments, publish, quiet
from lightly_loop import BATCH, lightly_model, lightly_steps

from sslbench import Recipe, train
from sslbench.machine.hardware import Hardware
from sslbench.probes import regression
from sslbench.training import evaluate
from sslbench.training.loop import Step
from sslbench.training.step import Training

LEVELS = {"wild_digits": (0.80, 0.85, 0.90, 0.95, 0.97), "fashion_mnist": (0.85, 0.88, 0.90)}
WIDER = {"backbone.width": 64, "pretext.temperature": 0.2, "data.crop": 0.2, "data.color": 0.8,
         "data.rotation": 0.0}
SETTINGS = {"defaults": {}, "adamw": {"optimiser": "adamw"}, "vicreg": {"pretext": "vicreg", "lr": 4e-3},
            "wider": {"hyperparameters": WIDER}}
RUNS = [("wild_digits", "defaults", (200, 300, 600, 1000, 2200)), ("wild_digits", "adamw", (2200,)),
        ("wild_digits", "vicreg", (400, 600, 800, 1000)),
        ("fashion_mnist", "defaults", (400, 2000)), ("fashion_mnist", "wider", (700, 1500, 4000))]
LONGER = 20
LABELS = {"train": 60_000, "validation": 5_000, "test": 10_000}  # all of both


def linear(task, data, hardware) -> float:
    """The final linear probe of the first label, on test."""
    parts = [evaluate.read(data, split, most) for split, most in LABELS.items()]
    name = next(iter(parts[0].labels))
    z = [evaluate.embed(task, data, part, hardware) for part in parts]
    y = [part.labels[name].to(hardware.device) for part in parts]
    return regression.linear(z[0], y[0], z[2], y[2], z[1], y[1])


def ours(recipe: Recipe) -> tuple[float, float]:
    """(seconds, linear) of one run."""
    hardware = Hardware()
    run = Training(recipe, hardware)
    seconds = [e.seconds for e in train(recipe, training=run, evaluations=1, test=False)
               if isinstance(e, Step)]
    return seconds[-1], linear(run.task, run.data, hardware)


def lightly(recipe: Recipe, seconds: float) -> tuple[int, float]:
    """(steps, linear) of lightly's loop after `seconds`, over which its learning rate falls."""
    hardware, began, steps = Hardware(precision="float32"), math.inf, 0
    images, model, task, data = lightly_model(recipe, hardware)

    def progress() -> float:
        return max(0.0, (time.perf_counter() - began) / seconds)

    with contextlib.closing(lightly_steps(replace(recipe, batch_size=BATCH), hardware, (images, model),
                                          progress)) as loop:
        for _ in range(2):  # as a gift: its workers start, and the first step is slow
            next(loop)
        began = time.perf_counter()
        while progress() < 1:
            next(loop)
            steps += 1
    return steps, linear(task, data, hardware)


def measured(name: str, settings: str, budgets: tuple[int, ...], rounds: int) -> list[dict]:
    runs = {steps: [] for steps in budgets}
    for seed in range(rounds):
        for steps in budgets:
            runs[steps].append(beside(Recipe(name, steps=steps, seed=seed, **SETTINGS[settings])))
            print(name, settings, steps, "seed", seed, *(f"{x:.4g}" for x in runs[steps][-1]), flush=True)
    return [row(name, settings, steps, of) for steps, of in runs.items()]


def longer(name: str, rows: list[dict]) -> list[dict]:
    """One run of lightly's loop, LONGER times as long as the quickest run here to the first level of this
    data that it has not reached."""
    open_ = [level for level in LEVELS[name] if all(row["lightly's linear"] < level for row in rows)]
    quick = [row["seconds"] for row in rows for level in open_[:1] if row["linear"] >= level]
    if not quick:
        return []
    with another_process() as elsewhere:
        steps, score = elsewhere(lightly, Recipe(name), LONGER * min(quick))
    print(name, "lightly alone", LONGER * min(quick), "s:", steps, score, flush=True)
    return [{"data": name, "settings": f"lightly alone, {LONGER} times as long", "steps": "", "seeds": 1,
             "seconds": round(LONGER * min(quick), 1), "linear": "", "lowest": "", "lightly's steps": steps,
             "lightly's linear": down(score), "lightly's highest": down(score)}]


def beside(recipe: Recipe) -> tuple[float, float, int, float]:
    """(seconds, linear, lightly's steps in these seconds, lightly's linear), each from a new process."""
    with another_process() as elsewhere:
        seconds, score = elsewhere(ours, recipe)
    with another_process() as elsewhere:
        given = {name: x for name, x in recipe.hyperparameters.items() if name.startswith("backbone.")}
        theirs = replace(recipe, pretext="simclr", hyperparameters=given)
        return seconds, score, *elsewhere(lightly, theirs, seconds)


def row(name: str, settings: str, steps: int, runs: list[tuple]) -> dict:
    seconds, scores, their_steps, theirs = zip(*runs)
    return {"data": name, "settings": settings, "steps": steps, "seeds": len(runs),
            "seconds": round(median(seconds), 1), "linear": down(median(scores)), "lowest": down(min(scores)),
            "lightly's steps": round(median(their_steps)), "lightly's linear": down(median(theirs)),
            "lightly's highest": down(max(theirs))}


def down(score: float) -> float:
    """Three digits, never more than it was: 0.8496 has not reached 0.85."""
    return math.floor(1000 * round(score, 6)) / 1000


def levels(rows: list[dict], wanted: tuple[float, ...]) -> list[str]:
    """One sentence for each level."""
    lines = []
    for level in wanted:
        for key, who in (("linear", "sslbench"), ("lightly's linear", "lightly")):
            tried = [row for row in rows if row[key] != ""]
            reached = [row["seconds"] for row in tried if row[key] >= level]
            lines.append(f"{rows[0]['data']} {level:.2f}, {who}: " + (f"{min(reached):.0f} s" if reached else
                         f"not within {max(row['seconds'] for row in tried):.0f} s"))
    return lines


def main() -> None:
    options = arguments(__doc__, only="", steps=0, rounds=3)
    quiet()
    rows = []
    for name, settings, budgets in RUNS[:1] if options.small else RUNS:
        if options.only in f"{name} {settings}":
            budgets = (2,) if options.small else (options.steps,) if options.steps else budgets
            rows += measured(name, settings, budgets, 1 if options.small else options.rounds)
    for name in dict.fromkeys(row["data"] for row in rows):
        rows += longer(name, [row for row in rows if row["data"] == name])
    rows = publish("time_to_result", rows, options, same=("data", "settings", "steps"))
    for name in dict.fromkeys(row["data"] for row in rows):
        print(*levels([row for row in rows if row["data"] == name], LEVELS[name]), sep="\n")


if __name__ == "__main__":
    main()
