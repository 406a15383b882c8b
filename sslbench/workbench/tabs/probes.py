"""The tab with what can be read off the embedding."""

from ... import plots
from ...catalog import Table
from ...plots import words
from ...probes import of_nothing, parsed
from .. import widgets as w
from ..shown_run import ShownRun
from .base import Picture, PictureTab


class ProbesTab(PictureTab):
    """What can be read off the embedding, beside the baselines."""

    title = "Probes"

    def __init__(self):
        self.split, self.table = w.html("", "say"), w.html("", "table")
        self.picture = Picture("probes", empty="Scores appear here after the first evaluation.")
        self.widget = w.column([self.split, self.picture.widget, self.table], "page")

    def paint(self, s, dark: bool) -> None:
        shown = s.shown
        if not shown or not shown.evaluations:
            self.picture.clear()
            for widget in (self.split, self.table):
                w.put(widget, value="")
            return
        last = shown.evaluations[-1]
        split = ("the test split, used once" if last.split == "test" else f"validation, after {last.step} "
                                                                          "steps")
        w.put(self.split, value=w.escape(f"{shown.name}. What a simple probe reads off the frozen "
                                         f"embedding. Scores on {split}."))
        self.picture.show(shown.mark, lambda: plots.probes(shown.evaluations),
                          words.probes(shown.evaluations), dark)
        w.put(self.table, value=scores_table(shown) + geometry(shown))


def scores_table(shown: ShownRun) -> str:
    """The numbers of the chart."""
    rows = plots.probe_rows(shown.evaluations)
    beside = plots.parts_of(rows)
    return Table({"": plots.words_for(row["name"]), "this network": f"{row['trained']:.3f}",
                  **{name: f"{row[name]:.3f}" if name in row else "" for name in beside}}
                  for row in rows)._repr_html_()


def geometry(shown: ShownRun) -> str:
    """Measures of the embedding that need no labels, in one line."""
    scores = shown.looks[-1].scores if shown.looks else {}
    cells = [f"<span><b>{scores[key]:.3g}</b> {w.escape(probe.title)} <span "
             f"class='sslb-meaning'>{w.escape(probe.meaning)}</span></span>"
             for key in of_nothing(scores) for probe, _ in [parsed(key)]]
    return f"<div class='sslb-measures'>{''.join(cells)}</div>"
