"""Plots show what happened: legible, in colours and line styles that nobody needs to tell apart by hue, each
with a sentence."""

import io
import itertools
import math
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from promises import inputs_of
from toys import SHAPES, Toy, build, source

from sslbench import plots
from sslbench.data import Data, Picture
from sslbench.field import decode
from sslbench.plots import charts, colors, words
from sslbench.plots.axes import spread
from sslbench.plots.layout import Layout
from sslbench.plots.pictures import Strip
from sslbench.plots.texts import color_of, draw_texts, said_lines
from sslbench.recipe import Recipe
from sslbench.runs.run import Run
from sslbench.shown import Matrix, Row, Says, as_shown
from sslbench.training.loop import Evaluation, Step

BASELINES = {"chance": {"linear": 0.1, "knn": 0.1, "ridge: size": 0.0},
             "raw": {"linear": 0.13, "knn": 0.2, "ridge: size": 0.3}}


def steps(n=200, start=6.2):
    return [Step(i + 1, {"loss": start * math.exp(-i / 100) + 1}, 0.1 * i) for i in range(n)]


def evaluations(last=0.8):
    return [Evaluation(s, "validation",
        {"linear": 0.2 + (last - 0.2) * s / 200, "knn": 0.15, "ridge: size": 0.1, "rankme": 20.0},
                       BASELINES if s == 0 else {}, 6.2) for s in (0, 100, 200)]


def axes(width=300, height=200):
    return plots.box(plots.figure(width, height), 20, 20, width - 40, height - 40)


def pixels(figure) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(plots.png(figure, 1))).convert("RGB")).astype(int)


def texts(drawn) -> str:
    return " | ".join(t.get_text() for t in drawn.texts)


def luminance(color: str) -> float:
    return float(np.dot([int(color[i:i + 2], 16) for i in (1, 3, 5)], (0.2126, 0.7152, 0.0722)))


def test_the_loss_is_drawn_with_its_chance_line_inside_the_picture():
    drawn = axes()
    charts.loss(drawn, steps(), chance=6.2, total=400)
    low, high = drawn.get_ylim()
    assert low < 1.8 < 6.2 < high and "chance 6.2" in texts(drawn) and drawn.get_xlim()[1] == 400
    without = axes()
    charts.loss(without, steps(), chance=None)
    assert "chance" not in texts(without) and len(without.lines) == len(drawn.lines) - 1


def test_scores_stand_beside_chance_raw_input_and_the_untrained_network():
    drawn = axes()
    charts.scores(drawn, evaluations(), 200)
    assert all(name in texts(drawn)
               for name in ("linear probe 0.80", "chance 0.10", "raw 0.13", "untrained 0.20"))
    empty = axes()
    charts.scores(empty, [])
    assert "first evaluation" in texts(empty)


def test_every_line_has_its_own_style_so_that_colour_is_not_needed():
    drawn = axes()
    charts.scores(drawn, evaluations(), 200)
    looks = [(str(line.get_linestyle()), line.get_marker(), line._dash_pattern) for line in drawn.lines]
    assert len(set(map(str, looks))) == len(looks) == 5
    assert len(set(colors.COLORS)) == len(colors.COLORS) == 8
    assert all(luminance(color) < 150 for color in colors.COLORS[:1])  # the main line is dark on white


def test_labels_of_lines_that_lie_together_do_not_touch():
    places = spread([0.10, 0.11, 0.12, 0.9], 0.07)
    assert min(b - a for a, b in itertools.pairwise(places)) >= 0.07 - 1e-9 and abs(places[-1] - 0.9) < 1e-9
    top = spread([0.98, 0.99, 1.0], 0.07)
    assert max(top) <= 1 and min(b - a for a, b in itertools.pairwise(top)) >= 0.07 - 1e-9
    assert spread([0.2, 0.8], 0.07) == [0.2, 0.8]  # negative control: where there is room nothing moves


