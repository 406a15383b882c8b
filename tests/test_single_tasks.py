"""What single tasks promise beside the contract: chance levels under other hyperparameters, words where they
do not fit."""

import promises
import pytest
import torch
from toys import build, source

from sslbench.pretexts import Pretext
from sslbench.pretexts.fits import incompatible
from sslbench.pretexts.views import distance


@pytest.mark.parametrize("names, given", [
    ("next_token-transformer-text", {"augment": True}), ("next_token-gru-series", {"augment": True}),
    ("autoencoder-small_cnn-text", {"noise": 0.5}),
    ("autoencoder-mlp-image", {"noise": 0.5, "decoder_depth": 0}),
    ("masked-small_cnn-text", {"mask_ratio": 0.9}),
    ("vicreg-mlp-image", {"variance_weight": 5.0, "covariance_weight": 0.0}),
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


@pytest.mark.parametrize("pretext, backbone, data, what_fits", [
    ("rotation", "small_cnn", "series", "masked|simclr"),
    ("next_token", "small_cnn", "text", "transformer|gru"),
    ("simclr", "mlp", "text", "transformer|gru|small_cnn"), ("simclr", "resnet18", "series", "small_cnn"),
    ("simclr", "small_cnn", "image and text", "transformer|gru"),
    ("supervised", "small_cnn", "image", "labels"),
    ("clip", "transformer", "image", "captions"), ("clip", "transformer", "states and actions", "captions"),
])
def test_what_does_not_fit_says_why_and_what_would(pretext, backbone, data, what_fits):
    why = incompatible(source(data), Pretext.find(pretext), backbone)
    assert any(name in why for name in what_fits.split("|")) and len(why) < 120 and "\n" not in why
