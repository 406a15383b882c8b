"""Dense probes read tokens: measures as the field's references reckon them, nothing where nothing can be
told, and the same in every run of a source that knows what is where."""

from dataclasses import replace

import pytest
import torch
from sklearn.metrics import jaccard_score

from sslbench import Recipe, fit
from sslbench.data import Labelled
from sslbench.data.image.shapes import Shapes
from sslbench.machine.hardware import Hardware
from sslbench.probes import Probe, detection, segmentation
from sslbench.probes.dense import Dense, standardised
from sslbench.probes.detection import Detection
from sslbench.probes.intervals import interval
from sslbench.probes.segmentation import Segmentation
from sslbench.training.dense_probing import PICTURES, Places

GRID, SIZE = (8, 8), (32, 32)


def dice(seed):
    return torch.Generator().manual_seed(seed)


def squares(n: int, seed: int):
    """Pictures of one or two squares of 8 to 16 pixels: masks [n, 32, 32] of classes 1 and 2 on 0, and boxes
    [n, 2, 5]."""
    boxes = torch.full((n, 2, 5), -1.0)
    masks = torch.zeros(n, *SIZE, dtype=torch.long)
    for i in range(n):
        for k in range(1 + i % 2):
            side = int(torch.randint(8, 17, (), generator=dice(1000 * seed + 10 * i + k)))
            x, y = torch.randint(0, 33 - side, (2,), generator=dice(1000 * seed + 10 * i + k + 5)).tolist()
            kind = (i // 2 + k) % 2
            boxes[i, k] = torch.tensor([x, y, x + side, y + side, kind])
            masks[i, y:y + side, x:x + side] = 1 + kind
    return masks, boxes


def knowing(masks, boxes):
    """Tokens [n, 64, 7] that hold what lies at their place, with some noise: what probes are to find."""
    empty = Dense(torch.zeros(len(masks), 64, 1), GRID, SIZE, boxes)
    kinds, sides = detection.assigned(empty)
    z = torch.cat([torch.nn.functional.one_hot(kinds, 3), sides.masked_fill(kinds[..., None] == 0, 0)], 2)
    return z + 0.05 * torch.randn(z.shape, generator=dice(1))


@pytest.fixture(scope="module")
def splits():
    known = [squares(n, seed) for n, seed in ((120, 1), (40, 2), (80, 3))]
    tokens = standardised(*(knowing(*each) for each in known))
    return [[Dense(z, GRID, SIZE, each[i]) for z, each in zip(tokens, known)] for i in (0, 1)]


@pytest.mark.parametrize("probe", [probe for probe in Probe.all().values()
                                   if {"masks", "boxes"} & set(probe.reads)])
def test_tokens_that_know_what_is_there_are_read_and_others_read_chance(probe, splits):
    train, validation, test = splits["boxes" in probe.reads]
    chance = probe().chance(train.y, test.y)
    # a token of 4 pixels knows no finer edge
    assert probe().score(train, test, validation) > chance + 0.4
    shuffled = replace(train, y=train.y[torch.randperm(len(train.y), generator=dice(0))], known={})
    # boxes of the usual size are right now and then
    assert probe().score(shuffled, replace(test, known={}), validation) < chance + 0.2


def test_the_measure_of_masks_is_that_of_scikit_learn():
    y, told = (torch.randint(0, 4, (6, 9, 7), generator=dice(i)) for i in (0, 1))
    y[0, :4] = -1
    there = y >= 0
    expected = jaccard_score(y[there], told[there], average="macro")
    assert segmentation.mean_iou(segmentation.overlap(told, y, 5)).item() == pytest.approx(expected)
    twice = torch.tensor([[2, 1], [0, 1], [1, 1], [1, 1], [1, 1], [1, 1]])
    drawn = segmentation.mean_iou(segmentation.overlap(told, y, 5), twice)
    again = [0, 0, 2, 3, 4, 5]
    assert drawn[0].item() == pytest.approx(segmentation.mean_iou(
        segmentation.overlap(told[again], y[again], 5)).item())
    assert drawn[1].item() == pytest.approx(expected)


def test_average_precision_is_that_of_the_voc_devkit():
    n, m = 30, 6
    confidence = torch.rand(n, m, generator=dice(0))
    kind = torch.randint(0, 2, (n, m), generator=dice(1)).float()
    hit = (torch.rand(n, m, generator=dice(2)) < confidence).float()
    answers = torch.stack([confidence, kind, hit], 2)
    answers[::3, 4:] = -1
    there = torch.randint(0, 2, (n, 9), generator=dice(3))
    there[::2, 7:] = -1

    def reference(rows):  # voc_ap of the devkit, as Detectron has it
        areas = []
        for c in (0, 1):
            said = [(a[0].item(), a[2].item()) for i in rows for a in answers[i] if a[0] >= 0 and a[1] == c]
            said.sort(key=lambda pair: -pair[0])
            positives = sum(int((there[i] == c).sum()) for i in rows)
            right = wrong = 0
            recall, precision = [0.0], [0.0]
            for _, ok in said:
                right, wrong = right + ok, wrong + 1 - ok
                recall.append(right / positives)
                precision.append(right / (right + wrong))
            recall.append(recall[-1])
            precision.append(0.0)
            for i in reversed(range(len(precision) - 1)):
                precision[i] = max(precision[i], precision[i + 1])
            areas.append(sum((recall[i] - recall[i - 1]) * precision[i] for i in range(1, len(recall))))
        return sum(areas) / 2

    assert detection.average_precision(answers, there).item() == pytest.approx(reference(range(n)))
    drawn = torch.ones(n, 1)
    drawn[3], drawn[4] = 0, 0
    rows = [i for i in range(n) if i not in (3, 4)]
    assert detection.average_precision(answers, there, drawn).item() == pytest.approx(reference(rows))


def test_a_box_counts_once_and_only_where_it_lies_and_is_of_its_class():
    y = torch.tensor([[0.0, 0, 10, 10, 1], [20, 20, 30, 30, 0]])
    said = torch.tensor([[0.0, 0, 10, 9, 0.9, 1], [0, 0, 10, 10, 0.8, 1], [20, 20, 30, 30, 0.7, 1],
                         [20, 24, 30, 34, 0.6, 0], [21, 20, 31, 30, 0.5, 0]])
    assert detection.right(said, y).tolist() == [1, 0, 0, 0, 1]
    assert detection.right(said, y[:0]).tolist() == [0] * 5


def test_a_score_has_an_interval_over_pictures(splits):
    train, validation, test = splits[1]
    answers = Detection().answered(train, test, validation)
    low, high = interval(Detection().judge, answers, test.y)
    assert low <= Detection().score(train, test, validation) <= high and high - low < 0.2


def test_where_nothing_differs_nothing_is_told(splits):
    train, _, test = splits[0]
    flat = [replace(each, y=torch.zeros_like(each.y), known={}) for each in (train, test)]
    assert Segmentation().score(*flat) is None
    train, _, test = splits[1]
    empty = [replace(each, y=torch.full_like(each.y, -1), known={}) for each in (train, test)]
    assert Detection().score(*empty) is None
    assert Detection().score(train, empty[1]) is None  # no box to find


@pytest.mark.slow
def test_a_run_on_pictures_with_masks_and_boxes_has_their_scores_beside_the_baselines(monkeypatch):
    monkeypatch.setattr("sslbench.data.image.shapes.SCENES", {"train": 200, "validation": 100, "test": 100})
    run = fit(Recipe("shapes", "autoencoder", "small_cnn", steps=2, batch_size=16), progress=False,
              evaluations=1, device="cpu")
    for key in ("segmentation", "detection"):
        assert run.final.samples[key] == 100 and key in run.intervals
        assert all(key in run.baselines[name] for name in ("chance", "raw", "untrained"))
    assert run.scores["segmentation"] > run.baselines["chance"]["segmentation"] + 0.05
    assert "segmentation" not in run.evaluations[0].scores  # while training nobody waits for it


def test_sources_without_places_and_views_of_them_cost_nothing():
    hardware = Hardware("cpu", "float32")
    assert not Places(Recipe("waves").make_data(), hardware)
    assert not Places(Recipe("docs").make_data(), hardware)
    places = Places(Labelled(Shapes(), share=0.5), hardware)
    assert [len(x) for x in places.targets["masks"].values()] == list(PICTURES.values())
