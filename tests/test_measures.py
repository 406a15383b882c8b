"""Measures of one fitted answer are those of scikit-learn and of the papers' formulas, their intervals are as
wide as the scores vary, and answers that know nothing read chance."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from real_data import real
from sklearn import metrics
from toys import SHAPES, Toy, catalogue, toy  # noqa: F401

from sslbench import compare, fit, load_run, plots
from sslbench.data import Data
from sslbench.data.matching import pairs_of
from sslbench.machine.hardware import Hardware
from sslbench.probes import Features, Probe, clustering, knn, linear, measures, regression, retrieval
from sslbench.probes.anomaly import Anomaly, distances
from sslbench.probes.intervals import draws, interval
from sslbench.probes.neighbours import nearest, unit
from sslbench.probes.verification import Verification
from sslbench.recipe import Recipe
from sslbench.runs.run import Run
from sslbench.runs.verdict import rows_read
from sslbench.training import evaluate

DICE = torch.Generator().manual_seed


def uneven(n: int, seed: int, apart: float = 1.2):
    """Three classes in 6 dimensions, of which the last is rare."""
    dice = DICE(seed)
    y = torch.multinomial(torch.tensor([0.6, 0.3, 0.1]), n, True, generator=dice)
    centres = apart * torch.randn(3, 6, generator=DICE(9))
    return centres[y] + torch.randn(n, 6, generator=dice), y


@pytest.fixture(scope="module")
def splits():
    """train, validation, test."""
    return uneven(600, 0), uneven(300, 1), uneven(500, 2)


@pytest.fixture(scope="module")
def told(splits):
    """The linear probe's answers on the test samples, and their classes."""
    parts = [Features(z, y) for z, y in (splits[0], splits[2])]
    return linear.Linear().answered(*parts), splits[2][1]


THEIRS = {
    "accuracy": lambda p, y: metrics.accuracy_score(y, p.argmax(1)),
    "balanced_accuracy": lambda p, y: metrics.balanced_accuracy_score(y, p.argmax(1)),
    "macro_f1": lambda p, y: metrics.f1_score(y, p.argmax(1), average="macro"),
    "macro_auc": lambda p, y: metrics.roc_auc_score(y, p, multi_class="ovr"),
}


@pytest.mark.parametrize("name", THEIRS)
def test_measures_of_classes_are_those_of_scikit_learn(told, name):
    votes, y = told
    theirs = THEIRS[name](votes.double().softmax(1).numpy(), y.numpy())
    assert getattr(measures, name)(votes, y).item() == pytest.approx(theirs, abs=1e-6)
    assert getattr(measures, name)(votes.roll(1, 0), y).item() < theirs - 0.1  # answers of other samples


def test_a_sample_drawn_twice_counts_twice(told):
    votes, y = told
    twice = torch.cat([torch.arange(400), torch.arange(100)])  # the last hundred never
    drawn = torch.bincount(twice, minlength=len(y)).unsqueeze(1)
    for name in THEIRS:
        measure = getattr(measures, name)
        assert measure(votes, y, drawn).item() == pytest.approx(measure(votes[twice], y[twice]).item())
    group = votes.argmax(1)
    for measure in (measures.mutual_information, measures.rand_index):
        assert measure(group, y, drawn).item() == pytest.approx(measure(group[twice], y[twice]).item())
    guess, quantity = votes[:, 0], votes[:, 0] + torch.randn(len(y), generator=DICE(0))
    assert measures.determination(guess, quantity, drawn).item() == pytest.approx(
        metrics.r2_score(quantity[twice], guess[twice]), abs=1e-6)


