"""Every pretext task, backbone and data source keeps the promises of promises.py; and each promise can be broken."""

import breakers
import promises
import pytest
import torch
from promises import broken
from toys import SHAPES, Toy, batch_of, build, first_fitting, source

from sslbench.backbones import Backbone
from sslbench.catalog import contracts
from sslbench.data import Data
from sslbench.pretexts import Pretext
from sslbench.pretexts.byol import distance
from sslbench.pretexts.rotation import Rotation
from sslbench.recipe import incompatible

DOWNLOADED = {"mnist", "fashion_mnist", "cifar10"}  # tried in test_data.py, where they are made or found
SOURCES = [name for name in Data.all() if name not in DOWNLOADED]
LABELLED = [f"labelled {name}" for name in ("text", "image")]
SLOW = "resnet18"  # has a test of its own
BLIND = ["padded series", "text", "image", "labelled image"]  # where heads are trained on a backbone that sees nothing


def fits(pretext: str, backbone: str, data: str) -> bool:
    return not incompatible(source(data), Pretext.find(pretext), backbone)


ON_TOYS = [(p, b, d) for p in Pretext.all() for b in Backbone.all() for d in [*SHAPES, *LABELLED]
           if b != SLOW and fits(p, b, d) and (p == "supervised") == d.startswith("labelled")]
ON_SOURCES = [(p, b, d) for p in Pretext.all() for d in SOURCES if (b := first_fitting(p, source(d)))]
ON_BLIND = [(p, b, d) for p in Pretext.all() for d in BLIND if (b := first_fitting(p, source(d))) and p != "byol"
            and (p == "supervised") == d.startswith("labelled")]
GAPS = [(p, b, d) for p, b, d in ON_TOYS if "padded" in d]


def test_every_listed_class_is_tried():
    assert {p for p, _, _ in ON_TOYS} == set(Pretext.all())
    assert {b for _, b, _ in ON_TOYS} | {SLOW} == set(Backbone.all())
    assert {d for _, _, d in ON_SOURCES} | DOWNLOADED == set(Data.all())


@pytest.mark.parametrize("names", ON_TOYS, ids="-".join)
def test_a_task_keeps_its_promises_on_every_shape_of_sample(names):
    assert broken(build(*names[:2], source(names[2]))) == []


@pytest.mark.parametrize("names", ON_SOURCES, ids="-".join)
def test_a_task_keeps_its_promises_on_every_source(names):
    assert broken(build(*names[:2], source(names[2]))) == []


def test_resnet18_keeps_its_promises():
    few = promises.loss_is_one_finite_number, promises.backbone_learns, promises.one_embedding_per_sample
    assert broken(build("rotation", "resnet18", source("image")), few) == []


@pytest.mark.parametrize("names", ON_BLIND, ids="-".join)
def test_chance_is_what_a_guess_reaches_that_knows_nothing(names):
    promises.chance_is_what_blind_heads_reach(build(*names[:2], source(names[2])))


@pytest.mark.parametrize("names, given", [
    ("next_token-transformer-text", {"augment": True}), ("next_token-gru-series", {"augment": True}),
    ("autoencoder-small_cnn-text", {"noise": 0.5}), ("autoencoder-mlp-image", {"noise": 0.5, "decoder_depth": 0}),
    ("masked-small_cnn-text", {"mask_ratio": 0.9}), ("vicreg-mlp-image", {"variance_weight": 5.0, "covariance_weight": 0.0}),
], ids=str)
def test_chance_is_right_with_other_hyperparameters(names, given):
    pretext, backbone, data = names.split("-")
    promises.chance_is_what_blind_heads_reach(build(pretext, backbone, source(data), **given))


def test_chance_of_byol_is_the_distance_of_unrelated_directions():
    torch.manual_seed(0)
    guess, target = torch.randn(2, 4000, 128).unbind(0)
    assert distance(guess, target).mean().item() == pytest.approx(2.0, abs=0.02)
    assert distance(guess, guess).max() < 1e-5
    assert build("byol", "mlp", source("image")).chance(None) == 2.0


@pytest.mark.parametrize("names", GAPS, ids="-".join)
def test_what_is_absent_counts_for_nothing(names):
    promises.absent_places_count_for_nothing(build(*names[:2], source(names[2])))


