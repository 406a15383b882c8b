"""The README's results table: which recipes, how many seeds, trained and written by one command.

    python benchmarks/results.py            trains every row with three seeds, writes the table into README.md
    python benchmarks/results.py --table    writes the table from the figures kept in benchmarks/results.json
    python benchmarks/results.py --seconds  measures anew how long the rows take, from 60 steps of each; rows
                                            that were trained with another recipe keep theirs
"""

import argparse
import json
import re
import statistics
import time
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from sslbench.catalog import Table, contracts
from sslbench.machine.hardware import Hardware
from sslbench.probes import Probe
from sslbench.recipe import Recipe
from sslbench.runs.fitting import fit
from sslbench.training.step import Training

ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(__file__).with_name("results.json")


def digits(pretext: str, steps: int, lr: float = 4e-3, **hyperparameters) -> Recipe:
    """A task on wild_digits with small_cnn."""
    return Recipe("wild_digits", pretext, "small_cnn", steps=steps, lr=lr,
                  hyperparameters={f"pretext.{name}": value for name, value in hyperparameters.items()})

def shapes(pretext: str, steps: int, lr: float = 1e-2) -> Recipe:
    """A task on the generated scenes with small_cnn."""
    return Recipe("shapes", pretext, "small_cnn", steps=steps, batch_size=64, lr=lr)


RECIPES = [
    digits("simclr", 600),
    digits("moco", 1000),
    digits("lejepa", 800),
    digits("swav", 1200),
    digits("vicreg", 1000),
    digits("barlow_twins", 1000),
    digits("simsiam", 1500),
    replace(digits("byol", 1000, momentum=0.9), optimiser="adamw"),
    digits("dino", 1000),
    digits("cpc", 250, lr=2e-3),
    digits("jigsaw", 800),
    digits("relative_patch", 400),
    digits("rotation", 1500),
    digits("deepcluster", 1000, lr=2e-3),
    digits("inpainting", 300),
    *(shapes(task, 150) for task in ("byol", "simsiam", "dino")),
    shapes("colorization", 400, lr=4e-3),
    Recipe("captions", "clip", "caption:gru+image:small_cnn", steps=300, lr=2e-3),
    *(Recipe("fashion_mnist", task, "small_cnn", steps=400, batch_size=256)
      for task in ("autoencoder", "rotation", "simclr", "vicreg")),
    Recipe("fashion_mnist", "byol", "small_cnn", steps=300, batch_size=256, lr=4e-3,
           hyperparameters={"pretext.momentum": 0.9}),
    Recipe("fashion_mnist", "masked", "transformer", steps=300, batch_size=256, lr=3e-3),
    Recipe("fashion_mnist", "jepa", "transformer", steps=1000, batch_size=256, lr=3e-3,
           hyperparameters={"backbone.width": 64, "backbone.depth": 2}),
    Recipe("fashion_mnist", "next_token", "transformer", steps=500, batch_size=256, lr=4e-3),
    Recipe("docs", "masked", "small_cnn", batch_size=128, hyperparameters={"pretext.mask_ratio": 0.3}),
    Recipe("docs", "next_token", "gru", steps=250, batch_size=64, lr=3e-3,
           hyperparameters={"backbone.width": 256}),
    Recipe("waves", "simclr", "small_cnn", steps=300),
    Recipe("waves", "masked", "small_cnn", steps=300, batch_size=256),
]


def name_of(recipe: Recipe) -> str:
    return f"{recipe.data} {recipe.pretext} {recipe.backbone}"


def train_row(recipe: Recipe, seeds: int) -> dict:
    """The figures of one row: per seed the test scores of the linear probe, the baselines beside them,
    seconds."""
    runs = [fit(replace(recipe, seed=seed), evaluations=2, progress=False) for seed in range(seeds)]
    beside = {name: [run.baselines[name]["linear"] for run in runs]
              for name, scores in runs[0].baselines.items() if "linear" in scores}
    command = recipe.as_command()
    command += "" if "--optimiser" in command else f" --optimiser {recipe.optimiser}"
    return {"command": command, "optimiser": recipe.optimiser, "steps": recipe.steps,
            "seconds": [run.seconds for run in runs],
            "linear": [run.scores["linear"] for run in runs], "knn": [run.scores["knn"] for run in runs],
            "baselines": beside}


def timed(recipe: Recipe, warm: int = 10, steps: int = 60) -> float:
    """Seconds of training, reckoned from some of its steps."""
    run = Training(recipe, Hardware())
    run.task.train()
    for step in range(warm):
        run.step(step)
    began = time.perf_counter()
    for step in range(warm, warm + steps):
        run.step(step)
    return (time.perf_counter() - began) / steps * recipe.steps


