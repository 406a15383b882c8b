"""The collapse lab: its switches do what their texts say, and its panel trains with a part and without it."""

from dataclasses import replace

import pytest
from benches import until

from sslbench import CollapseLab, Recipe, Workbench, fit
from sslbench.workbench.switches import SWITCHES, collapses


@pytest.fixture
def lab(monkeypatch):
    """Its switches on runs of a few steps."""
    for name, switch in SWITCHES.items():
        monkeypatch.setitem(SWITCHES, name, replace(switch, recipe=replace(switch.recipe, steps=4)))
    lab = CollapseLab(record=False, evaluations=1)
    yield lab
    lab.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_does_what_its_text_says(name):
    switch = SWITCHES[name]
    runs = [fit(recipe, evaluations=1, test=False, progress=False) for recipe in switch.recipes()]
    assert switch.check(*runs).ok, repr(switch.check(*runs))
    if switch.happened is collapses:
        assert not switch.check(runs[1], runs[0]).ok  # the other way round it does not hold


def test_each_switch_takes_one_part_away_and_says_so():
    for switch in SWITCHES.values():
        on, off = (recipe.check() for recipe in switch.recipes())
        assert on != off and replace(on, hyperparameters=off.hyperparameters) == off
        assert len(switch.should) > 30


def test_the_panel_trains_with_the_part_and_without_it_and_says_what_happened(lab):
    lab.menu.value = "negatives"
    assert "attract" in lab.should.value
    lab.press.click()
    until(lambda: "deviation of projections" in lab.found.value, 120)
    without, with_it = lab.bench.runs
    assert with_it.recipe.given("pretext") == {} and without.recipe.given("pretext") == {"negatives": False}
    lab.press.click()  # what is there is not trained again
    until(lambda: not lab._jobs.busy)
    assert len(lab.bench.runs) == 2
    lab.menu.value = "centring"
    assert lab.found.value == ""


def test_the_panel_ends_where_somebody_presses_stop(lab, monkeypatch):
    slow = replace(SWITCHES["negatives"].recipe, steps=100_000)
    monkeypatch.setitem(SWITCHES, "negatives", replace(SWITCHES["negatives"], recipe=slow))
    lab.menu.value = "negatives"
    lab.press.click()
    until(lambda: lab.bench.run and lab.bench.run.step > 0, 60)
    lab.bench.stop()
    until(lambda: not lab._jobs.busy, 60)
    assert len(lab.bench.runs) == 1 and lab.found.value == ""


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
