"""What a pretext task shows of a few samples: rows of them with a role each, words about each, a matrix.
Plots draw it.

Plain tuples, so that a run folder holds them as they are; `as_shown` reads them back, and what older runs and
dicts hold.
"""

from typing import Any, NamedTuple

from torch import Tensor

from .field import Batch

ROLES = ("seen", "truth", "guess")
JUDGED = ("right", "agree")
OLD_ROLES = {"original": "truth", "sample": "truth", "rebuilt": "guess", "fills in": "guess",
             # by the titles of runs that were recorded without roles
             "each part guessed from what comes before it": "guess"}


class Row(NamedTuple):
    """Samples beside each other, of the field's size or smaller.

    role: "seen" is what the network reads, "truth" what it should have said (or read, where it reads all),
    "guess" what it said.
    """

    title: str
    batch: Batch
    role: str = "seen"


class Says(NamedTuple):
    """What is said about each sample of the row above. right: whether each of it is right, None where nothing
    can be judged. judged: what that means: "right", a truth is known; "agree", the row above it says the
    same, which a network that always says the same does too."""

    words: list[str]
    right: list[bool | None] | None = None
    judged: str = "right"


class Matrix(NamedTuple):
    """A number for every pair of samples [B, B], such as how similar they are."""

    title: str
    values: Tensor


Shown = list[Row | Says | Matrix]


def as_shown(shown: Any) -> Shown:
    """What Pretext.show returned, or what a run folder gave back of it, as these tuples; a dict from titles
    to batches, square tensors and lists of words counts too. TypeError when it is none of these."""
    if isinstance(shown, dict):
        return [item_of(title, value) for title, value in shown.items()]
    if not isinstance(shown, (list, tuple)):
        raise TypeError(f"show() returns a list of Row, Says and Matrix, not {type(shown).__name__}")
    return [checked(item) if isinstance(item, (Row, Says, Matrix)) else item_of(*item) for item in shown]


def item_of(first: Any, second: Any = None, third: Any = None) -> Row | Says | Matrix:
    """The tuple that these entries are of; a run that was recorded without roles has right and wrong at the
    end of the words."""
    if isinstance(second, Tensor):
        return Matrix(first, second)
    if isinstance(second, dict):
        return checked(Row(first, second, third or OLD_ROLES.get(first, "seen")))
    if isinstance(first, str) and isinstance(second, list):
        return checked(Says([str(line).rstrip(" ✓✗") for line in second],
                            [{"✓": True, "✗": False}.get(line[-1:]) for line in second]))
    return checked(Says(first, second, third or "right"))


def checked(item: Row | Says | Matrix) -> Row | Says | Matrix:
    if isinstance(item, Row) and item.role not in ROLES:
        raise TypeError(f"the role of a row is one of {', '.join(ROLES)}, not {item.role!r}")
    if (isinstance(item, Says)
        and not (isinstance(item.words, list) and all(isinstance(line, str) for line in item.words))):
        raise TypeError("what is said is a list of words, one for each sample")
    if isinstance(item, Says) and item.judged not in JUDGED:
        raise TypeError(f"what is said is judged as one of {', '.join(JUDGED)}, not {item.judged!r}")
    return item
