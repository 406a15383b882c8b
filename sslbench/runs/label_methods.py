"""What a few labels are worth: each way to use them, scored on the test split. Nothing is chosen on it, nor
on validation: who has ten labels has none to choose on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from ..backbones.starting import from_scratch, without_start
from ..data import Data
from ..data.few_labels import FewLabelled, of_each_class
from ..data.labels import labelled
from ..data.rows import evenly
from ..field import size_of
from ..machine.hardware import Hardware
from ..machine.torch_settings import own_settings
from ..pretexts import Pretext, evaluating
from ..probes import kind_of
from ..probes.regression import apply, logistic_regression
from ..probes.scores import score_of
from ..recipe import Recipe
from ..training import evaluate
from ..training.some_rows import Split, read
from ..training.step import Training
from .label_features import Frozen
from .supervised_baseline import supervised_twin

METHODS = ("linear on SSL features", "fine-tuned from SSL weights", "supervised from scratch",
           "linear on untrained features", "linear on raw")
SSL, FINE_TUNED, SUPERVISED, UNTRAINED, RAW = METHODS
TRAINED = FINE_TUNED, SUPERVISED  # networks that take steps
FINE_TUNING = 0.25  # of the run's learning rate: weights that know something are moved less
Check = Callable[[], None]


@dataclass
class Labelling:
    """A trained network and the labels of its data.

    task: the pretext task with the trained weights.  data: its source, where no label is a field.  steps: of
    the networks that are trained on few labels."""

    recipe: Recipe
    task: Pretext
    data: Data
    steps: int
    check: Check = lambda: None
    hardware: Hardware = field(default_factory=Hardware)

    @cached_property
    def splits(self) -> dict[str, Split]:
        return {name: read(self.data, name, evaluate.full()[name]) for name in ("train", "test")}

    @cached_property
    def labels(self) -> dict[str, Tensor]:
        """Split -> the classes [n] of its rows. ValueError in one line where there are none."""
        found = {name: next(iter(split.labels.values()), None) for name, split in self.splits.items()}
        y = found["train"]
        if y is None or kind_of(y) != "classes" or not (y >= 0).any() or not (found["test"] >= 0).any():
            raise ValueError(f"{self.recipe.data} has no classes as its label, so there is nothing to count "
                             "labels of; take data whose label is a class")
        return found

    @property
    def largest(self) -> int:
        """How many labelled training rows the class has that has most."""
        y = self.labels["train"]
        return int(y[labelled(y)].bincount().max())

    def rows(self, count: int | None, draw: int) -> Tensor:
        """Which training rows have a label in this draw, by their place in the split that is read."""
        return of_each_class(self.labels["train"], count, draw)

    def score(self, method: str, count: int | None, draw: int) -> float:
        """Accuracy on test of one method with `count` labels per class (None: all)."""
        rows = self.rows(count, draw)
        if method in TRAINED:
            return self.fitted(rows, draw, method == FINE_TUNED)
        return self.linear(self.frozen[method], rows, draw)

    @cached_property
    def frozen(self) -> dict[str, Frozen]:
        trained = without_start(self.recipe).make_task(self.data)  # a copy: it may go to a GPU
        trained.load_state_dict(self.task.state_dict())
        untrained = from_scratch(self.recipe).make_task(self.data)
        return {name: Frozen(network, self.data, self.splits, self.hardware, self.check)
                for name, network in ((SSL, trained), (UNTRAINED, untrained), (RAW, None))}

    @own_settings()
    def linear(self, frozen: Frozen, rows: Tensor, draw: int) -> float:
        """Logistic regression on frozen features of the labelled samples and of views of them. The strength
        of its penalty is not chosen: 1 / labels, as scikit-learn's C = 1."""
        z, z_test = frozen.labelled(rows, draw), frozen.test
        y, y_test = (self.labels[name].to(z.device) for name in ("train", "test"))
        weights = logistic_regression(z, y[rows].repeat(len(z) // len(rows)), 1 / len(rows), check=self.check)
        return score_of(apply(z_test[y_test >= 0], weights), y_test[y_test >= 0])

    def fitted(self, rows: Tensor, draw: int, from_weights: bool) -> float:
        """The whole network trained on these labels with the source's augmentations, from the trained weights
        or from none."""
        places = evenly(size_of(self.data.loaded("train")[0]), evaluate.full()["train"])[rows]
        twin = replace(supervised_twin(self.recipe), seed=draw, steps=self.steps)
        recipe = replace(twin, lr=twin.lr * (FINE_TUNING if from_weights else 1))
        training = Training(recipe, self.hardware, FewLabelled(self.data, places, recipe.batch_size))
        if from_weights:  # and from the linear probe, else the first steps spoil them (Kumar et al. 2022)
            training.task.backbone.load_state_dict(self.task.backbone.state_dict())
            self.set_head(training.task.answer, rows, draw)
        with self.hardware.memory_kept():
            for step in range(recipe.steps):
                self.check()
                training.task.train()
                training.step(step)
        return self.judged(training.task)

    @own_settings()
    def set_head(self, head: nn.Linear, rows: Tensor, draw: int) -> None:
        """Give the head of a supervised task the weights of the linear probe, for the classes that it has."""
        frozen = self.frozen[SSL]
        z = frozen.white(frozen.views(rows, frozen.count(rows), draw).flatten(0, 1))
        y = self.labels["train"][rows].to(z.device)
        weights = logistic_regression(z, y.repeat(len(z) // len(rows)), 1 / len(rows), check=self.check)
        mean, turn = frozen.linear_map  # z = (features - mean) @ turn
        with torch.no_grad():
            own = turn @ weights[:-1]  # [D, classes]
            head.weight.zero_()[:own.shape[1]] = own.T
            head.bias.zero_()[:own.shape[1]] = weights[-1] - mean @ own

    @own_settings()
    @torch.no_grad()
    def judged(self, task: Pretext) -> float:
        """Accuracy of a supervised task on the test rows."""
        parts, y = [], self.labels["test"]
        with evaluating(task), self.hardware.autocast():
            for batch in evaluate.batches(self.data, self.splits["test"], self.hardware.device):
                self.check()
                parts.append(task.guess(batch).flatten(1).float().cpu())  # [B, classes]
        return score_of(torch.cat(parts)[y >= 0], y[y >= 0])
