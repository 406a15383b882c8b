"""What few labels are worth is measured with the same samples for every method, kept, and never computed
twice."""

import time

import numpy as np
import pytest
import torch
from benches import listed, make, open_tab, painted, until  # noqa: F401  fixtures
from toys import SHAPES, Toy

import sslbench
from sslbench import Recipe, fit
from sslbench.commands import few_labels as command
from sslbench.data.few_labels import FewLabelled, of_each_class
from sslbench.notes import Note
from sslbench.probes.features import standardise, whitened_by_views
from sslbench.runs import label_points
from sslbench.runs.label_curve import FILE, HOW, LabelCurve, kept
from sslbench.runs.label_methods import FINE_TUNED, METHODS, SSL, SUPERVISED, UNTRAINED, Labelling
from sslbench.runs.run import Run, load_run

CLASSES = torch.tensor([0, 1, 1, -1, 2, 0, 1, 2, 2, 1])


def test_each_class_has_as_many_labels_and_the_unlabelled_none():
    rows = of_each_class(CLASSES, 2, seed=0)
    assert CLASSES[rows].bincount().tolist() == [2, 2, 2]
    assert len(of_each_class(CLASSES, None, seed=0)) == 9
    assert CLASSES[of_each_class(CLASSES, 3, seed=0)].bincount().tolist() == [2, 3, 3]  # a class of two


def test_more_labels_add_to_fewer_ones_and_another_draw_is_another():
    assert set(of_each_class(CLASSES, 1, 0).tolist()) < set(of_each_class(CLASSES, 2, 0).tolist())
    assert len({tuple(of_each_class(CLASSES, 1, seed).tolist()) for seed in range(8)}) > 1


def test_training_sees_the_chosen_rows_alone_and_fills_a_batch_with_them():
    data = FewLabelled(Toy(SHAPES["image"]), torch.tensor([3, 5]), least=5)
    rows, _ = data.loaded("train")
    whole, _ = data.data.loaded("train")
    assert len(rows["label"]) == 6
    (name, x), *_ = whole.items()
    assert torch.equal(rows[name][:], x[torch.tensor([3, 5] * 3)])
    assert len(data.loaded("test")[0]["label"]) == len(data.data.loaded("test")[0][name])


def test_directions_that_views_move_count_less():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(1, 400, 2, generator=generator)
    moved = z + torch.tensor([2.0, 0.1]) * torch.randn(6, 400, 2, generator=generator)
    turned = standardise(z[0])[0] @ whitened_by_views(moved)
    by_direction = torch.corrcoef(torch.cat([turned.T, z[0].T]))[:2, 2:].abs()
    strong = int(turned.var(0).argmax())
    assert by_direction[strong, 1] > 0.99 and turned.var(0).max() > 10 * turned.var(0).min()
    assert torch.equal(whitened_by_views(z.expand(3, -1, -1)), torch.eye(2))  # nothing moves


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("few") / "waves"
    return fit(Recipe("waves", steps=60, batch_size=64), folder, progress=False, evaluations=1,
               test=False)


def files(run):
    return sorted(run.folder.glob(FILE.format(steps="*")))


@pytest.fixture
def nothing_kept(run):
    """Nor is anything kept for the next test."""
    def swept():
        for file in files(run):
            file.unlink()

    swept()
    yield
    swept()


@pytest.mark.slow
def test_the_features_of_a_run_beat_untrained_ones_with_few_labels(run):
    curve = run.few_labels([3, None], draws=2, steps=4, methods=[SSL, UNTRAINED, SUPERVISED], progress=False)
    assert curve.gain(3, over=UNTRAINED) > 0.02 and curve.gain(3) > 0.1
    assert len(curve.of(SSL, 3)) == len(curve.of(SUPERVISED, None)) == 2 and len(curve.of(SSL, None)) == 1
    assert [row["labels per class"] for row in curve.table] == [SSL, SUPERVISED, UNTRAINED]
    assert "±" in curve.table[0]["3"] and "<table>" in curve._repr_html_()
    assert "3 labels per class" in sslbench.plots.label_counts.words(curve.lines)
    assert len(sslbench.plots.png(curve.figure)) > 10_000


