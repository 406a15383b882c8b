"""The tab with what can be read off the embedding."""

from ... import plots
from ...catalog import Table
from ...plots import words
from ...probes import of_nothing, parsed
from .. import widgets as w
from ..shown_run import ShownRun
from .base import Picture, PictureTab, owner_of


class ProbesTab(PictureTab):
    """What can be read off the embedding, beside the baselines."""

    title = "Probes"

    def __init__(self):
        self.split, self.table = w.html("", "say"), w.html("", "table")
        self.picture = Picture("probes", empty="Scores appear here after the first evaluation.")
        self.widget = w.column([self.split, self.picture.widget, self.table], "page")

    def turn_to(self, s) -> None:
        if self.picture.leave(owner_of(s.shown)):
            self._say("", "")

    def paint(self, s, dark: bool) -> None:
        shown = s.shown
        if not shown or not shown.evaluations:
            self.picture.clear()
            self._say("", "")
            return
        last = shown.evaluations[-1]
        split = ("the test split, used once" if last.split == "test" else f"validation, after {last.step} "
                                                                          "steps")
        table = scores_table(shown) + geometry(shown)
        # the picture first, which takes a moment: words never stand above another one's
        self.picture.show(shown.mark, lambda: plots.probes(shown.evaluations),
                          words.probes(shown.evaluations), dark, owner_of(shown))
        self._say(w.escape(f"{shown.name}. What a simple probe reads off the frozen embedding. Scores on "
                           f"{split}."), table)

    def _say(self, split: str, table: str) -> None:
        w.put(self.split, value=split)
        w.put(self.table, value=table)


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
