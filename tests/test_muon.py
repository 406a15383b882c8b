"""Muon: steps are nearly orthogonal, the same as torch's own, and its state is part of the checkpoint."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from torch import nn

from sslbench import Recipe
from sslbench.training.muon import Muon, are_matrices, orthogonal
from sslbench.training.step import make_optimiser

SMALL = Recipe("waves", "autoencoder", "mlp", steps=4, batch_size=16)


@pytest.mark.parametrize("shape", [(24, 60), (60, 24), (3, 24, 60)])
def test_steps_are_nearly_orthogonal(shape):
    g = torch.randn(shape) * torch.logspace(0, -1, shape[-1])
    before = torch.linalg.svdvals(g / torch.linalg.matrix_norm(g, 2)[..., None, None])
    after = torch.linalg.svdvals(orthogonal(g))
    assert after.min() > 0.5 and after.max() < 1.3 and before.min() < 0.3
    u, _, v = torch.linalg.svd(g, full_matrices=False)
    assert torch.nn.functional.cosine_similarity(orthogonal(g).flatten(), (u @ v).flatten(), 0) > 0.95


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch before 2.9 has no Muon")
@pytest.mark.parametrize("shape", [(24, 60), (60, 24)])
def test_it_moves_a_matrix_as_torchs_own_does(shape):
    ours, theirs = (nn.Parameter(torch.full(shape, 0.1)) for _ in range(2))
    mine = Muon([{"params": [ours], "weight_decay": 0.05}], lr=0.01, dtype=torch.bfloat16)
    its = torch.optim.Muon([theirs], lr=0.01, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")
    for number in range(3):
        ours.grad = torch.randn(shape, generator=torch.Generator().manual_seed(number))
        theirs.grad = ours.grad.clone()
        mine.step()
        its.step()
    moved = (theirs - 0.1).norm()
    assert (ours - theirs).norm() < 0.05 * moved and moved > 0.1  # its iterations are in bfloat16


def test_tables_and_vectors_go_through_adamw():
    task = nn.ModuleList([nn.Embedding(8, 4), nn.Linear(4, 6), nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5)])
    _, linear, convolution, _ = task
    assert are_matrices(task) == {linear.weight, convolution.weight}


def test_what_has_no_gradient_is_left_alone():
    one, other = nn.Linear(4, 6), nn.Linear(4, 6)
    optimiser = make_optimiser(nn.ModuleList([one, other]), SMALL, torch.device("cpu"))
    before = other.weight.clone()
    one(torch.randn(2, 4)).sum().backward()
    optimiser.step()
    assert torch.equal(other.weight, before) and len(optimiser.state) == 2


def test_a_recipe_without_the_entry_meant_adamw_and_a_new_one_says_so():
    record = {name: value for name, value in asdict(Recipe(steps=3)).items() if name != "optimiser"}
    assert Recipe.from_json(json.dumps(record)) == Recipe(steps=3, optimiser="adamw")
    assert Recipe.from_json('{"steps": 3}') == Recipe(steps=3) != replace(Recipe(steps=3), optimiser="adamw")


def test_an_earlier_share_string_meant_adamw():
    from sslbench.storage.share_strings import EARLIER, packed, unpacked

    text = "ssl1" + packed({"data": "waves"})[4:]
    assert unpacked(text) == {"data": "waves", "optimiser": "adamw"} and list(EARLIER)[-1] == "ssl2"
    assert Recipe.from_share(text).optimiser == "adamw"
    assert Recipe.from_share(Recipe(data="waves").share()).optimiser == "muon"


def test_a_file_with_the_name_of_a_version_is_no_share_string():
    from sslbench.storage.share_strings import is_one

    assert is_one(Recipe().share()) and is_one("ssl1.abc") and not is_one("ssl1") and not is_one("ssl9.abc")
