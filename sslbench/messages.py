"""What somebody gave, as it stands in a message: short, and on one line whatever it holds."""

import linecache
import reprlib
import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path

MOST = 80  # characters of a value
LINE = 600  # characters of a whole message
PACKAGE = str(Path(__file__).parent)
LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class Short(reprlib.Repr):
    """repr that never builds more than it shows: a name of 100 MB and a list of a million entries take no
    time."""

    def __init__(self):
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = MOST
        self.maxlevel, self.maxdict, self.maxlist, self.maxtuple, self.maxset = 2, 3, 4, 4, 4

    def repr_int(self, x, level):  # Python refuses to write numbers of more than 4300 digits
        return (super().repr_int(x, level) if x.bit_length() < 4000 else "a whole number of "
                                                                         f"{x.bit_length()} bits")

    def repr_bytes(self, x, level):
        return repr(x[:MOST])

    repr_bytearray = repr_bytes

    def repr_Tensor(self, x, level):
        return f"an array of shape {tuple(x.shape)}" if x.ndim else repr(x.item())

    repr_ndarray = repr_Tensor


_short = Short()


def quoted(value, most: int = MOST) -> str:
    """repr(value) on one line and of at most `most` characters; control characters are escaped."""
    return one_line(_short.repr(value), most)


def one_line(text: str, most: int = LINE) -> str:
    """The text on one line, at most `most` characters of it, its middle left out; what cannot be printed is
    escaped."""
    if len(text) > most:
        text = f"{text[:most * 2 // 3]} ... {text[-(most // 3 - 5):]}"
    text = " ".join(text.split())
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def printable(text: str) -> str:
    """The same where all characters can be printed; new lines, what a terminal obeys and bytes that are no
    UTF-8 are written as Python writes them."""
    return (text if text.isprintable()
            else "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))


def named(names: Iterable, most: int = 40) -> str:
    """Names after each other: "a, b, c"; of many the first ones and how many there are more."""
    names = [one_line(str(name)[:MOST]) for name in names]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more if names else "none"


def in_words(error: BaseException) -> str:
    """What an exception says, on one line; its type beside it where the message alone says little."""
    text = str(error).strip()
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror + ("" if error.filename is None else f": {quoted(error.filename)}")
    first, *more = text.splitlines() or [""]
    if first.endswith(":") and more:  # torch says below what it is
        first = f"{first} {more[0].strip()}"
    plain = (isinstance(error, (ValueError, OSError, FloatingPointError))
             and type(error).__module__ == "builtins")
    kind = type(error).__name__
    kind = f"{type(error).__module__.strip('_')}.{kind}" if kind == "Error" else kind  # csv.Error
    if isinstance(error, UnicodeError):
        return one_line(f"this is no text that can be read ({first})")
    if isinstance(error, MemoryError) or "can't allocate memory" in first or "out of memory" in first.lower():
        return one_line(f"there is not enough memory{f' ({first})' if first else ''}; take less data, a "
                        "smaller batch or network")
    if isinstance(error, RecursionError):
        return "something is nested too deeply to be read (RecursionError)"
    return one_line(first if first and (plain or type(error) is RuntimeError) else f"{kind}: {first}"
                    if first else kind)


def place(error: BaseException) -> str:
    """Where in somebody's own code, called from here, an error comes from: "Mine.forward, line 7: return
    x.dim"; "" where it comes from ours, or from what they called us from."""
    if error.__cause__ is not None and (found := place(error.__cause__)):
        return found
    inside, found = False, ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        file = code.co_filename
        if file.startswith(PACKAGE):
            inside = True
        elif inside and not (file.startswith((*LIBRARIES, "<frozen", "<string>")) or "-packages" in file):
            name = code.co_qualname.rpartition("<locals>.")[2]
            found = f"{name}, line {line}: {linecache.getline(file, line).strip()}".rstrip(": ")
    return one_line(found, 2 * MOST)


def written(limit: float) -> str:
    """A limit as a person writes it: 1000000 and 0.001, not 1e+06."""
    return f"{limit:.0f}" if float(limit).is_integer() else f"{limit:g}"


def limits(low: float, high: float) -> str:
    """ "lie between 0 and 1", "be at least 1", "be a finite number": what a number must do."""
    below, above = high < float("inf"), low > -float("inf")
    if below and above:
        return f"lie between {written(low)} and {written(high)}"
    return (f"be at least {written(low)}" if above else f"be at most {written(high)}" if below
            else "be a finite number")
