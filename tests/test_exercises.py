"""The notebooks' exercises: waiting, right, or wrong with a line that helps."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import confusion_matrix

from sslbench import exercises
from sslbench.exercises.check import Check, Result

CHECKS = {name: value for name, value in vars(exercises).items() if isinstance(value, Check)}
MISTAKES = [(name, words) for name, check in CHECKS.items() for words in check.mistakes]


def info_nce(a, b, temperature):
    logits = (torch.stack([torch.stack([F.cosine_similarity(x, y, dim=0) for y in b])
                           for x in a]) / temperature)
    rows, columns = logits.log_softmax(1).diagonal(), logits.log_softmax(0).diagonal()
    return -(rows.mean() + columns.mean()) / 2


def hide(order, kept):
    mask = torch.ones(order.shape, dtype=torch.bool)
    for row, places in zip(mask, order):
        row[places[:kept]] = False
    return mask


def hidden_error(guess, x, mask):
    return ((guess - x) ** 2 * mask).sum() / mask.sum()


def shift(ids, start):
    out = torch.empty_like(ids)
    out[:, 0], out[:, 1:] = start, ids[:, :-1]
    return out


def entropy(ids):
    p = ids.unique(return_counts=True)[1] / ids.numel()
    return torch.distributions.Categorical(p).entropy()


def turn(x, turns):
    way = {0: lambda one: one, 1: lambda one: one.transpose(-2, -1).flip(-2),
           2: lambda one: one.flip(-2, -1), 3: lambda one: one.flip(-2).transpose(-2, -1)}
    return torch.stack([way[k](one) for one, k in zip(x, turns.tolist())])


def redundancy(a, b):
    c = torch.corrcoef(torch.cat([a, b], 1).T)[: a.shape[1], a.shape[1]:]
    return c[~torch.eye(len(c), dtype=torch.bool)].pow(2).sum()


SOLUTIONS = {
    "check_info_nce": info_nce, "check_chance": lambda n: -math.log(1 / n),
    "check_byol_distance":
    lambda p, t: (p / p.norm(dim=1, keepdim=True) - t / t.norm(dim=1, keepdim=True)).pow(2).sum(1),
    "check_mask": hide, "check_hidden_error": hidden_error, "check_shift": shift, "check_entropy": entropy,
    "check_deviation":
    lambda z: (z / z.norm(dim=1, keepdim=True)).var(0, correction=0).sqrt().mean() * math.sqrt(z.shape[1]),
    "check_turn": turn,
    "check_puzzle_chance": lambda n: math.lgamma(n + 1),
    "check_moving_average": lambda teacher, student, m: teacher.lerp(student, 1 - m),
    "check_redundancy": redundancy,
    "check_target": lambda z: (z - z.mean(0)) * (z.square().mean(0) - z.mean(0) ** 2 + 1e-4).rsqrt(),
    "check_where_hidden": lambda error, hidden: error[hidden].mean(),
    "check_balanced_accuracy": lambda said, y: np.diag(confusion_matrix(y, said, normalize="true")).mean(),
    "check_standard_error": lambda right: right.double().var(correction=0).sqrt() / len(right) ** 0.5,
    "check_effective_rank": lambda s: torch.distributions.Categorical(probs=s).entropy().exp(),
}


def test_every_check_has_a_solution_here():
    assert SOLUTIONS.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", CHECKS)
def test_an_exercise_waits_for_its_answer(name):
    assert CHECKS[name](...) == Result(None, "waiting for your answer")


@pytest.mark.parametrize("name", CHECKS)
def test_a_solution_is_right_and_so_is_the_reference(name):
    for answer in (SOLUTIONS[name], CHECKS[name].reference):
        result = CHECKS[name](answer)
        assert result.ok is True, result.words


@pytest.mark.parametrize("name", CHECKS)
def test_a_turned_or_slightly_different_answer_is_wrong(name):
    reference = CHECKS[name].reference
    for wrong in (lambda *x: -1.0 * torch.as_tensor(reference(*x)),
                  lambda *x: torch.as_tensor(reference(*x)) * 1.01 + 1e-3):
        result = CHECKS[name](wrong)
        assert result.ok is False and result.words


@pytest.mark.parametrize("name, words", MISTAKES)
def test_each_known_mistake_is_told_its_name(name, words):
    assert CHECKS[name](CHECKS[name].mistakes[words]) == Result(False, words)


@pytest.mark.parametrize("answer, words", [
    (3.0, "answer must be a function"), (lambda *x: None, "it returns nothing"),
    (lambda *x: "loss", "it returns a str"),
    (lambda *x: 1 / 0, "it raises ZeroDivisionError"), (lambda: 0, "it raises TypeError"),
    (lambda *x: torch.zeros(3, 3, 3), "the shape is [3, 3, 3]"),
    (lambda *x: math.nan, ("it is not a finite", "the shape")),
])
def test_whatever_else_is_given_is_one_helpful_line(answer, words):
    for check in CHECKS.values():
        result = check(answer)
        assert result.ok is False and result.words.startswith(words) and "\n" not in result.words


def test_an_answer_cannot_change_what_it_is_compared_with():
    def destroys(order, kept):
        order.zero_()
        return torch.ones_like(order, dtype=torch.bool)
    assert exercises.check_mask(destroys).ok is False


def test_a_result_shows_more_than_a_colour_and_escapes_what_it_quotes():
    page = Result(False, "it raises <b>")._repr_html_()
    assert "✗" in page and "&lt;b&gt;" in page
    assert repr(Result(True, "right")).startswith("✓") and repr(Result(None, "waiting")).startswith("…")
