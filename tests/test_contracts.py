"""Every pretext task, backbone and data source keeps the promises of promises.py; and each promise can be
broken."""

from functools import partial

import breakers
import promises
import pytest
import torch
from promises import broken
from toys import LABELLED, SHAPES, Toy, batch_of, build, first_fitting, shapes_for, small, source

from sslbench.backbones import Backbone
from sslbench.catalog import contracts
from sslbench.data import Data
from sslbench.pretexts import Pretext
from sslbench.pretexts.fits import incompatible
from sslbench.pretexts.puzzles.rotation import Rotation

# tried in test_data.py and test_medmnist.py, where they are made or found
DOWNLOADED = {"mnist", "fashion_mnist", "cifar10", "medmnist"}
SOURCES = [name for name in Data.all() if name not in DOWNLOADED]
# where heads are trained on a backbone that sees nothing
BLIND = ["padded series", "text", "image", "image and text", "labelled image"]
SLOW = ("resnet18",)  # backbones that keep the few promises that take no training
FEW = (promises.loss_is_one_finite_number, promises.backbone_learns, promises.one_embedding_per_sample)
QUICK = (promises.loss_is_one_finite_number, promises.inputs_come_from_the_generator,
         promises.inputs_leave_the_batch_alone,
         promises.what_it_shows_can_be_drawn)



def daily(every: list[tuple[str, str, str]], first: int = 0) -> list:
    """All of them; daily those that bring a task, a backbone or a shape that none before them had. first: 2
    for the shape alone."""
    seen, marked = set(), []
    for names in every:
        known = seen.issuperset(names[first:])
        marked.append(pytest.param(names, marks=[pytest.mark.slow] if known else []))
        seen.update(names)
    return marked


ON_TOYS = [names for pretext in Pretext.all() for names in shapes_for(pretext)]
FITTING = [(p, b, d) for p in Pretext.all() for b in Backbone.all() for d in [*SHAPES, *LABELLED]
           if not incompatible(source(d), Pretext.find(p), b)]
EACH_BACKBONE = [next(names for names in FITTING if names[1] == backbone) for backbone in Backbone.all()]
ON_SOURCES = [(p, b, d) for p in Pretext.all() for d in SOURCES if (b := first_fitting(p, source(d)))]
ON_BLIND = [names for p, task in Pretext.all().items() if not task.chance_is_a_direction
            for names in shapes_for(p, BLIND)]
GAPS = [(p, b, d) for p, b, d in ON_TOYS if "padded" in d]
EVERY_GAP = [(p, b, d) for p, b, d in FITTING if "padded" in d and b not in SLOW]
many = partial(pytest.mark.parametrize, "names", ids="-".join)
full = pytest.mark.full  # the whole product: make contracts-full


def network(backbone, shape: str) -> Backbone:
    """A small backbone of that name or class for the fields of a shape."""
    backbone = Backbone.find(backbone) if isinstance(backbone, str) else backbone
    return backbone(SHAPES[shape], **small(backbone))


def keeps(names, of=promises.OF_A_TASK) -> None:
    assert broken(build(*names[:2], source(names[2])), of) == []


def test_every_listed_class_is_tried():
    assert {p for p, _, _ in ON_TOYS} == set(Pretext.all())
    assert {b for _, b, _ in EACH_BACKBONE} == set(Backbone.all())
    assert {d for _, _, d in ON_SOURCES} | DOWNLOADED == set(Data.all())


@many(argvalues=daily(ON_TOYS))
def test_a_task_keeps_its_promises_on_every_shape_of_sample(names):
    keeps(names)


@many(argvalues=EACH_BACKBONE)
def test_every_backbone_carries_a_task_that_keeps_its_promises(names):
    keeps(names, FEW if names[1] in SLOW else promises.OF_A_TASK)


@full
@many(argvalues=[names for names in FITTING if names not in ON_TOYS])
def test_a_task_keeps_its_promises_on_every_backbone_and_every_shape(names):
    keeps(names, FEW if names[1] in SLOW else promises.OF_A_TASK)


@many(argvalues=daily(ON_SOURCES))
def test_a_task_draws_reads_and_shows_every_source(names):
    keeps(names, QUICK)


@full
@many(argvalues=ON_SOURCES)
def test_a_task_keeps_its_promises_on_every_source(names):
    keeps(names)


@many(argvalues=daily(ON_BLIND, first=2))
def test_chance_is_what_a_guess_reaches_that_knows_nothing(names):
    promises.chance_is_what_blind_heads_reach(build(*names[:2], source(names[2])))


@many(argvalues=daily(GAPS))
def test_what_is_absent_counts_for_nothing(names):
    promises.absent_places_count_for_nothing(build(*names[:2], source(names[2])))


