"""Labels never reach a pretext task: with other labels the weights are the same to the last bit."""

from dataclasses import replace

import pytest
import torch
from promises import inputs_of, same
from toys import SHAPES, Toy, batch_of, build, catalogue, first_fitting, in_part, source, toy  # noqa: F401  fixtures

from sslbench.backbones import Backbone
from sslbench.data import Labelled
from sslbench.data.labels import labelled
from sslbench.pretexts import Pretext
from sslbench.pretexts.fits import misfit
from sslbench.pretexts.gaps.autoencoder import Autoencoder
from sslbench.pretexts.labels.supervised import Supervised
from sslbench.runs.run import Run
from sslbench.runs.verdict import verdict
from sslbench.training.loop import Checkpoint, Evaluation, train


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


def unlabelled_tasks(shape: str) -> list[tuple[str, str]]:
    """The tasks that read no labels and fit that shape, each with a backbone."""
    return [(name, b) for name, task in Pretext.all().items()
            if not task.reads_labels and (b := first_fitting(name, source(shape)))]


@pytest.mark.parametrize("pretext", in_part([name for name, _ in unlabelled_tasks("series")]))
def test_permuted_training_labels_leave_the_weights_bit_identical(toy, permuted, pretext):
    (a, scores_a), (b, scores_b) = (trained(replace(toy, pretext=pretext, data=data))
                                    for data in ("toy_series", permuted))
    assert a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
    assert scores_a["linear"] != scores_b["linear"], "the probes must have read the permuted labels"


@pytest.mark.parametrize("pretext", [name for name, task in Pretext.all().items() if not task.reads_labels])
def test_a_task_that_reads_no_labels_refuses_them_in_words(toy, pretext):
    with pytest.raises(ValueError, match="never sees labels: set labels to 0"):
        replace(toy, pretext=pretext, labels=0.05).build()


@pytest.mark.parametrize("shape, pretext, backbone",
                         [(s, *n) for s in ("series", "image", "text") for n in unlabelled_tasks(s)])
def test_the_label_moves_nothing_even_in_data_that_has_it(shape, pretext, backbone):
    """Views, targets and pictures of labelled data are those of the data itself."""
    found = []
    for data in (source(shape), Labelled(source(shape))):
        task = build(pretext, backbone, data).eval()
        inputs = inputs_of(task)
        found.append((task(inputs)["loss"].item(), task.show(inputs)))
    (loss, shown), (loss_labelled, shown_labelled) = found
    assert loss == loss_labelled and same(shown, shown_labelled)


def test_a_task_that_peeks_at_the_label_is_caught():
    class Peeks(Autoencoder, listed=False):
        """Adds the label to what it squeezes."""

        def inputs(self, batch, generator):
            label = batch.get("label", torch.zeros(1, 1))
            return super().inputs({"signal": batch["signal"] + label[..., None]}, generator)

    plain, labelled = (build(Peeks, "mlp", data) for data in (source("series"), Labelled(source("series"))))
    assert plain(inputs_of(plain))["loss"] != labelled(inputs_of(labelled))["loss"]


class FirstField(Pretext, listed=False):
    """Reads the first field of several."""

    name = "first_field"

    @classmethod
    def reads(cls, data):
        return dict(list(data.fields.items())[:1])


@pytest.mark.parametrize("backbone", Backbone.all())
def test_a_task_reads_its_own_fields_whatever_else_a_batch_holds(backbone):
    data = Toy(SHAPES["image and text"])
    task = build(FirstField, backbone, data).eval()
    batch = batch_of(data)
    assert (misfit(data, FirstField, backbone) == ""
            and set(task.inputs(batch, torch.Generator())) == {"image"})
    whole, own = task.embed(batch), task.embed({"image": batch["image"]})
    assert torch.equal(whole, own) and torch.equal(task.encode(batch), task.encode({"image": batch["image"]}))
    assert not torch.equal(whole, task.embed({**batch, "image": batch["image"].flip(0)}))


def test_what_probes_see_must_be_among_what_a_task_reads():
    data = Toy(SHAPES["image and text"])
    data.probe_on = ("text",)
    assert "reads none of the fields that probes see: text" in misfit(data, FirstField, "small_cnn")


@pytest.fixture
def few(catalogue, toy):
    """A recipe of a task that asks for the unlabelled samples too, with labels of an eighth of them."""
    class FewLabels(Supervised, listed=True):
        """Reads the few labels there are among all samples."""

        name = "few_labels"
        reads_unlabelled = True

    return replace(toy, pretext="few_labels", labels=0.125)


