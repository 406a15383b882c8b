"""The switches of the collapse lab: what keeps a task from giving one answer to everything, what should
happen without it, and the check that it did."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..exercises.check import Result
from ..recipe import Recipe

MEASURES = {"projections": "deviation of projections", "rankme": "effective rank", "linear": "linear probe",
            "accuracy": "partner found"}
LONGER = 3  # times the steps, for whoever did not see what was to be seen


@dataclass(frozen=True)
class Claim:
    """What two runs, with a part and without it, have to show. otherwise: why the expected did not happen
    when they do not."""

    holds: Callable[[dict, dict], bool]
    otherwise: str


@dataclass(frozen=True)
class Switch:
    """One part of one task. recipe: with it; off: the hyperparameters that take it away.

    should: what to expect without it.  claims: what says that it happened, from the scores of the first and
    the last evaluation and the last step's scalars of both runs.
    """

    name: str
    recipe: Recipe
    off: dict
    should: str
    claims: tuple[Claim, ...]
    watch: tuple[str, ...] = ("projections", "rankme", "linear")

    def recipes(self, steps: int | None = None, like: Recipe | None = None) -> tuple[Recipe, Recipe]:
        """With this part and without it; with another number of steps where one is given. like: a recipe of
        the same task, as somebody has set it, whose other settings both take."""
        like, own = like or self.recipe, self.recipe.hyperparameters
        kept = {name: value for name, value in like.hyperparameters.items() if name not in self.off}
        given = {**kept, **{name: own[name] for name in self.off if name in own}}
        on = replace(like, steps=steps or like.steps, hyperparameters=given)
        return on, replace(on, hyperparameters={**given, **self.off})

    def check(self, on, off) -> Result:
        """Whether two finished runs, with the part and without it, did what the text says; if not, why."""
        a, b = numbers(on), numbers(off)
        said = ", ".join(f"{MEASURES.get(name, name)} {a[name]:.2f} with it and {b[name]:.2f} without"
                         for name in self.watch)
        failed = [claim.otherwise for claim in self.claims if not claim.holds(a, b)]
        if not failed:
            return Result(True, f"{said}: {self.should}")
        return Result(False, f"{said}. What was expected ({self.should}) did not happen here, because "
                             f"{failed[0]}; try {LONGER * on.recipe.steps} steps")


def numbers(run) -> dict[str, float]:
    """The scores of a run's last look, the probe before training, and the scalars of its last step."""
    looks = [e for e in run.evaluations if e.split == "validation"]
    step, unknown = run.history[-1], float("nan")  # data without labels has no probe
    return {**step, "linear": unknown, **looks[-1].scores,
            "untrained": looks[0].scores.get("linear", unknown), "projections": step["deviation"]}


def fell_together(a: dict, b: dict) -> bool:
    return b["projections"] < 0.5 * a["projections"]


LEARNED = Claim(lambda a, b: a["linear"] > a["untrained"] + 0.05,
                "with the part nothing was learned yet that could be lost")
TOGETHER = Claim(fell_together, "projections lie about as far apart without the part as with it")
LOST = Claim(lambda a, b: b["linear"] < a["linear"] - 0.05, "the label is read as well without the part")
APART = Claim(lambda a, b: not fell_together(a, b), "projections fell together")
COLLAPSES = (TOGETHER, LEARNED, LOST)
FORGETS = (TOGETHER, LOST)  # in so few steps SimSiam reads digits little better than untrained


def digits(pretext: str, steps: int = 150, lr: float = 4e-3, **hyperparameters) -> Recipe:
    """A run of some seconds on two cores; those that follow themselves need more steps to learn a digit."""
    return Recipe("wild_digits", pretext, "small_cnn", steps=steps, lr=lr,
                  hyperparameters={f"pretext.{name}": value for name, value in hyperparameters.items()})


SIMSIAM = digits("simsiam", 200, lr=1e-2)
DINO = digits("dino", 250, momentum=0.95)
# hardly a digit is learned in a minute, and shapes are within seconds
BYOL = Recipe("shapes", "byol", "small_cnn", steps=100, batch_size=64, lr=1e-2,
              hyperparameters={"pretext.momentum": 0.95})


SWITCHES = {s.name: s for s in (
    Switch("stopped gradient", SIMSIAM, {"pretext.stop_gradient": False},
           "both sides move towards each other, and one answer to everything is the nearest agreement; "
           "even what the untrained network knew is lost",
           FORGETS),
    Switch("predictor", SIMSIAM, {"pretext.predictor": False},
           "both sides say the same thing, and the stopped gradient alone does not hold them apart",
           (TOGETHER,)),
    Switch("moving teacher", BYOL, {"pretext.momentum": 1.0},
           "the teacher stays the random network that it was: such a target cannot collapse, and describing "
           "it already teaches something, which is what BYOL began with",
           (APART, Claim(lambda a, b: b["linear"] > b["untrained"] + 0.05,
                         "the random teacher had not taught anything yet"))),
    Switch("variance term", digits("vicreg"), {"pretext.variance_weight": 0.0},
           "nothing asks features to vary, so views agree best when everything is the same",
           COLLAPSES),
    Switch("negatives", digits("simclr"), {"pretext.negatives": False},
           "views only attract, and all samples fall together",
           COLLAPSES),
    Switch("centring", DINO, {"pretext.center_momentum": 1.0},
           "one answer wins for every sample, since nobody takes away what the teacher says too often; "
           "in so few steps no digit is read yet, with it or without",
           (TOGETHER,)),
    Switch("augmentation", digits("simclr"), {"data.crop": 1.0, "data.color": 0.0, "data.rotation": 0.0},
           "both views are the same picture: the partner is found at once, nothing collapses, and less is "
           "learned about digits",
           (APART, Claim(lambda a, b: b["accuracy"] > 0.95, "the partner was not always found"), LEARNED,
            LOST),
           watch=("accuracy", "projections", "linear")),
)}