@full
@many(argvalues=[names for names in EVERY_GAP if names not in GAPS])
def test_what_is_absent_counts_for_nothing_on_every_backbone(names):
    promises.absent_places_count_for_nothing(build(*names[:2], source(names[2])))


@pytest.mark.parametrize("backbone, data", [(b, d) for b in Backbone.all() for d in SHAPES
                                            if not Backbone.find(b).incompatible(SHAPES[d])], ids=str)
def test_tokens_fill_the_backbones_grid(backbone, data):
    promises.tokens_fill_the_grid(network(backbone, data), batch_of(source(data)))


@pytest.mark.parametrize("backbone", [name for name, c in Backbone.all().items() if c.causal])
@pytest.mark.parametrize("data, causal",
                         [("series", 1), ("series", 2), ("series", 3), ("text", 1), ("text", 3), ("text", 8)])
def test_a_causal_backbone_sees_no_future(backbone, data, causal):
    promises.sees_no_future(network(backbone, data), causal)
    with torch.autocast("cpu", torch.bfloat16):  # another kernel
        promises.sees_no_future(network(backbone, data), causal)


@pytest.mark.parametrize("backbone", [name for name, c in Backbone.all().items() if c.causal])
def test_one_block_that_holds_all_is_no_block_at_all(backbone):
    net = network(backbone, "text").eval()
    tokens = torch.randn(2, 16, net.dim)
    for causal in (16, 50):
        torch.testing.assert_close(net.trunk(tokens, causal), net.trunk(tokens))


@pytest.mark.parametrize("cls", [c for kind in contracts().values() for c in kind.all().values()],
                         ids=lambda c: c.name)
def test_every_class_explains_itself(cls):
    promises.explains_itself(cls)


@pytest.mark.parametrize("task, promise", [
    (breakers.ConstantLoss, promises.loss_falls_on_one_batch),
    (breakers.ConstantLoss, promises.backbone_learns),
    (breakers.Detached, promises.backbone_learns),
    (breakers.RandomForward, promises.forward_has_no_randomness),
    (breakers.RandomInputs, promises.inputs_come_from_the_generator),
    (breakers.InPlace, promises.inputs_leave_the_batch_alone),
    (breakers.Neighbours, promises.one_embedding_per_sample),
    (breakers.Crooked, promises.what_it_shows_can_be_drawn),
    (breakers.Larger, promises.what_it_shows_can_be_drawn),
    (breakers.WithoutTruth, promises.what_it_shows_can_be_drawn),
    (breakers.Half, promises.loss_is_one_finite_number),
    (breakers.Half, promises.loss_is_float32_under_autocast),
], ids=lambda x: x.__name__)
def test_a_task_that_breaks_a_promise_is_caught(task, promise):
    data = Toy(SHAPES["image"])  # its own: one of the tasks spoils it
    with pytest.raises(AssertionError):
        promise(build(task, "small_cnn", data))


@pytest.mark.parametrize("turns", [3, 5])
def test_a_wrong_chance_level_is_caught(turns):
    task = build(breakers.WrongChance, "small_cnn", source("image"))
    task.turns = turns
    with pytest.raises(AssertionError, match="chance is said to be"):
        promises.chance_is_what_blind_heads_reach(task, steps=40)


@pytest.mark.parametrize("cheat", [breakers.SecretlyBoth, breakers.SecretlyAll])
@pytest.mark.parametrize("causal", [1, 3])
def test_a_backbone_that_sees_the_future_is_caught(cheat, causal):
    with pytest.raises(AssertionError, match="moved by later ones"):
        promises.sees_no_future(network(cheat, "text"), causal)


@pytest.mark.parametrize("cheat", [breakers.NeverInBlocks, breakers.OtherBlocks])
def test_a_backbone_that_reads_other_blocks_than_asked_is_caught(cheat):
    with pytest.raises(AssertionError, match=r"see all of it|moved by later ones"):
        promises.sees_no_future(network(cheat, "text"), 3)


def test_padding_that_counts_is_caught():
    with pytest.raises(AssertionError, match="a token where nothing is"):
        promises.absent_places_count_for_nothing(build("autoencoder", breakers.PoolsAll,
                                                       source("padded series")))
    with pytest.raises(AssertionError, match="a guess where nothing is"):
        promises.absent_places_count_for_nothing(build(breakers.CountsPadding, "transformer",
                                                       source("padded series")))


def test_a_class_that_does_not_explain_itself_is_caught():
    class Silent(Rotation, listed=False):
        def __init__(self, backbone, data, *, strength=3):
            super().__init__(backbone, data)

    with pytest.raises(AssertionError, match="docstring"):
        promises.explains_itself(Silent)
    Silent.__doc__ = "Says something."
    with pytest.raises(AssertionError, match="strength is not annotated"):
        promises.explains_itself(Silent)
