"""Probes read what is there and no more: against brute force and scikit-learn, at chance on noise, blind to
scale."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from toys import SHAPES, Toy, catalogue, toy  # noqa: F401

from sslbench import compare, fit, plots
from sslbench.data.matching import pairs_of
from sslbench.plots import words
from sslbench.probes import KINDS, Features, Probe, features, geometry, parsed, regression, ridge, scores
from sslbench.probes.knn import vote
from sslbench.training import evaluate


@pytest.fixture(scope="module")
def blobs():
    """Overlapping classes in 12 dimensions, 4 of them informative: train, validation, test."""
    generator = torch.Generator().manual_seed(0)
    centres = 1.3 * torch.randn(4, 12, generator=generator) * (torch.arange(12) < 4)

    def draw(n):
        y = torch.randint(4, (n,), generator=generator)
        return (centres[y] + torch.randn(n, 12, generator=generator)) * 10 ** torch.linspace(-1, 2, 12), y

    return draw(600), draw(300), draw(600)


def brute_force_knn(z, y, z_test, k, temperature):
    guesses = []
    for x in F.normalize(z_test, dim=1):
        cosine = F.normalize(z, dim=1) @ x
        votes = torch.zeros(int(y.max()) + 1)
        for i in sorted(range(len(z)), key=lambda i: -cosine[i])[:k]:
            votes[y[i]] += torch.exp(cosine[i] / temperature)
        guesses.append(votes.argmax())
    return torch.stack(guesses)


@pytest.mark.parametrize("k, temperature", [(1, 0.07), (7, 0.07), (20, 1.0)])
def test_knn_is_a_weighted_vote(blobs, k, temperature):
    (z, y), _, (z_test, y_test) = blobs
    z, y, z_test, y_test = z[:150], y[:150], z_test[:50], y_test[:50]
    score = (brute_force_knn(z, y, z_test, k, temperature) == y_test).float().mean().item()
    assert vote(z, y, z_test, y_test, k, temperature) == pytest.approx(score)


def test_linear_probe_is_as_good_as_scikit_learns(blobs):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    (z, y), (z_val, y_val), (z_test, y_test) = blobs
    scale = StandardScaler().fit(z)
    scores = []
    for strength in regression.STRENGTHS:
        model = LogisticRegression(C=1 / (strength * len(z)), max_iter=500).fit(scale.transform(z), y)
        scores.append((model.score(scale.transform(z_val), y_val),
                       model.score(scale.transform(z_test), y_test)))
    theirs = max(scores)[1]
    ours = regression.linear(z, y, z_test, y_test, z_val, y_val)
    assert theirs > 0.5 and ours == pytest.approx(theirs, abs=0.01)


def test_the_penalty_is_chosen_on_validation_and_the_test_labels_choose_nothing(blobs):
    (z, y), (z_val, y_val), (z_test, y_test) = blobs
    z, z_val, z_test = features.standardise(z[:60], z_val, z_test)
    y = y[:60]
    each = {s: [regression.linear_on_standardised(z, y, a, b, strengths=(s,))
                for a, b in ((z_val, y_val), (z_test, y_test))]
            for s in regression.STRENGTHS}
    best = max(validation for validation, _ in each.values())
    allowed = [test for validation, test in each.values() if validation > best - 0.01]
    assert len({round(v, 3) for v, _ in each.values()}) > 1, "the strengths must matter here"
    score = regression.linear_on_standardised(z, y, z_test, y_test, z_val, y_val)
    assert min(allowed) - 0.02 <= score <= max(allowed) + 0.02


def test_probes_find_nothing_in_permuted_labels(blobs):
    (z, y), (z_val, y_val), (z_test, y_test) = blobs
    shuffled = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(1))]
    assert (regression.linear(z, shuffled, z_test, y_test, z_val, y_val) < 0.4
            and vote(z, shuffled, z_test, y_test) < 0.4)


def test_ridge_is_what_scikit_learn_says_also_below_zero(blobs):
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score

    (z, _), (z_val, _), (z_test, _) = blobs
    s, s_val, s_test = features.standardise(z, z_val, z_test)
    y, y_val, y_test = (x[:, 0] - 2 * x[:, 3] + 0.5 * x[:, 5] ** 2 for x in (s, s_val, s_test))
    model = Ridge(alpha=1e-2 * len(z)).fit(s, y)
    theirs = r2_score(y_test, model.predict(s_test))
    assert 0.5 < theirs < 0.99 and ridge.regress(z, y, z_test, y_test) == pytest.approx(theirs, abs=1e-3)
    far = y_test + 9  # another level, as in a later time
    theirs = r2_score(far, model.predict(s_test))
    assert theirs < -3 and ridge.regress(z, y, z_test, far) == pytest.approx(theirs, rel=1e-3)
    ways = [Ridge(alpha=strength * len(z)).fit(s, y) for strength in ridge.STRENGTHS]
    best = max(ways, key=lambda model: r2_score(y_val, model.predict(s_val)))
    assert ridge.regress(z, y, z_test, y_test, z_val, y_val) == pytest.approx(
        r2_score(y_test, best.predict(s_test)), abs=1e-3)


def test_chance_of_a_quantity_is_the_mean_of_the_training_samples():
    y, y_test = torch.tensor([0.0, 2.0]), torch.tensor([0.0, 1.0, 2.0])
    assert ridge.Ridge().chance(y, y_test) == 0.0
    assert ridge.Ridge().chance(y, y_test + 1) == pytest.approx(-1.5)  # further away, in deviations


def test_chance_is_the_most_frequent_class():
    y, y_test = torch.tensor([0, 1, 1, 2]), torch.tensor([1, 1, 0, 2, 1])
    assert scores.chance_of(y, y_test) == pytest.approx(0.6)


def test_wide_features_are_turned_onto_their_main_directions(blobs):
    (z, y), (z_val, y_val), (z_test, y_test) = blobs
    z, z_val, z_test = features.standardise(z, z_val, z_test)
    wide = torch.randn(12, 2000, generator=torch.Generator().manual_seed(0))
    narrow = regression.linear(z, y, z_test, y_test, z_val, y_val)
    assert features.standardise(z @ wide)[0].shape == (600, 512)
    assert regression.linear(z @ wide, y, z_test @ wide, y_test, z_val @ wide, y_val) > narrow - 0.1


def test_what_else_draws_random_numbers_does_not_change_a_probe():
    wide, found = torch.randn(40, 600, generator=torch.Generator().manual_seed(0)), []
    for seed in (0, 1):
        torch.manual_seed(seed)
        found.append(features.standardise(wide, most=20)[0])
    assert torch.equal(*found)


@pytest.mark.parametrize("strength", [1e-4, 1e-2])
def test_the_logistic_regression_is_at_its_minimum(blobs, strength):
    (z, y), _, _ = blobs
    # features that depend on others
    z = torch.cat([z, z @ torch.randn(z.shape[1], 4, generator=torch.Generator().manual_seed(0))], 1)
    z = features.standardise(z)[0]

    def loss(weights):
        penalty = strength / 2 * weights[:-1].square().sum()
        return torch.nn.functional.cross_entropy(z @ weights[:-1] + weights[-1], y) + penalty

    weights = regression.logistic_regression(z, y, strength).requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(weights), weights)
    assert slope.abs().max() < 5e-3
    few = regression.logistic_regression(z, y, strength, iterations=2)
    assert loss(few) > loss(weights) + 1e-3  # two iterations are not enough


def test_rank_deviation_and_uniformity_tell_spread_from_collapsed():
    torch.manual_seed(0)
    spread, line, point = torch.randn(500, 16), torch.randn(500, 1) * torch.ones(16), torch.ones(500, 16)
    assert geometry.rankme(spread) > 15 and geometry.rankme(line) == pytest.approx(1, abs=1e-3)
    assert geometry.deviation(spread) == pytest.approx(1, abs=0.02) and geometry.deviation(point) == 0
    assert geometry.uniformity(spread) < -3 and geometry.uniformity(point) == pytest.approx(0, abs=1e-6)
    pairs = torch.pdist(torch.nn.functional.normalize(spread, dim=1))
    assert (geometry.uniformity(spread) == pytest.approx(pairs.square().mul(-2).exp().mean().log().item(),
                                                         abs=1e-4))
    assert geometry.alignment(spread, 3 * spread) == pytest.approx(0, abs=1e-6)
    assert geometry.alignment(spread, -spread) == pytest.approx(4, rel=1e-5)


def test_neighbours_agree_where_views_are_alike():
    z, other = (torch.randn(100, 8, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert geometry.agreement(z, z) == 1 and geometry.agreement(z, other) < 0.15
    points = features.Features(z, views=(z, 2 * z))
    assert geometry.Agreement().score(points, points) == 1
    for views in (None, (z[:5], z[:5])):  # no views, or all others are neighbours
        points = features.Features(z, views=views)
        assert geometry.Agreement().score(points, points) is None


def test_a_feature_that_never_varies_does_no_harm(blobs):
    (z, y), _, (z_test, y_test) = blobs
    with_constant = [torch.cat([x, torch.full((len(x), 3), 7.0)], 1) for x in (z, z_test)]
    without = regression.linear(z, y, z_test, y_test)
    assert (regression.linear(with_constant[0], y, with_constant[1], y_test) == pytest.approx(without,
        abs=0.01))


def test_every_label_and_factor_gets_its_own_score(blobs):
    (z, y), (z_val, y_val), (z_test, y_test) = blobs
    # a factor may have any name
    labels = lambda y, z: {"class": y, "odd": y % 2, "first": z[:, 0].float(), "knn": y // 2}
    scores = evaluate.probe(z, labels(y, z), z_test, labels(y_test, z_test), z_val, labels(y_val, z_val))
    own = [key for key in scores if parsed(key)[1] or not parsed(key)[0].further]
    assert own == ["knn", "linear", "linear: odd", "ridge: first", "linear: knn"]
    assert scores["ridge: first"] > 0.99
    # further measures are those of the label alone
    assert {"auc", "balanced_accuracy", "macro_f1", "nmi", "ari", "precision_at_10"} == set(scores) - set(own)
    alone = evaluate.probe(z, {"class": y}, z_test, {"class": y_test}, z_val, {"class": y_val})
    assert scores["knn"] == alone["knn"]


# The catalogue of probes

@pytest.fixture
def same_catalogue():
    before = dict(Probe.all())
    yield
    Probe.catalogue.clear()
    Probe.catalogue.update(before)


@pytest.mark.parametrize("name", sorted(Probe.all()))
def test_every_probe_says_what_it_is_and_scores(name, blobs):
    probe, ((z, y), _, (z_test, y_test)) = Probe.find(name)(), blobs
    z, z_test = features.standardise(z, z_test)
    assert probe.title and len(probe.summary()) > 20 and set(probe.reads) <= set(KINDS) and probe.reads
    kinds = {"classes": (y, y_test), "answers": (F.one_hot(y, 4), F.one_hot(y_test, 4)),
             "quantity": (z[:, 0], z_test[:, 0]),
             "nothing": (None, None)}
    for kind in set(probe.reads) & kinds.keys():  # test_dense_probes has masks and boxes
        own, own_test = kinds[kind]
        score = probe.score(Features(z, own), Features(z_test, own_test, views=(z_test[:9], z_test[9:18])))
        if score is None:  # it asks for a class that training never saw
            z, own = z[y < 2], own[y < 2]
            score = probe.score(Features(z, own), Features(z_test, own_test))
        assert isinstance(score, float) and np.isfinite(score)
        if kind != "nothing":
            level, dice = probe.chance(own, own_test), torch.Generator().manual_seed(0)
            # labels that mean nothing, of the training samples and of those of the test
            shuffled = [[labels[torch.randperm(len(labels), generator=dice)] for labels in (own, own_test)]
                        for _ in range(5)]
            read = [probe.score(Features(z, a), Features(z_test, b)) for a, b in shuffled]
            assert level - 0.1 < np.mean(read) < level + 0.1 < score
    if "pairs" in probe.reads:
        pairs = pairs_of(y_test)
        read, dice = Features(z_test, pairs), torch.Generator().manual_seed(0)
        strange = Features(z_test, torch.cat([pairs[:, :2],
                                              pairs[torch.randperm(len(pairs), generator=dice), 2:]], 1))
        assert (probe.score(read, strange, strange) < probe.chance(pairs, pairs) + 0.1
                < probe.score(read, read, read))


def test_a_probe_typed_in_a_cell_appears_in_scores_charts_tables_and_verdict(same_catalogue, toy):
    class Nearest(Probe):
        """The class of the single most similar sample."""

        title, reads, leads = "nearest sample", ("classes",), True

        def score(self, train, test, validation=None, check=lambda: None):
            return vote(train.z, train.y, test.z, test.y, k=1)

        def chance(self, y, y_test):
            return scores.chance_of(y, y_test)

    del Probe.catalogue["linear"], Probe.catalogue["knn"]
    run = fit(toy, progress=False, evaluations=1)
    assert (run.scores["nearest"] > 0 and run.baselines["chance"]["nearest"] > 0
            and run.baselines["untrained"]["nearest"] > 0)
    assert ([row["name"] for row in plots.probe_rows(run.evaluations)] == ["nearest"]
            and "nearest" in compare(run).table[0])
    assert "nearest sample" in words.curves(run.steps, run.evaluations) and "nearest" in repr(run)
    assert "nearest sample" in run.verdict or "not better" in run.verdict


def test_probes_that_read_no_label_are_not_asked_for_one(blobs):
    (z, y), _, (z_test, y_test) = blobs
    assert not {"rankme", "uniformity"} & set(evaluate.probe(z, {"class": y}, z_test, {"class": y_test}))


def test_the_samples_of_every_score_of_a_label_are_counted_and_of_no_other():
    labels = {"class": torch.tensor([0, 1, -1, 1]),
              "size": torch.tensor([0.5, float("nan"), float("nan"), 1.0])}

    class Some(Toy):
        def loaded(self, split):
            return {"image": torch.zeros(4, 3, 8, 8, dtype=torch.uint8)}, labels

    scores = dict.fromkeys(("linear", "knn", "ridge: size", "linear: elsewhere", "rankme"), 0.5)
    counted = evaluate.judged(evaluate.read(Some(SHAPES["image"]), "validation", 4), scores)
    assert counted == {"linear": 3, "knn": 3, "ridge: size": 2}
