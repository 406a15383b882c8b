"""The tab with the runs of this bench and recorded ones: one table, one figure, and which of them the other
tabs show."""

from ... import plots
from ...plots import words
from ...runs.comparison import compare
from ...runs.run import Run
from .. import widgets as w
from .base import Picture, PictureTab

NOTHING = ""  # no folder; of a value None a menu shows an empty box
CHOOSE = ("choose one", NOTHING)


class RunsTab(PictureTab):
    """A line for each run with a box to compare it. show(run) puts it into the other tabs, load(folder) adds
    a recorded one; failed(error) says in one line what is wrong with it."""

    title = "Runs"

    def __init__(self, show, load, wake, failed):
        self._show, self._load, self._wake, self._failed = show, load, wake, failed
        self._boxes: dict[int, tuple[Run, object]] = {}  # the newest last
        self.list = w.column([], "runs")
        self.menu = w.listen(w.menu([("", None)], "showing"), self._chosen)
        self.folders = w.listen(w.menu([CHOOSE], "recorded"), self._chose_folder)
        self.tools = w.show(w.row([w.html("Show in the other tabs", "say"), self.menu], "tools"), False)
        self.more = w.show(w.row([w.html("Add an earlier run", "say"), self.folders], "tools"), False)
        self.table = w.html("", "table")
        self.picture = Picture("compare", empty="Every run of this bench is kept and compared here.")
        self.widget = w.column([self.tools, self.more, self.list, self.picture.widget, self.table], "page")
        self._filling = False

    def paint(self, s, dark: bool) -> None:
        for run, name, recorded in reversed(s.runs):
            self._add(run, name, not recorded or bool(self._boxes) or len(s.runs) == 1)
        self._rename({id(run): name for run, name, _ in s.runs})
        names = {id(run): name for run, name, _ in s.runs}
        chosen = [(run, names[id(run)]) for run, box in reversed(self._boxes.values())
                  if box.value and run.evaluations and id(run) in names]
        if chosen:
            runs, said = [run for run, _ in chosen], [name for _, name in chosen]
            mark = tuple((id(run), len(run.evaluations), name) for run, name in chosen)
            self.picture.show(mark, lambda: plots.comparison(runs, said), words.comparison(runs, said), dark)
            w.put(self.table, value=compare(runs, names=said).table._repr_html_())
        else:
            self.picture.clear()
            w.put(self.table, value="")
        self._offer(s.folders, {str(run.folder) for run, _, _ in s.runs})
        if s.shown and s.shown.run is not self.menu.value:
            self._filling = True
            w.put(self.menu, value=s.shown.run)
            self._filling = False

    def close(self) -> None:
        self._boxes = {}

    def _add(self, run: Run, name: str, compared: bool) -> None:
        """A box for a run that is new; the one that ships is compared only while it is alone."""
        if id(run) not in self._boxes:
            self._boxes[id(run)] = run, w.listen(w.check(compared, name), self._wake)
            self.list.children = tuple(box for _, box in reversed(self._boxes.values()))

    def _rename(self, names: dict[int, str]) -> None:
        """What tells the runs apart changes with each of them; some are gone."""
        for key in self._boxes.keys() - names.keys():
            _, box = self._boxes.pop(key)
            self.list.children = tuple(other for other in self.list.children if other is not box)
            w.close(box)
        for key, (_, box) in self._boxes.items():
            w.put(box, description=names[key])
        options = tuple((box.description, run) for run, box in reversed(self._boxes.values()))
        if self.menu.options != options:
            self._filling = True
            self.menu.options = options
            self._filling = False
        w.show(self.tools, len(options) > 1)

    def _offer(self, folders, known: set[str]) -> None:
        """Recorded runs that are not in the list, the newest first."""
        options = (CHOOSE, *((path.name, path) for path in reversed(folders) if str(path) not in known))
        if self.folders.options != options:
            self._filling = True
            self.folders.options = options
            self.folders.value = NOTHING
            self._filling = False
        w.show(self.more, len(options) > 1)

    def _chose_folder(self) -> None:
        if not self._filling and self.folders.value != NOTHING:
            try:
                self._load(self.folders.value)
            except Exception as error:  # whatever somebody's folder holds
                self._failed(error)
                self._filling = True
                self.folders.value = NOTHING  # it can be chosen again once it is mended
                self._filling = False

    def _chosen(self) -> None:
        if not self._filling and self.menu.value is not None:
            self._show(self.menu.value)
