"""Samples of every shape, small enough to train on in milliseconds, and the catalogue's classes made small.

The classes here are not listed, so the catalogue stays what users see.
"""

from functools import cache

import pytest
import torch

from sslbench.backbones import Backbone
from sslbench.catalog import contracts
from sslbench.data import Data, Field, Labelled, rand
from sslbench.machine.hardware import gather
from sslbench.pretexts import Pretext, evaluating
from sslbench.pretexts.fits import incompatible
from sslbench.recipe import Recipe

SHAPES = {
    "series": {"signal": Field((16,), (4,), 2)},
    "padded series": {"signal": Field((16,), (4,), 2, gaps=True)},
    "text": {"text": Field((16,), (1,), vocab=11)},
    "padded text": {"text": Field((16,), (2,), vocab=11, gaps=True)},
    "image": {"image": Field((16, 16), (4, 4), 3, scale=1 / 64, offset=128)},
    "symbols on a grid": {"map": Field((8, 8), (2, 2), vocab=5)},
    "clip": {"clip": Field((4, 8, 8), (2, 4, 4), 1)},
    "states and actions": {"state": Field((8,), (1,), 3), "action": Field((8,), (1,), vocab=4)},
    "image and text": {"image": Field((16, 16), (4, 4), 3), "text": Field((8,), (1,), vocab=11)},
}
LABELLED = ("labelled text", "labelled image")
SMALL = {"transformer": {"width": 32, "depth": 1}, "gru": {"width": 32}, "small_cnn": {"width": 8},
         "mlp": {"width": 32},
         "docs": {"length": 32}}  # backbones and sources by name
# hyperparameters of any pretext task
SMALLER = {"projection_dim": 16, "queue": 64, "prototypes": 16, "clusters": 8}


class Toy(Data, listed=False):
    """Three classes of patterns in noise, of any fields; fields with gaps end early in every second
    sample."""

    name = "toy"

    def __init__(self, fields: dict[str, Field], n: int = 128, labels: bool = True):
        self.fields, self.n, self.labels, self.alike = fields, n, labels, set(fields) == {"image", "text"}

    def load(self, split):
        generator = torch.Generator().manual_seed(["train", "validation", "test"].index(split))
        y = torch.arange(self.n) % 3
        rows = {name: sampled(field, y, generator) for name, field in self.fields.items()}
        return rows, {"class": y} if self.labels else {}

    def targets(self, split):
        return {"number": torch.arange(self.n), "pairs": torch.tensor([[0, 1], [2, 5]])}

    def augment(self, batch, generator):
        size = {name: x.shape[-self.fields[name].rank:] for name, x in batch.items()}  # of windows, too
        hidden = {name: rand(generator, len(x), *size[name]) < 0.2 for name, x in batch.items()}
        return {name: self.fields[name].hide(x, hidden[name]) for name, x in batch.items()}


