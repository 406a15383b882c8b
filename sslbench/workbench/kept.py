"""The runs of a bench: made on it or recorded earlier, and the one that the tabs show. No widgets."""

from pathlib import Path

from ..run import Run, load_run
from .seen import Seen, name_of


class Kept:
    """`every`: (run, what it is) with the newest first; a run made on this bench needs no title."""

    def __init__(self, folder: str | Path):
        self.every: list[tuple[Run, str]] = []
        self._folder, self._shown = Path(folder), None

    def add(self, run: Run, title: str = "") -> None:
        """Keep a run and show it."""
        self.every.insert(0, (run, title))
        self._shown = run, title

    def load(self, folder: str | Path) -> Run:
        run = load_run(folder)
        self.add(run, f"A recorded run: {name_of(run.recipe)}, {run.recipe.steps} steps")
        return run

    def show(self, run: Run) -> None:
        self._shown = next(((kept, title) for kept, title in self.every if kept is run), (run, "An earlier run"))

    @property
    def shown(self) -> Run | None:
        return self._shown and self._shown[0]

    @property
    def seen(self) -> Seen | None:
        """A frozen copy of the run that is shown."""
        return Seen.of(*self._shown) if self._shown else None

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where runs are recorded that could be added."""
        return tuple(recorded_in(self._folder))


def recorded_in(folder: Path) -> list[Path]:
    """Run folders in a folder, in the order of their names."""
    return sorted(path.parent for path in folder.glob("*/recipe.json"))
