"""A run to look at: what a finished, stopped or recorded training left behind."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from torch import Tensor

from . import evaluate, verdict
from .backbones import Backbone
from .data import Data
from .engine import Checkpoint, Done, Evaluation, Event, Step
from .hardware import Hardware
from .pretexts import Pretext
from .probes import of_labels, parsed
from .recipe import Recipe, read_weights
from .runs import last_checkpoint, read_recipe, replay


class Run:
    """The events of one run as they came, and the trained network."""

    def __init__(self, recipe: Recipe, folder: str | Path | None = None):
        self.recipe, self.folder = recipe, folder
        self.steps: list[Step] = []
        self.evaluations: list[Evaluation] = []
        self.done: Done | None = None
        self.weights: dict[str, Tensor] | None = None  # after the last checkpoint
        self.beside: dict[str, dict[str, float]] = {}  # further baselines that somebody asked for

    @classmethod
    def collect(cls, recipe: Recipe, events: Iterator[Event], folder: str | Path | None = None) -> "Run":
        """Exhaust the events and keep them."""
        run = cls(recipe, folder)
        for event in events:
            run.add(event)
        return run

    def add(self, event: Event) -> None:
        if isinstance(event, Step):
            self.steps.append(event)
        elif isinstance(event, Evaluation):
            self.evaluations.append(event)
        elif isinstance(event, Checkpoint):
            self.weights = {name: w.detach().cpu().clone() for name, w in event.state["task"].items()}
        else:
            self.done = event

    @property
    def step(self) -> int:
        """Steps done."""
        return self.steps[-1].step if self.steps else 0

    @property
    def seconds(self) -> float:
        """Seconds of training, evaluation not counted."""
        return self.steps[-1].seconds if self.steps else 0.0

    @property
    def history(self) -> list[dict[str, float]]:
        """One row per step: step, loss and what else the task reports."""
        return [{"step": e.step, **e.scalars} for e in self.steps if e.scalars]

    @property
    def final(self) -> Evaluation | None:
        """The evaluation on the test split, or the last one there is."""
        return self.evaluations[-1] if self.evaluations else None

    @property
    def scores(self) -> dict[str, float]:
        """Scores on the test split (validation while unfinished); the geometry of the last embedding beside them."""
        return {name: value for e in self.evaluations[-2:] for name, value in e.scores.items()}

    @property
    def baselines(self) -> dict[str, dict[str, float]]:
        """chance, raw input, untrained, on the same split as the scores; and what somebody put beside them."""
        if not self.evaluations:
            return self.beside
        first, last = self.evaluations[0], self.evaluations[-1]
        own = last.baselines if last.split == "test" else {**first.baselines, "untrained": first.scores}
        return {**own, **self.beside}

    @property
    def chance_loss(self) -> float | None:
        return next((e.chance_loss for e in self.evaluations if e.chance_loss is not None), None)

    @property
    def verdict(self) -> str:
        """What was learned, in plain words."""
        return verdict.verdict([e.scalars["loss"] for e in self.steps if e.scalars], self.chance_loss, self.evaluations)

    @cached_property
    def data(self) -> Data:
        return self.recipe.make_data()

    @cached_property
    def task(self) -> Pretext:
        """The pretext task with the trained weights, in evaluation mode, on the CPU."""
        _, task = self.recipe.build()
        if self.weights is None:
            raise ValueError("this run has no weights yet: it stopped before its first checkpoint")
        task.load_state_dict(self.weights)
        return task.eval()

    @property
    def backbone(self) -> Backbone:
        """The trained backbone: a plain nn.Module that reads a batch (dict of tensors) and returns tokens [B, N, D]."""
        return self.task.backbone

    def embed(self, split: str = "test", most: int = 10_000) -> tuple[Tensor, dict[str, Tensor]]:
        """Embeddings [n, D] and labels of at most `most` samples of "train", "validation" or "test"."""
        rows = evaluate.read(self.data, split, most)
        return evaluate.embed(self.task, self.data, rows, Hardware("cpu")), rows.labels

    def show(self):
        """Loss, scores beside the baselines, and the task's pictures as one matplotlib Figure."""
        from .plots import overview

        return overview(self)

    def __repr__(self) -> str:
        r = self.recipe
        said = ", ".join(f"{name} {self.scores[name]:.3f}" for name in of_labels(self.scores) if not parsed(name)[1])
        return f"Run({r.pretext} on {r.data} with {r.backbone}: {self.step}/{r.steps} steps, {self.seconds:.0f} s{', ' * bool(said)}{said})"


def load_run(folder: str | Path) -> Run:
    """A recorded run from its folder; finished or not. Its `backbone` is the trained nn.Module."""
    run, path = Run.collect(read_recipe(folder), replay(folder), folder), Path(folder, "weights.safetensors")
    if path.exists():
        run.weights = read_weights(path)
    elif list(Path(folder).glob("checkpoint-*")):
        run.weights = last_checkpoint(folder)["task"]
    return run
