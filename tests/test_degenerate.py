"""Data in which there is little or nothing to learn: a run ends in numbers, or in one line that says what is
wrong."""

import math

import pytest
import torch
from toys import SMALL, Toy, catalogue, source  # noqa: F401  fixture

from sslbench.backbones import Backbone
from sslbench.field import Field, finite
from sslbench.pretexts import Pretext
from sslbench.pretexts.fits import incompatible, misfit
from sslbench.probes import features, geometry, regression, ridge
from sslbench.probes.knn import vote
from sslbench.recipe import Recipe
from sslbench.training.loop import Evaluation, Step, train

SERIES, GAPS = {"x": Field((8,), (2,), 2)}, {"x": Field((8,), (2,), 2, gaps=True)}


class Odd(Toy, listed=False):
    """Toy samples changed by a function of (x, y), `least` of them in validation and test."""

    def __init__(self, fields, change, n=24, least=12):
        super().__init__(fields, n)
        self.change, self.least = change, least

    def load(self, split):
        rows, labels = super().load(split)
        n = self.n if split == "train" else self.least
        x, y = self.change(rows["x"][:n].clone(), labels["class"][:n].clone())
        return {"x": x}, {} if y is None else {"class": y}


def filled(value):
    return lambda x, y: (torch.full_like(x, value), y)


def with_one(value):
    def change(x, y):
        x[0, 0, 3] = value
        return x, y
    return change


def one_label(value):
    return lambda x, y: (x, torch.full_like(y, value))


def sample_of(value):
    def change(x, y):
        x[1] = value
        return x, y
    return change


ODD = {
    "constant": (SERIES, filled(1.0)), "zero": (SERIES, filled(0.0)),
    "constant and large": (SERIES, filled(3e14)),
    "nothing there": (GAPS, filled(math.nan)), "one sample not there": (GAPS, sample_of(math.nan)),
    "infinite where gaps may be": (GAPS, with_one(math.inf)),
    "a NaN": (SERIES, with_one(math.nan)), "all NaN": (SERIES, filled(math.nan)),
    "an infinity": (SERIES, with_one(math.inf)),
    "all infinite": (SERIES, filled(-math.inf)), "too large to square": (SERIES, lambda x, y: (x * 1e30, y)),
    "too small to see": (SERIES, lambda x, y: (x * 1e-38, y)),
    "one class": (SERIES, one_label(0)), "no label": (SERIES, one_label(-1)),
    "no labels": (SERIES, lambda x, y: (x, None)),
    "a label each": (SERIES, lambda x, y: (x, torch.arange(len(x)))),
    "a quantity that never changes": (SERIES, lambda x, y: (x, y * 0.0)),
    "a quantity that is nowhere": (SERIES, lambda x, y: (x, y * math.nan)),
    "a quantity without end": (SERIES, lambda x, y: (x, torch.where(y == 0, math.inf, 1e38))),
}


def ended(data, pretext="simclr", backbone="gru", batch_size=8, **options) -> str:
    """ "numbers" when every step and score is one, or the one line of the error."""
    given = {f"{kind}.{h}": v for kind, name in (("pretext", pretext), ("backbone", backbone))
             for h, v in SMALL.get(name, {}).items()}
    recipe = Recipe(pretext=pretext, backbone=backbone, steps=2, batch_size=batch_size,
                    labels=float(Pretext.find(pretext).reads_labels),
                    hyperparameters=given)
    Listed = type("Listed", (type(data),),
                  {"name": "odd", "__init__": lambda self: self.__dict__.update(vars(data))}, listed=True)
    try:
        for event in train(Recipe(**{**vars(recipe), "data": Listed.name}), device="cpu", precision="float32",
                           evaluations=1, **options):
            if isinstance(event, Step):
                assert all(map(math.isfinite, event.scalars.values()))
            if isinstance(event, Evaluation):
                for scores in (event.scores, *event.baselines.values()):
                    assert all(map(math.isfinite, scores.values())), scores
    except (ValueError, FloatingPointError) as error:
        assert "\n" not in str(error) and "linalg" not in str(error) and len(str(error)) < 400
        return str(error)
    return "numbers"


@pytest.mark.parametrize("name", ODD)
def test_a_run_on_odd_data_ends_in_numbers_or_one_line(name, catalogue):
    fields, change = ODD[name]
    end = ended(Odd(fields, change))
    hopeless = name in ("a NaN", "all NaN", "an infinity", "all infinite", "too large to square")
    assert end == "numbers" or (hopeless and "the loss became" in end), end


@pytest.mark.slow
@pytest.mark.parametrize("pretext",
    [name for name, task in Pretext.all().items() if not misfit(source("series"), task, "gru")])
@pytest.mark.parametrize("name", ODD)
def test_whatever_the_task(name, pretext, catalogue):
    fields, change = ODD[name]
    end = ended(Odd(fields, change), pretext)
    hopeless = (name in ("a NaN", "all NaN", "an infinity", "all infinite", "too large to square",
                         "infinite where gaps may be",
                         "constant and large", "no labels", "no label", "a quantity that is nowhere",
                         "a quantity without end"))
    assert end == "numbers" or hopeless, end


@pytest.mark.parametrize("n, least", [(2, 1), (3, 2), (4, 1)])
def test_a_run_on_a_handful_of_samples(n, least, catalogue):
    assert ended(Odd(SERIES, lambda x, y: (x, y), n, least), batch_size=2) == "numbers"