def sampled(field: Field, y: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Stored samples of one field [n, ...]: the class is a pattern, its strength and the noise are random."""
    n, places = len(y), torch.arange(torch.Size(field.size).numel()).view(field.size)
    y, phase = y.view(n, *[1] * field.rank), 6.28 * rand(generator, n, *[1] * field.rank) * bool(field.vocab)
    wave = torch.sin(places * (0.3 + 0.4 * y) + phase)  # [n, *size]; symbols are equally frequent everywhere
    if field.vocab:
        x = (wave + 1 + rand(generator, n, *field.size)) / 3 * field.vocab
        x = x.long().clamp(0, field.vocab - 1)
    else:
        x = wave.unsqueeze(1) + 0.3 * torch.randn(n, field.channels, *field.size, generator=generator)
        x = field.encode(x).clamp(0, 255).byte() if field.offset else x
    if field.gaps:
        x[1::2, ..., field.size[-1] * 3 // 4:] = field.vocab or torch.nan
    return x


@cache
def source(name: str) -> Data:
    """A shape of SHAPES or a listed source, held once by this process."""
    if name.startswith("labelled "):
        return Labelled(source(name.removeprefix("labelled ")))
    return Toy(SHAPES[name]) if name in SHAPES else Data.find(name)(**SMALL.get(name, {}))


@cache
def batch_of(data: Data, n: int = 8, split: str = "validation") -> dict[str, torch.Tensor]:
    """The first n samples of a split, decoded. (Validation: it is loaded faster than the training split.)"""
    rows, _ = data.loaded(split)
    return {name: data.fields[name].decode(torch.as_tensor(x[torch.arange(n)])) for name, x in rows.items()}


@cache
def first_fitting(pretext: str, data: Data) -> str:
    """The first backbone that fits, or ""."""
    names = dict.fromkeys(("small_cnn", "transformer", "gru", "mlp", *Backbone.all()))
    return next((name for name in names if not incompatible(data, Pretext.find(pretext), name)), "")


def shapes_for(pretext: str, shapes=(*SHAPES, *LABELLED)) -> list[tuple[str, str, str]]:
    """(task, backbone, shape) for every shape that this task fits, on the first backbone that does."""
    return [(pretext, backbone, shape)
            for shape in shapes if (backbone := first_fitting(pretext, source(shape)))]


def in_part(every: list, n: int = 4) -> list:
    """All of them for a parametrised test; daily every n-th alone."""
    return [pytest.param(*(value if isinstance(value, tuple) else (value,)),
                         marks=[pytest.mark.slow] if i % n else []) for i, value in enumerate(every)]


def small(cls: type) -> dict:
    """Hyperparameters that make a class of the catalogue small."""
    known = cls.hyperparameters()
    return (SMALL.get(cls.name, {})
            | {name: value for name, value in SMALLER.items() if name in known and issubclass(cls, Pretext)})


def build(pretext: type[Pretext] | str, backbone: type[Backbone] | str, data: Data, seed: int = 0,
          **given) -> Pretext:
    """A small task of that class; given: its hyperparameters."""
    pretext = Pretext.find(pretext) if isinstance(pretext, str) else pretext
    backbone = Backbone.find(backbone) if isinstance(backbone, str) else backbone
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = backbone(pretext.reads(data), **small(backbone))
        return pretext(network, data, **{**small(pretext), **given})


class PseudoLabels(Pretext, listed=False):
    """Sorts all samples by which of two directions they lie in before every pass, then tells which."""

    name = "pseudo_labels"

    def __init__(self, backbone, data):
        super().__init__(backbone, data)
        self.classify = torch.nn.Linear(backbone.dim, 2)
        self.register_buffer("mean", torch.zeros(backbone.dim))
        self.register_buffer("centers", torch.randn(2, backbone.dim))

    def before_epoch(self, batches):
        z = gather(torch.cat([self.embed(batch).float() for batch in batches]))  # [n, D]
        self.mean.copy_(z.mean(0))
        self.centers.copy_(torch.randn(2, len(z)).to(z) @ (z - self.mean))

    def inputs(self, batch, generator):
        with evaluating(self):
            return batch, ((self.embed(batch).float() - self.mean) @ self.centers.T).argmax(1)

    def forward(self, inputs):
        batch, which = inputs
        return {"loss": torch.nn.functional.cross_entropy(self.classify(self.embed(batch)).float(), which)}


@pytest.fixture
def catalogue():
    """What a test lists is gone after it."""
    before = {contract: dict(contract.all()) for contract in contracts().values()}
    yield
    for contract, classes in before.items():
        contract.catalogue.clear()
        contract.catalogue.update(classes)


def list_toy() -> Recipe:
    """List a data source "toy_series" of short series; a recipe for it."""
    class ToySeries(Toy, listed=True):
        """Short series of three classes."""

        name = "toy_series"

        def __init__(self):
            super().__init__(SHAPES["series"])

    return Recipe(data="toy_series", pretext="simclr", backbone="transformer", steps=6, batch_size=8,
                  hyperparameters={"backbone.width": 32, "backbone.depth": 1})


def list_shape(pretext: str, backbone: str, shape: str) -> Recipe:
    """List a data source "toy_shape" of that shape; a short recipe for this task and backbone on it."""
    class ToyShape(Toy, listed=True):
        """Samples of one shape."""

        name = "toy_shape"

        def __init__(self):
            super().__init__(SHAPES[shape.removeprefix("labelled ")])

    given = {f"{kind}.{name}": value
             for kind, cls in (("backbone", Backbone.find(backbone)), ("pretext", Pretext.find(pretext)))
             for name, value in small(cls).items()}
    return Recipe("toy_shape", pretext, backbone, steps=6, batch_size=16, labels=float(shape in LABELLED),
                  hyperparameters=given)


@pytest.fixture
def toy(catalogue):
    """A recipe for short series, to be changed with replace(); its data source "toy_series" is listed for
    this test."""
    return list_toy()
