"""What a tournament found: a table, the best recipe, how sure that is, and the command that trains it."""

from dataclasses import dataclass, field
from pathlib import Path

from ...catalog import Table
from ...probes import leading, parsed
from ...recipe import Recipe
from ..run import Run, load_run
from .measures import MEASURES
from .one_round import Reached
from .standing import ranked, sure


@dataclass
class Tournament:
    """The standing after the last round. seconds: that it took, side by side; test: of the winner alone."""

    folder: Path
    reached: list[Reached]
    seconds: float = 0.0
    test: dict[str, float] = field(default_factory=dict)

    @property
    def standing(self) -> list[Reached]:
        """The best first."""
        return ranked(self.reached)

    @property
    def best(self) -> Recipe:
        """The recipe of the first place. ValueError where none came to an end."""
        if not self.standing or self.standing[0].failed:
            raise ValueError(f"none of the runs in {self.folder} came to an end: "
                             f"{self.standing[0].failed if self.standing else 'there are none'}")
        return self.standing[0].recipe

    @property
    def run(self) -> Run:
        """The run of the first place, with its weights."""
        return load_run(self.standing[0].folder)

    @property
    def command(self) -> str:
        """The line that trains the winner."""
        return self.best.as_command()

    @property
    def table(self) -> Table:
        """A row for each candidate, the best first."""
        return Table(row(i, one, self.test if i == 1 else {}) for i, one in enumerate(self.standing, 1))

    @property
    def report(self) -> str:
        """Who won, how sure that is, what failed, and the command."""
        failed = [f"{one.recipe.pretext} with {one.recipe.backbone} ended early: {one.failed}."
                  for one in self.standing if one.failed]
        try:
            end = [f"Train it: {self.command}"]
        except ValueError:
            end = []
        key = leading(self.test)
        tested = [f"On test, read once and for the winner alone: {key} {self.test[key]:.3f}."] if key else []
        return "\n".join([sure(self.standing), *tested, *failed, *end])

    def __repr__(self):
        return f"{self.table}\n{self.report}"

    def _repr_html_(self):
        from html import escape

        lines = "".join(f"<p>{escape(line)}</p>" for line in self.report.split("\n"))
        return self.table._repr_html_() + lines


def row(place: int, one: Reached, test: dict[str, float]) -> dict:
    """One candidate: what it reached, by which measure."""
    said = {"": place if not one.failed else "failed", "task": one.recipe.pretext,
            "backbone": one.recipe.backbone, "rounds": one.rounds, "steps": f"{one.step}/{one.recipe.steps}",
            "seconds": round(one.seconds)}
    if one.score is None:
        return said | {name: f"{one.measures[name]:.3f}" if name in one.measures else "" for name in MEASURES}
    probe = parsed(one.key)[0]
    chance = probe().by_chance(one.score, one.samples) if probe and one.samples else 0.0
    return {**said, "score": one.key, "validation": f"{one.score:.3f} ± {chance:.3f}",
            "untrained": "" if one.untrained is None else f"{one.untrained:.3f}",
            "test": f"{test[one.key]:.3f}" if one.key in test else ""}