def test_areas_count_ties_by_half_and_know_no_more_than_the_logits():
    alike, kind = torch.tensor([0.0, 0.0, 1.0, 1.0, 2.0]), torch.tensor([0, 1, 0, 1, 1]) > 0
    assert measures.area_under_roc(alike, kind).item() == pytest.approx(metrics.roc_auc_score(kind, alike))
    assert measures.area_under_roc(alike, kind | True).isnan().all()  # nothing to tell apart
    y = torch.tensor([0, 0, 1, 1, 2, 2])
    logits = torch.tensor([[9.0, 0], [9, 0], [0, 9], [0, 9], [0, 0], [0, 0]])  # class 2 was never trained
    known = [metrics.roc_auc_score(y == i, logits.softmax(1)[:, i]) for i in (0, 1)]
    assert measures.macro_auc(logits, y).item() == pytest.approx((sum(known) + 0.5) / 3)
    answers, guesses = torch.randint(0, 2, (60, 3), generator=DICE(0)), torch.randn(60, 3, generator=DICE(1))
    answers[:, 2] = 1  # always the same: it cannot be told
    assert measures.mean_auc(guesses, answers).item() == pytest.approx(
        metrics.roc_auc_score(answers[:, :2], guesses[:, :2]))


def test_one_fit_serves_all_measures(splits, monkeypatch):
    fits, true = [], regression.logistic_regression
    monkeypatch.setattr(regression, "logistic_regression", lambda *a, **k: fits.append(1) or true(*a, **k))
    (z, y), (z_val, y_val), (z_test, y_test) = splits
    scores = evaluate.probe(z, {"class": y}, z_test, {"class": y_test}, z_val, {"class": y_val})
    assert {"linear", "auc", "macro_f1", "balanced_accuracy"} <= set(scores)
    assert len(fits) == len(regression.STRENGTHS)
    linear.MacroF1().score(Features(z, y), Features(z_test, y_test))  # other samples: the count would be seen
    assert len(fits) == len(regression.STRENGTHS) + 1


def test_while_training_only_the_quick_ones_are_asked(splits):
    (z, y), _, (z_test, y_test) = splits
    assert set(evaluate.probe(z, {"class": y}, z_test, {"class": y_test})) == {"linear", "knn"}


@pytest.mark.parametrize("name", ["balanced_accuracy", "macro_f1", "auc", "nmi", "ari", "precision_at_10"])
def test_chance_is_what_shuffled_labels_read(splits, name):
    probe, ((z, y), _, (z_test, y_test)) = Probe.find(name)(), splits
    mixed = [[labels[torch.randperm(len(labels), generator=DICE(i))] for labels in (y, y_test)]
             for i in range(6)]
    read = np.mean([probe.score(Features(z, a), Features(z_test, b)) for a, b in mixed])
    level = probe.chance(y, y_test)
    # always answering with the most frequent class has a lower F1 than answers at the classes' shares
    assert level - (0.12 if name == "macro_f1" else 0.03) < read < level + 0.03
    assert probe.score(Features(z, y), Features(z_test, y_test)) > level + 0.1  # the control


def test_macro_f1_of_answers_at_the_classes_shares_is_its_chance(splits):
    _, _, (_, y) = splits
    drawn = torch.stack([y[torch.randperm(len(y), generator=DICE(i))] for i in range(50)])
    scores = [measures.macro_f1(F.one_hot(said, 3), y).item() for said in drawn]
    assert linear.MacroF1().chance(y, y) == pytest.approx(np.mean(scores), abs=0.01)


# Intervals

def test_an_interval_is_as_wide_as_scores_of_other_test_samples_vary(splits):
    weights = regression.logistic_regression(splits[0][0], splits[0][1], 1e-2)
    drawn = [uneven(200, seed) for seed in range(100, 200)]
    answers = [(regression.apply(z, weights), y) for z, y in drawn]
    for name in THEIRS:
        measure = getattr(measures, name)
        true = measure(*[torch.cat(x) for x in zip(*answers)]).item()
        spans = [interval(measure, votes, y, replicas=200) for votes, y in answers]
        assert sum(low <= true <= high for low, high in spans) >= 86  # of 100; 95 of very many
        half = [(low + (high - low) / 4, high - (high - low) / 4) for low, high in spans]
        assert sum(low <= true <= high for low, high in half) < 80  # a narrower one would be seen


