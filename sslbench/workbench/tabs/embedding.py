"""The tab with the map of the embedding: the explorer where it can be shown, PCA while training, t-SNE and
UMAP on request."""

from functools import partial
from pathlib import Path

from ... import plots
from ...maps import projection
from .. import widgets as w
from ..background import BackgroundJobs, Cancelled
from ..run_maps import RunMaps, points
from ..shown_run import ShownRun
from .base import PictureTab

METHODS = {"PCA": None, "t-SNE": projection.tsne_map, "UMAP": projection.umap_map}


class EmbeddingTab(PictureTab):
    """The samples of the map at every evaluation. wake() asks for a new painting; safe(f) says what f
    raises."""

    title = "Embedding"

    def __init__(self, wake, failed, safe):
        self._wake, self._jobs = wake, BackgroundJobs(failed, "sslbench-map")
        self.method = w.menu(list(METHODS), "method")
        w.listen(self.method, safe(self._chosen))
        self.bar, self.say = w.show(w.progress("map-progress"), False), w.html("", "say")
        self.cancel = w.show(w.button("Cancel", safe(self._cancel), "cancel"), False)
        self.export = w.button("Export HTML", safe(self._export), "export", icon="download",
                               says="Save the map as a page of its own")
        self.explorer = make_explorer()
        if self.explorer:
            w.listen(self.explorer, wake, "dark")
        self.map = w.image("map-picture")
        self.empty = w.html("The map of the embedding appears here after the first evaluation.", "words")
        live = [self.explorer] if self.explorer else []
        tools = w.row([w.html("Map by", "say"), self.method, self.bar, self.say, self.cancel,
                       *(live and [self.export])], "tools")
        self.widget = w.column([tools, self.empty, *live, self.map], "page")
        self._shown: ShownRun | None = None  # the run that is looked at
        self._points = None  # what its points are: (run, pictures, columns)
        self._asked, self._projecting = False, None  # for these; for maps of (run, method)
        self._maps = RunMaps(METHODS)
        self._mine = False  # somebody chose the method
        self._drawn = None  # what is on the page: (run, method), as a picture also the step and the paper
        # of UMAP or t-SNE; where the map was exported to; the method that failed
        self._progress, self._saved, self._given_up = (1.0, ""), "", ""
        w.put(self.export, disabled=True)

    @property
    def selected(self) -> list[int]:
        """Rows chosen with the lasso."""
        return list(self.explorer.selected) if self.explorer else []

    @property
    def dark(self) -> bool:
        """Whether the page is dark, as far as it says."""
        return bool(self.explorer and self.explorer.dark)

    def live_in(self, root, called: str) -> None:
        """The bench is on a page: where that is loaded again, the explorer's script puts it back."""
        if self.explorer:
            self.explorer.home = {"model": root.model_id, "called": called}

    def paint(self, s, dark: bool) -> None:
        shown = s.shown
        if (shown and shown.run) is not (self._shown and self._shown.run):
            self._forget(shown)
        self._shown = shown
        looks = [e for e in shown.looks if e.embedding is not None] if shown else []
        w.show(self.empty, not looks)
        if not looks:
            return
        if not self._points or self._points[0] is not shown.run:
            if not self._asked:  # thumbnails take a moment: prepare them beside the painting
                self._asked = True
                self._jobs.do("points", partial(self._read_points, shown))
            return
        self._maps.bring(shown)
        wanted = shown.run, self.method.value
        if self._lacks_a_map(shown, looks) and self._projecting != wanted:
            self._projecting = wanted
            self._jobs.do("project", partial(self._project, wanted, shown))
        self._paint_explorer(shown, looks) if self.explorer else self._paint_map(shown, looks, dark)

    def paint_progress(self) -> None:
        """How far the map is: words, written more often than maps are painted."""
        share, said = self._progress
        w.put(self.bar, value=share)
        w.put(self.say, value=" · ".join(w.escape(words) for words in (said, self._saved) if words))
        w.show(self.bar, bool(said) and share < 1)
        w.show(self.cancel, bool(said) and share < 1)

    def close(self) -> None:
        self._jobs.close()
        self._shown = self._points = self._drawn = None
        self._maps = RunMaps(METHODS)

    def _lacks_a_map(self, shown: ShownRun, looks) -> bool:
        """Whether one is to be computed; what failed is not tried again before a method is chosen anew."""
        method = self.method.value
        return (method not in ("PCA", self._given_up)
                and any(not self._maps.has(shown.run, method, e) for e in looks))

    def _forget(self, shown: ShownRun | None) -> None:
        """The map on the page is that of another run: nobody should take it for this one's, or wait for it. A
        run that brings its best maps along is shown by them, another by PCA, unless somebody has chosen."""
        self._start_over()
        self._drawn = None
        if not self._mine:
            brought = {method for method, _ in shown.maps} if shown else set()
            self._shown = shown  # so that nobody takes it for a choice
            w.put(self.method, value=next((m for m in METHODS if m in brought), "PCA"))
        if self.explorer:
            self.explorer.clear()
            w.show(self.explorer, False)
        else:
            w.show(self.map, False)
        w.put(self.export, disabled=True)

    def _paint_explorer(self, shown: ShownRun, looks) -> None:
        run, pictures, columns = self._points
        method, explorer = self.method.value, self.explorer
        if self._drawn is None or self._drawn[0] is not run:
            explorer.set_points(pictures, columns)
            w.show(explorer)
        elif self._drawn[1] != method:
            explorer.clear()
        self._drawn = run, method
        for e in looks:
            xy = self._maps.of(run, method, e) if e.step not in explorer.steps else None
            if xy is not None:
                explorer.add_frame(e.step, xy, projection.neighbours(e.embedding),
                                   "" if method == "PCA" else method)
        if self._maps.looked_at in explorer.steps:
            explorer.look_at(self._maps.looked_at, follow=self._maps.looked_at == looks[-1].step)
            self._maps.looked_at = None
        self._play_what_came(shown, looks)
        w.put(self.export, disabled=not explorer.frames)

    def _play_what_came(self, shown: ShownRun, looks) -> None:
        """A recorded run moves once, as soon as somebody sees it."""
        if (shown.recorded and not self._mine and self.explorer.play == 0
            and len(self.explorer.frames) == len(looks) > 1):
            self.explorer.play = 1

    def _paint_map(self, shown: ShownRun, looks, dark: bool) -> None:
        e, (_, _, columns) = looks[-1], self._points
        drawn = (shown.run, self.method.value, e.step, dark)
        xy = self._maps.of(shown.run, self.method.value, e)
        if xy is None or self._drawn == drawn:
            return
        values, names = next(iter(columns.values()), (None, None))
        title = f"{shown.name}: step {e.step}, {self.method.value}"
        self.map.value = plots.png(plots.embedding(projection.align(xy), values, names, title), dark=dark)
        self._drawn = drawn
        w.show(self.map)

    def _read_points(self, shown: ShownRun, check) -> None:
        self._points = (shown.run, *points(shown.data))
        self._wake()

    def _project(self, wanted: tuple, shown: ShownRun, check) -> None:
        """Maps of every evaluation, that of the step which is looked at first."""
        method = wanted[1]

        def progress(share: float, words: str) -> None:
            check()
            self._report(share, words)

        try:
            self._maps.compute(shown, method, self._looked_at(), progress, self._wake)
        except Cancelled:
            raise
        except Exception:
            self._given_up = method
            raise
        finally:
            if self._projecting == wanted:
                self._projecting = None
            self._progress = (1.0, "")
            self._wake()  # evaluations that came meanwhile have no map yet

    def _looked_at(self) -> int | None:
        step = self.explorer.step if self.explorer else None
        return self._maps.looked_at if step is None else step

    def _report(self, share: float, said: str) -> None:
        self._progress = (share, said)
        self._wake(False)

    def _chosen(self) -> None:
        if self._drawn is not None and self._drawn[1] == self.method.value:
            return
        self._mine = self._mine or self._drawn is not None
        self._maps.looked_at = self.explorer.step if self.explorer else None
        self._start_over()
        self._wake()

    def _start_over(self) -> None:
        """Give up what is being computed; what is still wanted is asked for at the next painting."""
        self._jobs.clear(wait=False)
        self._asked, self._given_up, self._progress, self._projecting = False, "", (1.0, ""), None
        self._saved = ""

    def _cancel(self) -> None:
        self.method.value = "PCA"

    def _export(self) -> None:
        """Save the map beside its run, or where the notebook is."""
        shown = self._shown
        folder = Path(shown.run.folder) if shown and shown.run.folder and not shown.recorded else Path.cwd()
        name = f"map-{shown.name if shown else ''}-{self.method.value}"
        path = self.explorer.save_html(folder / ("".join(c if c.isalnum() or c in "-." else "_" for c in name)
                                                 + ".html"))
        self._saved = f"saved: {path}"
        self._wake(False)


def make_explorer():
    """The explorer, or None where anywidget is not installed: then the map is a picture."""
    try:
        from ...maps.explorer import Explorer
    except ImportError:
        return None
    return w.named(Explorer(), "map-explorer")
