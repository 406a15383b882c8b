"""The tab with the map of the embedding: the explorer where it can be shown, PCA while training, UMAP and t-SNE on request."""

from functools import partial

import torch

from .. import evaluate, plots, projection
from ..data.labels import labelled
from ..field import decode
from . import widgets as w
from .aside import Aside, Cancelled
from .seen import Seen

ANSWERS = 8  # of several answers at once that the map can be coloured by
METHODS = {"PCA": None, "UMAP": projection.umap_map, "t-SNE": projection.tsne_map}


class EmbeddingTab:
    """The samples of the map at every evaluation. wake() asks for a new painting."""

    title = "Embedding"

    def __init__(self, wake, failed):
        self._wake, self._aside = wake, Aside(failed, "sslbench-map")
        self.method = w.listen(w.menu(list(METHODS), "method"), self._chosen)
        self.bar, self.say = w.show(w.progress("map-progress"), False), w.html("", "say")
        self.cancel = w.show(w.button("Cancel", self._cancel, "cancel"), False)
        self.explorer = make_explorer()
        self.map = w.image("map-picture")
        self.empty = w.html("The map of the embedding appears here after the first evaluation.", "words")
        tools = w.row([w.html("Map by", "say"), self.method, self.bar, self.say, self.cancel], "tools")
        self.widget = w.column([tools, self.empty, *([self.explorer] if self.explorer else []), self.map], "page")
        w.show(self.explorer or self.map, False)
        self._run = self._points = None  # the run that is looked at; what its points are: (run, pictures, columns)
        self._asked = False  # for these
        self._frames: dict[tuple, object] = {}  # (run, method, step) -> [n, 2]
        self._set, self._drawn = None, []  # what is on the page: (run, method), as a picture also the step; the explorer's steps
        self._progress, self._given_up = (1.0, ""), ""  # of UMAP or t-SNE; the method that failed

    @property
    def selected(self) -> list[int]:
        """Rows chosen with the lasso."""
        return list(self.explorer.selected) if self.explorer else []

    def paint(self, s) -> None:
        seen = s.seen
        if seen and self._run is not seen.run:
            self._forget(seen.run)
        looks = [e for e in seen.looks if e.embedding is not None] if seen else []
        if not looks:
            return
        if not self._points or self._points[0] is not seen.run:
            if not self._asked:  # thumbnails take a moment: prepare them beside the painting
                self._asked = True
                self._aside.do("points", partial(self._read_points, seen))
            return
        if self._lacks_a_map(seen, looks) and not self._aside.busy:
            self._aside.do("project", partial(self._project, self.method.value, seen))
        (self._paint_explorer if self.explorer else self._paint_map)(seen, looks)
        w.show(self.empty, False)

    def paint_progress(self) -> None:
        """How far the map is: words, written more often than maps are painted."""
        share, said = self._progress
        w.put(self.bar, value=share)
        w.put(self.say, value=w.escape(said))
        for widget in (self.bar, self.cancel):
            w.show(widget, bool(said))

    def _lacks_a_map(self, seen, looks) -> bool:
        """Whether one is to be computed; what failed is not tried again before a method is chosen anew."""
        method = self.method.value
        return method not in ("PCA", self._given_up) and any((id(seen.run), method, e.step) not in self._frames for e in looks)

    def close(self) -> None:
        self._aside.clear(wait=False)

    def _forget(self, run) -> None:
        """The map on the page is that of another run: nobody should take it for this one's, or wait for it."""
        self._start_over()
        self._run, self._set, self._drawn = run, None, []
        if self.explorer:
            self.explorer.clear()
        else:
            w.show(self.map, False)

    def _paint_explorer(self, seen, looks) -> None:
        run, pictures, columns = self._points
        method = self.method.value
        if self._set != (run, method):
            self.explorer.set_points(pictures, columns)
            self._set, self._drawn = (run, method), []
            w.show(self.explorer)
        for e in looks[len(self._drawn):]:
            xy = projection.pca(e.embedding) if method == "PCA" else self._frames.get((id(run), method, e.step))
            if xy is None:
                return
            self.explorer.add_frame(e.step, xy, projection.neighbours(e.embedding), "" if method == "PCA" else method)
            self._drawn.append(e.step)

    def _paint_map(self, seen, looks) -> None:
        e, (_, _, columns) = looks[-1], self._points
        key = (id(seen.run), self.method.value, e.step)
        xy = projection.pca(e.embedding) if self.method.value == "PCA" else self._frames.get(key)
        if xy is None or self._set == key:
            return
        values, names = next(iter(columns.values()), (None, None))
        self.map.value = plots.png(plots.embedding(projection.align(xy), values, names, f"step {e.step}, {self.method.value}"))
        self._set = key
        w.show(self.map)

    def _read_points(self, seen: Seen, check) -> None:
        self._points = (seen.run, *points(seen.data))
        self._wake()

    def _project(self, method: str, seen: Seen, check) -> None:
        """Maps of every evaluation, each starting from the one before."""
        last, looks = None, [e for e in seen.looks if e.embedding is not None]
        try:
            for i, e in enumerate(looks):
                key = (id(seen.run), method, e.step)
                if key not in self._frames:
                    def progress(share, words, i=i):
                        check()
                        self._report((i + share) / len(looks), f"{words}, map {i + 1} of {len(looks)}")
                    self._frames[key] = METHODS[method](e.embedding, last, progress=progress)
                    self._wake()
                last = self._frames[key]
        except Cancelled:
            raise
        except Exception:
            self._given_up = method
            raise
        finally:
            self._report(1.0, "")

    def _report(self, share: float, said: str) -> None:
        self._progress = (share, said)
        self._wake(False)

    def _chosen(self) -> None:
        self._start_over()
        self._wake()

    def _start_over(self) -> None:
        """Give up what is being computed; what is still wanted is asked for at the next painting."""
        self._aside.clear(wait=False)
        self._asked, self._given_up, self._progress = False, "", (1.0, "")

    def _cancel(self) -> None:
        self.method.value = "PCA"


def points(data) -> tuple[list, dict]:
    """A picture of each sample of the map, and the columns to colour by: name -> (values, names of classes or None)."""
    split, pictures = evaluate.points(data), []
    for index in split.index.split(500):
        batch = decode(data.fields, split.rows, index)
        pictures += [data.picture({name: x[i] for name, x in batch.items()}) for i in range(len(index))]
    return pictures, {key: column for name, y in split.labels.items() for key, column in columns_of(name, y, data.classes.get(name))}


def columns_of(name: str, y, names: list[str] | None):
    """A label as columns to colour by, (name, (values, names)): several answers at once become a column of no and yes each."""
    if y.ndim == 1:
        yield name, (torch.where(labelled(y), y.double(), torch.nan).numpy(), names)
        return
    for i in range(min(y.shape[1], ANSWERS)):
        answer = names[i] if names else str(i)
        yield f"{name}: {answer}", (torch.where(labelled(y), y[:, i].double(), torch.nan).numpy(), ["no", "yes"])


def make_explorer():
    """The explorer, or None where anywidget is not installed: then the map is a picture."""
    try:
        from ..explorer import Explorer
    except ImportError:
        return None
    return w.named(Explorer(), "map-explorer")
