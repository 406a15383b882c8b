"""sslbench: pick data, a pretext task and a backbone, press Train, and see what was learned.

    from sslbench import Recipe, fit
    run = fit(Recipe(data="wild_digits", pretext="simclr", backbone="small_cnn", steps=100))
    run.scores, run.show()

This file is the vocabulary. Nothing heavy is imported until a name is used. (No module has the name of a
function here:
importing the module would put it in the function's place.)
"""

from importlib import import_module

from .catalog import Hyperparameter, catalog

_HOME = {"Recipe": "recipe", "train": "training.loop", "fit": "runs.fitting", "resume": "runs.fitting",
         "launch": "runs.launching", "load_run": "runs.run", "compare": "runs.comparison",
         "export": "runs.export", "few_labels": "runs.few_labels",
         "tournament": "runs.halving.tournament",
         "Workbench": "workbench", "CollapseLab": "workbench.collapse_lab",
         "Data": "data", "Field": "field", "Backbone": "backbones", "adopt": "backbones.adopted",
         "Pretext": "pretexts",
         "arrays": "data.arrays.arrays"}
__all__ = ["Hyperparameter", "catalog", *_HOME]
__version__ = "0.1.0"


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'sslbench' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__():
    return sorted(__all__)
