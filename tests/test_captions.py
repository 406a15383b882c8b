"""The source of pictures and captions: each sentence says what its picture shows, and the shape is where its
box is."""

import pytest
import torch

from sslbench.data.pairs.captions import FACTORS, SHAPES, WORDS, Captions, painted
from sslbench.field import decode


@pytest.fixture(scope="module")
def captions():
    data = Captions()
    rows, factors = data.loaded("validation")
    return data, decode(data.fields, rows), factors


def test_every_sentence_names_every_factor_and_no_other_value_of_it(captions):
    data, batch, factors = captions
    absent = data.fields["caption"].absent
    for name, names in FACTORS.items():
        # [n, values]
        said = torch.stack([(batch["caption"] == WORDS.index(word)).sum(1) for word in names], 1)
        assert torch.equal(said, torch.nn.functional.one_hot(factors[name], len(names))), name
    lengths = (batch["caption"] != absent).sum(1)
    assert (set(lengths.tolist()) == {6, 8}
            and set(batch["caption"].unique().tolist()) == {*range(len(WORDS)), absent})
    assert "·" not in data.spell(batch["caption"][0].where(batch["caption"][0] < len(WORDS), -1))


def test_the_colour_of_the_shape_is_in_its_box_and_not_beside_it(captions):
    data, batch, factors = captions
    pixels = data.fields["image"].encode(batch["image"]) / 255
    white = factors["color"] == 4
    boxes, brightest = data.targets("validation")["box"], pixels.amin(1)  # [n, 32, 32]
    assert boxes.shape == (len(white), 4)
    x, y = boxes[:, 0::2].mean(1).long().clamp(0, 31), boxes[:, 1::2].mean(1).long().clamp(0, 31)
    filled = white & (factors["shape"] != SHAPES.index("ring"))
    assert (brightest[torch.arange(len(x)), y, x][filled] > 0.7).float().mean() > 0.95
    assert (brightest[torch.arange(len(x)), 31 - y, 31 - x][filled] > 0.7).float().mean() < 0.2


def test_each_shape_fills_a_circle_of_its_own_kind():
    n = len(SHAPES)
    place = torch.tensor([[0.0], [0.0], [0.8], [0.0]]).expand(4, n)
    image = painted(torch.arange(n), place, torch.ones(n, 3),
                    torch.Generator().manual_seed(0)).float().mean(1)
    areas = (image > 220).float().mean((1, 2)).tolist()
    smallest_first = [SHAPES[i] for i in sorted(range(n), key=areas.__getitem__)]
    assert smallest_first == ["triangle", "bar", "square", "cross", "ring", "circle"], areas


@pytest.mark.slow
def test_splits_are_drawn_anew_and_a_seed_draws_others(captions):
    data, batch, factors = captions
    other = Captions(seed=1).loaded("validation")[1]["shape"]
    assert (len(data.loaded("train")[1]["shape"]) == 8 * len(factors["shape"])
            and not torch.equal(other, factors["shape"]))
    again = Captions().loaded("validation")
    assert torch.equal(decode(data.fields, again[0])["image"], batch["image"])


def test_a_view_is_a_field_and_pictures_alone_are_changed(captions):
    data, batch, _ = captions
    few = {name: x[:8] for name, x in batch.items()}
    caption, image = data.views(few, torch.Generator().manual_seed(0))
    assert (torch.equal(caption["caption"], few["caption"]) and list(image) == ["image"]
            and not torch.equal(image["image"], few["image"]))