def test_the_same_answers_have_the_same_interval_whatever_else_is_drawn(told):
    votes, y = told
    first = interval(measures.accuracy, votes, y)
    torch.rand(7)
    assert interval(measures.accuracy, votes, y) == first
    low, high = first
    assert low < measures.accuracy(votes, y).item() < high
    tight = interval(measures.accuracy, votes.repeat(4, 1), y.repeat(4))
    assert tight[1] - tight[0] == pytest.approx((high - low) / 2, rel=0.15)
    assert draws(20, 3, DICE(0)).sum(0).tolist() == [20, 20, 20]


@pytest.mark.parametrize("name", ["linear", "knn", "auc", "balanced_accuracy", "macro_f1", "ridge"])
def test_what_may_be_by_chance_is_what_the_bootstrap_finds(name):
    z, _ = uneven(400, 0)
    y = (z[:, 0] > z[:, 0].median()).long()  # as many of each
    z = z + 2 * torch.randn(z.shape, generator=DICE(1))
    y, z_test = (z[:, 0].float() if name == "ridge" else y), z + torch.randn(z.shape, generator=DICE(2))
    probe, parts = Probe.find(name)(), [Features(z, y), Features(z_test, y)]
    low, high = interval(probe.judge, probe.answered(*parts), y)
    assert 0.6 < probe.by_chance(probe.score(*parts), len(y)) / ((high - low) / 2) < 1.7


def test_an_interval_of_pairs_draws_samples_not_pairs():
    who = torch.arange(60) % 12
    z = torch.randn(12, 8, generator=DICE(0))[who] + 1.5 * torch.randn(60, 8, generator=DICE(1))
    pairs = pairs_of(who)
    test = Features(z, pairs, z)
    probe = Verification()
    answers = probe.answered(test, test)
    low, high = interval(probe.judge, answers, pairs, of=pairs[:, :2])
    assert low < probe.score(test, test) < high
    alone = interval(probe.judge, answers, pairs)  # as if every pair were of two other samples
    assert high - low > 1.2 * (alone[1] - alone[0])


# Nearest neighbours

def test_neighbours_are_the_same_in_parts_and_nobody_is_its_own(monkeypatch):
    z = unit(torch.randn(50, 8, generator=DICE(0)))
    _, index = nearest(z, z, 5, itself=False)
    assert (index != torch.arange(50).unsqueeze(1)).all() and index.shape == (50, 5)
    assert (nearest(z, z, 1)[1].flatten() == torch.arange(50)).all()
    monkeypatch.setattr("sslbench.probes.neighbours.AT_ONCE", 150)
    assert torch.equal(nearest(z, z, 5, itself=False)[1], index)


def test_k_is_chosen_on_validation_and_is_20_while_training(splits):
    (z, y), (z_val, y_val), (z_test, y_test) = splits
    train, validation, test = Features(z, y), Features(z_val, y_val), Features(z_test, y_test)
    assert knn.KNN().score(train, test) == knn.vote(z, y, z_test, y_test, k=20)
    scores = {k: knn.vote(z, y, z_val, y_val, k=k) for k in knn.KS}
    best = max(scores, key=scores.get)
    assert len(set(scores.values())) > 2, "k must matter here"
    chosen = knn.KNN().score(train, Features(z_test, y_test), validation)
    assert chosen == knn.vote(z, y, z_test, y_test, k=best)
    few = Features(z[:7], y[:7])
    assert knn.KNN().score(few, Features(z_test, y_test), validation) > 0  # fewer samples than most k