def test_probes_have_one_row_per_label_and_factor_with_every_baseline():
    rows = charts.probe_rows(evaluations())
    assert [row["name"] for row in rows] == ["linear", "knn", "ridge: size"]
    assert rows[0] == {"name": "linear", "trained": 0.8, "chance": 0.1, "raw": 0.13, "untrained": 0.2}
    assert charts.parts_of(rows) == ["chance", "raw", "untrained"]
    assert charts.probe_rows([]) == []
    assert pixels(plots.probes([])).min() < 200  # it says that there are no labels


def test_without_labels_the_effective_rank_is_drawn_instead():
    unlabelled = [Evaluation(s, "validation", {"rankme": 10.0 + s}, {}) for s in (0, 1)]
    drawn = axes()
    charts.scores(drawn, unlabelled)
    assert "effective rank" in drawn.get_title("left")
    assert words.probes(unlabelled) == "There are no labels to probe."


@pytest.mark.parametrize("shape", SHAPES)
def test_a_task_on_any_kind_of_data_becomes_a_picture(shape):
    data = Toy(SHAPES[shape])
    batch = decode(data.fields, data.load("train")[0], torch.arange(8))
    shown = [Row("read", batch), Row("as it was", batch, "truth"),
             Says([f"is {i}, guess 1" for i in range(8)], [i == 1 for i in range(8)])]
    layout = Layout(shown, data, plots.WIDTH)
    image = pixels(plots.task(shown, data))
    assert image.shape[:2] == (layout.height, plots.WIDTH)
    assert (image.min(2) < 120).mean() > 0.002  # there is something on it
    assert "1 of 8 guesses are right" in words.task(shown)


def test_a_matrix_stands_beside_its_views_and_its_sentence_compares_the_pairs():
    data = Toy(SHAPES["image"])
    batch = decode(data.fields, data.load("train")[0], torch.arange(8))
    shown = [Row("view 1", batch), Row("view 2", batch), Matrix("similarity", 0.1 + 0.8 * torch.eye(8))]
    assert Layout(shown, data, 840).matrix is not None and Layout(shown[:2], data, 840).matrix is None
    assert "(the diagonal) the mean is 0.90, elsewhere 0.10" in words.task(shown)
    assert plots.png(plots.task(shown, data))[:4] == b"\x89PNG"


def letters_by_color(*roles: str) -> dict[str, str]:
    """Colour -> the letters drawn in it, for "hello", "h··lo" and "hexlo" shown in these roles under titles
    that say nothing."""
    drawn = axes(600, 300)
    strips = [Strip(title, [Picture("text", words)], role)
              for title, words, role in zip("abc", ("hello", "h··lo", "hexlo"), roles)]
    draw_texts(drawn, strips)
    found = {}
    for text in drawn.texts:
        if text.get_family() == ["monospace"]:
            found[text.get_color()] = found.get(text.get_color(), "") + text.get_text().replace(" ", "")
    return found


def test_roles_not_titles_decide_what_is_compared_with_what():
    assert letters_by_color("truth", "seen", "guess") == {colors.INK: "hello" + "hlo" + "hlo",
                                                          colors.GREY: "··", colors.BLUE: "e",
                                                           colors.RED: "x"}
    assert letters_by_color("truth", "seen", "seen") == {colors.INK: "hellohlohexlo", colors.GREY: "··"}


@pytest.mark.parametrize("right, sign", [(True, "✓"), (False, "✗"), (None, "")])
def test_what_is_right_or_wrong_differs_by_a_sign_too(right, sign):
    words, color = Strip("", [], says=["a"], right=[right]).judged(0)
    assert (words == f"a {sign}".strip()
            and color == {True: colors.BLUE, False: colors.RED, None: colors.FAINT}[right])
    assert Strip("", [], says=["a"]).judged(0) == ("a", colors.FAINT)


