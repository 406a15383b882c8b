"""Three menus, data, pretext task and backbone, in which what does not fit is grey and says why."""

from collections.abc import Callable

from ..backbones import Backbone
from ..catalog import contracts
from ..data import Data
from ..pretexts import Pretext
from . import widgets as w
from .fits import backbones_for, first_that_fits, pretexts_for

TITLES = {"data": "Data", "pretext": "Pretext task", "backbone": "Backbone"}
REASON = 72  # letters of a reason that a menu shows


class Menus:
    """The names of a recipe. changed(kind, notes) is called after somebody chose; notes: what had to change with it."""

    def __init__(self, chosen: dict[str, str], make_data: Callable[[str], Data], changed: Callable[[str, list[str]], None]):
        self.chosen, self._make_data, self._changed = dict(chosen), make_data, changed
        self.problem = ""  # why the data cannot be looked at, for example a folder that is not there
        self.data: Data | None = None
        self.menus = {kind: w.menu([], kind) for kind in TITLES}
        self.words = {kind: w.html("", "about") for kind in TITLES}
        self.extra = {kind: w.column([], "own") for kind in TITLES}  # for a field with one's own folder or file
        self.reading = w.html("", "reading")  # what was read of the data
        self.grey = w.html("", "style")
        self.widget = w.row([w.column([w.html(f"<b>{title}</b>", "title"), self.menus[kind], self.words[kind], self.extra[kind],
                                       *([self.reading] if kind == "data" else [])],
                                      "choice", f"choice-{kind}") for kind, title in TITLES.items()] + [self.grey], "choices")
        self._filling = False
        self.refresh()
        for kind, menu in self.menus.items():
            w.listen(menu, lambda kind=kind: self._choose(kind))

    def refresh(self) -> None:
        """Look again at what fits, after a choice or after somebody named a folder."""
        try:
            self.data, self.problem = self._make_data(self.chosen["data"]), ""
        except (ValueError, OSError) as error:
            self.data, self.problem = None, str(error)
        self.reasons = {"data": dict.fromkeys(Data.all(), "")}
        if self.data is None:
            backbones = [*Backbone.all(), self.chosen["backbone"]]  # the chosen one may be several, one for each field
            self.reasons |= {"pretext": dict.fromkeys(Pretext.all(), ""), "backbone": dict.fromkeys(backbones, "")}
        else:
            self.reasons["pretext"] = pretexts_for(self.data)
            self.reasons["backbone"] = self._backbones()
        self._fill()

    def choose(self, kind: str, name: str) -> list[str]:
        """Choose and move what no longer fits to the first that does; one sentence for each move."""
        notes, self.chosen[kind] = [], name
        if kind == "data":
            self.refresh()
        if self.data is None:
            return notes
        for later, reasons in (("pretext", lambda: self.reasons["pretext"]), ("backbone", self._backbones)):
            before = self.chosen[later]
            self.chosen[later] = first_that_fits(reasons(), before)
            if self.chosen[later] != before:
                notes.append(f"{before} does not fit here ({reasons()[before]}), so it became {self.chosen[later]}.")
        self.refresh()
        return notes

    @property
    def supervised(self) -> bool:
        """The chosen task learns from labels."""
        return self.data is not None and Pretext.find(self.chosen["pretext"]).reads_labels

    def _backbones(self) -> dict[str, str]:
        return backbones_for(self.chosen["pretext"], self.data, self.chosen["backbone"])

    def place(self, own: dict[str, list]) -> None:
        """Controls that belong into the cards: a folder, a file."""
        for kind, column in self.extra.items():
            if list(column.children) != own[kind]:
                column.children = tuple(own[kind])

    def lock(self, locked: bool) -> None:
        for menu in self.menus.values():
            w.put(menu, disabled=locked)

    def _choose(self, kind: str) -> None:
        name = self.menus[kind].value
        if self._filling or name in (None, self.chosen[kind]):
            return
        why = self.reasons[kind].get(name, "")
        if why:
            self._fill()
            self._changed("", [f"{name} does not fit here: {why}."])
            return
        self._changed(kind, self.choose(kind, name))

    def _fill(self) -> None:
        self._filling = True
        rules = []
        for kind, menu in self.menus.items():
            names = sorted(self.reasons[kind], key=lambda name: bool(self.reasons[kind][name]))
            options = tuple((label(name, self.reasons[kind][name]), name) for name in names)
            if menu.options != options:
                menu.options = options
            w.put(menu, value=self.chosen[kind])
            rules += [f".sslb-{kind} option:nth-child({i + 1}) {{ color: #9aa0a6 }}" for i, name in enumerate(names)
                      if self.reasons[kind][name]]
            about = w.escape(summary(kind, self.chosen[kind]))
            source = w.escape(self.data.cite(), quote=True) if kind == "data" and self.data else ""
            w.put(self.words[kind], value=f"<span title='{source}'>{about}</span>")
        w.put(self.grey, value=f"<style>{' '.join(rules)}</style>")
        self._filling = False


def summary(kind: str, name: str) -> str:
    """What a newcomer reads about the chosen one."""
    listed = contracts()[kind].all()
    return listed[name].summary() if name in listed else f"One network for each field: {name}."


def label(name: str, why: str) -> str:
    return name if not why else f"{name}  ({why if len(why) <= REASON else why[:REASON - 1] + '…'})"
