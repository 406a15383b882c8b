"""Verification: pairs of people who were never seen in training, the scores that are read off them, and what
class probes say of people kept apart: nothing."""

import numpy as np
import pytest
import torch
from PIL import Image
from real_data import real
from sklearn.metrics import roc_auc_score, roc_curve

from sslbench import plots
from sslbench.data import Data, Field
from sslbench.data.matching import pairs_of
from sslbench.machine.hardware import Hardware
from sslbench.plots import charts
from sslbench.probes import Features, main
from sslbench.probes.measures import area_under_roc, equal_error_rate
from sslbench.probes.verification import PairAccuracy, Verification, best_threshold
from sslbench.recipe import Recipe
from sslbench.runs.fitting import fit
from sslbench.runs.verdict import verdict
from sslbench.training import evaluate
from sslbench.training.loop import Evaluation

SPLITS = ("train", "validation", "test")


class People(Data, listed=False):
    """12 people of 10 samples, whose mean is theirs; a share of the test people may be known from
    training."""

    def __init__(self, known: int = 0):
        self.fields, self.known = {"x": Field((8,), (1,), 1)}, known

    def load(self, split):
        own = torch.randn(30, 1, 8, generator=torch.Generator().manual_seed(0))
        first = 10 * SPLITS.index(split) if split == "train" or not self.known else 10 - self.known
        who = (first + torch.arange(10)).repeat_interleave(8)
        noise = torch.randn(80, 1, 8, generator=torch.Generator().manual_seed(SPLITS.index(split)))
        return {"x": own[who % 30] + 0.3 * noise}, {"person": who % 30}

    def pairs(self, split):
        return pairs_of(self.loaded(split)[1]["person"])


def test_pairs_are_balanced_different_and_always_the_same():
    who = torch.tensor([0] * 5 + [1] * 4 + [2] + [-1] * 3)
    pairs = pairs_of(who)
    assert torch.equal(pairs, pairs_of(who)) and pairs[:, 2].sum() * 2 == len(pairs) == 2 * (10 + 6)
    for a, b, same in pairs.tolist():
        assert a != b and (who[a] == who[b]) == bool(same) and min(who[a], who[b]) >= 0
    assert len(pairs[:, :2].sort(1).values.unique(dim=0)) >= 16 + 10  # strangers may meet the other way round
    assert len(pairs_of(who, most=3)) == 6
    assert len(pairs_of(torch.zeros(5, dtype=torch.long))) == len(pairs_of(torch.arange(5))) == 0


@pytest.mark.parametrize("apart", [0.0, 0.7, 3.0, 50.0])
def test_scores_are_those_of_scikit_learn(apart):
    generator = torch.Generator().manual_seed(1)
    same = torch.arange(600) % 2 == 0
    alike = torch.randn(600, generator=generator) + apart * same
    assert area_under_roc(alike, same).item() == pytest.approx(roc_auc_score(same, alike))
    wrong, right, _ = roc_curve(same, alike)
    i = np.nanargmin(np.abs(1 - right - wrong))
    assert equal_error_rate(alike, same).item() == pytest.approx((wrong[i] + 1 - right[i]) / 2, abs=0.01)
    every = torch.stack([((alike >= t) == same).float().mean() for t in alike])
    assert ((alike >= best_threshold(alike, same)) == same).float().mean() == every.max()


def test_random_embeddings_know_nobody():
    z = torch.randn(400, 16, generator=torch.Generator().manual_seed(0))
    pairs = pairs_of(torch.arange(400) % 40)
    read = Features(z, pairs, z)
    assert Verification().score(read, read) == pytest.approx(0.5, abs=0.04)
    assert PairAccuracy().score(read, read, read) == pytest.approx(0.5, abs=0.06)
    one = Features(z[:2], torch.tensor([[0, 1, 1]]), z[:2])
    assert Verification().score(one, one) is None


def test_people_kept_apart_are_verified_and_not_named():
    data = People()
    _, task = Recipe("waves", "autoencoder", "mlp").build(data)
    final = evaluate.final(task, task, data, Hardware("cpu", "float32"))
    scores, baselines = final.scores, final.baselines
    assert set(main(scores)) == {"verification", "equal_error_accuracy", "pair_accuracy"}
    # what fits no label reads classes that training never saw, and no more than that
    assert set(scores) - set(main(scores)) == {"nmi", "ari", "precision_at_10"}
    assert baselines["raw"]["verification"] > 0.9 and baselines["chance"]["verification"] == 0.5
    assert baselines["raw"]["equal_error_accuracy"] > 0.8 and baselines["raw"]["pair_accuracy"] > 0.85
    quick, _ = evaluate.quick(task, data, Hardware("cpu", "float32"), torch.Generator().manual_seed(0))
    assert "verification" in quick and "linear" not in quick
    assert final.samples["verification"] == 80


