"""The tabs with one picture each. A tab has a title, a widget and paint(state); it paints only what has changed."""

from ... import plots
from ...catalog import Table
from ...plots import words
from ...probes import of_nothing, parsed
from .. import widgets as w
from ..shown_run import Look, Seen

HOW_TO_COPY = "<span class='sslb-meaning'>click to select all of it</span>"


class Picture:
    """A PNG and the sentence below it; the same picture is not sent twice."""

    def __init__(self, *classes: str, empty: str = ""):
        self.image, self.words, self._mark, self._empty = w.image(*classes), w.html(empty, "words"), None, empty
        self.widget = w.column([self.image, self.words], "figure")

    def show(self, mark, make, said: str, dark: bool = False) -> None:
        """make() -> Figure, called when `mark` is another than before."""
        if (mark, dark) == self._mark:
            return
        png = plots.png(make(), dark=dark)
        self.image.value, self._mark = png, (mark, dark)
        w.show(self.image)
        w.put(self.words, value=w.escape(said))

    def clear(self) -> None:
        """What stands here is that of another run."""
        self._mark = None
        w.show(self.image, False)
        w.put(self.image, value=b"")
        w.put(self.words, value=self._empty)


class PictureTab:
    """Interface of the tabs: a title, a widget, paint(state, dark)."""

    title = ""

    def paint(self, s, dark: bool) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """End what the widget itself does not hold."""


class TaskTab(PictureTab):
    """What the task sees, its target and its guess; Re-roll draws other samples."""

    title = "Task"

    def __init__(self, reroll):
        self.picture = Picture("task", empty="Pictures of the task appear here in a moment.")
        button = w.button("Re-roll", reroll, "reroll", icon="random", says="Draw other samples, and other random views of them")
        self.say = w.html("", "say")
        self.widget = w.column([w.row([button, self.say], "tools"), self.picture.widget], "page")

    def paint(self, s, dark: bool) -> None:
        look = s.look if s.look and s.look.first else (s.seen and last_look(s.seen)) or s.look
        w.put(self.say, value=w.escape(look.words) if look else "")
        if look:
            self.picture.show(id(look.pictures), lambda: plots.task(look.pictures, look.data), words.task(look.pictures), dark)
        else:
            self.picture.clear()


def last_look(seen: Seen) -> Look | None:
    for e in reversed(seen.looks):
        if e.pictures:
            return Look(e.pictures, seen.data, f"{seen.name}: {when(e.step, seen)}", seen.recipe)
    return None


def when(step: int, seen: Seen) -> str:
    return "before training" if step == 0 else f"after {step} of {seen.recipe.steps} steps"


class CurvesTab(PictureTab):
    """Loss with its chance line, scores beside the baselines."""

    title = "Curves"

    def __init__(self):
        self.picture = Picture("plot", empty="The loss appears here as soon as training starts.")
        self.widget = w.column([self.picture.widget], "page")

    def paint(self, s, dark: bool) -> None:
        seen = s.seen
        if not seen or not (seen.steps or seen.evaluations):
            self.picture.clear()
            return
        chance = plots.chance_loss(seen.evaluations)
        self.picture.show((seen.mark, len(seen.steps)), lambda: plots.curves(seen.steps, seen.evaluations, seen.recipe.steps),
                          f"{seen.name}. {words.curves(seen.steps, seen.evaluations, chance)}", dark)