@pytest.mark.parametrize("shape", ["image", "series", "text", "symbols on a grid"])
def test_smaller_samples_are_drawn_beside_whole_ones(shape):
    data = Toy(SHAPES[shape])
    batch = decode(data.fields, data.load("train")[0], torch.arange(8))
    smaller = {name: x[..., : x.shape[-1] // 2] for name, x in batch.items()}
    shown = [Row("piece", smaller), Row("whole", batch, "truth")]
    assert pixels(plots.task(shown, data)).shape[0] == Layout(shown, data, plots.WIDTH).height


def test_letters_that_were_hidden_are_coloured_by_whether_the_guess_is_right():
    truth, given = "hello", "h··lo"
    found = [color_of(i, letter, truth, given) for i, letter in enumerate("hexlo")]
    assert found == [colors.INK, colors.BLUE, colors.RED, colors.INK, colors.INK]
    assert color_of(1, "·", truth, given) == colors.GREY


def test_text_of_any_script_is_drawn_without_a_warning_and_without_mathematics():
    class Says(Data, listed=False):
        fields = SHAPES["text"]

        def picture(self, sample):
            return Picture("text", "price: $x_1$ and $\\frac{ 漢字 Ω\tΨ\n\x00 emoji 🙂")

    batch = {"text": torch.zeros(3, 16, dtype=torch.long)}
    assert plots.png(plots.task({"sample": batch, "guess": batch}, Says()))[:4] == b"\x89PNG"


def test_letters_that_no_font_has_are_drawn_everywhere_without_a_warning(recwarn):
    names, xy = ["漢字", "🙂", "plain"], torch.linspace(0, 1, 30)[:, None].expand(30, 2)
    seen = [Evaluation(s, "validation", {"linear": 0.5, "大きさ": 0.3}, {}) for s in (0, 100)]
    run = Run(Recipe(steps=100))
    run.steps, run.evaluations = steps(), seen
    for made in (plots.embedding(xy, torch.arange(30) % 3, names, "題"), plots.probes(seen),
                 plots.comparison([run], ["1 · 漢字"])):
        assert plots.png(made)[:4] == b"\x89PNG"
    assert not [w for w in recwarn if "Glyph" in str(w.message)]
    drawn = plots.embedding(xy, torch.arange(30) % 3, names)
    plots.png(drawn)
    (key,) = [axes.get_legend() for axes in drawn.axes]
    assert [said.get_text() for said in key.get_texts()] == ["\ufffd\ufffd", "\ufffd", "plain"]


@pytest.mark.parametrize("make",
    [lambda: plots.curves(steps(), evaluations(), 200), lambda: plots.probes(evaluations())])
def test_on_dark_paper_the_ink_is_light_and_the_paper_shines_through(make):
    light, dark = (np.asarray(Image.open(io.BytesIO(plots.png(make(), 1, dark)))).astype(int)
                   for dark in (False, True))
    assert (light[..., 3] == 255).all() and dark[0, 0, 3] == 0 and light[0, 0, :3].min() == 255
    ink = dark[..., 3] == 255  # what is drawn without blending into the paper
    assert ink.mean() > 0.003 and np.quantile(dark[ink][:, :3].max(1), 0.7) > 150  # light on dark
    strong = light[..., :3].max(2) < 60
    assert strong.any() and dark[strong][:, :3].max(1).mean() > 150  # what was black


def test_pictures_of_samples_are_the_same_on_dark_paper():
    data = Toy(SHAPES["image"])
    batch = decode(data.fields, data.load("train")[0], torch.arange(8))
    shown = {"sees": batch, "similarity": 0.1 + 0.8 * torch.eye(8)}
    layout = Layout(shown, data, plots.WIDTH)
    light, dark = (np.asarray(
        Image.open(io.BytesIO(plots.png(plots.task(shown, data), 1, dark))).convert("RGBA")).astype(int)
                   for dark in (False, True))
    top = layout.height_of(layout.drawn[0])
    part = slice(40, int(top) - 10), slice(20, 60)  # inside the first picture
    assert (light[part] == dark[part]).all() and (light != dark).any()


def test_what_is_said_of_a_text_is_wrapped_and_nothing_is_cut_off():
    said = "after “" + "the quick brown fox " * 8 + "”: 'a' 20 %, 'b' 10 % (was 'z')"
    lines = said_lines(said, 90)
    assert " ".join(lines) == said.strip() and len(lines) == 2 and max(map(len, lines)) <= 104
    assert said_lines("word " * 500, 90)[-1].endswith("…")


def test_nearest_neighbours_are_drawn_with_the_query_first():
    data = Toy(SHAPES["image"])
    batch = decode(data.fields, data.load("train")[0], torch.arange(12))
    samples = [{"image": x} for x in batch["image"]]
    near = torch.stack([torch.arange(12).roll(-i - 1)[:8] for i in range(12)])
    same, other = (pixels(plots.neighbours(data, samples, near, labels, queries=2))
                   for labels in (torch.zeros(12), torch.arange(12)))
    assert same.shape == other.shape and (same != other).any()  # agreeing labels look different


def test_a_map_names_its_classes_where_they_lie_or_below_where_they_lie_in_one_heap():
    noise, y = torch.randn(60, 2, generator=torch.Generator().manual_seed(0)), torch.arange(60) % 3
    apart = noise + 20 * torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])[y]
    drawn = axes()
    charts.points(drawn, apart, y, ["ant", "bee", "cat"])
    assert texts(drawn) == "ant | bee | cat" and drawn.get_legend() is None
    xy = noise
    for names in (["ant", "bee", "cat"], ["$1", "$2", "$3"]):
        drawn = axes()
        charts.points(drawn, xy, y, names)
        assert texts(drawn) == "" and [t.get_text() for t in drawn.get_legend().get_texts()] == names
        assert plots.png(drawn.figure)[:4] == b"\x89PNG"
    drawn = axes()  # classes lie apart, and yet their long names would touch
    charts.points(drawn, apart, y, [letter * 200 for letter in "abc"])
    assert texts(drawn) == "" and drawn.get_legend()
    assert plots.png(plots.embedding(xy, torch.rand(60), None))[:4] == b"\x89PNG"


