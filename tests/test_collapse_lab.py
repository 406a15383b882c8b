"""The collapse lab: its switches do what their texts say, and its panel trains with a part and without it."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import pytest
from benches import until

from sslbench import CollapseLab, Recipe, Workbench, fit
from sslbench.workbench.lab_panel import GUESSES, outcome
from sslbench.workbench.switches import SWITCHES, TOGETHER


@pytest.fixture
def lab(monkeypatch):
    """Its switches on runs of a few steps."""
    for name, switch in SWITCHES.items():
        monkeypatch.setitem(SWITCHES, name, replace(switch, recipe=replace(switch.recipe, steps=4)))
    lab = CollapseLab(record=False, evaluations=1)
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def trained():
    """Recipe -> its run, trained once: some switches take a part away from the same one."""
    return cache(lambda share: fit(Recipe.from_share(share), evaluations=1, test=False, progress=False))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_does_what_its_text_says(name, trained):
    switch = SWITCHES[name]
    runs = [trained(recipe.share()) for recipe in switch.recipes()]
    assert switch.check(*runs).ok, repr(switch.check(*runs))
    if TOGETHER in switch.claims:
        assert not switch.check(runs[1], runs[0]).ok  # the other way round it does not hold


def test_each_switch_takes_one_part_away_and_says_so():
    for switch in SWITCHES.values():
        on, off = (recipe.check() for recipe in switch.recipes())
        assert on != off and replace(on, hyperparameters=off.hyperparameters) == off
        assert len(switch.should) > 30


def test_a_claim_that_was_not_seen_says_why_and_how_long_to_try():
    result = SWITCHES["negatives"].check(*2 * [seen(0.5, 0.6)])
    assert result.ok is False and "projections lie about as far apart" in repr(result)
    assert "try 450 steps" in repr(result)
    nothing_learned = SWITCHES["negatives"].check(seen(0.5, 0.2), seen(0.1, 0.2))
    assert nothing_learned.ok is False and "nothing was learned yet" in repr(nothing_learned)
    assert SWITCHES["negatives"].check(seen(0.5, 0.6), seen(0.1, 0.2)).ok


def seen(deviation: float, linear: float) -> SimpleNamespace:
    """A run of 150 steps whose probe read 0.2 before training."""
    looks = [SimpleNamespace(split="validation", scores={"linear": score, "rankme": 9.0})
             for score in (0.2, linear)]
    return SimpleNamespace(history=[{"deviation": deviation}], evaluations=looks,
                           recipe=SimpleNamespace(steps=150))


def test_the_panel_trains_with_the_part_and_without_it_and_says_what_happened(lab):
    panel = lab.panel
    panel.menu.value = "negatives"
    assert lab.bench.recipe.pretext == "simclr" and "attract" not in panel.question.value
    panel.guess.value = "answers fall together"
    panel.press.click()
    until(lambda: "deviation of projections" in panel.found.value, 120)
    assert "attract" in panel.found.value and "You guessed" in panel.found.value
    without, with_it = lab.bench.runs
    assert with_it.recipe.given("pretext") == {} and without.recipe.given("pretext") == {"negatives": False}
    assert lab.bench.recipe == with_it.recipe and panel.picture.image.value
    until(lambda: not panel.press.disabled)
    panel.press.click()  # what is there is not trained again
    until(lambda: not lab._jobs.busy)
    assert len(lab.bench.runs) == 2
    panel.menu.value = "centring"
    assert panel.found.value == "" and not panel.picture.image.value
    panel.menu.value = "negatives"
    assert "deviation of projections" in panel.found.value and panel.picture.image.value


def test_a_guess_and_what_came_of_it_are_one_sentence():
    _, together, apart = GUESSES
    assert outcome(together, True) == "You guessed that answers fall together: so it was."
    assert outcome(together, False) == "You guessed that answers fall together, but they stayed apart."
    assert outcome(apart, True) == "You guessed that answers stay apart, but they fell together."
    assert outcome(GUESSES[0], True) == ""


def test_a_second_press_and_another_choice_leave_a_pair_alone(lab, monkeypatch):
    slow = replace(SWITCHES["negatives"].recipe, steps=100_000)
    monkeypatch.setitem(SWITCHES, "negatives", replace(SWITCHES["negatives"], recipe=slow))
    panel = lab.panel
    panel.menu.value = "negatives"
    panel.press.click()
    until(lambda: lab.bench.run and lab.bench.run.step > 0, 60)
    assert panel.press.disabled and panel.menu.disabled and panel.guess.disabled
    assert "1 of 2" in panel.found.value
    panel.press.click()
    run = lab.bench.run
    until(lambda: run.step > 2, 60)
    assert lab.bench.state == "running" and lab.bench.run is run and "1 of 2" in panel.found.value
    assert not lab._controller.page.said.error and lab._controller.panel.book.selected_index == 1
    lab.bench.stop()
    until(lambda: not lab._jobs.busy, 60)
    assert len(lab.bench.runs) == 1 and "Stopped" in panel.found.value
    assert not (panel.press.disabled or panel.menu.disabled or panel.guess.disabled)


@pytest.mark.slow
def test_settings_count_for_both_runs(lab):
    lab.panel.menu.value = "variance term"
    lab._controller.choices.set_steps(3)
    lab._controller.choices.settings.training["lr"].value = 1e-3
    lab.panel.press.click()
    until(lambda: "deviation of projections" in lab.panel.found.value, 120)
    assert [(run.step, run.recipe.lr) for run in lab.bench.runs] == 2 * [(3, 1e-3)]
    assert lab.bench.recipe.steps == 3
    lab.panel.menu.value = "negatives"  # another part brings its own
    assert lab.bench.recipe.steps == 4 and lab.bench.recipe.lr == 4e-3


def test_a_press_while_the_bench_trains_says_what_to_wait_for(lab):
    lab._controller.choices.set_steps(100_000)
    lab.bench.start()
    lab.panel.press.click()
    assert "press Stop" in lab.panel.found.value and not lab._busy
    lab.bench.stop()
    lab.bench.wait(60)


@pytest.mark.slow
def test_the_cell_of_the_lab_keeps_the_picture_of_the_pair(lab, monkeypatch):
    page, kept = lab._controller.page, []
    monkeypatch.setattr(page.display, "write", lambda bundle, again: kept.append(bundle))
    for beside in ("prepare", "watch"):  # nothing is measured meanwhile
        monkeypatch.setattr(lab._controller.preview, beside, lambda *given, **named: None)
    shown = lab._controller.display()
    assert shown["text/plain"].startswith("CollapseLab(") and "image/png" not in shown
    lab.try_out("negatives", steps=2)
    assert kept[-1]["image/png"] == page.bundle()["image/png"] != kept[0]["image/png"]
    assert len(lab.figure().axes) == 2
    assert lab.bench.recipe.steps == 4  # what a cell asked for is not kept


def test_a_bench_says_the_recipe_that_it_is_given():
    bench = Workbench(record=False, recorded=False, name="chosen")
    recipe = Recipe("waves", "masked", "gru", steps=33, lr=1.5e-3, seed=4,
                    hyperparameters={"pretext.mask_ratio": 0.35, "data.crop": 0.7})
    bench.choose(recipe)
    assert bench.recipe == recipe.check()
    bench.choose(recipe.share())
    assert bench.recipe == recipe.check()
    bench.choose(replace(recipe, hyperparameters={}))
    assert bench.recipe == replace(recipe, hyperparameters={}).check()
    with pytest.raises(ValueError, match="no data source is called"):
        bench.choose(Recipe(data="nothing"))
    assert bench.recipe == replace(recipe, hyperparameters={}).check()
    bench.close()
