"""Samples that are sounds or have boxes are drawn by plots and by the explorer, and nothing of them is lost
on the way."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from toys import SHAPES, Toy

from sslbench import plots
from sslbench.data import Picture, drawable, waveform
from sslbench.data.picture import outlined
from sslbench.field import decode
from sslbench.maps.explorer import Explorer
from sslbench.plots.layout import Layout
from sslbench.shown import Row

RATE = 8000


class Sounds(Toy, listed=False):
    """Series that are heard."""

    def picture(self, sample):
        return Picture("sound", (RATE, sample["signal"][0].numpy()))


class Boxed(Toy, listed=False):
    """Images in which something has a place."""

    def picture(self, sample):
        return Picture("boxes", (super().picture(sample).value, np.array([[2, 3, 9, 12]])))


def drawn(data) -> np.ndarray:
    batch = decode(data.fields, data.load("train")[0], torch.arange(8))
    figure = plots.task([Row("heard or seen", batch)], data)
    assert (Layout([Row("heard or seen", batch)], data, plots.WIDTH).height == figure.get_size_inches()[1]
            * 100)
    return np.asarray(Image.open(io.BytesIO(plots.png(figure, 1))).convert("RGB")).astype(int)


def test_the_waveform_holds_the_lowest_and_the_highest_of_every_stretch():
    sound = np.zeros(1000)
    sound[501], sound[502] = 1.0, -0.5  # one click, which every tenth value would miss
    low, high = waveform(sound, 100)
    assert (high.shape == (100,) and high[50] == 1.0 and low[50] == -0.5
            and np.abs(np.delete([low, high], 50, 1)).max() == 0)
    assert (waveform([1.0, np.nan, np.nan, np.nan], 2)[:, 1].tolist() == pytest.approx([np.nan] * 2,
        nan_ok=True))
    assert waveform([], 10).shape == (2, 1) and waveform([3.0], 10).tolist() == [[3.0], [3.0]]


def test_a_sound_is_drawn_as_its_waveform_and_a_louder_one_is_higher():
    heights = []
    for loudness in (0.1, 0.9):
        axes = plots.box(plots.figure(300, 200), 0, 0, 300, 200)
        plots.pictures.draw_sound(axes, RATE, loudness * np.sin(np.arange(4000)), 10, 20, 200, 100)
        heights.append(np.ptp(axes.collections[0].get_paths()[0].vertices[:, 1]))
        assert axes.texts[0].get_text() == "0.5 s"
    assert heights == pytest.approx([10, 90], rel=0.05)
    assert ((drawn(Sounds(SHAPES["series"])).min(2) < 120).mean()) > 0.01


def test_boxes_are_drawn_into_their_image_and_what_lies_outside_is_cut():
    image = np.zeros((16, 16, 3), "uint8")
    out = outlined(image, [[2, 3, 9, 12], [-5, 10, 40, 99]])
    assert ((out[3:13, 2].any(1)).all() and (out[3, 2:10].any(1)).all() and not out[4:10, 3:9].any()
            and image.max() == 0)
    assert out[15].any(1).all() and (out[10:, 0].any(1)).all()
    plain, boxed = drawn(Toy(SHAPES["image"])), drawn(Boxed(SHAPES["image"]))
    assert plain.shape == boxed.shape and (plain != boxed).any(2).mean() > 0.002


def test_the_explorer_shows_waveforms_and_boxes():
    explorer, sound = Explorer(), np.sin(np.arange(4000) * 0.3) * np.linspace(0, 1, 4000)
    explorer.set_points([Picture("sound", (RATE, sound))] * 3)
    values = np.frombuffer(explorer.lines["values"], "uint8").reshape(3, 2, -1).astype(int)
    assert explorer.kind == "line" and explorer.lines["points"] == 128
    # quiet first, loud at the end
    assert (values[0, 1] - values[0, 0])[[2, -2]].tolist() == pytest.approx([5, 250], abs=12)
    explorer.set_points([Picture("boxes", (np.zeros((16, 16, 3), "uint8"), [[1, 1, 8, 8]]))])
    sheet = np.asarray(Image.open(io.BytesIO(explorer.sprite)))
    assert explorer.kind == "image" and sheet.max() > 150
    explorer.set_points([Picture("image", np.zeros((16, 16, 3), "uint8"))])
    assert np.asarray(Image.open(io.BytesIO(explorer.sprite))).max() < 10


@pytest.mark.parametrize("kind, value, into",
                         [("frames", np.zeros((4, 8, 8, 3), "uint8"), "image"), ("text", "a", "text"),
                                               ("sound", (RATE, np.zeros(9)), "line"),
                                               ("boxes", (np.zeros((8, 8, 3)), []), "image")])
def test_every_kind_of_picture_becomes_an_image_lines_or_text(kind, value, into):
    assert drawable(Picture(kind, value)).kind == into


def test_neighbours_of_sounds_and_boxes_are_drawn():
    for data in (Sounds(SHAPES["series"]), Boxed(SHAPES["image"])):
        batch = decode(data.fields, data.load("train")[0], torch.arange(8))
        samples = [{name: x[i] for name, x in batch.items()} for i in range(8)]
        figure = plots.neighbours(data, samples, torch.randint(0, 8, (8, 7)), torch.arange(8) % 3, queries=2)
        assert plots.png(figure)[:4] == b"\x89PNG"
