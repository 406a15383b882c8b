"""The runs of a bench: made on it or recorded earlier, and the one that the tabs show. No widgets."""

import threading
from dataclasses import dataclass
from pathlib import Path

from ..recipe import Recipe
from ..runs import stored_maps
from ..runs.names import names
from ..runs.run import Run, load_run
from .shown_run import ShownRun


@dataclass(frozen=True)
class Entry:
    """One run. number: in the order of this bench, 0 for the one that ships with it.  recorded: it was not
    made here."""

    run: Run
    number: int
    recorded: bool
    maps: dict


class RunList:
    """`every`: the newest first; replaced as a whole, so that other threads may go through it."""

    def __init__(self, folder: str | Path):
        self.every: tuple[Entry, ...] = ()
        self._turn = threading.Lock()  # several threads add; who reads takes `every` once
        self._folder, self._shown, self._count = Path(folder), None, 0

    def add(self, run: Run, recorded: bool = False, ships: bool = False) -> Entry:
        """Keep a run and show it."""
        maps = stored_maps.read(run.folder) if recorded else {}
        with self._turn:
            self._count += not ships
            entry = Entry(run, 0 if ships else self._count, recorded, maps)
            self.every, self._shown = (entry, *self.every), entry
        return entry

    def load(self, folder: str | Path, ships: bool = False) -> Run:
        return self.add(load_run(folder), True, ships).run

    def show(self, run: Run) -> None:
        """Show a run that is kept; another one is kept first."""
        self._shown = next((entry for entry in self.every if entry.run is run), None) or self.add(run, True)

    def named(self) -> list[tuple[Entry, str]]:
        """Each run, the newest first, and its number with what tells it from the others."""
        every = self.every
        return [(e, label(e, name))
                for e, name in zip(every, reversed(names([e.run.recipe for e in reversed(every)])))]

    def next_name(self, recipe: Recipe) -> str:
        """What a run of this recipe is called: its number and name beside those that are there."""
        found = names([*(e.run.recipe for e in reversed(self.every) if e.number), recipe])[-1]
        return f"{self._count + 1} {found}"

    def shown(self, data: str) -> ShownRun | None:
        """A frozen copy of the run that is shown. The one that ships is not shown beside the choice of other
        data."""
        entry = self._shown
        if entry is None or (not entry.number and entry.run.recipe.data != data):
            return None
        # "": another thread has let go of it
        name = next((name for e, name in self.named() if e is entry), "")
        shown = ShownRun(entry.run, name, entry.recorded, entry.maps, ships=not entry.number)
        return shown.now() if name else None

    def tidy(self) -> None:
        """Let go of those that ended before their first event: there is nothing to see of them."""
        with self._turn:
            self.every = tuple(e for e in self.every if e.recorded or e.run.evaluations)

    def forget(self) -> None:
        """Let go of all of them."""
        self.every, self._shown = (), None

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where runs are recorded that could be added."""
        return tuple(recorded_in(self._folder))


def label(entry: Entry, name: str) -> str:
    if not entry.number:
        return f"recorded · {name}"
    return f"{entry.number} · {name}{', made earlier' if entry.recorded else ''}"


def recorded_in(folder: Path) -> list[Path]:
    """Run folders in a folder, in the order of their names; none where it cannot be looked into."""
    try:
        return sorted(path.parent for path in folder.glob("*/recipe.json"))
    except OSError:
        return []
