"""A run to look at: what a finished, stopped or recorded training left behind."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .. import arguments
from ..backbones import Backbone
from ..catalog import nearest
from ..data import Data
from ..messages import one_line
from ..notes import note
from ..pretexts import Pretext
from ..probes import main, parsed
from ..recipe import Recipe
from ..storage import run_folder
from ..training import evaluate
from ..training.loop import Checkpoint, Done, Evaluation, Event, Step
from . import recording, verdict
from .attribution.attention import attention
from .attribution.maps import AttributionMaps
from .attribution.occlusion import occlusion
from .confusion import Confusion, confusion_of
from .embedding import embedded, exact
from .label_curve import COUNTS, LabelCurve
from .label_points import shown
from .new_data import new_data
from .on_disk import read_recipe, replay
from .own_rows import own_batch
from .testing import keep, read_test
from .trained_task import trained_task

SPLITS = ("train", "validation", "test")
UNTRAINED = "this run has no weights yet: it stopped before its first checkpoint"


class Run:
    """The events of one run as they came, and the trained network."""

    def __init__(self, recipe: Recipe, folder: str | Path | None = None):
        self.recipe, self.folder = recipe, folder
        self.steps: list[Step] = []
        self.evaluations: list[Evaluation] = []
        self.done: Done | None = None
        self.weights: dict[str, Tensor] | None = None  # after the last checkpoint
        # what its folder says beside the recipe: precision, threads, fields, reading ...
        self.about: dict[str, Any] = {}
        self.beside: dict[str, dict[str, float]] = {}  # further baselines that somebody asked for
        self._no_weights = UNTRAINED

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
        """Scores on the test split (validation while unfinished); the geometry of the last embedding beside
        them."""
        return {name: value for e in self.evaluations[-2:] for name, value in e.scores.items()}

    @property
    def baselines(self) -> dict[str, dict[str, float]]:
        """chance, raw input, untrained, on the same split as the scores; and what somebody put beside
        them."""
        if not self.evaluations:
            return self.beside
        first, last = self.evaluations[0], self.evaluations[-1]
        own = last.baselines if last.split == "test" else {**first.baselines, "untrained": first.scores}
        return {**own, **self.beside}

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Score on the test split -> (low, high), 95 % by a bootstrap over the test samples."""
        return self.final.intervals if self.final else {}

    def test(self, probe_rows: int = evaluate.PROBE_ROWS,
             check: Callable[[], None] = lambda: None) -> Evaluation:
        """Read the test split now, where the training did not (as on the bench), and keep what it says:
        scores with intervals, baselines, the confusion matrix. probe_rows: as in train()."""
        if self.final is None or self.final.split != "test":
            arguments.whole(probe_rows, "probe_rows", 0)
            self.add(read_test(self, probe_rows, check))
            keep(self)
        return self.final

    def confusion(self) -> Confusion:
        """What the leading probe of the label takes for what on the test split: `counts`, `names`, `table`
        and `figure`. ValueError in one line where there is none."""
        return confusion_of(self)

    @property
    def chance_loss(self) -> float | None:
        return verdict.chance_of(self.evaluations)

    @property
    def verdict(self) -> str:
        """What was learned, in plain words."""
        return verdict.verdict([e.scalars["loss"] for e in self.steps if e.scalars], self.chance_loss,
                               self.evaluations)

    @property
    def reading(self) -> str:
        """What was read, in a sentence or two, as it was when the run was recorded; "" where that is not
        known."""
        said = self.about.get("reading")
        return one_line(said, 4000) if isinstance(said, str) else ""

    @cached_property
    def data(self) -> Data:
        """The data of its recipe, made anew; ValueError or OSError in one line when it is not on this
        machine."""
        return self.recipe.make_data()

    @cached_property
    def task(self) -> Pretext:
        """The pretext task with the trained weights, in evaluation mode, on the CPU. Of a recorded run it
        needs no data until something asks it for views."""
        if self.weights is None:
            raise ValueError(self._no_weights)
        return trained_task(self, self.weights)

    @property
    def backbone(self) -> Backbone:
        """The trained backbone: an nn.Module that reads a batch (field -> tensor, or the tensor of its one
        field) and returns tokens [B, N, D]; .embed(batch) gives [B, D]."""
        return self.task.backbone

    def embed(self, what: str | Any = "test", most: int = 10_000, *,
              data: Mapping[str, Any] | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        """Embeddings [n, D] float32 and labels of at most `most` samples of "train", "validation" or "test",
        or of each of them ("all", one after the other); or of your own rows, which needs no training data:
        field -> [n, ...] (or the one field alone); no labels then.

        data: other files to read, as hyperparameters of the data source: {"folder": "new"}. They are brought
        to the size and scale that the run was trained with.  Your rows of the source "series" and of arrays()
        are the numbers as the file or the array holds them, [n, C, T] or [n, C, H, W]: they are standardised
        as the training data was. Of other sources they are as the source stores them (pictures 0..255), or a
        decoded batch of floats."""
        arguments.whole(most, "most", 1)
        if isinstance(what, str) and what not in (*SPLITS, "all"):
            raise ValueError(nearest("split", what, (*SPLITS, "all")))
        task = self.task
        if isinstance(what, str):
            source = task.data if data is None else new_data(self.recipe, task.data, data)
            parts = [evaluate.read(source, split, most) for split in (SPLITS if what == "all" else (what,))]
            return (torch.cat([evaluate.embed(task, source, part, exact()) for part in parts]),
                    {name: torch.cat([part.labels[name] for part in parts]) for name in parts[0].labels})
        if data is not None:
            raise ValueError("embed() takes rows, or data to read them from, not both")
        return embedded(task, own_batch(self, what)), {}

    def occlusion(self, samples: str | Any = "validation", most: int = 6, **options) -> AttributionMaps:
        """How far the embedding moves when one place after another is hidden, [n, *grid], with any backbone;
        a figure where it is shown; as runs.attribution.occlusion."""
        return occlusion(self, samples, most, **options)

    def attention(self, samples: str | Any = "validation", most: int = 6, **options) -> AttributionMaps:
        """Where each head of a transformer's last layer looks, [n, heads, *grid]; rollout=True: all layers;
        a figure where it is shown; as runs.attribution.attention."""
        return attention(self, samples, most, **options)

    def few_labels(self, labels=COUNTS, *, progress: bool | Callable[[str], None] = True,
                   **options) -> LabelCurve:
        """Accuracy on test by labels per class, with these features and without; as few_labels(run, ...)."""
        return shown(self, progress, labels, **options)

    def show(self):
        """Loss, scores beside the baselines, and the task's pictures as one matplotlib Figure."""
        from ..plots import overview

        return overview(self)

    def __repr__(self) -> str:
        r = self.recipe
        said = ", ".join(f"{name} {self.scores[name]:.3f}"
                         for name in main(self.scores) if not parsed(name)[1])
        return (f"Run({r.pretext} on {r.data} with {r.backbone}: {self.step}/{r.steps} steps, "
                f"{self.seconds:.0f} s{', ' * bool(said)}{said})")


def load_run(folder: str | Path) -> Run:
    """A recorded run from its folder; finished or not. Its `backbone` is the trained nn.Module. What is
    damaged is left out, with a note, as long as the recipe can be read. FileNotFoundError where there is no
    run, ValueError when its recipe cannot be read.

        fit(Recipe(data="waves", steps=20), "runs/waves", progress=False)
        z, labels = load_run("runs/waves").embed("test")  # [n, D], {name: [n]}
    """
    folder = arguments.path(folder)
    for _ in range(3):
        before, run = recording.run_id(folder), loaded(folder)
        # else another run replaced it meanwhile, and this is half of each
        if recording.run_id(folder) == before:
            break
    return run


def loaded(folder: Path) -> Run:
    run = Run.collect(read_recipe(folder), replay(folder), folder)
    run.about = recording.about(folder)
    try:
        run.weights, _, lost = run_folder.weights(folder)
        if lost:
            note(f"{lost[0]}; other weights of the run are used")
    except FileNotFoundError:
        pass
    except ValueError as problem:
        run._no_weights = str(problem)
        note(str(problem))
    return run