def spread(values: list[float]) -> str:
    """Mean and standard deviation over seeds, in per cent."""
    mean = f"{100 * statistics.mean(values):.1f}"
    return mean if len(values) < 2 else f"{mean} ± {100 * statistics.stdev(values):.1f}"


def optimiser_of(row: dict) -> str:
    """Rows that were trained before there was a choice had AdamW."""
    return row.get("optimiser", "adamw")


def table(figures: dict[str, dict]) -> Table:
    rows = []
    for name, row in figures.items():
        data, pretext, backbone = name.split()
        raw = {key: values for key, values in row["baselines"].items() if key not in ("chance", "untrained")}
        rows.append({"data": data, "pretext task": pretext, "backbone": backbone,
                     "linear probe, %": spread(row["linear"]),
                     "kNN, %": spread(row["knn"]), "untrained": spread(row["baselines"]["untrained"]),
                     "raw input, simple baselines": "; ".join(f"{key} {spread(values)}".replace("raw ", "")
                                            for key, values in raw.items()),
                     "chance": spread(row["baselines"]["chance"][:1]), "optimiser": optimiser_of(row),
                     "steps": row["steps"],
                     "seconds": round(statistics.median(row["seconds"]))})
    return Table(rows)


def write_into(readme: Path, section: str, text: str) -> None:
    """Replace what stands between the section's two marks; ValueError when they are missing."""
    start, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    old = readme.read_text()
    if start not in old or end not in old:
        raise ValueError(f"{readme} has no {start} … {end}; put the two marks where the table belongs")
    readme.write_text(re.sub(f"{start}.*{end}", lambda _: f"{start}\n{text}\n{end}", old, flags=re.S))


def catalog_text() -> str:
    """The catalogue as the README shows it: one list per kind, with the headings of the menus."""
    titles = {"data": "Data", "pretext": "Pretext tasks", "backbone": "Backbones", "probe": "Probes"}
    lines = []
    for kind, title in titles.items():
        lines.append(f"\n**{title}**\n")
        contract = Probe if kind == "probe" else contracts()[kind]
        listed = {name: c for name, c in contract.all().items() if c.group != "yours" and ":" not in name}
        listed |= {} if kind == "probe" else contract.all_families()
        by_group = sorted(listed.items(), key=lambda named: (named[1].group, named[0]))
        for group, members in groupby(by_group, key=lambda named: named[1].group):
            lines += [f"*{group}*\n"] * bool(group)
            lines += [f"- `{name}`: {c.summary()}" + (f" [source]({c.paper})" if c.paper else "")
                      for name, c in members]
            lines.append("")
    return "\n".join(lines).replace("\n\n\n", "\n\n")


def kept() -> dict[str, dict]:
    """The figures of the rows trained so far; read anew each time, as two commands may train different rows
    at once."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def main() -> None:
    p = argparse.ArgumentParser(description="Train the README's results table anew and write it into the "
                                            "README.")
    p.add_argument("--only", default="", help="rows whose name contains this text")
    p.add_argument("--seeds", type=int, default=3)
    p.add_argument("--table", action="store_true", help="train nothing; write the table from the figures "
                                                        "kept so far")
    p.add_argument("--seconds", action="store_true", help="train nothing to its end; measure anew how long "
                                                          "training takes, from 60 steps of each row")
    given = p.parse_args()
    chosen = [] if given.table else [r for r in RECIPES if given.only in name_of(r)]
    for recipe in chosen if given.seconds else []:
        figures = kept()
        row = figures.get(name_of(recipe))
        if row and (optimiser_of(row), row["steps"]) == (recipe.optimiser, recipe.steps):
            row["seconds"] = [timed(recipe)]
            KEPT.write_text(json.dumps(figures, indent=1) + "\n")
            print(name_of(recipe), round(row["seconds"][0], 1), flush=True)
    for recipe in [] if given.seconds else chosen:
        row = train_row(recipe, given.seeds)
        KEPT.write_text(json.dumps({**kept(), name_of(recipe): row}, indent=1) + "\n")
        print(table({name_of(recipe): row}), flush=True)
    figures = kept()
    ordered = {name_of(r): figures[name_of(r)] for r in RECIPES if name_of(r) in figures}
    write_into(ROOT / "README.md", "results", table(ordered).markdown())
    write_into(ROOT / "README.md", "catalog", catalog_text())
    print(table(ordered))


if __name__ == "__main__":
    main()
