"""Three menus, data, pretext task and backbone, in groups with headings; what does not fit is grey and says
why."""

from collections.abc import Callable

from ...backbones import Backbone
from ...catalog import contracts
from ...data import Data
from ...pretexts import Pretext
from ...recipe import Recipe
from .. import widgets as w
from .entries import Entry, Heading, entries, landed_on
from .fits import backbones_for, first_that_fits, pretexts_for

TITLES = {"data": "Data", "pretext": "Pretext task", "backbone": "Backbone"}
DEFAULTS = {kind: getattr(Recipe(), kind) for kind in TITLES}


class Menus:
    """The names of a recipe. chose(kind, name) is called when somebody chose from a menu; it answers with
    choose()."""

    def __init__(self, chosen: dict[str, str], make_data: Callable[[str], Data],
                 chose: Callable[[str, str], None]):
        self.chosen, self._make_data, self._chose = dict(chosen), make_data, chose
        self.problem = ""  # why the data cannot be looked at, for example a folder that is not there
        self.data: Data | None = None
        self.menus = {kind: w.menu([], kind) for kind in TITLES}
        self.words = {kind: w.html("", "about") for kind in TITLES}
        # for a field with one's own folder or file
        self.extra = {kind: w.column([], "own") for kind in TITLES}
        self.reading = w.html("", "reading")  # what was read of the data
        self.colors = w.html("", "style")
        self.widget = w.row([w.column([w.html(f"<b>{title}</b>", "title"), self.menus[kind], self.words[kind],
                                       self.extra[kind],
                                       *([self.reading] if kind == "data" else [])],
                                      "choice", f"choice-{kind}")
                                      for kind, title in TITLES.items()] + [self.colors], "choices")
        self.entries: dict[str, list[Entry]] = {}
        self.refresh()
        for kind, menu in self.menus.items():
            w.listen(menu, lambda kind=kind: self._picked(kind))

    def refresh(self) -> None:
        """Look again at what there is and what fits, after a choice or after somebody named a folder."""
        try:
            self.data, self.problem = self._make_data(self.chosen["data"]), ""
        except (ValueError, OSError) as error:
            self.data, self.problem = None, str(error).strip().split("\n")[0]
        self.reasons = {"data": dict.fromkeys(Data.all(), "")}
        if self.data is None:
            # the chosen one may be several, one for each field
            backbones = [*Backbone.all(), self.chosen["backbone"]]
            self.reasons |= {"pretext": dict.fromkeys(Pretext.all(), ""),
                             "backbone": dict.fromkeys(backbones, "")}
        else:
            self.reasons["pretext"] = pretexts_for(self.data)
            self.reasons["backbone"] = self._backbones()
        self._fill()

    def choose(self, kind: str, name: str) -> list[str]:
        """Choose and move what no longer fits to the first that does; one sentence for each move. What does
        not fit is not chosen."""
        if why := self.reasons[kind].get(name, ""):
            self._fill()
            return [f"{name} does not fit here: {why}."]
        notes, self.chosen[kind] = [], name
        if kind == "data":
            self.refresh()
        if self.data is None:
            return notes
        for later, reasons in (("pretext", lambda: self.reasons["pretext"]), ("backbone", self._backbones)):
            before, found = self.chosen[later], reasons()
            self.chosen[later] = first_that_fits(found, before)
            if self.chosen[later] != before:
                notes.append(f"{before} does not fit here ({found[before]}), so it became "
                             f"{self.chosen[later]}.")
        self.refresh()
        return notes

    @property
    def supervised(self) -> bool:
        """The chosen task learns from labels."""
        return self.data is not None and Pretext.find(self.chosen["pretext"]).reads_labels

    def place(self, own: dict[str, list]) -> None:
        """Controls that belong into the cards: a folder, a file."""
        for kind, column in self.extra.items():
            if list(column.children) != own[kind]:
                column.children = tuple(own[kind])

    def lock(self, locked: bool) -> None:
        for menu in self.menus.values():
            w.put(menu, disabled=locked)

    def _backbones(self) -> dict[str, str]:
        return backbones_for(self.chosen["pretext"], self.data, self.chosen["backbone"])

    def _picked(self, kind: str) -> None:
        menu = self.menus[kind]
        if isinstance(menu.value, Heading):  # an arrow key steps over it
            names = [value for _, value in menu.options]
            menu.value = landed_on(names, menu.index,
                                   names.index(self.chosen[kind]) if self.chosen[kind] in names else 0)
        elif menu.value is not None and menu.value != self.chosen[kind]:
            self._chose(kind, menu.value)

    def _fill(self) -> None:
        rules = []
        for kind, menu in self.menus.items():
            found = entries(contracts()[kind].all(), self.reasons[kind], DEFAULTS[kind])
            options = tuple((entry.label, entry.value) for entry in found)
            if menu.options != options:
                menu.options = options
            w.put(menu, value=self.chosen[kind])
            rules += [f".sslb-{kind} option:nth-child({i + 1}) {{ {entry.style} }}"
                      for i, entry in enumerate(found) if entry.style]
            self._describe(kind)
        w.put(self.colors, value=f"<style>{' '.join(rules)}</style>")

    def _describe(self, kind: str) -> None:
        """What the chosen one is, below its menu; its source on hover."""
        source = w.escape(self.data.cite(), quote=True) if kind == "data" and self.data else ""
        w.put(self.words[
            kind], value=f"<span title='{source}'>{w.escape(summary(kind, self.chosen[kind]))}</span>")


def summary(kind: str, name: str) -> str:
    """What a newcomer reads about the chosen one."""
    listed = contracts()[kind].all()
    return listed[name].summary() if name in listed else f"One network for each field: {name}."