@pytest.mark.parametrize("k", [1, 10, 50])
def test_the_vote_is_that_of_scikit_learn(splits, k):
    from sklearn.neighbors import KNeighborsClassifier

    (z, y), _, (z_test, y_test) = splits
    weights = lambda distance: np.exp((1 - distance) / knn.TEMPERATURE)
    model = KNeighborsClassifier(k, weights=weights, metric="cosine").fit(z, y)
    assert knn.vote(z, y, z_test, y_test, k=k) == pytest.approx(model.score(z_test, y_test), abs=0.005)


# Clusters, retrieval, anomalies

def test_clusters_are_those_of_scikit_learn(splits):
    from sklearn.cluster import KMeans

    z, y = splits[2]
    test = Features(z, y)
    model = KMeans(3, n_init=10, random_state=0).fit(F.normalize(z, dim=1).numpy())
    nmi = metrics.normalized_mutual_info_score(y, model.labels_)
    ari = metrics.adjusted_rand_score(y, model.labels_)
    assert nmi > 0.1 and clustering.MutualInformation().score(test, test) == pytest.approx(nmi, abs=0.005)
    assert clustering.RandIndex().score(test, test) == pytest.approx(ari, abs=0.005)
    wide = z @ torch.randn(6, 900, generator=DICE(0))
    assert clustering.clusters(wide, 3).unique().tolist() == [0, 1, 2]


def test_of_very_many_classes_no_clusters_are_sought():
    test = Features(torch.randn(1500, 4), torch.arange(1500))
    assert clustering.MutualInformation().answers(test, test) is None


def test_an_interval_can_be_ended_between_its_draws():
    votes, y, asked = torch.randn(4000, 400), torch.arange(4000) % 400, []

    def check():
        asked.append(1)
        if len(asked) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interval(measures.macro_auc, votes, y, check=check)


def test_the_measures_of_groups_are_those_of_scikit_learn():
    a, b = (torch.randint(0, k, (200,), generator=DICE(k)) for k in (3, 5))
    for x, y in ((a, b), (a, (a + (b > 3)) % 3), (a, a), (a * 0, b), (a * 0, a * 0)):
        assert measures.mutual_information(x, y).item() == pytest.approx(
            metrics.normalized_mutual_info_score(x, y), abs=1e-6)
        assert measures.rand_index(x, y).item() == pytest.approx(metrics.adjusted_rand_score(x, y), abs=1e-6)


def test_embeddings_that_are_all_the_same_do_no_harm():
    test = Features(torch.ones(30, 4), torch.arange(30) % 3)
    assert clustering.MutualInformation().score(test, test) == pytest.approx(0, abs=1e-6)
    one = Features(torch.randn(9, 4, generator=DICE(0)), torch.zeros(9, dtype=torch.long))
    assert clustering.MutualInformation().score(one, one) is None
    assert retrieval.PrecisionAt10().score(one, one) == 1.0


def test_precision_is_the_share_of_the_nearest_others_of_a_class(splits):
    z, y = splits[2][0][:80], splits[2][1][:80]
    cosine = F.normalize(z, dim=1) @ F.normalize(z, dim=1).T
    by_hand = []
    for i in range(80):
        order = [j for j in cosine[i].argsort(descending=True).tolist() if j != i][:10]
        by_hand.append(np.mean([y[j].item() == y[i].item() for j in order]))
    assert retrieval.precisions(z, y).numpy() == pytest.approx(by_hand)
    assert retrieval.PrecisionAt10().score(None, Features(z, y)) == pytest.approx(np.mean(by_hand))
    pairs = [(a == b).item() for i, a in enumerate(y) for j, b in enumerate(y) if i != j]
    assert retrieval.PrecisionAt10().chance(y, y) == pytest.approx(np.mean(pairs))


