"""What few labels are worth: linear on the features of a minute of VICReg, fine-tuned from its weights, and
supervised from scratch with the same augmentations.

    python benchmarks/few_labels.py [--small] [--steps 1000] [--draws 3] [--label-steps 200] [--run FOLDER]

One run of VICReg on wild_digits, as in benchmarks/results.py, then `few_labels(run)`: which samples have a
label, and the seed of what is trained on them, is drawn three times, the same for all methods. Accuracy on
the 2,000 test pictures; nothing is chosen on them or on validation. The run and each point are kept in the
folder, so that what was interrupted goes on. The figure is benchmarks/few_labels.svg.
"""

import tempfile
from pathlib import Path

from common import HERE, arguments, publish, quiet
from results import digits

from sslbench import Recipe, few_labels, fit, load_run, resume
from sslbench.plots import save
from sslbench.runs.label_curve import COUNTS, LabelCurve

FIGURE = "few_labels.svg"


def trained(recipe: Recipe, folder: Path):
    """The run of the recipe: from the folder, gone on with, or new."""
    if not (folder / "recipe.json").exists():
        return fit(recipe, folder, progress=False)
    if load_run(folder).recipe != recipe:
        raise ValueError(f"{folder} holds a run of another recipe; name another folder with --run")
    return resume(folder, progress=False)


def rows_of(curve: LabelCurve) -> list[dict]:
    return [{"method" if name == "labels per class" else name: words for name, words in row.items()}
            for row in curve.table]


def tell(run, curve: LabelCurve, options) -> None:
    """Publish the table and draw the figure. draws: how often each point of a row was drawn."""
    publish("few_labels", rows_of(curve), options, recipe=run.recipe.as_command(),
            steps_on_labels=curve.steps, linear_on_all_labels=run.scores.get("linear"),
            draws={name: [len(curve.of(name, count)) for count in curve.counts] for name in curve.methods})
    if not options.small and not options.out:
        save(curve.figure, HERE / FIGURE)


def main() -> None:
    options = arguments(__doc__, steps=1000, draws=3, label_steps=200, run="")
    quiet()
    recipe = digits("vicreg", 2 if options.small else options.steps)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(options.run) if options.run else Path(place) / "run"
        run = trained(recipe, folder)
        how = ({"labels": (1,), "draws": 1, "steps": 1} if options.small else
               {"labels": COUNTS, "draws": options.draws, "steps": options.label_steps})
        curve = few_labels(run, **how, progress=False)
        tell(run, curve, options)


if __name__ == "__main__":
    main()