class OverTimeTab(PictureTab):
    """The task's pictures of the same samples at every evaluation, with a slider through training."""

    title = "Over time"

    def __init__(self, moved):
        self.slider, self.play, self._link = w.moments("moment")
        self.say = w.html("", "say")
        self.picture = Picture("over-time", empty="Pictures of the same samples before, during and after training appear here.")
        self.tools = w.show(w.row([self.play, self.slider, self.say], "tools"), False)
        self.widget = w.column([self.tools, self.picture.widget], "page")
        self._run, self._count = None, 0
        w.listen(self.slider, moved)

    def paint(self, s, dark: bool) -> None:
        looks = [e for e in s.seen.looks if e.pictures] if s.seen else []
        if not looks:
            self._run, self._count = None, 0
            w.show(self.tools, False)
            self.picture.clear()
            return
        newest = self._run is not s.seen.run or self.slider.value >= self._count - 1
        if len(looks) != self._count or self._run is not s.seen.run:
            self._run, self._count = s.seen.run, len(looks)
            for widget in (self.slider, self.play):
                w.put(widget, max=len(looks) - 1)
                if newest:  # whoever looks at the newest goes on seeing the newest
                    w.put(widget, value=len(looks) - 1)
            w.show(self.tools, len(looks) > 1)
        e = looks[min(self.slider.value, len(looks) - 1)]
        w.put(self.say, value=w.escape(f"{s.seen.name}: {when(e.step, s.seen)}"))
        self.picture.show((id(s.seen.run), e.step), lambda: plots.task(e.pictures, s.seen.data), words.task(e.pictures), dark)

    def close(self) -> None:
        self._link.close()
        self._run = None


class ProbesTab(PictureTab):
    """What can be read off the embedding, beside the baselines."""

    title = "Probes"

    def __init__(self):
        self.split, self.table = w.html("", "say"), w.html("", "table")
        self.picture = Picture("probes", empty="Scores appear here after the first evaluation.")
        self.widget = w.column([self.split, self.picture.widget, self.table], "page")

    def paint(self, s, dark: bool) -> None:
        seen = s.seen
        if not seen or not seen.evaluations:
            self.picture.clear()
            for widget in (self.split, self.table):
                w.put(widget, value="")
            return
        last = seen.evaluations[-1]
        split = "the test split, used once" if last.split == "test" else f"validation, after {last.step} steps"
        w.put(self.split, value=w.escape(f"{seen.name}. What a simple probe reads off the frozen embedding. Scores on {split}."))
        self.picture.show(seen.mark, lambda: plots.probes(seen.evaluations), words.probes(seen.evaluations), dark)
        w.put(self.table, value=scores_table(seen) + geometry(seen))


def scores_table(seen: Seen) -> str:
    """The numbers of the chart."""
    rows = plots.probe_rows(seen.evaluations)
    beside = plots.parts_of(rows)
    return Table({"": plots.words_for(row["name"]), "this network": f"{row['trained']:.3f}",
                  **{name: f"{row[name]:.3f}" if name in row else "" for name in beside}} for row in rows)._repr_html_()


def geometry(seen: Seen) -> str:
    """Measures of the embedding that need no labels, in one line."""
    scores = seen.looks[-1].scores if seen.looks else {}
    cells = [f"<span><b>{scores[key]:.3g}</b> {w.escape(probe.title)} <span class='sslb-meaning'>{w.escape(probe.meaning)}</span></span>"
             for key in of_nothing(scores) for probe, _ in [parsed(key)]]
    return f"<div class='sslb-measures'>{''.join(cells)}</div>"


class CodeTab(PictureTab):
    """The same run as Python, as a command and as a share string."""

    title = "Code"

    def __init__(self):
        self.text = w.html("", "code")
        self.widget = w.column([self.text], "page")

    def paint(self, s, dark: bool) -> None:
        recipe = s.recipe
        if recipe is None:
            return
        lines = {"In Python": f"from sslbench import Recipe, fit\nrun = {recipe.as_python()}", "In a terminal": recipe.as_command(),
                 "This bench elsewhere": f'Workbench("{recipe.share()}")'}
        w.put(self.text, value="".join(f"<div class='sslb-title'><b>{title}</b> {HOW_TO_COPY}</div><pre>{w.escape(code)}</pre>"
                                       for title, code in lines.items()))


def sentence(words: str) -> str:
    """The words with a capital and a full stop."""
    return words and words[0].upper() + words[1:] + ("" if words.endswith(".") else ".")
