"""What few labels are worth, as one call: linear on frozen features, fine-tuning, supervised from scratch."""

import os
from collections.abc import Callable

from .. import arguments
from .label_curve import COUNTS, LabelCurve
from .label_methods import METHODS
from .label_points import shown
from .run import Run, load_run

WANTED = "a run, as fit() and load_run(folder) return it, or its folder"


def few_labels(run: Run | str | os.PathLike, labels=COUNTS, *, draws: int = 3, steps: int | None = None,
               methods=METHODS, progress: bool | Callable[[str], None] = True) -> LabelCurve:
    """Accuracy on test by labels per class: how many labels a run's features save.

    labels: how many of each class, None for all.  draws: which samples have one, and the seed of what is
    trained, so often; the same samples for all methods.  steps: of each network that is trained (those of the
    run, at most 400), batches and augmentations are the run's.  methods: some of METHODS.  Points are kept in
    the run's folder as they come, and not computed again.  Linear: logistic regression on up to 16 views of
    each labelled sample, features whitened by views of unlabelled ones, penalty 1 / labels, nothing chosen on
    validation; the run's own probe differs.  progress: a bar, or what is told a line for each point, such as
    print.  Fine-tuned: from the linear probe on (Kumar et al. 2022), at a quarter of the learning rate.
    ValueError in one line where the label is no class, FileNotFoundError where there is no run.

        run = fit(Recipe(data="waves", steps=20), progress=False)
        curve = few_labels(run, labels=[1, 10], draws=1, steps=2, progress=False)
        curve.table, curve.figure
    """
    if isinstance(run, (str, os.PathLike)):
        run = load_run(run)
    arguments.one_of(run, Run, "what few_labels() is given", WANTED)
    return shown(run, progress, labels, draws, steps, methods)
