"""The record's parts do what its notebook says: the vote, the views, the optimisers, every lever, a step that
never waits."""

import importlib
import math
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from test_notebooks import cells, measured
from torch.utils._python_dispatch import TorchDispatchMode

from sslbench import Data
from sslbench.backbones import Backbone
from sslbench.data.image.wild_digits import WildDigits
from sslbench.field import size_of
from sslbench.machine.hardware import Hardware
from sslbench.pretexts import Pretext
from sslbench.pretexts.views.simclr import nt_xent
from sslbench.training import evaluate

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
TURNED = {"network": "small_cnn", "width": 8, "views": 3, "small_views": 2, "augment": "image",
          "precision": "float32",
          "layout": "contiguous", "optimiser": "muon", "schedule": "one_cycle", "temperature": 0.5, "seed": 1}
SAME_NUMBERS = {"precision", "layout"}  # the same loss, up to rounding
# where a GPU would be waited for
WAITS = {"_local_scalar_dense", "lift_fresh", "nonzero", "masked_select", "equal", "is_nonzero"}


@pytest.fixture(scope="module")
def record():
    """benchmarks/record.py; what it lists leaves the catalogues again."""
    kept, real = [(kind, dict(kind.all())) for kind in (Data, Pretext, Backbone)], WildDigits.load
    drawn = cache(lambda seed, split: real(WildDigits(seed=seed), split))  # once for all tests
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WildDigits, "load", lambda self, split: drawn(self.seed, split))
        patch.syspath_prepend(BENCHMARKS)
        yield importlib.import_module("record")
    for kind, catalogue in kept:
        kind.catalogue = catalogue


@pytest.fixture(scope="module")
def small(record):
    return record.Levers(**record.SMALL | {"steps": 3, "batch_size": 16, "evaluations": 1, "voters": 200})


@pytest.fixture
def run(record, small):
    return record.ready(small, Hardware("cpu"))


def test_the_vote_is_that_of_the_ten_nearest_by_cosine(record, run, monkeypatch):
    centres = torch.randn(10, 8)
    # classes that overlap
    monkeypatch.setattr(evaluate, "embed", lambda task, data, split, hardware: given[len(split)])
    train, test = (evaluate.Split({}, {"label": torch.arange(n) % 10}, torch.arange(n), torch.arange(n))
                   for n in (400, 301))
    given = {len(part): centres[part.labels["label"]] + 1.5 * torch.randn(len(part), 8)
             for part in (train, test)}
    z, z_test = (torch.nn.functional.normalize(given[n], dim=1) for n in (400, 301))

    def by_hand(k: int) -> float:
        hits = 0
        for i, one in enumerate(z_test):
            votes = [0.0] * 10
            for cosine, j in sorted(((cosine, j) for j, cosine in enumerate((z @ one).tolist())),
                                    reverse=True)[:k]:
                votes[j % 10] += math.exp(cosine / 0.07)
            hits += votes.index(max(votes)) == i % 10
        return hits / len(z_test)

    assert record.knn_10(run, [train, test]) == pytest.approx(by_hand(10), abs=0.002)
    assert by_hand(1) != pytest.approx(by_hand(10), abs=0.01)  # another vote would be seen


def test_all_training_images_vote_on_all_test_images(record, run):
    train, test = record.voters(run, record.Levers().voters)
    whole = sum(len(run.data.source.load(split)[1]["digit"]) for split in ("train", "validation"))
    assert (len(train) == whole == size_of(run.rows)
            and torch.equal(test.rows["image"], run.data.source.load("test")[0]["image"]))


@pytest.mark.parametrize("fits, place", [(True, "meta"), (False, "cpu")])
def test_rows_are_picked_where_they_lie(record, run, monkeypatch, fits, place):
    monkeypatch.setattr(run, "hardware", SimpleNamespace(device=torch.device("meta"), fits=lambda size: fits))
    train, test = record.voters(run, 100)
    assert test.index.device.type == test.rows["image"].device.type == place
    assert train.index.device == train.rows["image"].device == torch.device("cpu")


def many(record, small, **levers):
    """A task and its inputs with these levers."""
    run = record.ready(replace(small, precision="float32", **levers), Hardware("cpu", "float32"))
    return run.task, run.task.inputs(run.batch(0), run.generator(0))


