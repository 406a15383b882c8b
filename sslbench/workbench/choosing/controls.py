"""One hyperparameter, one control: it says exactly what it was given until somebody touches it."""

import math
from collections.abc import Callable

from ...catalog import Hyperparameter
from .. import widgets as w

FEW = 5000  # whole numbers that a slider can tell apart
SMALLEST = 1e-6  # where a slider in powers of ten begins when 0 is allowed; its lower end then means 0


class Control:
    """A checkbox, a menu or a text field. changed() is called when the value becomes another."""

    def __init__(self, h: Hyperparameter, value, changed: Callable[[], None]):
        if h.type is bool:
            self.widget = w.box(bool(value))
        elif h.choices:
            self.widget = w.menu(list(h.choices), "choice-of")
            self.widget.value = value if value in h.choices else h.choices[0]
        else:
            self.widget = w.text("" if value is None else str(value), h.meaning)
        w.listen(self.widget, changed)

    @property
    def value(self):
        return self.widget.value

    @value.setter
    def value(self, value) -> None:
        self.widget.value = value

    def lock(self, locked: bool) -> None:
        w.put(self.widget, disabled=locked)

    def live(self) -> None:
        """It says what it is set to at once; a slider only after `live`."""


class Number:
    """A number as text, exact, and a slider to move it by where it has a range. What is no number stays as it
    was typed: the recipe's own check says what is wrong with it."""

    def __init__(self, h: Hyperparameter, value, changed: Callable[[], None]):
        self._h, self._value, self._changed = h, value, changed
        self.text = w.text(written(value), "", "exact")
        self.slider = slider_for(h)
        self._place()
        w.listen(self.text, self._typed)
        parts = [self.text] if self.slider is None else [w.listen(self.slider, self._slid), self.text]
        self.widget = w.row(parts, "number-of")

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value) -> None:
        if value == self._value and type(value) is type(self._value):
            return
        self._value = value
        w.put(self.text, value=written(value))
        self._place()
        self._changed()

    def lock(self, locked: bool) -> None:
        for part in filter(None, (self.text, self.slider)):
            w.put(part, disabled=locked)

    def live(self) -> None:
        """The slider says where it is while it is moved, not only when it is let go."""
        if self.slider is not None:
            w.put(self.slider, continuous_update=True)

    def _typed(self) -> None:
        if self.text.value != written(self._value):
            self.value = number_in(self.text.value, self._h.type)

    def _slid(self) -> None:
        if not math.isclose(self.slider.value, self._where(), rel_tol=1e-9, abs_tol=1e-12):
            low = SMALLEST if logarithmic(self._h) else self._h.low
            self.value = (self._h.low if math.isclose(self.slider.value, low, rel_tol=1e-6)
                          else rounded(self.slider.value, self._h.type))

    def _place(self) -> None:
        if self.slider is not None:
            w.put(self.slider, value=self._where())

    def _where(self) -> float:
        """Where the slider stands: at the value, or at the nearer end of its range."""
        low = max(self._h.low, SMALLEST) if logarithmic(self._h) else self._h.low
        value = self._value if isinstance(self._value, (int, float)) else low
        return min(max(value, low), self._h.high)


def control(h: Hyperparameter, value, changed: Callable[[], None]) -> Control | Number:
    """The control that a hyperparameter asks for, set to `value`."""
    kind = Number if h.type in (int, float) and not h.choices else Control
    return kind(h, value, changed)


def slider_for(h: Hyperparameter):
    """None where the range is open, or has more whole numbers than a slider has places."""
    if h.low is None or h.high is None or (h.type is int and h.high - h.low > FEW):
        return None
    return w.slider(max(h.low, SMALLEST) if logarithmic(h) else h.low, h.high, h.type is int, logarithmic(h))


def logarithmic(h: Hyperparameter) -> bool:
    return h.log and h.type is float


def rounded(value: float, type_: type):
    """Sliders give 0.30000000000000004; a person meant 0.3."""
    return float(f"{value:.4g}") if type_ is float else int(value)


def number_in(words: str, type_: type):
    """The number that somebody typed, "1e-3" or "0,5" or "10_000" or "1e4"; the words where they are none."""
    try:
        number = float(words.strip().replace(",", "."))
    except ValueError:
        return words
    return number if type_ is float else int(number) if number.is_integer() else words


def written(value) -> str:
    """The shortest words that give exactly this number back."""
    if isinstance(value, float) and value == value and abs(value) != math.inf:
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return "" if value is None else str(value)
