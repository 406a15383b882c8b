"""What the tabs look at: a frozen copy of a run at one moment, and the words above it. No widgets."""

from dataclasses import dataclass, field, replace
from typing import Any

from ..data import Data
from ..engine import Evaluation, Step
from ..recipe import Recipe
from ..run import Run


@dataclass(frozen=True)
class Seen:
    """One run as it stands. title: what it is, in a few words."""

    run: Run
    title: str
    steps: tuple[Step, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    verdict: str = ""

    @classmethod
    def of(cls, run: Run, title: str) -> "Seen":
        frozen = replace(cls(run, title), steps=tuple(run.steps), evaluations=tuple(run.evaluations))
        return replace(frozen, verdict=run.verdict if frozen.steps and frozen.evaluations else "")

    @property
    def recipe(self) -> Recipe:
        return self.run.recipe

    @property
    def data(self) -> Data:
        return self.run.data

    @property
    def looks(self) -> tuple[Evaluation, ...]:
        """The evaluations while training, without the test at the end."""
        return tuple(e for e in self.evaluations if e.split == "validation")

    @property
    def mark(self) -> tuple:
        """Changes when something new can be painted, steps aside."""
        return id(self.run), len(self.evaluations)


@dataclass(frozen=True)
class Look:
    """What a task shows at one moment, and the words below it."""

    pictures: dict[str, Any]
    data: Data
    words: str
    fresh: bool = field(default=False)  # drawn by hand with Re-roll, not by an evaluation


def name_of(recipe: Recipe) -> str:
    return f"{recipe.pretext} · {recipe.data} · {recipe.backbone}"


def one_line(error: BaseException | None) -> str:
    """What went wrong, or ""."""
    return "" if error is None else str(error).strip().split("\n")[0] or type(error).__name__