def test_each_image_has_as_many_views_as_asked_and_small_ones_are_small(record, small):
    _, inputs = many(record, small, views=3, small_views=2, small_size=12)
    assert [tuple(view["image"].shape) for view in inputs] == [(16, 3, 32, 32)] * 3 + [(16, 3, 12, 12)] * 2
    pairs = [(a, b) for i, a in enumerate(inputs) for b in inputs[:i] if a["image"].shape == b["image"].shape]
    assert len(pairs) == 4 and not any(torch.equal(a["image"], b["image"]) for a, b in pairs)


def test_a_small_view_is_a_window_into_a_view(record, small):
    task, _ = many(record, small, small_views=1, small_size=8)
    place = torch.arange(32 * 32.0).view(1, 1, 32, 32).expand(4, 3, 32, 32)
    corners = set()
    for seed in range(5):
        cut = task.window({"image": place}, torch.Generator().manual_seed(seed))["image"]
        assert ((cut[:, :, :, 1:] - cut[:, :, :, :-1] == 1).all()
                and (cut[:, :, 1:] - cut[:, :, :-1] == 32).all())
        corners |= set(cut[:, 0, 0, 0].tolist())
    assert len(corners) > 10  # not always the same one


def test_with_two_views_the_loss_is_simclrs(record, small):
    task, inputs = many(record, small)
    a, b = task.project(inputs)
    torch.testing.assert_close(task(inputs)["loss"], nt_xent(a, b, task.temperature)["loss"])
    assert not torch.isclose(task(inputs)["loss"], nt_xent(a, b, 2 * task.temperature)["loss"])


def test_with_more_views_every_pair_counts_that_has_a_view_of_full_size(record, small):
    task, inputs = many(record, small, views=2, small_views=2)
    task.eval()
    z = [torch.nn.functional.normalize(z, dim=1) for part in (inputs[:2], inputs[2:])
         for z in task.project(part)]
    losses = {pair: [] for pair in ("counts", "two small ones")}
    for i in range(4):
        for j in (j for j in range(4) if j != i):
            for n in range(16):
                others = [z[v][m] for v in range(4) for m in range(16) if (v, m) != (i, n)]
                logits = torch.stack([z[i][n] @ other for other in others]) / task.temperature
                loss = logits.logsumexp(0) - z[i][n] @ z[j][n] / task.temperature
                losses["two small ones" if min(i, j) >= 2 else "counts"].append(loss.item())
    every = losses["counts"] + losses["two small ones"]
    assert (task(inputs)["loss"].item() == pytest.approx(sum(losses["counts"]) / len(losses["counts"]),
                                                         rel=1e-4))
    assert task(inputs)["loss"].item() != pytest.approx(sum(every) / len(every), rel=1e-4)


@pytest.mark.parametrize("name", ["adamw", "muon", "sgd"])
def test_every_optimiser_moves_every_weight_and_a_rate_of_zero_moves_none(record, small, name):
    for lr in (0.01, 0.0):
        run = record.ready(replace(small, optimiser=name, lr=lr), Hardware("cpu"))
        before = [p.clone() for p in run.task.parameters()]
        for number in range(2):  # the warm-up begins above 0
            assert math.isfinite(record.step(run, number, small))
        assert {torch.equal(a, b) for a, b in zip(before, run.task.parameters())} == {lr == 0.0}


def test_the_rates_rise_to_their_peak_and_fall_to_nothing(record):
    for rate in record.SCHEDULES.values():
        rates = [rate(i, 100) for i in range(100)]
        top = rates.index(max(rates))
        assert rates[top] == 1 and 0 < top < 40 and 0 <= rates[-1] < 0.02
        assert rates[:top + 1] == sorted(rates[:top + 1]) and rates[top:] == sorted(rates[top:], reverse=True)


@pytest.fixture(scope="module")
def plain(record, small):
    return list(record.attempt(small))