def test_several_runs_in_one_figure_keep_apart_and_share_their_baselines():
    runs = []
    for name, last in (("simclr", 0.8), ("rotation", 0.5)):
        run = Run(Recipe(pretext=name, steps=200))
        run.steps, run.evaluations = steps(), evaluations(last)
        runs.append(run)
    drawn = axes()
    charts.comparison(drawn, runs)
    assert texts(drawn).count("chance") == 1 and "simclr, small_cnn, wild_digits 0.80" in texts(drawn)
    assert words.comparison(runs) == "The best linear probe of 2 runs is 0.80, by simclr on wild_digits."


def test_every_figure_has_a_sentence_with_its_numbers():
    said = words.curves(steps(), evaluations(), 6.2)
    assert ("from 7.2 to" in said and "200 steps" in said and "6.2" in said
            and "0.80 (chance 0.10, raw 0.13, untrained 0.20)" in said)
    assert words.probes(evaluations()).startswith("Most was gained on label (linear probe): 0.80, +0.60")
    assert words.curves([], [], None) == "No step has been taken yet."


def test_where_no_baseline_is_beaten_nothing_is_called_gained():
    every = evaluations()
    test = replace(every[-1], split="test", scores={"linear": 0.4, "knn": 0.4},
                   baselines={"raw": {"linear": 0.1, "knn": 0.5}, "HOG": {"linear": 0.7}})
    said = words.probes([*every, test])
    assert "gained" not in said and "nearest to it comes label (nearest neighbours): 0.40, -0.10" in said


def test_scores_without_a_baseline_beside_them_are_named():
    lone = [replace(each, baselines={}) for each in evaluations()[1:]]
    assert words.probes(lone).startswith("label (linear probe): 0.80")


def judged(samples: int, **gains: float) -> str:
    """What is said of one factor each, read from so many samples, beside baselines of 0.5."""
    last = {f"linear: {name}": 0.5 + gain for name, gain in gains.items()}
    first = Evaluation(0, "validation", dict.fromkeys(last, 0.1), {"raw": dict.fromkeys(last, 0.5)})
    end = Evaluation(9, "validation", last, {}, samples=dict.fromkeys(last, samples))
    return words.probes([first, end])