def test_anomalies_are_samples_of_classes_that_training_never_saw(splits):
    from sklearn.neighbors import NearestNeighbors

    (z, y), _, (z_test, y_test) = splits
    train, test = Features(z[y != 2], y[y != 2]), Features(z_test, y_test)
    model = NearestNeighbors(n_neighbors=2).fit(F.normalize(train.z, dim=1))
    far = model.kneighbors(F.normalize(z_test, dim=1))[0].mean(1)
    assert distances(z_test, train.z).numpy() == pytest.approx(far, abs=1e-3)
    theirs = metrics.roc_auc_score(y_test == 2, far)
    assert theirs > 0.6 and Anomaly().score(train, test) == pytest.approx(theirs, abs=0.005)
    mixed = Features(z_test, y_test[torch.randperm(len(y_test), generator=DICE(0))])
    assert Anomaly().score(train, mixed) == pytest.approx(0.5, abs=0.1)


def test_without_a_class_that_is_new_there_is_no_anomaly(splits):
    (z, y), _, (z_test, y_test) = splits
    assert Anomaly().score(Features(z, y), Features(z_test, y_test)) is None
    # the rare class has no row among those that were read; training has seen it all the same
    assert Anomaly().score(Features(z[y != 2], y[y != 2], seen=y.unique()), Features(z_test, y_test)) is None


def test_a_label_of_which_training_has_one_value_reads_anomalies():
    class Defects(Toy):
        def load(self, split):
            rows, labels = super().load(split)
            odd = (labels["class"] == 2).long()
            keep = (odd == 0) if split == "train" else odd >= 0
            return {name: x[keep] for name, x in rows.items()}, {"defect": odd[keep]}

    data = Defects(SHAPES["series"])
    _, task = Recipe("waves", "autoencoder", "mlp").build(data)
    said = evaluate.final(task, task, data, Hardware("cpu", "float32"))
    assert said.baselines["chance"]["anomaly"] == 0.5 and said.baselines["raw"]["anomaly"] > 0.8
    low, high = said.beside.intervals["anomaly"]
    assert low <= said.scores["anomaly"] <= high and low < high
    whole = Toy(SHAPES["series"])
    assert "anomaly" not in evaluate.final(task, task, whole, Hardware("cpu", "float32")).scores


# Rows, records, and what is shown

def test_all_rows_are_read_at_the_end_when_asked_and_what_was_read_is_said(toy):
    data = Toy(SHAPES["series"])
    _, task = Recipe("waves", "autoencoder", "mlp").build(data)
    few, every, usual = (evaluate.final(task, task, data, Hardware("cpu", "float32"), **given)
                         for given in ({"probe_rows": 50}, {"probe_rows": 0}, {}))
    assert few.rows == {"train": (50, 128), "validation": (25, 128), "test": (50, 128)}
    assert few.samples["linear"] == 50 and every.samples["linear"] == 128
    assert "50 of 128 training samples" in rows_read(few.rows) and rows_read(every.rows) == ""
    assert every.rows == usual.rows  # of few rows all are read anyway
    assert fit(toy, progress=False, evaluations=1, probe_rows=50).final.rows == few.rows


def test_features_are_turned_in_parts_as_they_are_whole(monkeypatch):
    from sslbench.probes import features

    z, other = torch.randn(90, 700, generator=DICE(0)) * 3 + 1, torch.randn(40, 700, generator=DICE(1))
    whole = features.standardise(z, other, most=20)
    monkeypatch.setattr(features, "PART", 7000)  # ten rows
    for a, b in zip(whole, features.standardise(z, other, most=20)):
        assert torch.allclose(a, b, atol=1e-3) and a.shape[1] == 20


def test_a_run_keeps_intervals_rows_and_the_confusion_matrix(toy, tmp_path):
    run = fit(toy, tmp_path, progress=False, evaluations=1)
    again = load_run(tmp_path)
    assert again.intervals == run.intervals and again.final.rows == run.final.rows
    low, high = run.intervals["linear"]
    assert low <= run.scores["linear"] <= high and "rankme" not in run.intervals
    found = again.confusion()
    assert torch.equal(found.counts, run.confusion().counts) and found.counts.sum() == 128
    assert found.counts.diagonal().sum().item() / 128 == pytest.approx(run.scores["linear"])
    recall = np.mean(list(found.recall.values()))
    assert recall == pytest.approx(run.scores["balanced_accuracy"], abs=1e-6)
    assert [row["class"] for row in found.table] == found.names and len(found.names) == 3
    assert len(plots.png(found.figure)) > 1000