@pytest.mark.slow
@pytest.mark.parametrize("lever", TURNED)
def test_every_lever_can_be_turned_and_does_something(record, small, plain, lever):
    turned = replace(small, **{lever: TURNED[lever]})
    assert getattr(small, lever) != TURNED[lever]
    rows = list(record.attempt(turned))
    assert ([row["step"] for row in rows] == [0, 3] and math.isfinite(rows[-1]["loss"])
            and 0 < rows[-1]["kNN-10"] < 1)
    if lever in SAME_NUMBERS:
        assert rows[-1]["loss"] == pytest.approx(plain[-1]["loss"], abs=0.2)
    else:
        assert rows[-1]["loss"] != plain[-1]["loss"]


def test_precision_and_layout_reach_the_network(record, small):
    for layout, last in (("channels_last", True), ("contiguous", False)):
        run = record.ready(replace(small, layout=layout), Hardware("cpu", "bfloat16"))
        kernel = next(p for p in run.task.parameters() if p.ndim == 4 and p.shape[1] > 3 and p.shape[2] > 1)
        assert kernel.is_contiguous(memory_format=torch.channels_last) == last
        with run.hardware.autocast():
            out = run.task.backbone.net.net[0](torch.randn(2, 3, 32,
                32).contiguous(memory_format=record.LAYOUTS[layout]))
        assert out.dtype is torch.bfloat16 and out.is_contiguous(memory_format=torch.channels_last) == last


@pytest.mark.parametrize("lever", ["augment", "layout", "optimiser", "schedule", "network"])
def test_an_unknown_setting_is_refused_with_the_known_ones(record, small, lever):
    with pytest.raises(ValueError, match="nonsense"):
        record.ready(replace(small, **{lever: "nonsense"}), Hardware("cpu"))


def test_a_row_says_how_far_it_is_and_the_target_ends_it(record, small):
    rows = list(record.attempt(replace(small, evaluations=3)))
    assert ([row["step"] for row in rows] == [0, 1, 2, 3]
            and all(a["seconds"] < b["seconds"] for a, b in pairwise(rows)))
    assert all(row["seconds"] <= row["total"] for row in rows)
    assert [row["step"] for row in record.attempt(replace(small, evaluations=3, target=0.0))] == [0]


def test_the_pace_of_every_contestant_is_measured(record, small):
    paces = record.paces({"a": small, "more views": replace(small, views=6)}, rounds=2, least=0.0)
    assert (set(paces) == {"a", "more views"}
            and all(len(pace) == 2 and min(pace) > 0 for pace in paces.values()))
    assert max(paces["a"]) > min(paces["more views"])  # three times the work


class Waits(TorchDispatchMode):
    """Notes the operations that read a value from the device or copy Python's numbers to it."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        if op.overloadpacket.__name__ in WAITS:
            self.seen.append(op.overloadpacket.__name__)
        return op(*args, **(kwargs or {}))


@pytest.mark.parametrize("levers",
    [{}, {"optimiser": "muon"}, {"optimiser": "sgd"}, {"views": 3, "small_views": 2}], ids=str)
def test_a_step_asks_the_device_for_nothing(record, small, levers):
    run = record.ready(replace(small, **levers), Hardware("cpu"))
    record.step(run, 0, small)  # the first one may make constants
    with Waits() as waits:
        record.step(run, 1, small)
    assert waits.seen == []
    with Waits() as waits:  # the control
        record.step(run, 2, small).item()
        torch.tensor([1.0])
    assert waits.seen == ["_local_scalar_dense", "lift_fresh"]


@pytest.mark.slow
def test_compiled_the_whole_step_is_one_graph_that_is_made_once(record, small):
    from torch._dynamo.testing import CompileCounter

    run, counter = record.ready(replace(small, small_views=1), Hardware("cpu")), CompileCounter()
    whole = run.task
    torch.compiler.reset()
    run.wrapped = torch.compile(whole, backend=counter, fullgraph=True, dynamic=False)
    for number in range(3):
        run.step(number)
        record.knn_10(run, record.voters(run, 32))  # evaluation mode in between
    assert counter.frame_count == 1
    run.wrapped([{"image": torch.randn(8, 3, 32, 32)}] * 3)  # the control: another size is compiled anew
    assert counter.frame_count == 2
    torch.compiler.reset()


def test_the_notebooks_prose_states_no_number_that_it_has_not_computed():
    prose = [cell.source for cell in cells(BENCHMARKS / "record.ipynb", "markdown")]
    assert len(prose) > 3 and [found for source in prose for found in measured(source)] == []
