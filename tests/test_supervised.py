"""The supervised baseline is trained when asked for, with every label, and then kept."""

from dataclasses import replace

import pytest

import sslbench.runs.fitting as fitting
from sslbench import Recipe
from sslbench.backbones.starting import from_scratch
from sslbench.data import locations
from sslbench.runs.supervised_baseline import folder_of, supervised_twin

RECIPE = Recipe(data="waves", steps=4, batch_size=32,
                hyperparameters={"backbone.width": 8, "pretext.temperature": 0.5})


def test_the_twin_differs_in_the_task_alone():
    twin = supervised_twin(RECIPE)
    assert (twin.pretext, twin.labels, twin.hyperparameters) == ("supervised", 1.0, {"backbone.width": 8})
    assert ((twin.data, twin.backbone, twin.steps, twin.seed) == (RECIPE.data, RECIPE.backbone, RECIPE.steps,
        RECIPE.seed))


def test_the_twin_and_the_untrained_network_begin_from_nothing_and_learn_whole():
    frozen = replace(RECIPE, init="runs/x", hyperparameters={
        "backbone.pretrained": True, "backbone.frozen": True, "pretext.temperature": 0.5})
    assert supervised_twin(frozen).hyperparameters == {} and supervised_twin(frozen).init == ""
    assert from_scratch(frozen) == replace(frozen, init="", hyperparameters={"pretext.temperature": 0.5})


@pytest.mark.slow
def test_it_is_trained_once_and_then_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(locations, "cache", lambda: tmp_path)
    run = fitting.fit(RECIPE, supervised=True, progress=False, evaluations=1)
    assert run.baselines["supervised"]["linear"] > 0
    assert (folder_of(supervised_twin(RECIPE)) / "weights.safetensors").exists()
    monkeypatch.setattr(fitting, "play", None)  # a second training would fail
    assert fitting.supervised_run(RECIPE).scores["linear"] == run.baselines["supervised"]["linear"]
    assert "supervised" not in fitting.Run(RECIPE).baselines
