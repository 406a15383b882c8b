"""What a run tells beside the strongest simple baseline stands in the verdict, the chart and the tables, in
plain words."""

import itertools

import pytest
from toys import SHAPES, Toy, catalogue  # noqa: F401  fixture

from sslbench import plots
from sslbench.commands.report import line
from sslbench.plots import charts
from sslbench.plots.axes import lines_of
from sslbench.recipe import Recipe
from sslbench.runs.beside_simple import beside_simple, same, strongest
from sslbench.runs.comparison import compare
from sslbench.runs.run import Run
from sslbench.runs.verdict import verdict
from sslbench.training.loop import Evaluation, train

SIMPLE = {"chance": {"linear": 0.2, "knn": 0.2}, "raw": {"linear": 0.5, "knn": 0.4},
          "TF-IDF of words": {"linear": 0.93}, "untrained": {"linear": 0.62, "knn": 0.99}}


def evaluations(now: float, samples: int = 5000, baselines=SIMPLE) -> list[Evaluation]:
    seen = [Evaluation(step, "validation", {"rankme": 20.0, "deviation": 0.5, "linear": score}, {},
                       samples={"linear": 1000}) for step, score in ((0, 0.62), (9, now))]
    return [*seen, Evaluation(9, "test", {"linear": now}, baselines, samples={"linear": samples})]


@pytest.mark.parametrize("now, samples, words", [
    (0.81, 5000, "; on the test split: linear probe 0.81, untrained 0.62, TF-IDF of words 0.93: the simple "
                 "baseline is better here"),
    (0.98, 5000, "linear probe 0.98, untrained 0.62, TF-IDF of words 0.93: better than the simple baseline"),
    (0.935, 5000, "linear probe 0.94, untrained 0.62, TF-IDF of words 0.93: no better than the simple "
                  "baseline"),
    (0.81, 20, "no better than the simple baseline (by chance alone they may lie 0.2"),
    (0.81, 0, "the simple baseline is better here"),  # recorded before they were counted
])
def test_the_verdict_says_which_of_them_is_better(now, samples, words):
    assert words in verdict([1.0], 2.0, evaluations(now, samples))
    assert verdict([1.0], 2.0, evaluations(now, samples)).count("baseline") == 1


@pytest.mark.parametrize("baselines", [{}, {"chance": {"linear": 0.9}, "untrained": {"linear": 0.9}},
                                       {"HOG": {"linear: hue": 0.99}}, {"HOG": {"linear": float("nan")}}])
def test_where_no_simple_baseline_answers_the_same_nothing_is_said(baselines):
    assert "baseline" not in verdict([1.0], 2.0, evaluations(0.81, baselines=baselines))
    assert strongest(baselines, "linear") is None


def test_nothing_is_said_before_the_end():
    assert "baseline" not in verdict([1.0], 2.0, evaluations(0.81)[:2])
    before = Evaluation(9, "validation", {"linear": 0.5}, SIMPLE)
    assert beside_simple(before, "linear", lambda a, b: 0.0, 0.02) == ""


def test_a_nearest_neighbour_counts_beside_a_linear_probe_of_the_same_label_and_no_other_measure_does():
    found = strongest({"1-nearest neighbour": {"knn": 0.97}, "raw": {"linear": 0.5, "knn": 0.99}}, "linear")
    assert found == ("1-nearest neighbour", 0.97)  # raw input has a linear probe of its own
    assert same("knn", "linear") and same("linear: hue", "linear: hue")
    assert not same("knn", "ridge") and not same("linear: hue", "linear") and not same("rankme", "linear")
    assert not same("verification", "linear") and strongest({"HOG": {"ridge": 0.9}}, "linear") is None


@pytest.fixture
def run(catalogue):
    class Waves3(Toy):
        """Toy series."""

        name = "waves3"

        def __init__(self):
            super().__init__(SHAPES["series"])

    recipe = Recipe("waves3", "masked", "mlp", steps=2, batch_size=8)
    return Run.collect(recipe, train(recipe, device="cpu", precision="float32", evaluations=1))


def test_a_run_has_them_at_the_end_in_chart_tables_and_verdict_and_not_while_training(run):
    first, *_, end = run.evaluations
    assert set(first.baselines) == {"chance", "raw"}
    assert set(end.baselines) == {"chance", "raw", "random convolutions", "1-nearest neighbour", "untrained"}
    assert set(run.baselines) == set(end.baselines)
    rows = {row["name"]: row for row in plots.probe_rows(run.evaluations)}
    assert {"random convolutions", "raw"} <= set(rows["linear"]) and "1-nearest neighbour" in rows["knn"]
    assert "random convolutions" in repr(compare(run)) and "random convolutions" in line(end)
    assert plots.probes(run.evaluations).axes[0].texts


def test_marks_in_the_chart_differ_and_a_long_legend_has_lines():
    names = ["byte histogram", "bag of words", "3-grams", "one-hot", "k-mers", "TF-IDF of characters"]
    rows = [{"name": "linear", "trained": 0.5, "chance": 0.1, "untrained": 0.2, **dict.fromkeys(names, 0.4)}]
    keys = charts.keys_of(rows)
    assert len({key[1:] for key in keys}) == len(keys) == 9
    lines = lines_of(keys)
    assert len(lines) > 1 and [name for line in lines for _, name, _, _ in line] == [key[0] for key in keys]
    assert all(a[0] < b[0] for line in lines for a, b in itertools.pairwise(line))
    assert len(lines_of(keys[:3])) == 1