def test_without_a_test_there_is_no_confusion_matrix(toy):
    run = fit(toy, progress=False, evaluations=1, test=False)
    with pytest.raises(ValueError, match=r"run\.test\(\)"):
        run.confusion()


def test_the_test_split_is_read_later_as_it_would_have_been(toy):
    later, whole = (fit(toy, progress=False, evaluations=1, test=test, precision="float32")
                    for test in (False, True))
    said = later.test()
    assert said is later.test() is later.final and said.split == "test"
    assert said.scores == whole.final.scores and said.baselines == whole.final.baselines
    assert torch.equal(later.confusion().counts, whole.confusion().counts)


def test_what_was_read_later_is_kept_unless_another_run_is_there_now(toy, tmp_path):
    run = fit(toy, tmp_path, progress=False, evaluations=1, test=False)
    said = run.test()
    again = load_run(tmp_path)
    assert again.final.split == "test" and again.test() is again.final and again.final.scores == said.scores
    assert torch.equal(again.confusion().counts, run.confusion().counts)
    other = fit(replace(toy, steps=1), tmp_path, overwrite=True, progress=False, evaluations=1, test=False)
    late = Run.collect(toy, iter([*again.evaluations[:-1], again.done]), tmp_path)
    late.weights = again.weights
    late.test()
    assert load_run(tmp_path).final.split == "validation" and other.step == 1


def test_further_measures_stand_in_no_chart_and_below_in_tables(toy):
    from sslbench.commands.report import line

    run = fit(toy, progress=False, evaluations=1)
    first, further = (plots.probe_rows(run.evaluations, below) for below in (False, True))
    assert [row["name"] for row in first] == ["linear", "knn"]
    assert {"auc", "nmi", "precision_at_10"} <= {row["name"] for row in further}
    assert "auc" not in repr(run) and "interval" in first[0]
    beside = compare(run)
    assert "auc" not in beside.table[0] and float(beside.further[0]["auc"]) > float(beside.further[1]["auc"])
    assert line(run.final).count("\n") == 1 and "auc" in line(run.final).split("\n")[1]
    assert "chance" in further[0] and "untrained" in further[0]


@pytest.mark.slow
@pytest.mark.parametrize("file", real("pneumoniamnist/pneumoniamnist.npz"))
def test_pneumonia_is_told_less_well_than_its_accuracy_says(file):
    data = Data.find("medmnist")(file=str(file))
    parts = [evaluate.read(data, split, 5000) for split in ("train", "validation", "test")]
    z = [evaluate.raw(data, part, None)["raw"] for part in parts]
    labels = [part.labels for part in parts]
    scores = evaluate.probe(z[0], labels[0], z[2], labels[2], z[1], labels[1])
    assert scores["linear"] - scores["balanced_accuracy"] > 0.03 and scores["auc"] > 0.9
    train, test = (next(iter(x.values())) for x in (labels[0], labels[2]))
    from sklearn.linear_model import LogisticRegression

    from sslbench.probes import standardise
    s, s_test = (x.numpy() for x in standardise(z[0], z[2]))
    best = [LogisticRegression(C=1 / (strength * len(s)), max_iter=300).fit(s, train)
            for strength in (1e-3, 1e-2, 1e-1)]
    aucs = [metrics.roc_auc_score(test, model.predict_proba(s_test)[:, 1]) for model in best]
    assert min(abs(scores["auc"] - auc) for auc in aucs) < 0.005
    assert math.isclose(linear.BalancedAccuracy().chance(train, test), 0.5)
