"""The tab with what few labels are worth: computed when somebody asks, beside everything else."""

from functools import partial

from ... import plots
from ...plots import label_counts
from ...runs.label_curve import LabelCurve, kept
from ...runs.label_points import measured
from .. import widgets as w
from ..background import BackgroundJobs
from ..shown_run import ShownRun
from .base import Picture, PictureTab

ASK = ("How many labels do these features save? Accuracy with 1 to 100 labels per class and with all: "
       "linear on the frozen features, fine-tuned, and supervised from scratch. It is judged on the test "
       "split, by which one must not choose a recipe: measure when everything is decided. It trains some "
       "networks, so it takes minutes; it can be cancelled, and goes on where it was.")
JUDGED = "Judged on the test split, by which one must not choose a recipe. "


class FewLabelsTab(PictureTab):
    """A button, and the curve of the run that is shown. wake() asks for a new painting; failed(error) says
    what went wrong; settings: of what is computed, as of few_labels()."""

    title = "Few labels"

    def __init__(self, wake, failed, safe, **settings):
        self._wake, self._settings = wake, settings
        self._jobs = BackgroundJobs(failed, "sslbench-few-labels")
        self.start = w.button("Measure", safe(self._start), "few-labels", icon="play",
                              says="Train and probe with few labels of this run's data")
        self.cancel = w.show(w.button("Cancel", safe(self._cancel), "cancel-labels"), False)
        self.bar, self.say = w.show(w.progress("few-labels-progress"), False), w.html("", "say")
        self.picture = Picture("few-labels-picture", empty=ASK)
        self.table = w.html("", "table")
        tools = w.row([self.start, self.bar, self.cancel, self.say], "tools")
        self.widget = w.column([tools, self.picture.widget, self.table], "page")
        self._curves: dict[int, tuple[object, LabelCurve]] = {}  # id of the run -> the run, its curve
        self._shown: ShownRun | None = None
        self._of, self._share = None, 0.0  # the run that is measured, and how far that is

    def paint(self, s, dark: bool) -> None:
        if (s.shown and s.shown.run) is not (self._shown and self._shown.run):
            self.picture.clear()
            w.put(self.table, value="")
        self._shown = s.shown
        busy, here = self._of is not None, self._shown is not None and self._of is self._shown.run
        w.put(self.start, disabled=busy or self._shown is None or self._shown.run.weights is None or s.live)
        w.show(self.bar, busy)
        w.show(self.cancel, busy)
        w.put(self.bar, value=self._share)
        w.put(self.say, value="" if here or not busy else "another run is measured")
        curve = self._shown and self._curve(self._shown.run)
        if curve and curve.scores:
            lines, mark = curve.lines, (id(self._shown.run), len(curve.scores))
            self.picture.show(mark, lambda: plots.few_labels(lines, self._shown.name),
                              JUDGED + label_counts.words(lines), dark)
            w.put(self.table, value=curve._repr_html_())

    def close(self) -> None:
        self._jobs.close()
        self._curves, self._shown, self._of = {}, None, None

    def _curve(self, run) -> LabelCurve | None:
        """What was measured on this bench, or is kept with the run."""
        if id(run) not in self._curves and run.done and (found := kept(run)):
            self._curves[id(run)] = run, found
        return self._curves.get(id(run), (run, None))[1]

    def _start(self) -> None:
        if self._shown is not None and self._of is None:
            self._of, self._share = self._shown.run, 0.0
            self._jobs.do("measure", partial(self._measure, self._of))
            self._wake()

    def _cancel(self) -> None:
        self._jobs.drop("measure")

    def _measure(self, run, check) -> None:
        try:
            for curve, share in measured(run, check=check, known=self._curve(run), **self._settings):
                check()
                self._curves[id(run)], self._share = (run, curve.copy()), share
                self._wake()
        finally:
            self._of = None
            self._wake()