FEATURES = {
    "one sample": torch.ones(1, 4), "two samples": torch.eye(2), "constant": torch.ones(20, 4),
    "zero": torch.zeros(20, 4),
    "NaN": torch.full((20, 4), math.nan),
    "a NaN": torch.randn(20, 4).index_fill(0, torch.tensor(3), math.nan),
    "infinite": torch.full((20, 4), math.inf),
    "mixed": torch.tensor([[math.inf, 1.0], [-math.inf, math.nan]]).repeat(10, 1),
    "large": torch.full((20, 4), 3e38),
    "large and small": torch.randn(20, 4) * torch.logspace(-38, 38, 20)[:, None],
    "wide": torch.full((20, 600), math.nan), "wide and constant": torch.ones(30, 600),
    "one feature": torch.randn(20, 1),
    "half": torch.full((20, 4), 6e4, dtype=torch.float16),
}


@pytest.mark.parametrize("z", FEATURES.values(), ids=FEATURES)
def test_every_measure_of_an_embedding_is_a_number(z):
    for measure in (geometry.rankme, geometry.deviation, geometry.uniformity,
                    lambda z: geometry.alignment(z, z.flip(0)),
                    lambda z: geometry.agreement(z, z.flip(0))):
        assert math.isfinite(measure(z))
    assert all(x.isfinite().all() and x.dtype is torch.float32 for x in features.standardise(z, z.flip(0)))


@pytest.mark.parametrize("z", FEATURES.values(), ids=FEATURES)
def test_every_probe_of_an_embedding_is_a_number(z):
    y = torch.arange(len(z)) % 2
    scores = (vote(z, y, z, y), regression.linear(z, y, z, y), regression.linear(z, y, z, y, z, y),
              ridge.regress(z, y.float(), z, y.float()))
    assert all(0 <= score <= 1 for score in scores)


def test_what_is_finite_stays_what_it_is():
    z = torch.randn(10, 3)
    assert finite(z) is z and finite(torch.empty(0, 3)).shape == (0, 3)


# What does not fit says so before anything is built

SHAPES = {
    "T = 0": [Field((0,), (1,))], "T = 1": [Field((1,), (1,), 2)],
    "T = 1, gaps": [Field((1,), (1,), 2, gaps=True)],
    "T = 2": [Field((2,), (1,))], "no multiple": [Field((3,), (2,))], "patch too long": [Field((3,), (8,))],
    "patch of nothing": [Field((3,), (0,))], "1 x 1": [Field((1, 1), (1, 1), 3)],
    "3 x 2": [Field((3, 2), (1, 1))],
    "0 x 4": [Field((0, 4), (1, 1))], "one symbol": [Field((4,), (1,), vocab=1)],
    "two symbols": [Field((4,), (1,), vocab=2)],
    "no channels": [Field((4,), (1,), 0)], "one letter": [Field((1,), (1,), vocab=7)],
    "one voxel": [Field((1, 1, 1), (1, 1, 1))],
    "four axes": [Field((2, 2, 2, 2), (1, 1, 1, 1))], "no axes": [Field((), ())],
    "patch of other axes": [Field((4, 4), (2,))],
    "two series": [Field((8,), (2,)), Field((8,), (2,), 2)],
    "two images": [Field((8, 8), (2, 2)), Field((8, 8), (2, 2), 3)],
    "series and text": [Field((8,), (2,)), Field((8,), (1,), vocab=5)],
    "three": [Field((8,), (2,)), Field((8,), (1,), vocab=5), Field((4, 4), (2, 2))], "nothing": [],
}
BACKBONES = [*Backbone.all(), "gru+gru", "small_cnn+gru", "mlp+gru", "transformer+transformer",
             "small_cnn+small_cnn", "mlp+mlp",
             "small_cnn+gru+small_cnn"]


DAILY = ("simclr", "masked", "next_token")


@pytest.mark.parametrize("pretext",
    [name if name in DAILY else pytest.param(name, marks=pytest.mark.slow) for name in Pretext.all()])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_said_to_fit_is_built_and_makes_a_step_and_what_is_not_is_one_line(shape, pretext):
    from sslbench.data import Labelled
    from sslbench.machine.hardware import Hardware
    from sslbench.training.step import Training

    fields = {f"field{i}": field for i, field in enumerate(SHAPES[shape])}
    if (any(0 in (*f.size, *f.patch) or f.rank != len(f.patch) or not f.rank for f in fields.values())
        or not fields):
        data = Toy({"x": Field((4,), (1,))}, n=16)  # no samples of such a field can be made
        data = Labelled(data) if Pretext.find(pretext).reads_labels else data
        data.fields = {**fields,
                       **({"label": data.fields["label"]} if Pretext.find(pretext).reads_labels else {})}
        assert all(incompatible(data, Pretext.find(pretext), name) for name in BACKBONES)
        return
    data = Toy(fields, n=16)
    data = Labelled(data) if Pretext.find(pretext).reads_labels else data
    for backbone in BACKBONES:
        if backbone == "resnet18" and pretext != "rotation":
            continue
        recipe = Recipe(pretext=pretext, backbone=backbone, steps=1, batch_size=4,
                        labels=float(Pretext.find(pretext).reads_labels),
                        hyperparameters={f"backbone.{name}": value
                                         for name, value in SMALL.get(backbone, {}).items()})
        if why := recipe.incompatible(data):
            assert "\n" not in why and len(why) < 200
            with pytest.raises(ValueError, match="does not fit"):
                recipe.build(data)
            continue
        run = Training(recipe, Hardware("cpu", "float32"), data)
        assert math.isfinite(run.step(0)["loss"]), backbone
        run.look()
