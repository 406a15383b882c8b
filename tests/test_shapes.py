"""The generated world: masks and boxes lie where the pictures say, a shape has a colour of its own, and the
sentence names what is seen."""

import pytest
import torch

from sslbench.data.image.shapes import COLORS, FAITHFUL, NAMES, SIDE, WORDS, Shapes
from sslbench.field import decode


@pytest.fixture(scope="module")
def shapes():
    data = Shapes()
    rows, labels = data.loaded("validation")
    return data, data.fields["image"].encode(decode(data.fields, rows)["image"]) / 255, labels


def test_the_mask_shows_the_pixels_of_the_shape_in_its_colour(shapes):
    data, pixels, labels = shapes
    mask, hue = data.targets("validation")["mask"], torch.tensor(list(COLORS.values()))[labels["color"]]
    assert mask.shape == (len(pixels), SIDE, SIDE)
    own = mask == 1 + labels["shape"][:, None, None].byte()  # [n, 64, 64]
    assert own.flatten(1).any(1).all() and 0.5 < (mask == 0).float().mean() < 0.95

    def mean(where):  # [n, 3]
        return (pixels * where.unsqueeze(1)).sum((2, 3)) / where.sum((1, 2)).unsqueeze(1).clamp(min=1)

    direction = torch.nn.functional.cosine_similarity
    inside, outside = direction(mean(own), hue), direction(mean(mask == 0), hue)
    assert inside.mean() > 0.97 and outside.mean() < inside.mean() - 0.1


def test_boxes_hold_their_shapes_and_the_largest_comes_first(shapes):
    data, _, labels = shapes
    targets = data.targets("validation")
    boxes = targets["boxes"]  # [n, 3, 5]
    there = boxes[:, :, 4] >= 0
    assert there[:, 0].all() and 0.2 < there[:, 2].float().mean() < 0.5
    assert torch.equal(boxes[:, 0, 4].long(), labels["shape"])
    width = (boxes[:, :, 2] - boxes[:, :, 0]).masked_fill(~there, 0)
    assert (width[:, :1] >= width).all() and (boxes[there][:, :4].clamp(0, SIDE) == boxes[there][:, :4]).all()
    torch.testing.assert_close(width[:, 0] / SIDE, labels["size"])
    # every pixel of a shape lies in one of its boxes
    at = torch.arange(SIDE) + 0.5
    left, top, right, bottom = (boxes[:, :, i, None] for i in range(4))
    across, down = (at >= left - 1) & (at <= right + 1), (at >= top - 1) & (at <= bottom + 1)  # [n, 3, 64]
    covered = (down.unsqueeze(3) & across.unsqueeze(2) & there[..., None, None]).any(1)
    assert not ((targets["mask"] > 0) & ~covered).any()


def test_the_colour_depends_on_the_shape_in_part(shapes):
    _, _, labels = shapes
    own = (labels["color"] == labels["shape"]).float().mean().item()
    assert own == pytest.approx(FAITHFUL + (1 - FAITHFUL) / 6, abs=0.05)


def test_a_sentence_names_every_factor_and_changes_no_picture(shapes):
    data, _, labels = shapes
    told = Shapes(sentence=True)
    rows, again = told.loaded("validation")
    assert torch.equal(rows["image"], data.loaded("validation")[0]["image"])
    assert all(torch.equal(again[name], labels[name]) for name in labels)
    for i in range(20):
        words = told.spell(rows["caption"][i].long()).split()
        assert words[:1] + words[4:6] + words[7:] == ["a", "on", "a", "ground"]
        assert (words[1], words[2], words[3], words[6]) == tuple(
            NAMES[name][labels[name][i]] for name in ("texture", "color", "shape", "ground"))
    assert len(set(WORDS)) == len(WORDS)


@pytest.mark.slow
def test_a_seed_draws_others_and_the_same_one_the_same(shapes):
    data, _, labels = shapes
    assert torch.equal(Shapes().load("validation")[0]["image"], data.loaded("validation")[0]["image"])
    assert not torch.equal(Shapes(seed=1).load("validation")[1]["shape"], labels["shape"])
