"""A run's numbers are its seed's alone, whoever else draws from torch in this process; and theirs stay as
they would have been."""

import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from test_settings import numbers, same
from torch import nn
from toys import SHAPES, build, catalogue, in_part, small, source, toy  # noqa: F401  fixtures

from sslbench.backbones import Backbone
from sslbench.backbones.adopted import adopt
from sslbench.machine.random_numbers import Drawing, draws
from sslbench.notes import Note, note
from sslbench.pretexts import Pretext
from sslbench.pretexts.fits import incompatible
from sslbench.training.loop import train

x = torch.zeros(7, 5)
FUNCTIONS = {
    "rand": lambda: torch.rand(5), "randn": lambda: torch.randn(5, 4, dtype=torch.float64),
    "randint": lambda: torch.randint(9, (5,)),
    "randint from": lambda: torch.randint(3, 9, (5,)), "randperm": lambda: torch.randperm(9),
    "normal": lambda: torch.normal(0.0, 1.0, (5,)),
    "normal of": lambda: torch.normal(x, x + 1), "bernoulli": lambda: torch.bernoulli(x + 0.5),
    "bernoulli p": lambda: torch.bernoulli(x, 0.5),
    "multinomial": lambda: torch.multinomial(x + 1, 3), "poisson": lambda: torch.poisson(x + 3),
    "rand_like": lambda: torch.rand_like(x),
    "randn_like": lambda: torch.randn_like(x), "randint_like": lambda: torch.randint_like(x, 9),
    "out": lambda: torch.rand(5, out=torch.zeros(5)),
    "randint_like from": lambda: torch.randint_like(x, 2, 9),
    "geometric_": lambda: torch.zeros(5).geometric_(0.3),
    **{name: lambda name=name: getattr(torch.zeros(7, 5), name)()
       for name in ("uniform_", "normal_", "random_", "exponential_", "cauchy_", "log_normal_",
                    "bernoulli_")},
    "trunc_normal_": lambda: nn.init.trunc_normal_(torch.zeros(5, 5)),
    "orthogonal_": lambda: nn.init.orthogonal_(torch.zeros(5, 5)),
    "sparse_": lambda: nn.init.sparse_(torch.zeros(5, 5), 0.2), "dropout": lambda: F.dropout(torch.ones(30)),
    "gumbel_softmax": lambda: F.gumbel_softmax(x),
    "gamma": lambda: torch.distributions.Gamma(1.0, 1.0).sample((4,)),
}
FITS = [(pretext, backbone, shape) for shape in SHAPES for pretext in Pretext.all()
        for backbone in Backbone.all()
        if not incompatible(source(shape), Pretext.find(pretext), backbone)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_inside_every_function_draws_what_it_would_after_manual_seed_and_the_process_draws_on(name):
    draw = FUNCTIONS[name]
    torch.manual_seed(3)
    expected = [draw(), draw()]
    torch.manual_seed(9)
    before = torch.get_rng_state()
    with Drawing(3):
        drawn = [draw(), draw()]
    assert same(drawn, expected) and torch.equal(torch.get_rng_state(), before)
    with Drawing(4):
        assert not same([draw(), draw()], expected)


def test_a_generator_that_is_given_is_used_and_meta_tensors_hold_no_numbers():
    with Drawing(3):
        own = torch.rand(5, generator=torch.Generator().manual_seed(1))
        with torch.device("meta"):
            nn.GRU(3, 4)
    assert torch.equal(own, torch.rand(5, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("pretext, backbone, shape",
                         in_part([f for f in FITS if f[2] in ("image", "series", "text", "image and text")]))
def test_the_weights_are_those_of_manual_seed(pretext, backbone, shape):
    expected, before = build(pretext, backbone, source(shape)).state_dict(), torch.get_rng_state()
    with Drawing(0):
        p, b = Pretext.find(pretext), Backbone.find(backbone)
        task = p(b(p.reads(source(shape)), **small(b)), source(shape), **small(p))
    assert same(dict(task.state_dict()), dict(expected)) and torch.equal(torch.get_rng_state(), before)


class Noise(threading.Thread):
    """Somebody who draws, and seeds, until told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended, self.right = threading.Event(), True
        torch.manual_seed(5)
        self.expected = torch.rand(50)

    def run(self):
        while not self.ended.is_set():
            torch.manual_seed(5)
            self.right &= torch.equal(torch.cat([torch.rand(1) for _ in range(50)]), self.expected)


@pytest.mark.slow
@pytest.mark.parametrize("pretext, backbone", [("simclr", "transformer"), ("byol", "gru")])
def test_four_threads_train_what_one_trains_while_a_fifth_draws(pretext, backbone, toy):
    recipe = replace(toy, pretext=pretext, backbone=backbone, hyperparameters={"backbone.width": 32}, steps=8)

    def play(_=0):
        return numbers(train(recipe, device="cpu", precision="float32", evaluations=2))

    expected, noise = play(), Noise()
    noise.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            runs = list(pool.map(play, range(4)))
    finally:
        noise.ended.set()
        noise.join()
    assert all(same(run, expected) for run in runs)
    assert noise.right, "a run moved somebody's numbers"


LAYERS = {nn.Dropout(0.1): True, nn.Dropout(0.0): False, nn.Linear(2, 2): False, nn.RReLU(): True,
          nn.GRU(2, 2, 2, dropout=0.1): True, nn.GRU(2, 2): False, nn.TransformerEncoderLayer(4, 1): True,
          nn.TransformerEncoderLayer(4, 1, dropout=0): False,
          nn.AlphaDropout(0.2): True, nn.MultiheadAttention(4, 1): False,
          nn.MultiheadAttention(4, 1, dropout=0.1): True,
          type("Own", (nn.Module,), {})(): True, nn.FractionalMaxPool2d(2, output_size=3): True}


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_layers_that_draw_are_known(layer):
    assert draws(nn.Sequential(nn.Linear(2, 2), layer)) is LAYERS[layer]


@pytest.mark.parametrize("pretext, backbone, shape", in_part(FITS))
def test_what_is_listed_draws_nothing_by_itself(pretext, backbone, shape):
    """Neither in a step nor by its layers, so its steps need no seed."""
    task, data = build(pretext, backbone, source(shape)).train(), source(shape)
    stored, _ = data.loaded("validation")
    batch = {name: data.fields[name].decode(torch.as_tensor(rows[:8])) for name, rows in stored.items()}
    before = torch.get_rng_state()
    task(task.inputs(batch, torch.Generator().manual_seed(0)))["loss"].backward()
    task.after_step(0.5)
    assert torch.equal(torch.get_rng_state(), before) and not draws(task)


def test_dropout_in_an_adopted_network_is_the_seeds(toy):
    name = adopt(lambda: nn.Sequential(nn.Flatten(), nn.Linear(32, 16), nn.Dropout(0.5)), "with_dropout")
    recipe = replace(toy, backbone=name, hyperparameters={})
    first = numbers(train(recipe, device="cpu"))
    torch.rand(3)
    assert same(numbers(train(recipe, device="cpu")), first)


def test_a_note_is_said_and_never_an_error(monkeypatch):
    said = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        monkeypatch.setattr(warnings, "showwarning",
                            lambda message, category, *where: said.append((str(message), category)))
        note("the work goes on")
    assert said == [("the work goes on", Note)]
    with pytest.warns(Note, match="as always"):
        note("as always")


@pytest.mark.slow
def test_the_first_network_imports_no_compiler():
    code = (
        "import sys, torch, sslbench.machine.random_numbers as d\nwith d.Drawing(0): "
        "torch.rand(1)\nprint('torch._dynamo' in sys.modules)"
    )
    assert (subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                           check=True).stdout == "False\n")
