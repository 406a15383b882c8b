"""What the tabs look at: a frozen copy of a run at one moment, and the words above it. No widgets."""

from dataclasses import dataclass, field, replace

from ..data import Data
from ..messages import place
from ..recipe import Recipe
from ..runs.run import Run
from ..shown import Shown
from ..training.loop import Evaluation, Step


@dataclass(frozen=True)
class ShownRun:
    """One run as it stands. name: its number and what tells it from the others.  recorded: it was not made on
    this bench.
    maps: (method, step) -> [n, 2] that came with it.  ships: it came with the package and is nobody's own."""

    run: Run
    name: str
    recorded: bool = False
    maps: dict = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    verdict: str = ""
    ships: bool = False

    def now(self) -> "ShownRun":
        """A frozen copy of what there is now."""
        frozen = replace(self, steps=tuple(self.run.steps), evaluations=tuple(self.run.evaluations))
        return replace(frozen, verdict=self.run.verdict if frozen.steps and frozen.evaluations else "")

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
    """What a task shows at one moment, and the words below it. recipe: of the network that is shown.
    first: the pictures of a run that is going on come before it."""

    pictures: Shown
    data: Data
    words: str
    recipe: Recipe
    first: bool = True


def name_of(recipe: Recipe) -> str:
    return f"{recipe.pretext} · {recipe.data} · {recipe.backbone}"


def one_line(error: BaseException | None) -> str:
    """What went wrong, and in which line of somebody's own class; or ""."""
    if error is None:
        return ""
    where = place(error)
    return (str(error).strip().split("\n")[0] or type(error).__name__) + (f" ({where})" if where else "")