def test_a_count_that_no_class_has_is_all_and_is_left_out_with_a_note(run, nothing_kept, monkeypatch):
    monkeypatch.setattr(Labelling, "score", lambda self, *point: 0.5)
    largest = Labelling(run.recipe, run.task, run.data, steps=1).largest
    options = {"draws": 1, "steps": 3, "methods": [SSL], "progress": False}
    with pytest.warns(Note, match=f"more than {largest} .*: {largest + 1} and 9999 labels per class"):
        curve = run.few_labels([1, largest, largest + 1, 9999, None], **options)
    assert curve.counts == [1, largest, None]
    with pytest.warns(Note, match="9999 labels per class"):
        assert run.few_labels([9999], **options).counts == [1, largest, None]


def test_the_table_says_how_it_is_fitted_and_that_the_runs_own_probe_differs():
    curve = LabelCurve("x", 1, scores={(SSL, 1, 0): 0.5})
    for shown in (repr(curve), curve._repr_html_()):
        assert HOW in shown and "linear on SSL features" in shown
    assert "own linear probe" in HOW and "differ" in HOW and "." not in HOW[:-1]  # one sentence


def test_a_line_for_each_point_and_how_long_the_rest_takes_without_a_bar(run, nothing_kept, monkeypatch,
                                                                         capsys):
    monkeypatch.setattr(Labelling, "score", lambda self, *point: 0.5)
    asked = [str(run.folder), "--draws", "1", "--steps", "5", "--labels"]
    assert command.run([*asked, "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    points = [line for line in lines if "/5 " in line]
    assert len(points) == 5 and points[0].startswith(f"1/5 {SSL}, labels per class: 1, draw 1: 0.500")
    assert lines.index(points[3]) + 1 == next(i for i, line in enumerate(lines) if "about 0 s more" in line)
    assert "omputed before" not in "".join(lines)  # nothing was
    assert command.run([*asked, "3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Computed before: 1."
    assert command.run([*asked[:2], "2", *asked[3:], "3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Computed before: 1, 3 in part."
    run.few_labels([3], draws=3, steps=5, progress=False)
    assert not capsys.readouterr().out  # a bar, or nothing, unless somebody wants lines


def test_time_is_in_seconds_then_in_minutes():
    assert [label_points.in_time(s) for s in (12.4, 89, 90, 600)] == ["12 s", "89 s", "2 min", "10 min"]


@pytest.mark.slow
def test_fine_tuning_begins_with_what_the_linear_probe_knows(run):
    labelling = Labelling(run.recipe, run.task, run.data, steps=1)
    rows = labelling.rows(10, 0)
    before = labelling.linear(labelling.frozen[SSL], rows, 0)
    assert labelling.fitted(rows, 0, from_weights=True) > before - 0.1
    assert labelling.fitted(rows, 0, from_weights=False) < before - 0.1


@pytest.mark.slow
def test_points_are_kept_beside_the_run_and_not_computed_again(run, monkeypatch, capsys):
    curve = run.few_labels([1], draws=1, steps=4, progress=False)
    assert curve.methods == list(METHODS)
    monkeypatch.setattr(Labelling, "score", None)  # a second computation would fail
    again = load_run(run.folder).few_labels([1], draws=1, steps=4, progress=False)
    assert again.scores == curve.scores
    assert command.run([str(run.folder), "--labels", "1", "--draws", "1", "--steps", "4"]) == 0
    assert SSL in capsys.readouterr().out
    with pytest.raises(TypeError):
        run.few_labels([2], draws=1, steps=4, progress=False)


@pytest.mark.slow
def test_other_steps_throw_nothing_away(run, monkeypatch):
    first = run.few_labels([1], draws=1, steps=2, progress=False)
    other = run.few_labels([1], draws=1, steps=1, methods=[SUPERVISED], progress=False)
    assert set(other.methods) == set(METHODS) - {FINE_TUNED}  # linear ones take no steps
    monkeypatch.setattr(Labelling, "score", None)
    assert run.few_labels([1], draws=1, steps=2, progress=False).scores == first.scores


@pytest.mark.slow
def test_a_run_that_took_the_place_of_another_does_not_inherit_its_curve(run, tmp_path):
    run.few_labels([1], draws=1, steps=4, methods=[SSL], progress=False)
    other = fit(Recipe("waves", steps=2), tmp_path / "other", progress=False, evaluations=1)
    (tmp_path / "other" / files(run)[0].name).write_bytes(files(run)[0].read_bytes())
    assert kept(run) and kept(other) is None
    for file in files(run):
        file.write_text("{broken")
    assert kept(run) is None


@pytest.mark.slow
def test_what_is_cancelled_keeps_its_points(run, monkeypatch):
    for file in files(run):
        file.unlink()
    count = []

    def score(self, *point):
        if len(count) == 2:
            raise KeyboardInterrupt
        count.append(point)
        return 0.5

    monkeypatch.setattr(Labelling, "score", score)
    with pytest.raises(KeyboardInterrupt):
        run.few_labels([1, 3], draws=3, steps=4, progress=False)
    assert list(kept(run).scores) == count


def test_mistakes_are_one_line(run):
    supervised = Run(Recipe("waves", "supervised", labels=1.0))
    for given, words in (([0], "from 1"), (["many"], "from 1"), ([], "from 1")):
        with pytest.raises(ValueError, match=words):
            label_points.asked(given, METHODS)
    with pytest.raises(ValueError, match="linear on raw"):
        label_points.asked([1], ["linear on row"])
    for methods in (3, None, [], [3], "linear on raw", {"linear on raw"}):
        with pytest.raises(ValueError, match="methods must be a list of names"):
            label_points.asked([1], methods)
    assert label_points.asked((np.int64(3), None), METHODS)[0] == [3, None]
    for progress in ("no", 1, None):
        with pytest.raises(ValueError, match="progress"):
            run.few_labels([1], progress=progress)
    with pytest.raises(ValueError, match="steps must"):
        run.few_labels([1], steps=10**10, progress=False)
    assert not files(run) or all("10000000000" not in file.name for file in files(run))
    with pytest.raises(ValueError, match="no weights"):
        supervised.few_labels(progress=False)
    with pytest.raises(ValueError, match="all, not 'x'"):
        command.numbers("x")
    with pytest.raises(ValueError, match="as fit"):
        sslbench.few_labels(3)


def test_an_empty_curve_says_so():
    assert sslbench.plots.label_counts.words(LabelCurve("x", 1).lines) == "Nothing has been measured yet."


@pytest.mark.slow
def test_the_tab_measures_when_asked_can_be_cancelled_and_remembers_its_line(make, monkeypatch):
    bench = make()
    bench.train()
    tab = open_tab(bench, "Few labels")
    tab._settings = {"counts": [1, 2], "draws": 1, "steps": 2}
    assert not tab.picture.image.value and not tab.start.disabled  # nothing is computed by itself
    real, slow = Labelling.score, []

    def score(self, *point):
        if len(slow) == 2:
            while True:
                self.check()
                time.sleep(0.01)
        slow.append(point)
        return real(self, *point)

    monkeypatch.setattr(Labelling, "score", score)
    tab.start.click()
    until(lambda: (found := kept(bench.run)) and len(found.scores) == 2 and tab.start.disabled)
    tab.cancel.click()
    until(lambda: not tab.start.disabled)
    monkeypatch.setattr(Labelling, "score", real)
    assert len(kept(bench.run).scores) == 2
    tab.start.click()
    until(lambda: len(kept(bench.run).scores) == 10 and not tab.start.disabled)
    painted(bench)
    assert bytes(tab.picture.image.value).startswith(b"\x89PNG") and "supervised" in tab.table.value
    assert "own linear probe" in tab.table.value
    monkeypatch.setattr(Labelling, "score", None)  # a second computation would fail
    again = make(recorded=False)
    again.load(bench.run.folder)
    assert "supervised" in open_tab(again, "Few labels").table.value