@pytest.mark.parametrize("backbone, data", [(b, d) for b in Backbone.all() for d in SHAPES
                                            if not Backbone.find(b).incompatible(SHAPES[d])], ids=str)
def test_tokens_fill_the_backbones_grid(backbone, data):
    task = build("autoencoder", backbone, source(data))
    promises.tokens_fill_the_grid(task.backbone, batch_of(source(data)))


@pytest.mark.parametrize("backbone", [name for name, c in Backbone.all().items() if c.causal])
@pytest.mark.parametrize("data, causal", [("series", 1), ("series", 2), ("series", 3), ("text", 1), ("text", 3), ("text", 8)])
def test_a_causal_backbone_sees_no_future(backbone, data, causal):
    network = build("next_token", backbone, source(data)).backbone
    promises.sees_no_future(network, causal)
    with torch.autocast("cpu", torch.bfloat16):  # another kernel
        promises.sees_no_future(network, causal)


@pytest.mark.parametrize("backbone", [name for name, c in Backbone.all().items() if c.causal])
def test_one_block_that_holds_all_is_no_block_at_all(backbone):
    network = build("next_token", backbone, source("text")).backbone.eval()
    tokens = torch.randn(2, 16, network.dim)
    for causal in (16, 50):
        torch.testing.assert_close(network.trunk(tokens, causal), network.trunk(tokens))


@pytest.mark.parametrize("cls", [c for kind in contracts().values() for c in kind.all().values()], ids=lambda c: c.name)
def test_every_class_explains_itself(cls):
    promises.explains_itself(cls)


@pytest.mark.parametrize("pretext, backbone, data, what_fits", [
    ("rotation", "small_cnn", "series", "masked|simclr"), ("next_token", "small_cnn", "text", "transformer|gru"),
    ("simclr", "mlp", "text", "transformer|gru|small_cnn"), ("simclr", "resnet18", "series", "small_cnn"),
    ("simclr", "small_cnn", "image and text", "transformer|gru"), ("supervised", "small_cnn", "image", "labels"),
])
def test_what_does_not_fit_says_why_and_what_would(pretext, backbone, data, what_fits):
    why = incompatible(source(data), Pretext.find(pretext), backbone)
    assert any(name in why for name in what_fits.split("|")) and len(why) < 120 and "\n" not in why


@pytest.mark.parametrize("task, promise", [
    (breakers.ConstantLoss, promises.loss_falls_on_one_batch), (breakers.ConstantLoss, promises.backbone_learns),
    (breakers.Detached, promises.backbone_learns),
    (breakers.RandomForward, promises.forward_has_no_randomness), (breakers.RandomInputs, promises.inputs_come_from_the_generator),
    (breakers.InPlace, promises.inputs_leave_the_batch_alone), (breakers.Neighbours, promises.one_embedding_per_sample),
    (breakers.Crooked, promises.what_it_shows_can_be_drawn), (breakers.Larger, promises.what_it_shows_can_be_drawn),
    (breakers.WithoutTruth, promises.what_it_shows_can_be_drawn), (breakers.Half, promises.loss_is_one_finite_number),
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
        promises.sees_no_future(build("next_token", cheat, source("text")).backbone, causal)


@pytest.mark.parametrize("cheat", [breakers.NeverInBlocks, breakers.OtherBlocks])
def test_a_backbone_that_reads_other_blocks_than_asked_is_caught(cheat):
    with pytest.raises(AssertionError, match=r"see all of it|moved by later ones"):
        promises.sees_no_future(build("next_token", cheat, source("text")).backbone, 3)


def test_padding_that_counts_is_caught():
    with pytest.raises(AssertionError, match="a token where nothing is"):
        promises.absent_places_count_for_nothing(build("autoencoder", breakers.PoolsAll, source("padded series")))
    with pytest.raises(AssertionError, match="a guess where nothing is"):
        promises.absent_places_count_for_nothing(build(breakers.CountsPadding, "transformer", source("padded series")))


def test_a_class_that_does_not_explain_itself_is_caught():
    class Silent(Rotation, listed=False):
        def __init__(self, backbone, data, *, strength=3):
            super().__init__(backbone, data)

    with pytest.raises(AssertionError, match="docstring"):
        promises.explains_itself(Silent)
    Silent.__doc__ = "Says something."
    with pytest.raises(AssertionError, match="strength is not annotated"):
        promises.explains_itself(Silent)
