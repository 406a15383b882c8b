"""Labels never reach a pretext task: with other labels the weights are the same to the last bit."""

from dataclasses import replace

import pytest
import torch
from toys import SHAPES, Toy, catalogue, toy  # noqa: F401  fixtures

from sslbench.engine import Checkpoint, Evaluation, train
from sslbench.pretexts import Pretext
from sslbench.run import Run
from sslbench.verdict import verdict


@pytest.fixture
def permuted(catalogue):
    """A listed source like toy_series whose training labels are permuted."""
    class Permuted(Toy, listed=True):
        """Short series with the labels of others."""

        name = "permuted"

        def __init__(self):
            super().__init__(SHAPES["series"])

        def load(self, split):
            rows, labels = super().load(split)
            order = torch.randperm(self.n, generator=torch.Generator().manual_seed(5))
            return rows, {"class": labels["class"][order]} if split == "train" else labels

    return "permuted"


def trained(recipe) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """The weights after the last step and the scores on test."""
    weights, scores = {}, {}
    for event in train(recipe, device="cpu", evaluations=1):
        if isinstance(event, Checkpoint):
            weights = {name: w.clone() for name, w in event.state["task"].items()}
        if isinstance(event, Evaluation):
            scores = event.scores
    return weights, scores


@pytest.mark.parametrize("pretext", [name for name in Pretext.all() if name not in ("rotation", "supervised")])
def test_permuted_training_labels_leave_the_weights_bit_identical(toy, permuted, pretext):
    (a, scores_a), (b, scores_b) = (trained(replace(toy, pretext=pretext, data=data)) for data in ("toy_series", permuted))
    assert a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
    assert scores_a["linear"] != scores_b["linear"], "the probes must have read the permuted labels"


def test_a_task_that_learns_from_labels_ends_with_other_weights(toy, permuted):
    supervised = replace(toy, pretext="supervised", labels=1.0)
    a, b = (trained(replace(supervised, data=data))[0] for data in ("toy_series", permuted))
    assert any(not torch.equal(a[name], b[name]) for name in a)


def test_a_share_of_the_labels_is_what_supervised_training_sees(toy):
    data, _ = replace(toy, pretext="supervised", labels=0.25).build()
    rows, _ = data.loaded("train")
    assert len(rows["label"]) == 32 and set(rows) == {"signal", "label"}
    with pytest.raises(ValueError, match="set labels to the share"):
        replace(toy, pretext="supervised").build()


@pytest.fixture
def unlabelled(toy, catalogue):
    class Unlabelled(Toy, listed=True):
        """Short series that nobody labelled."""

        name = "unlabelled"

        def __init__(self):
            super().__init__(SHAPES["series"], labels=False)

    return replace(toy, data="unlabelled", steps=30, lr=1e-2, pretext="autoencoder")


def test_data_without_labels_trains_and_the_verdict_says_so(unlabelled):
    run = Run.collect(unlabelled, train(unlabelled, device="cpu", evaluations=1))
    assert run.step == 30 and run.done
    assert "linear" not in run.scores and {"rankme", "deviation"} <= run.evaluations[-2].scores.keys()
    assert "no labels" in run.verdict


def test_the_verdict_reads_a_quantity_where_no_class_is_the_label():
    def seen(step, score):
        return Evaluation(step, "validation", {"rankme": 20.0, "deviation": 0.5, "ridge": score}, {})

    assert "a ridge regression reads 0.60 where it read 0.10" in verdict([1.0], 2.0, [seen(0, 0.1), seen(9, 0.6)])
    assert "a ridge regression reads no more" in verdict([1.0], 2.0, [seen(0, 0.1), seen(9, 0.1)])


def test_data_without_labels_cannot_be_supervised(unlabelled):
    with pytest.raises(ValueError, match="has no labels, so nothing can be supervised"):
        replace(unlabelled, pretext="supervised", labels=1.0).build()
