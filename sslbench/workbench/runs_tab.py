"""The tab with the runs of this bench and recorded ones: one table, one figure, and which of them the other tabs show."""

from .. import plots
from ..comparison import compare
from ..plots import words
from ..run import Run
from . import widgets as w
from .seen import name_of
from .tabs import Picture


class RunsTab:
    """A line for each run with a box to compare it. show(run) puts it into the other tabs, load(folder) adds a recorded one;
    failed(error) says in one line what is wrong with it."""

    title = "Runs"

    def __init__(self, show, load, wake, failed):
        self._show, self._load, self._wake, self._failed = show, load, wake, failed
        self._boxes: dict[int, tuple[Run, object]] = {}  # the newest last
        self.list = w.column([], "runs")
        self.menu = w.listen(w.menu([("", None)], "showing"), self._chosen)
        self.folders = w.listen(w.menu([("", None)], "recorded"), self._chose_folder)
        self.tools = w.show(w.row([w.html("Show in the other tabs", "say"), self.menu], "tools"), False)
        self.more = w.show(w.row([w.html("Add a recorded run", "say"), self.folders], "tools"), False)
        self.table = w.html("", "table")
        self.picture = Picture("compare", empty="Every run of this bench is kept and compared here.")
        self.widget = w.column([self.tools, self.more, self.list, self.picture.widget, self.table], "page")
        self._filling = False

    def paint(self, s) -> None:
        for number, (run, title) in enumerate(reversed(s.runs), 1):
            if id(run) not in self._boxes:
                self._add(run, f"{number}  {name_of(run.recipe)}, {run.recipe.steps} steps{', recorded' if title else ''}", len(s.runs))
        runs = [run for run, box in reversed(self._boxes.values()) if box.value and run.evaluations]
        if runs:
            mark = tuple((id(run), len(run.evaluations)) for run in runs)
            self.picture.show(mark, lambda: plots.comparison(runs), words.comparison(runs))
            w.put(self.table, value=compare(runs).table._repr_html_())
        self._offer(s.folders, {str(run.folder) for run, _ in s.runs})
        if s.seen and s.seen.run is not self.menu.value:
            self._filling = True
            w.put(self.menu, value=s.seen.run)
            self._filling = False

    def _add(self, run: Run, label: str, count: int) -> None:
        self._boxes[id(run)] = run, w.listen(w.check(True, label), self._wake)
        newest_first = list(reversed(self._boxes.values()))
        self.list.children = tuple(box for _, box in newest_first)
        self._filling = True
        self.menu.options = tuple((box.description, run) for run, box in newest_first)
        self._filling = False
        w.show(self.tools, count > 1)

    def _offer(self, folders, known: set[str]) -> None:
        """Recorded runs that are not in the list, the newest first."""
        options = (("choose one", None), *((path.name, path) for path in reversed(folders) if str(path) not in known))
        if self.folders.options != options:
            self._filling = True
            self.folders.options = options
            self.folders.value = None
            self._filling = False
        w.show(self.more, len(options) > 1)

    def _chose_folder(self) -> None:
        if not self._filling and self.folders.value is not None:
            try:
                self._load(self.folders.value)
            except Exception as error:  # whatever somebody's folder holds
                self._failed(error)
                self._filling = True
                self.folders.value = None  # it can be chosen again once it is mended
                self._filling = False

    def _chosen(self) -> None:
        if not self._filling and self.menu.value is not None:
            self._show(self.menu.value)
