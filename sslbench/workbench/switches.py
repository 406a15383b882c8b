"""The switches of the collapse lab: what keeps a task from giving one answer to everything, what should
happen without it, and the check that it did."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..exercises.check import Result
from ..recipe import Recipe

MEASURES = {"projections": "deviation of projections", "rankme": "effective rank", "linear": "linear probe",
            "accuracy": "partner found"}


@dataclass(frozen=True)
class Switch:
    """One part of one task. recipe: with it; off: the hyperparameters that take it away.

    should: what to expect without it.  happened(with it, without it): whether that is so, from the scores of
    the last evaluation and the last step's scalars of both runs.
    """

    name: str
    recipe: Recipe
    off: dict
    should: str
    happened: Callable[[dict, dict], bool]
    watch: tuple[str, ...] = ("projections", "rankme", "linear")

    def recipes(self, steps: int | None = None) -> tuple[Recipe, Recipe]:
        """With this part and without it; with another number of steps where one is given."""
        on = replace(self.recipe, steps=steps or self.recipe.steps)
        return on, replace(on, hyperparameters={**on.hyperparameters, **self.off})

    def check(self, on, off) -> Result:
        """Whether two finished runs, with the part and without it, did what the text says."""
        a, b = numbers(on), numbers(off)
        said = ", ".join(f"{MEASURES.get(name, name)} {a[name]:.2f} with it and {b[name]:.2f} without"
                         for name in self.watch)
        return Result(self.happened(a, b), f"{said}: {self.should}")


def numbers(run) -> dict[str, float]:
    """The scores of a run's last look and the scalars of its last step."""
    last = next(e for e in reversed(run.evaluations) if e.split == "validation")
    step = run.history[-1]
    return {**step, **last.scores, "projections": step["deviation"]}


def on(pretext: str, lr: float = 4e-3, **hyperparameters) -> Recipe:
    """A run of some seconds on two cores."""
    return Recipe("wild_digits", pretext, "small_cnn", steps=150, lr=lr,
                  hyperparameters={f"pretext.{name}": value for name, value in hyperparameters.items()})


def collapses(a: dict, b: dict) -> bool:
    """Without the part projections lie together that lie apart with it, and the digit is read worse."""
    return b["projections"] < 0.6 * a["projections"] and b["linear"] < a["linear"]


SWITCHES = {s.name: s for s in (
    Switch("stopped gradient", on("simsiam"), {"pretext.stop_gradient": False},
           "both sides move towards each other, and one answer to everything is the nearest agreement",
           collapses),
    Switch("predictor", on("simsiam"), {"pretext.predictor": False},
           "both sides say the same thing, and the stopped gradient alone does not hold them apart",
           collapses),
    Switch("moving teacher", on("byol", momentum=0.9), {"pretext.momentum": 1.0},
           "the teacher stays the random network that it was: such a target cannot collapse, and there is "
           "no more to learn than what it says",
           lambda a, b: b["projections"] > 0.5 * a["projections"]),
    Switch("variance term", on("vicreg"), {"pretext.variance_weight": 0.0},
           "nothing asks features to vary, so views agree best when everything is the same",
           collapses),
    Switch("negatives", on("simclr"), {"pretext.negatives": False},
           "views only attract, and all samples fall together",
           collapses),
    Switch("centring", on("dino", local=0, momentum=0.9, teacher_temperature=0.04),
           {"pretext.center_momentum": 1.0},
           "one answer wins for every sample, since nobody takes away what the teacher says too often",
           lambda a, b: b["projections"] < 0.6 * a["projections"]),
    Switch("augmentation", on("simclr"), {"data.crop": 1.0, "data.color": 0.0, "data.rotation": 0.0},
           "both views are the same picture: the partner is found at once, nothing collapses, and little is "
           "learned about digits",
           lambda a, b: b["accuracy"] > 0.95 and b["linear"] < a["linear"] - 0.05,
           watch=("accuracy", "projections", "linear")),
)}