def test_some_of_them_known_are_named_as_well():
    data = People(known=3)
    _, task = Recipe("waves", "autoencoder", "mlp").build(data)
    scores = evaluate.final(task, task, data, Hardware("cpu", "float32")).scores
    assert {"linear", "knn", "verification"} <= set(scores)


def test_pairs_are_those_of_the_rows_that_are_read():
    data = People()
    whole, part = evaluate.read(data, "test", 1000), evaluate.read(data, "test", 40)
    assert len(part.pairs) < len(whole.pairs)
    person = part.labels["person"]
    assert all((person[a] == person[b]) == bool(same) for a, b, same in part.pairs.tolist())
    assert evaluate.read(Data.find("waves")(), "test", 100).pairs is None


@pytest.mark.slow
def test_the_sample_of_faces_is_read_and_the_verdict_goes_by_verification(tmp_path):
    recipe = Recipe("faces", "simclr", "small_cnn", steps=40, batch_size=64)
    run = fit(recipe, tmp_path / "run", evaluations=1, progress=False, device="cpu")
    assert "40 groups, none in two splits" in run.reading
    assert "People of the test are in no training picture" in run.reading
    assert "verification" in run.scores and "linear" not in run.scores
    assert "a verification reads" in verdict([1.0], 2.0, run.evaluations)


@pytest.mark.parametrize("folder", real("orl-faces"))
def test_real_faces_are_kept_apart_and_raw_pixels_tell_more_than_chance(folder):
    data = Data.find("faces")(folder=str(folder))
    people = [set(data.loaded(split)[1]["person"].tolist()) for split in SPLITS]
    assert not people[0] & people[1] and not people[0] & people[2] and not people[1] & people[2]
    test = evaluate.read(data, "test", 1000)
    raw = evaluate.raw(data, test, None)["raw"]
    read = Features(raw, test.pairs)
    assert 0.6 < Verification().score(read, read) < 0.99


def test_an_evaluation_draws_no_masks_that_nobody_reads(monkeypatch):
    data = Data.find("shapes")()
    monkeypatch.setattr(type(data), "targets", lambda *_: pytest.fail("masks were drawn"))
    assert len(evaluate.read(data, "validation", 50)) == 50 and evaluate.read(data, "test", 50).pairs is None


def test_pairs_are_no_label_in_words_and_their_measure_is_named():
    assert charts.words_for("verification") == "verification"
    assert charts.words_for("linear").startswith("label")
    figure = plots.probes([Evaluation(0, "validation", {"verification": 0.7}, {})])
    assert "accuracy; R² of a quantity; AUC" in [axes.get_xlabel() for axes in figure.axes]


def people(root, n=20, each=4, under=("",)):
    for split in under:
        for i in range(n):
            place = root / split / f"p{i:02}"
            place.mkdir(parents=True)
            for j in range(each):
                rng = np.random.default_rng(1000 * i + 10 * j + len(split))
                Image.fromarray(rng.integers(0, 255, (20, 20, 3), np.uint8)).save(place / f"{j}.png")
    return str(root)


def test_faces_are_people_and_that_the_test_has_others_is_no_fault(tmp_path):
    data = Data.find("faces")(folder=people(tmp_path / "apart"))
    said = data.reading()
    assert "Label 'person': 20 classes (p00, " in said and "Groups from 'person'" in said
    assert "People of the test are in no training picture: verification is what can be read" in said
    assert "no probe can tell" not in said and "folder -1" not in said
    assert all(list(data.loaded(split)[1]) == ["person"] for split in SPLITS)
    assert data.pairs("test") is not None
    given = Data.find("faces")(folder=people(tmp_path / "given", under=("train", "test")))
    assert "are in no training picture" not in given.reading()  # its own splits have the same people


@pytest.mark.parametrize("level, words", [
    (1, "pictures lie in no sub-folder; put those of each person into one of their own, or use the source"),
    (2, "data.level is 2, and below '.*' pictures lie 1 folder deep; set it to 1 or less")])
def test_a_level_that_is_not_there_is_said_in_terms_of_faces(tmp_path, level, words):
    root = people(tmp_path / "x", n=20 if level == 2 else 1, each=4 if level == 2 else 30)
    with pytest.raises(ValueError, match=words) as error:
        Data.find("faces")(folder=root if level == 2 else f"{root}/p00", level=level).loaded("train")
    assert "data.label" not in str(error.value)
