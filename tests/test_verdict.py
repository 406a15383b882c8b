"""The verdict judges no more than its samples allow, and says how many there were."""

import pytest
import torch

from sslbench.probes.ridge import Ridge
from sslbench.probes.scores import r_squared
from sslbench.runs.verdict import by_chance, verdict
from sslbench.training.loop import Evaluation


def said(before: float, now: float, samples: int) -> str:
    seen = [Evaluation(step, "validation", {"rankme": 20.0, "deviation": 0.5, "linear": score}, {},
                       samples={"linear": samples})
            for step, score in ((0, before), (9, now))]
    return verdict([1.0], 2.0, seen)


@pytest.mark.parametrize("before, now, samples, words", [
    (0.4, 0.6, 10, "reads 0.60 (on 10 samples) where it read 0.40 before training: by chance alone they may "
                   "lie 0.44 apart"),
    (0.6, 0.4, 10, "this tells nothing yet"),
    (0.4, 0.6, 1000, "learning: loss 1 (chance 2), a linear probe reads 0.60 (on 1000 samples) where it "
                     "read 0.40"),
    (0.1, 0.9, 10, "learning"),  # more than chance could do
    (0.5, 0.505, 50_000, "but a linear probe reads no more than before training (0.51 (on 50000 samples), "
                         "was 0.50)"), # recorded before they were counted
    (0.4, 0.45, 0, "learning: loss 1 (chance 2), a linear probe reads 0.45 where it read 0.40"),
])
def test_it_says_on_how_many_samples_and_leaves_chance_alone(before, now, samples, words):
    assert words in said(before, now, samples)


@pytest.mark.parametrize("score, words",
    [("ridge", "a ridge regression reads"), ("ridge: size", "a ridge regression of size reads"),
                                          ("linear: ink_hue", "a linear probe of ink hue reads")])
def test_it_names_the_probe_and_what_it_reads(score, words):
    seen = [Evaluation(step, "validation", {score: value}, {}, samples={score: 1000})
            for step, value in ((0, 0.4), (9, 0.6))]
    assert f"{words} 0.60 (on 1000 samples) where it read 0.40" in verdict([1.0], 2.0, seen)


@pytest.mark.parametrize("loss, words", [(1.97, "hardly better than chance yet: loss 1.97, a guess that"),
                                         (2.0, "not better than chance"), (2.1, "not better than chance"),
                                         (1.9, "learning")])
def test_a_loss_a_little_below_chance_is_not_called_above_it(loss, words):
    seen = [Evaluation(step, "validation", {"linear": score}, {}) for step, score in ((0, 0.1), (9, 0.9))]
    assert verdict([loss], 2.0, seen).startswith(words)


def test_fewer_samples_leave_more_to_chance():
    for key in ("linear", "ridge", "probe of another notebook"):
        few, many, unknown = (by_chance(key, 0.5, 0.5, n) for n in (10, 1000, 0))
        assert few > 5 * many > 0 == unknown
    assert by_chance("linear", 1.0, 1.0, 8) > 0.1  # all right does not mean certain


def test_the_error_of_r_squared_is_that_of_many_draws():
    generator, scores = torch.Generator().manual_seed(0), []
    for _ in range(400):
        x = torch.randn(2, 200, generator=generator)
        told = x[0] * 0.65 ** 0.5
        scores.append(r_squared(told, told + x[1] * 0.35 ** 0.5))
    drawn = 2 * torch.tensor(scores).std().item()
    assert Ridge().by_chance(0.65, 200) == pytest.approx(drawn, rel=0.35)


def test_it_goes_by_the_test_where_more_samples_are_there():
    seen = [Evaluation(step, "validation", {"ridge": score}, {}, samples={"ridge": 18})
            for step, score in ((0, 0.1), (9, 0.9))]
    end = Evaluation(9, "test", {"ridge": 0.3}, {"untrained": {"ridge": 0.31}}, samples={"ridge": 600})
    assert "reads 0.30 (on 600 test samples) where it read 0.31" in verdict([1.0], 2.0, [*seen, end])
    few = Evaluation(9, "test", {"ridge": 0.3}, {"untrained": {"ridge": 0.31}}, samples={"ridge": 9})
    assert "reads 0.90 (on 18 samples)" in verdict([1.0], 2.0, [*seen, few])


def test_without_an_evaluation_there_is_nothing_to_judge_by():
    assert "no evaluation" in verdict([1.0], 2.0, [])
