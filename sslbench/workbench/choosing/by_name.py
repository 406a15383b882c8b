"""A field for the name of what a family makes, "timm:NAME", below the menu that offers the family."""

from collections.abc import Callable

from ...catalog import Listed
from .. import widgets as w
from .entries import ByName


class NameField:
    """families: "timm:NAME" -> what makes it. Shown while a family is asked for, or one of its members is
    chosen. chose(name) is called with the whole name, "timm:resnet18", once somebody has typed it."""

    def __init__(self, kind: str, families: dict[str, type[Listed]], chose: Callable[[str], None]):
        self.families = {name.partition(":")[0]: family for name, family in families.items()}
        self._chose = chose
        self.asked: ByName | None = None  # the family that somebody picked and has named nothing of yet
        self.says = w.html("", "meaning")
        self.text = w.text("", "type a name and press Enter", f"name-{kind}")
        self.widget = w.show(w.column([self.says, self.text], "own"), False)
        self._family, self._filling = "", False
        w.listen(self.text, self._typed)

    def ask(self, family: ByName) -> None:
        self.asked = family
        self.follow("")

    def follow(self, chosen: str) -> None:
        """Say what is chosen, or wait for a name of the family that is asked for."""
        prefix, _, name = chosen.partition(":")
        self._family = self.asked.family if self.asked else prefix if prefix in self.families else ""
        w.show(self.widget, bool(self._family))
        if self._family:
            w.put(self.says, value=w.escape(self.families[self._family].summary()))
        if not self.asked:
            self._filling = True
            w.put(self.text, value=name if self._family else "")
            self._filling = False

    def lock(self, locked: bool) -> None:
        w.put(self.text, disabled=locked)

    def _typed(self) -> None:
        name = self.text.value.strip()
        if name and not self._filling:
            self._chose(f"{self._family}:{name.removeprefix(f'{self._family}:')}")
