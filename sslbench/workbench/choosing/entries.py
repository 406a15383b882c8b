"""What stands in a menu: groups with headings, the default first, and last, grey, what does not fit. No
widgets."""

from dataclasses import dataclass

from ...catalog import Listed

UNFIT = "does not fit"
REASON = 72  # letters of a reason that a menu shows
GREY, HEADING = "color: #9aa0a6", "color: #80868b; font-weight: 600; font-size: 11px"


@dataclass(frozen=True)
class Heading:
    """A line of a menu that cannot be chosen."""

    words: str


@dataclass(frozen=True)
class ByName:
    """A line of a menu for all that a family makes by a name, which somebody types."""

    family: str


@dataclass(frozen=True)
class Entry:
    """One line of a menu: what it says, what it stands for, how it looks."""

    label: str
    value: str | Heading | ByName
    style: str = ""


def entries(classes: dict[str, type[Listed]], reasons: dict[str, str], default: str) -> list[Entry]:
    """The lines of a menu. reasons: name -> "" where it fits, else why not. Headings only where there are two
    groups or more."""
    groups: dict[str, list[str]] = {}
    first = classes[default].group if default in classes else ""
    for name in sorted(reasons, key=lambda name: name != default):
        cls = classes.get(name)
        groups.setdefault(UNFIT if reasons[name] else cls.group if cls else first, []).append(name)
    order = sorted(groups, key=lambda group: (group == UNFIT, group == "yours", group != first))
    headed = len([group for group in order if group != UNFIT]) > 1
    lines = []
    for group in order:
        if headed and group:
            lines.append(Entry(f"— {group} —", Heading(group), HEADING))
        lines += [Entry(labelled(name, reasons[name], classes.get(name)), name, GREY if reasons[name] else "")
                  for name in groups[group]]
    return lines


def families(found: dict[str, type[Listed]]) -> list[Entry]:
    """The last lines of a menu, one for each family."""
    return [Entry(f"{family}: by name …", ByName(family)) for family in found]


def labelled(name: str, why: str, cls: type[Listed] | None) -> str:
    """A name as a menu shows it: why it does not fit, or what choosing it would download."""
    size = cls.downloads() if cls else ""
    beside = why or (f"downloads {size}" if size else "")
    return (name if not beside
            else f"{name}  ({beside if len(beside) <= REASON else beside[:REASON - 1] + '…'})")


def landed_on(values: list, at: int, came_from: int) -> str:
    """The name that is meant by a heading: the first below it, or above it for an arrow key that comes from
    below."""
    up = came_from - at == 1
    ahead = ([*range(at, -1, -1), *range(at, len(values))]
             if up else [*range(at, len(values)), *range(at, -1, -1)])
    return next(values[i] for i in ahead if not isinstance(values[i], Heading))
