"""The tab with what can be read off the embedding."""

from ... import plots
from ...catalog import Table
from ...plots import words
from ...probes import of_labels, of_nothing, parsed
from ...runs.verdict import rows_read
from ...training.evaluate import QUICK
from ...training.loop import Evaluation
from .. import widgets as w
from ..background import BackgroundJobs
from ..shown_run import ShownRun
from .base import Picture, PictureTab, owner_of


class ProbesTab(PictureTab):
    """What can be read off the embedding, beside the baselines."""

    title = "Probes"

    def __init__(self, wake, failed, safe):
        self._wake, self._jobs = wake, BackgroundJobs(failed, "sslbench-test")
        # the run that is looked at; the one whose test split is being read, and whether that is to end
        self._run, self._reading, self._ending = None, None, False
        self.split, self.table = w.html("", "say"), w.html("", "table")
        self.test = w.show(w.button("Read the test split", safe(self._read_test), "test", icon="check",
                                    says="Scores with intervals, further measures and the confusion matrix: "
                                         "once, when everything is decided"), False)
        self.cancel = w.show(w.button("Cancel", safe(self._cancel), "cancel-test",
                                      says="End the reading; nothing is lost, and it can be asked for again"),
                             False)
        self.picture = Picture("probes", empty="Scores appear here after the first evaluation.")
        self.confusion = Picture("confusion")
        tools = w.row([self.split, self.test, self.cancel], "tools")
        self.widget = w.column([tools, self.picture.widget, self.table, self.confusion.widget], "page")

    def turn_to(self, s) -> None:
        self.confusion.leave(owner_of(s.shown))
        if self.picture.leave(owner_of(s.shown)):
            self._say("", "")

    def paint(self, s, dark: bool) -> None:
        shown = s.shown
        self._run = shown and shown.run
        self._offer_test(s)
        if not shown or not shown.evaluations:
            self.picture.clear()
            self.confusion.clear()
            self._say("", "")
            return
        last = shown.evaluations[-1]
        split = (f"the test split, used once{rows_read(last.rows)}" if last.split == "test"
                 else f"validation, after {last.step} steps")
        other = other_rows(last) if shown.looks else ""
        table = scores_table(shown) + further_table(shown) + geometry(shown)
        # the picture first, which takes a moment: words never stand above another one's
        self.picture.show(shown.mark, lambda: plots.probes(shown.evaluations),
                          words.probes(shown.evaluations), dark, owner_of(shown))
        self._say(w.escape(f"{shown.name}. What a simple probe reads off the frozen embedding. Scores on "
                           f"{split}.{other}"), table)
        self.paint_confusion(shown, dark)

    def _say(self, split: str, table: str) -> None:
        w.put(self.split, value=split)
        w.put(self.table, value=table)

    def close(self) -> None:
        self._jobs.close()

    def _offer_test(self, s) -> None:
        """The bench leaves the test split alone until somebody asks for it."""
        last = s.shown.evaluations[-1] if s.shown and s.shown.evaluations else None
        offered = (last is not None and last.split != "test" and not s.live and self._run.weights is not None
                   and bool(of_labels(last.scores)))
        reading = self._reading is not None
        w.show(self.test, offered)
        w.put(self.test, disabled=reading, description="Reading" if reading else "Read the test split")
        w.show(self.cancel, reading)
        w.put(self.cancel, disabled=self._ending, description="Ending" if self._ending else "Cancel")

    def _cancel(self) -> None:
        """It ends where the reading looks up next; what was read until then is thrown away."""
        self._ending = self._reading is not None
        self._jobs.drop("test")
        self._wake()

    def _read_test(self) -> None:
        if self._reading is not None:  # pressed again before the button is locked
            return
        self._reading = run = self._run

        def job(check) -> None:
            try:
                run.test(check=check)
            finally:
                self._reading, self._ending = None, False
                self._wake()

        self._jobs.do("test", job)
        self._wake()

    def paint_confusion(self, shown: ShownRun, dark: bool) -> None:
        """At the end of a run with classes; drawn when somebody looks at this tab."""
        if shown.evaluations[-1].confusion is None:
            return self.confusion.clear()
        found = shown.run.confusion()
        self.confusion.show(shown.mark, lambda: found.figure, words.confusion(found.counts, found.names),
                            dark, owner_of(shown))


def other_rows(last: Evaluation) -> str:
    """Why the scores of the test split are not those of validation, where their probes saw more rows."""
    fitted, while_training = last.rows.get("train", (0, 0))[0], QUICK["train"]
    return (f" They cannot be compared with those on validation: these probes are fitted on {fitted:,} "
            f"samples, those while training on {while_training:,}." if fitted > while_training else "")


def scores_table(shown: ShownRun) -> str:
    """The numbers of the chart."""
    return table(plots.probe_rows(shown.evaluations))


def further_table(shown: ShownRun) -> str:
    """Further measures of the label, folded away."""
    rows = plots.probe_rows(shown.evaluations, further=True)
    return (f"<details><summary>{len(rows)} further measures of the label</summary>{table(rows)}</details>"
            if rows else "")


def table(rows: list[dict]) -> str:
    beside = plots.parts_of(rows)
    return Table({"": plots.words_for(row["name"]), "this network": f"{row['trained']:.3f}",
                  **({"95 %": spanned(row)} if any("interval" in row for row in rows) else {}),
                  **{name: f"{row[name]:.3f}" if name in row else "" for name in beside}}
                 for row in rows)._repr_html_()


def spanned(row: dict) -> str:
    """The interval of a score, "0.821 to 0.878"; "" where it has none."""
    return "{:.3f} to {:.3f}".format(*row["interval"]) if "interval" in row else ""


def geometry(shown: ShownRun) -> str:
    """Measures of the embedding that need no labels, in one line."""
    scores = shown.looks[-1].scores if shown.looks else {}
    cells = [f"<span><b>{scores[key]:.3g}</b> {w.escape(probe.title)} <span "
             f"class='sslb-meaning'>{w.escape(probe.meaning)}</span></span>"
             for key in of_nothing(scores) for probe, _ in [parsed(key)]]
    return f"<div class='sslb-measures'>{''.join(cells)}</div>"