@pytest.mark.parametrize("of", ["classes", "a quantity", "two answers"])
def test_few_labels_stand_beside_all_samples_in_half_of_the_rows(of):
    data = Toy(SHAPES["series"])
    y = {"classes": torch.arange(128) % 3, "a quantity": torch.arange(128) / 7,
         "two answers": torch.arange(256).view(128, 2) % 2}[of]
    y[:28] = torch.nan if of == "a quantity" else -1
    data.load = lambda split, load=data.load: (load(split)[0], {"label": y, "factor": torch.arange(128)})
    few = Labelled(data, 0.1, keep_rest=True)
    rows, labels = few.loaded("train")
    there = few.fields["label"].present(few.fields["label"].decode(rows["label"])).flatten(1).any(1)
    assert len(rows["signal"]) == len(there) == 256 and there.sum() == 128
    kept = few.labelled_rows(y)
    assert len(kept) == 10 and bool(labelled(y[kept]).all())
    assert (torch.equal(there, labelled(labels["label"]))
            and set(labels["factor"].tolist()) == {-1, *kept.tolist()})
    signal = data.loaded("train")[0]["signal"]
    assert torch.equal(rows["signal"][torch.arange(128)], signal)  # every sample once without its label
    assert torch.equal(rows["signal"][there.nonzero().flatten()], signal[labels["factor"][there]])
    assert len(few.loaded("validation")[0]["signal"]) == 128


@pytest.mark.parametrize("given", [{}, {"share": 0.25}, {"share": 0.1, "keep_rest": True}], ids=str)
def test_targets_follow_the_rows_of_labelled_data(given):
    data = source("series")
    few = Labelled(data, **given)
    rows, _ = few.loaded("train")
    number = few.targets("train")["number"]  # which sample of the source it is
    assert torch.equal(rows["signal"][torch.arange(len(number))], data.loaded("train")[0]["signal"][number])
    assert len(few.targets("validation")["number"]) == 128
    assert ("pairs" in few.targets("train")) == (not given)  # elsewhere they would speak of other rows


def test_views_are_fields_where_these_are_alike_and_whole_samples_where_they_are_not():
    generator = torch.Generator().manual_seed(0)
    wanted = {"image and text": [["image"], ["text"]], "states and actions": [["state", "action"]] * 3,
              "image": [["image"]] * 3}
    for shape, views in wanted.items():
        data = source(shape)
        for each in (data, Labelled(data)):
            found = each.views(batch_of(each), generator, 3)
            assert [[name for name in view if name != "label"] for view in found] == views
        if views[0] == views[1]:
            assert not torch.equal(*(view[views[0][0]] for view in found[:2]))


def test_a_task_asks_for_unlabelled_samples_and_learns_from_the_rest(few):
    data, _task = few.build()
    rows, labels = data.loaded("train")
    assert data.keep_rest and len(rows["signal"]) == 256 and (labels["class"] >= 0).sum() == 128
    weights, scores = trained(few)
    assert scores["linear"] > 0 and all(w.isfinite().all() for w in weights.values())
    assert not replace(few, pretext="supervised").make_data().keep_rest


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

    return replace(toy, data="unlabelled", steps=30, lr=1e-2, optimiser="adamw", pretext="autoencoder")


def test_data_without_labels_trains_and_the_verdict_says_so(unlabelled):
    run = Run.collect(unlabelled, train(unlabelled, device="cpu", evaluations=1))
    assert run.step == 30 and run.done
    assert "linear" not in run.scores and {"rankme", "deviation"} <= run.evaluations[-2].scores.keys()
    assert "no label could be probed" in run.verdict


def test_the_verdict_reads_a_quantity_where_no_class_is_the_label():
    def seen(step, score):
        return Evaluation(step, "validation", {"rankme": 20.0, "deviation": 0.5, "ridge": score}, {})

    assert ("a ridge regression reads 0.60 where it read 0.10" in verdict([1.0], 2.0,
        [seen(0, 0.1), seen(9, 0.6)]))
    assert "a ridge regression reads no more" in verdict([1.0], 2.0, [seen(0, 0.1), seen(9, 0.1)])


def test_data_without_labels_cannot_be_supervised(unlabelled):
    with pytest.raises(ValueError, match="has no labels, so nothing can be supervised"):
        replace(unlabelled, pretext="supervised", labels=1.0).build()
