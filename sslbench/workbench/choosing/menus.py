"""Three menus, data, pretext task and backbone, in groups with headings; what does not fit is grey and says
why."""

from collections.abc import Callable

from ...backbones import Backbone
from ...catalog import contracts
from ...data import Data
from ...pretexts import Pretext
from ...recipe import Recipe
from .. import widgets as w
from .by_name import NameField
from .entries import ByName, Entry, Heading, entries, families, landed_on
from .fits import backbones_for, first_that_fits, pretexts_for

TITLES = {"data": "Data", "pretext": "Pretext task", "backbone": "Backbone"}
DEFAULTS = {kind: getattr(Recipe(), kind) for kind in TITLES}


class Menus:
    """The names of a recipe. chose(kind, name) is called when somebody chose from a menu; it answers with
    choose()."""

    def __init__(self, chosen: dict[str, str], make_data: Callable[[str], Data],
                 chose: Callable[[str, str], None]):
        self._make_data, self._chose = make_data, chose
        # what a person chose comes back as soon as it fits again
        self.chosen, self.wanted = dict(chosen), dict(chosen)
        self.problem = ""  # why the data cannot be looked at, for example a folder that is not there
        self.data: Data | None = None
        self.menus = {kind: w.menu([], kind) for kind in TITLES}
        self.words = {kind: w.html("", "about") for kind in TITLES}
        # for a field with one's own folder or file
        self.extra = {kind: w.column([], "own") for kind in TITLES}
        self.names = {kind: NameField(kind, contracts()[kind].all_families(),
                                      lambda name, kind=kind: chose(kind, name)) for kind in TITLES}
        self.reading = w.html("", "reading")  # what was read of the data
        self.colors = w.html("", "style")
        self.widget = w.row([w.column([w.html(f"<b>{title}</b>", "title"), self.menus[kind], self.words[kind],
                                       self.names[kind].widget, self.extra[kind],
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

    def set(self, chosen: dict[str, str]) -> None:
        """Say exactly these."""
        self.chosen, self.wanted = dict(chosen), dict(chosen)
        for names in self.names.values():
            names.asked = None
        self.refresh()

    def choose(self, kind: str, name: str) -> list[str]:
        """Choose and move what no longer fits to the first that does, and back to what somebody chose where
        that fits again; one sentence for each move. What does not fit is not chosen."""
        if kind == "backbone" and self.data is not None and name not in self.reasons[kind]:
            self.reasons[kind] = self._backbones()  # made by its name just now
        if why := self.reasons[kind].get(name, ""):
            self._fill()
            return [f"{name} does not fit here: {why}."]
        notes, self.chosen[kind], self.wanted[kind], self.names[kind].asked = [], name, name, None
        if kind == "data":
            self.refresh()
        if self.data is None:
            return notes
        for later, reasons in (("pretext", lambda: self.reasons["pretext"]), ("backbone", self._backbones)):
            before, found, wanted = self.chosen[later], reasons(), self.wanted[later]
            now = wanted if found.get(wanted) == "" else first_that_fits(found, before)
            self.chosen[later] = now
            if now != before:
                notes.append(f"{wanted} fits again and took the place of {before}." if now == wanted else
                             f"{before} does not fit here ({found[before]}), so it became {now}.")
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
        for kind, menu in self.menus.items():
            w.put(menu, disabled=locked)
            self.names[kind].lock(locked)

    def _backbones(self) -> dict[str, str]:
        return backbones_for(self.chosen["pretext"], self.data, self.chosen["backbone"])

    def _picked(self, kind: str) -> None:
        menu = self.menus[kind]
        if isinstance(menu.value, Heading):  # an arrow key steps over it
            names = [value for _, value in menu.options]
            menu.value = landed_on(names, menu.index,
                                   names.index(self.chosen[kind]) if self.chosen[kind] in names else 0)
        elif isinstance(menu.value, ByName):
            self.names[kind].ask(menu.value)
        elif menu.value is not None and menu.value != self.chosen[kind]:
            self._chose(kind, menu.value)
        elif self.names[kind].asked:  # back from a family
            self.names[kind].asked = None
            self.names[kind].follow(self.chosen[kind])

    def _fill(self) -> None:
        rules = []
        for kind, menu in self.menus.items():
            found = entries(contracts()[kind].all(), self.reasons[kind], DEFAULTS[kind])
            found += families(self.names[kind].families)
            options = tuple((entry.label, entry.value) for entry in found)
            if menu.options != options:
                menu.options = options
            w.put(menu, value=self.names[kind].asked or self.chosen[kind])
            self.names[kind].follow(self.chosen[kind])
            rules += [f".sslb-{kind} option:nth-child({i + 1}) {{ {entry.style} }}"
                      for i, entry in enumerate(found) if entry.style]
            self._describe(kind)
        w.put(self.colors, value=f"<style>{' '.join(rules)}</style>")

    def _describe(self, kind: str) -> None:
        """What the chosen one is, below its menu; on hover the whole of it, as a narrow page cuts it off, and
        its source."""
        source = self.data.cite() if kind == "data" and self.data else ""
        said = summary(kind, self.chosen[kind])
        whole = w.escape(f"{said}\n{source}".strip(), quote=True)
        w.put(self.words[kind], value=f"<span title='{whole}'>{w.escape(said)}</span>")


def summary(kind: str, name: str) -> str:
    """What a newcomer reads about the chosen one."""
    listed = contracts()[kind].all()
    return listed[name].summary() if name in listed else f"One network for each field: {name}."
