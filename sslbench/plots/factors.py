"""What became of each factor in a run: gained, kept or thrown away beside the untrained network, and the run
before beside it. As a chart and in one sentence."""

from ..probes import by_chance, parsed
from .axes import empty, legend, plain
from .charts import beside_bars, drawn_at, keys_of, probe_rows, words_for
from .colors import BLUE, INK, ORANGE, RED, SMALL
from .words import counts

GAINED, KEPT, LOST, NEVER = "gained", "kept", "thrown away", "not there"
COLOR = {GAINED: BLUE, KEPT: INK, LOST: RED, NEVER: INK}
BEFORE = "the run before"


def factor_rows(evaluations, before=()) -> list[dict]:
    """One row for the label and one for each factor: {"name", "trained", "fate", and what stands beside it:
    chance, raw, untrained}; "before" is the score of another run of the same data."""
    rows, seen, counted = [], set(), counts(evaluations)
    earlier = {row["name"]: row["trained"] for row in probe_rows(before)}
    for row in probe_rows(evaluations):
        probe, factor = parsed(row["name"])
        if factor in seen or (probe is not None and probe.reads == ("pairs",)):
            continue
        seen.add(factor)
        known = {"before": earlier[row["name"]]} if row["name"] in earlier else {}
        rows.append({**{k: v for k, v in row.items() if k != "interval"}, **known,
                     "fate": fate(row, counted.get(row["name"], 0))})
    return rows


def fate(row: dict, samples: int) -> str:
    """What training did with it, beside the untrained network; what chance may do is neither gain nor
    loss."""
    name, score, first = row["name"], row["trained"], row.get("untrained")
    chance = row.get("chance", 0.0)
    nothing = chance + by_chance(name, max(score, 0.0), max(chance, 0.0), samples)
    if first is None:
        return KEPT if score > nothing else NEVER
    margin = by_chance(name, score, first, samples)
    if max(score, first) <= nothing:
        return NEVER
    return GAINED if score > first + margin else LOST if score < first - margin else KEPT


def sentence(rows: list[dict]) -> str:
    """What was gained, kept and thrown away, and what differs most from the run before."""
    if not rows:
        return "There are no labels to probe."
    said = []
    for word in (GAINED, KEPT, LOST, NEVER):
        names = [called(row, word) for row in rows if row["fate"] == word]
        if names:
            said.append(f"{word[0].upper()}{word[1:]}: {', '.join(names)}.")
    both = [row for row in rows if "before" in row]
    if both:
        most = max(both, key=lambda row: abs(row["trained"] - row["before"]))
        said.append(f"Beside the run before, {words_for(most['name'])} differs most: {most['trained']:z.2f}, "
                    f"it was {most['before']:z.2f}.")
    return " ".join(said)


def called(row: dict, word: str) -> str:
    """The name of a factor, and by how much it changed."""
    change = row["trained"] - row["untrained"] if "untrained" in row and word in (GAINED, LOST) else None
    return words_for(row["name"]) + ("" if change is None else f" {change:+z.2f}")


def bars(axes, rows: list[dict], height: float) -> None:
    """A bar for what this run tells of each factor, a narrow one for the run before, a mark for each
    baseline, and what became of it."""
    if not rows:
        return empty(axes, "no labels, so there are no factors to read")
    plain(axes, "accuracy, or R² of a quantity; gained and thrown away: beside the untrained network", "", "")
    both = any("before" in row for row in rows)
    axes.barh([i - 0.14 * both for i in range(len(rows))], [drawn_at(row["trained"]) for row in rows],
              height=0.42 if both else 0.5, color=BLUE, alpha=0.85, zorder=1)
    known = [(i + 0.24, drawn_at(row["before"])) for i, row in enumerate(rows) if "before" in row]
    if known:
        axes.barh(*zip(*known), height=0.26, color="white", edgecolor=ORANGE, hatch="/////", lw=0.8, zorder=1)
    beside_bars(axes, rows, baselines(rows)[1:])
    for i, row in enumerate(rows):
        axes.text(1.1, i, row["fate"], color=COLOR[row["fate"]], fontsize=SMALL, va="center",
                  parse_math=False)
    legend(axes, keys(rows), height)


def baselines(rows: list[dict]) -> list[tuple[str, str, str]]:
    """Name, mark and colour of the network and of each baseline."""
    return keys_of([{k: v for k, v in row.items() if k not in ("before", "fate")} for row in rows])


def keys(rows: list[dict]) -> list[tuple[str, str, str]]:
    """Those of the legend: the bars, then the baselines."""
    (_, *bar), *others = baselines(rows)
    both = any("before" in row for row in rows)
    return [("this run", *bar), *([(BEFORE, "s", ORANGE)] if both else []), *others]