def test_scores_of_few_samples_say_so_and_what_chance_may_do_is_no_gain():
    few, many = judged(3, hue=0.17, size=-0.17), judged(1000, hue=0.17, size=-0.17)
    assert few == ("Nothing was gained that chance could not give; first comes hue: 0.67 (on 3 samples), "
                   "+0.17 against the best baseline: by chance alone they may lie 0.81 apart.")
    assert many == ("Most was gained on hue: 0.67, +0.17 against the best baseline. Less than a baseline "
                    "tells is left of size: 0.33, -0.17.")
    assert "Less than" not in judged(1000, hue=0.17, size=-0.01)
    assert judged(1000, hue=-0.2, size=-0.01).startswith("Nothing was gained that chance could not give; "
                                                         "first comes size: 0.49, -0.01")
    # recorded before they were counted
    assert judged(0, hue=0.2, size=-0.2) == judged(1000, hue=0.2, size=-0.2)


def test_there_is_no_minus_nought():
    assert "-0.00" not in judged(0, hue=-0.001) + judged(0, hue=-0.501) and "0.00" in judged(0, hue=-0.501)


def compared(*scores: float, samples: int) -> str:
    runs = []
    for score in scores:
        runs.append(Run(Recipe(steps=200)))
        runs[-1].evaluations = [Evaluation(200, "validation", {"linear": score}, {},
                                            samples={"linear": samples})]
    return words.comparison(runs, "abcde"[:len(runs)])


def test_of_several_runs_those_within_chance_of_the_best_are_named():
    assert compared(0.207, 0.205, samples=1000) == ("The best linear probe of 2 runs is 0.21, by a; "
                                                    "b lies within chance of it.")
    assert compared(0.6, 0.2, 0.59, samples=1000).endswith("by a; c lies within chance of it.")
    assert compared(0.6, 0.2, samples=1000).endswith("is 0.60, by a.")
    assert compared(0.5, 0.5, 0.5, 0.5, samples=100).endswith("by a; 3 others lie within chance of it.")


def test_a_long_run_is_thinned_and_smoothing_keeps_a_constant():
    x, _ = charts.history(steps(5000))
    assert 500 < len(x) < 1300 and x[0] == 1
    assert charts.smooth(np.full(50, 3.0)) == pytest.approx(3.0)
    assert charts.smooth(np.arange(10.0))[5] == pytest.approx(5.0)


def test_two_threads_draw_the_same_picture_as_one():
    def draw():
        return plots.png(plots.curves(steps(), evaluations(), 200), 1)

    alone, together = draw(), []
    threads = [threading.Thread(target=lambda: together.append(draw())) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert together == [alone, alone]
    assert plots.png(plots.curves(steps(50), evaluations(), 200), 1) != alone  # negative control


def test_a_figure_shows_itself_twice_as_sharp_as_it_is_large_and_pyplot_stays_away():
    import sys

    figure = plots.figure(200, 100)
    assert Image.open(io.BytesIO(figure._repr_png_())).size == (400, 200)
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_answers_that_agree_are_not_called_right_and_one_answer_for_all_is_said():
    data = Toy(SHAPES["image"])
    batch = decode(data.fields, data.load("train")[0], torch.arange(4))

    def shown(a, b):
        return [Row("view 1", batch), Says(a), Row("view 2", batch),
                Says(b, [i == j for i, j in zip(a, b)], "agree")]

    collapsed, half = shown(list("aaaa"), list("aaaa")), shown(list("abcd"), list("abdc"))
    assert ("4 of 4 pairs agree; all on one answer" in words.task(collapsed)
            and "2 of 4 pairs agree; there are 4 different answers" in words.task(half))
    assert all("right" not in words.task(s) for s in (collapsed, half))
    assert as_shown([list(item) for item in half]) == half  # as a run folder gives it back
    strip = Layout(half, data, 840).drawn[1]
    assert [strip.judged(i) for i in (0, 2)] == [("a =", colors.FAINT), ("d ≠", colors.FAINT)]
    with pytest.raises(TypeError, match="judged as one of right, agree"):
        as_shown([Says(["a"], [True], "maybe")])


@pytest.mark.parametrize("name", ["swav", "dino"])
def test_tasks_without_a_truth_call_no_answer_right(name):
    task = build(name, "small_cnn", source("image")).eval()
    with torch.no_grad():
        said = words.task(task.show(inputs_of(task)))
    assert "pairs agree" in said and "right" not in said
