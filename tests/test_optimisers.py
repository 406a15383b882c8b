"""The optimisers give what torch's give, and do not bring in torch's compiler."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from sslbench.machine import optimisers

TRAINED = """
import sys
from sslbench import Recipe, train
recipe = Recipe("waves", "autoencoder", "mlp", steps=1, batch_size=16)
events = train(recipe, device="cpu", evaluations=1, test=False)
print(*(type(event).__name__ for event in events), "torch._dynamo" in sys.modules)
"""


def again(optimiser, weights, x) -> torch.Tensor:
    """The closure of a step."""
    optimiser.zero_grad()
    loss = (x @ weights).tanh().square().mean()
    loss.backward()
    return loss


def steps_of(make) -> list[torch.Tensor]:
    """Weights after each of three steps and of three more with the state saved and loaded."""
    torch.manual_seed(0)
    weights, x = torch.randn(5, 3, requires_grad=True), torch.randn(20, 5)
    seen, state = [], None
    for _ in range(2):
        optimiser = make([weights])
        if state:
            optimiser.load_state_dict(state)
        for _ in range(3):
            optimiser.step(partial(again, optimiser, weights, x))
            seen.append(weights.detach().clone())
        state = optimiser.state_dict()
    return seen


@pytest.mark.parametrize("name, settings",
    [("AdamW", {"lr": 0.1, "fused": True}), ("AdamW", {"lr": 0.1}), ("LBFGS", {"max_iter": 3}),
                                            ("LBFGS", {"max_iter": 1, "line_search_fn": "strong_wolfe"})])
def test_they_give_what_torchs_give(name, settings):
    ours, theirs = (steps_of(lambda w, where=where: getattr(where, name)(w, **settings))
                    for where in (optimisers, torch.optim))
    assert all(map(torch.equal, ours, theirs)) and not torch.equal(*ours[:2])


def said(code: str) -> list[str]:
    root = Path(__file__).resolve().parents[1]
    return subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=120,
                          capture_output=True, text=True).stdout.split()


@pytest.mark.slow
def test_training_and_probing_do_without_torchs_compiler():
    assert said(TRAINED) == ["Evaluation", "Checkpoint", "Step", "Evaluation", "Checkpoint", "Done", "False"]


@pytest.mark.slow
def test_the_compiler_would_be_seen():
    code = "import sys, torch; torch.optim.SGD([torch.zeros(1)], lr=1); print('torch._dynamo' in sys.modules)"
    assert said(code) == ["True"]
