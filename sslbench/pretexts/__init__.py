"""The Pretext contract: the question a network learns by. One file per task; labels get to those alone that
say so."""

import inspect
from collections.abc import Iterable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from ..backbones import Backbone, evaluating
from ..catalog import Hyperparameter, Listed
from ..data import Data, rand, randint
from ..field import Batch, Field, resample, size_of
from ..shown import Matrix, Row, Says, Shown

ORDER = "a pretext task takes (backbone, data), in this order"


class Pretext(nn.Module, Listed):
    """A question that data can answer about itself. It holds the backbone that learns and asks `data` for
    views.

        class Backwards(sslbench.Pretext):
            "Guess whether each sample is shown backwards."

            def __init__(self, backbone, data):
                super().__init__(backbone, data)
                self.classify = torch.nn.Linear(backbone.dim, 2)

            def inputs(self, batch, generator):
                ((name, x),) = self.own(batch).items()
                turned = torch.rand(len(x), generator=generator).round().long()  # [B]
                return {name: torch.where(turned.view(-1, 1, 1) == 1, x.flip(-1), x)}, turned

            def forward(self, inputs):
                batch, turned = inputs
                return {"loss": torch.nn.functional.cross_entropy(self.classify(self.embed(batch)), turned)}

        sslbench.fit(sslbench.Recipe(data="waves", pretext="backwards", steps=20), progress=False)
    """

    kind = "pretext task"
    reads_labels = False  # the label is a field of its data, "label"; nobody else's data has it
    # its chance level is that of unrelated directions; heads that see nothing may find a lower one
    chance_is_a_direction = False
    shows = 8  # how many samples `show` gets
    reads_unlabelled = False  # with a share of the labels: the other samples stay, their label is absent

    def __init__(self, backbone: Backbone, data: Data):
        super().__init__()
        if isinstance(backbone, Data) or isinstance(data, nn.Module):
            raise TypeError(f"{type(self).__name__}: {ORDER}")
        self.backbone, self.data, self.fields = backbone, data, self.reads(data)

    @classmethod
    def made(cls, backbone: Backbone, data: Data, **hyperparameters) -> "Pretext":
        """The task; TypeError in one line where its class has the first two arguments the other way round."""
        try:
            return cls(backbone, data, **hyperparameters)
        except Exception as error:
            names = list(inspect.signature(cls.__init__).parameters)[1:3]
            if names[:1] == ["data"] or names[1:] == ["backbone"]:
                raise TypeError(f"{cls.__name__}: {ORDER}, and its __init__ takes "
                                f"({', '.join(names)})") from error
            raise

    @classmethod
    def incompatible(cls, backbone: type[Backbone], data: Data) -> str:
        """Why this task does not fit, and what would, in one phrase; or ""."""
        return ""

    @classmethod
    def reads(cls, data: Data) -> dict[str, Field]:
        """The fields that the backbone reads: all but the label, unless one of them is the target."""
        return {name: field for name, field in data.fields.items() if name != data.label_field}

    def own(self, batch: Batch) -> Batch:
        """The fields of a batch that the backbone reads."""
        return {name: batch[name] for name in self.fields if name in batch}

    def inputs(self, batch: Batch, generator: Generator) -> Any:
        """Views, masks, negatives: all the randomness of a step. Runs outside autocast and compile, without
        gradient.
        batch has every field of the data; what the task asks about is `own(batch)`."""
        return self.own(batch)

    def forward(self, inputs) -> dict[str, Tensor]:
        """Scalars of one step: "loss" is minimised, the rest is plotted. Deterministic given inputs; losses
        in float32."""
        raise NotImplementedError

    def after_step(self, progress: float) -> None:
        """Teachers, queues and centres move here, from gathered values; progress runs from 0 to 1."""

    def before_epoch(self, batches: Iterable[Batch]) -> None:
        """Called before the first step of every pass over the training rows, for pseudo-labels. batches: all
        of these rows as they are, in order, once or more often; of several processes each gets its share, of
        the same size, and `gather` joins them. Runs in evaluation mode, outside autocast, without gradient,
        with the same random numbers in every process. What is kept must be a parameter or a buffer: a run
        that is resumed within an epoch does not come here again."""

    def encode(self, batch: Batch) -> Tensor:
        """Tokens [B, N, D] as probes and fine-tuning read them, differentiable."""
        return self.backbone(batch, self.backbone.one_way)

    def embed(self, batch: Batch) -> Tensor:
        """One vector per sample [B, D], differentiable."""
        return self.backbone.embed(batch)

    def attention(self, batch: Batch) -> list[Tensor]:
        """The attention weights of every layer on what `embed` reads, as Backbone.attention gives them."""
        return self.backbone.attention(batch)

    def chance(self, inputs) -> float | None:
        """The loss of a guess that knows nothing of the sample; None where there is no such number. No
        collectives."""
        return None

    def show(self, inputs) -> Shown:
        """What the task sees, its target and its guess: rows of samples with roles (`Row`), words about each
        sample (`Says`) and a matrix (`Matrix`). No figures, no collectives; nothing that `forward` keeps for
        `after_step` is touched."""
        return []


__all__ = ["Backbone", "Batch", "Data", "Field", "Generator", "Hyperparameter", "Matrix", "Pretext", "Row",
           "Says", "Shown", "Tensor",
           "evaluating", "nn", "rand", "randint", "resample", "size_of", "torch"]
