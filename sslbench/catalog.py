"""How a class gets listed: it exists. Its hyperparameters are read from its signature, where they are written
once.

    class Rotation(Pretext):
        "Guess by how many quarter turns the image was rotated."
        def __init__(self, backbone, data, *,
                     hidden: Annotated[int, Hyperparameter("width", 16, 512)] = 128): ...

This file imports nothing heavy: `import sslbench` must stay fast.
"""

import difflib
import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePath
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from .messages import MOST, limits, named, quoted
from .table import Table

LONGEST = 10_000  # characters of a text in a recipe


@dataclass(frozen=True)
class Hyperparameter:
    """The meaning of one keyword-only argument, its range (inclusive) or choices; menus and flags come from
    it. ValueError in one line where a value is of another type or out of range.

        class Doubled(sslbench.Backbone):
            def __init__(self, fields, *, width: Annotated[int, Hyperparameter("channels", 8, 256)] = 32): ...

        Doubled.hyperparameters()["width"].high
    """

    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple = ()
    log: bool = False  # the slider moves in powers of ten
    default: Any = None  # this and type are read from the signature
    type: type = float
    augments: bool = False  # of data: how views are changed, not what is loaded

    def check(self, where: str, value):
        """`value` as the declared type; ValueError in one line when it is of another type or out of range."""
        try:
            value = converted(value, self.type)
        except (TypeError, ValueError, KeyError, OverflowError):
            raise ValueError(
                f"{where} must be {self.type.__name__} ({self.meaning}), not {quoted(value)}") from None
        if self.choices and value not in self.choices:
            raise ValueError(f"{where} must be one of {', '.join(map(str, self.choices))}, not "
                             f"{quoted(value)}")
        low = -float("inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        if self.type in (int, float) and not (low <= value <= high and abs(value) < float("inf")):
            raise ValueError(f"{where} must {limits(low, high)} ({self.meaning}), not {quoted(value)}")
        return value


def converted(value, type_: type):
    """`value` as a bool, int, float or str when nothing is lost by it; TypeError, ValueError, KeyError or
    OverflowError otherwise."""
    value = plain(value)
    if type_ is bool:
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        return words[value.lower()] if isinstance(value, str) else {True: True, False: False}[value]
    if type_ in (int, float):
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise TypeError
        if type_ is int and isinstance(value, float) and value != int(value):
            raise ValueError
    elif type_ is str:
        if not isinstance(value, (str, int)) or isinstance(value, bool) or len(str(value)) > LONGEST:
            raise TypeError
    return type_(value)


def plain(value):
    """NumPy's and torch's single numbers as Python's, a path as its text; the rest as it is."""
    if isinstance(value, PurePath):
        return str(value)
    if type(value).__module__.split(".")[0] in ("numpy", "torch") and getattr(value, "ndim", None) == 0:
        return value.item()
    return value


def annotated(what) -> dict[str, Hyperparameter]:
    """Arguments of a function or entries of a class that are Annotated[type, Hyperparameter(...)], by
    name."""
    found = {}
    for name, hint in get_type_hints(what, include_extras=True).items():
        if get_origin(hint) is Annotated:
            type_, declared = get_args(hint)[:2]
            found[name] = replace(declared, type=type_)
    return found


def nearest(what: str, name: str, names) -> str:
    """One line that says `name` is unknown, with the nearest match."""
    names = sorted(names)
    close = difflib.get_close_matches(str(name)[:MOST], names, 1, 0.5) if isinstance(name, str) else []
    hint = f"did you mean {close[0]!r}? " if close else ""
    return (f"no {what} is called {quoted(name)}; {hint}there {'are' if len(names) != 1 else 'is'}: "
            f"{named(names)}")


class Listed:
    """Mixin of the three contracts. Each direct heir (Data, Backbone, Pretext) keeps a catalogue: name ->
    class."""

    name = ""
    paper = ""  # address of the source
    kind = ""
    group = ""  # its heading in menus and lists: the folder of its file; a class may say another
    catalogue: dict[str, type]
    # prefix -> class that makes others by name: "torchvision" the one called "torchvision:convnext_tiny"
    families: dict[str, type]

    def __init_subclass__(cls, listed=True, family="", **rest):
        super().__init_subclass__(**rest)
        if Listed in cls.__bases__:
            cls.catalogue, cls.families = {}, {}
        elif family:
            cls.name, cls.group = family, cls._folder()
            cls.families[family] = cls
        elif listed:
            cls.name = (cls.__dict__.get("name")
                        or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower())
            cls.group = cls.__dict__.get("group") or cls._folder() or cls.group
            cls.catalogue[cls.name] = cls

    @classmethod
    def all(cls) -> dict[str, type]:
        """Every listed class of this kind by name; the kind's own package is imported on the first call."""
        import_once(cls._contract().__module__)
        return dict(sorted(cls.catalogue.items()))

    @classmethod
    def all_families(cls) -> dict[str, type]:
        """What makes classes by name, as it stands in lists: "torchvision:NAME" -> family."""
        cls.all()
        return {f"{prefix}:NAME": family for prefix, family in sorted(cls.families.items())}

    @classmethod
    def find(cls, name: str) -> type:
        """The class called `name`, or made by the family before a colon; ValueError naming the nearest match
        when there is none."""
        if isinstance(name, str) and name not in cls.catalogue:
            import_all(cls._contract().__module__)  # also a file that is younger than this process
            prefix, colon, member = name.partition(":")
            if colon and prefix in cls.families:
                return cls.families[prefix].member(member)
        if not isinstance(name, str) or name not in cls.catalogue:
            raise ValueError(nearest(cls.kind, name, cls.catalogue))
        return cls.catalogue[name]

    @classmethod
    def member(cls, name: str) -> type:
        """Of a family: the class called "family:name", listed from then on. ValueError in one line where
        there is no such thing, or where the package that has it is not installed."""
        raise NotImplementedError

    @classmethod
    def hyperparameters(cls) -> dict[str, Hyperparameter]:
        """Keyword-only arguments of the constructor, by name."""
        arguments = inspect.signature(cls.__init__).parameters
        return {name: replace(h, default=arguments[name].default)
                for name, h in annotated(cls.__init__).items()
                if arguments[name].kind is inspect.Parameter.KEYWORD_ONLY}

    @classmethod
    def checked(cls, given: dict) -> dict:
        """`given` hyperparameters, converted; ValueError for an unknown name or a value out of range."""
        known = cls.hyperparameters()
        for name in given:
            if name not in known:
                raise ValueError(nearest(f"hyperparameter of {cls.name}", name, known))
        return {name: known[name].check(f"{cls.kind_key()}.{name}", value) for name, value in given.items()}

    @classmethod
    def kind_key(cls) -> str:
        """data, backbone or pretext: the word the command line and a recipe use."""
        return cls._contract().__name__.lower()

    @classmethod
    def _contract(cls) -> type:
        """The direct heir of Listed: Data, Backbone or Pretext."""
        return next(c for c in cls.__mro__ if Listed in c.__bases__)

    @classmethod
    def _folder(cls) -> str:
        """The folder of its file inside the package of its kind; "yours" for a class of somebody's own."""
        package = cls._contract().__module__
        if cls.__module__.split(".")[0] != package.split(".")[0]:
            return "yours"
        inside = cls.__module__.removeprefix(f"{package}.").split(".")
        return inside[0] if len(inside) > 1 else ""

    @classmethod
    def downloads(cls) -> str:
        """The size of what would have to be downloaded now, "31 MB"; "" where it is on this machine, or made
        on it."""
        return ""

    @classmethod
    def summary(cls) -> str:
        """How the docstring begins, up to a line that ends a sentence: what a newcomer reads in the menu."""
        first = (inspect.getdoc(cls) or "").split("\n\n")[0].split("\n")
        ends = next((i for i, line in enumerate(first, 1) if line.endswith(".")), len(first))
        return " ".join(first[:ends])


def contracts() -> dict[str, type]:
    """The three kinds of listed class: data, pretext, backbone."""
    return {key: getattr(importlib.import_module(f"sslbench.{folder}"), key.capitalize())
            for key, folder in (("data", "data"), ("pretext", "pretexts"), ("backbone", "backbones"))}


def import_all(package: str) -> None:
    """Import every module of a package."""
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        importlib.import_module(module.name)


# looking into folders gives the interpreter away, file by file, to whoever computes: seconds
import_once = cache(import_all)


def catalog(kind: str | None = None) -> Table:
    """What there is: every data source, pretext task and backbone, one row each (kind, name, summary, paper).

    kind: "data", "pretext" or "backbone" for one of them. Classes typed in a notebook cell are listed too.
    ValueError for another kind.

        catalog("pretext")
    """
    known = contracts()
    if kind is not None and kind not in known:
        raise ValueError(nearest("kind", kind, known))
    return Table({"kind": key, "name": name, "what": c.summary(), "paper": c.paper}
                 for key, contract in known.items() if kind in (None, key)
                 for name, c in (contract.all() | contract.all_families()).items())
