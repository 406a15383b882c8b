"""The explorer's Python side: what it tells the page, and how little it sends. The page itself:
test_explorer_page.py."""

import io
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from sslbench.data import Picture
from sslbench.maps.explorer import MAX_POINTS, Explorer

NAMES = ["left", "right"]


def pictures(n=12):
    return [Picture("image", np.full((8, 8, 3), 20 * i % 256, dtype="uint8")) for i in range(n)]


def clusters(n=12, seed=0):
    xy = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))
    xy[:, 0] += torch.where(torch.arange(n) < n // 2, -20, 20)
    return xy


@pytest.fixture
def explorer():
    explorer = Explorer()
    explorer.set_points(pictures(),
                        {"side": (np.arange(12) // 6, NAMES), "size": (np.linspace(0, 1, 12), None)})
    return explorer


def positions(frame):
    return np.frombuffer(frame["xy"], "<i2").reshape(-1, 2) / 32767


def test_it_starts_empty_and_says_so():
    assert Explorer().summary == "The map appears here when it is ready."
    assert Explorer().steps == [] and "sslb-explorer" in Explorer().to_html()


def test_a_new_frame_is_all_that_is_sent(explorer, monkeypatch):
    sent = []
    monkeypatch.setattr(Explorer, "send_state", lambda self, key=None: sent.append(key))
    explorer.add_frame(0, clusters())
    explorer.add_frame(10, clusters())
    assert sent == ["latest", "latest"]
    assert len(explorer.get_state()["frames"]) == 2  # what a page that opens later reads
    explorer.frames = []
    assert sent[-1] == "frames"  # a frame list set as a whole would be noticed


def test_frames_are_aligned_to_the_one_before(explorer):
    explorer.add_frame(0, clusters())
    explorer.add_frame(10, clusters() @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]]))
    np.testing.assert_allclose(positions(explorer.frames[0]), positions(explorer.frames[1]), atol=1e-4)
    explorer.clear()
    explorer.add_frame(0, clusters() @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]]))
    assert abs(positions(explorer.frames[0])[:, 1]).max() > 0.9  # nothing to align it to


def test_frames_come_in_any_order_and_the_one_shown_stays(explorer):
    turned = clusters() @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    explorer.add_frame(20, clusters())
    explorer.add_frame(40, turned)
    explorer.look_at(20)
    assert explorer.step == 20
    explorer.add_frame(0, turned)
    explorer.add_frame(10, turned)
    explorer.add_frame(30, turned)
    assert explorer.steps == [0, 10, 20, 30, 40] and explorer.step == 20 and explorer.latest["index"] == 3
    for frame in explorer.frames:  # each turned onto the one beside it
        np.testing.assert_allclose(positions(frame), positions(explorer.frames[2]), atol=1e-4)
    explorer.look_at(40)
    explorer.add_frame(50, turned)
    assert explorer.step == 40
    explorer.look_at(50, follow=True)
    explorer.add_frame(60, turned)
    assert explorer.frame == -1 and explorer.step == 60


def test_the_summary_compares_neighbours_with_chance(explorer):
    explorer.add_frame(30, clusters(), note="UMAP")
    assert (explorer.summary == "Step 30, UMAP: 50% of the 10 nearest points on the map have the same side "
                                "(50% by chance).")
    many = Explorer()
    many.set_points(pictures(100), {"side": (np.arange(100) // 50, NAMES)})
    many.add_frame(0, clusters(100))
    assert "100% of the 10 nearest" in many.summary
    many.add_frame(1, torch.randn(100, 2))
    assert "100%" not in many.summary


def test_without_labels_there_is_still_a_map():
    explorer = Explorer()
    explorer.set_points(pictures(4))
    explorer.add_frame(0, torch.zeros(4, 2))
    assert explorer.summary == "Step 0: a map of 4 points without class labels."


def test_new_points_forget_frames_and_selection(explorer):
    explorer.add_frame(0, clusters())
    explorer.selected, explorer.frame = [1, 2], 0
    explorer.set_points(pictures(3), {"other": ([0, 1, 2], None)})
    assert (explorer.steps, explorer.selected, explorer.frame, explorer.count) == ([], [], -1, 3)
    assert explorer.color_by == "other"


def test_whole_numbers_count_as_classes_and_others_do_not(explorer):
    columns = {"few": ([0, 1, 2, 1], None), "real": ([0.5, 1, 2, 1], None), "gap": ([-1, 0, 1, 5], NAMES)}
    explorer.set_points(pictures(4), columns)
    few, real, gap = explorer.columns
    assert few["names"] == ["0", "1", "2"] and real["names"] is None
    assert np.frombuffer(gap["values"], "<f4").tolist() == [-1, 0, 1, -1]  # no class 5


def test_the_sprite_holds_every_thumbnail_in_its_place(explorer):
    sheet = np.asarray(Image.open(io.BytesIO(explorer.sprite)))
    tile = explorer.tile
    assert tile == 16 and sheet.shape == (3 * tile, 4 * tile, 3)
    for i in range(12):
        assert abs(int(sheet[i // 4 * tile + 8, i % 4 * tile + 8, 0]) - 20 * i) <= 3


def test_odd_pictures_become_square_thumbnails():
    explorer = Explorer()
    explorer.set_points([Picture("image", np.zeros((*size, 3), dtype="uint8"))
                         for size in ((10, 90), (500, 3))])
    assert explorer.tile == 64
    explorer.set_points([Picture("frames", np.zeros((5, 20, 20, 3), dtype="uint8"))])
    assert (explorer.kind, explorer.tile) == ("image", 20)


def test_series_keep_their_shape_and_their_gaps():
    explorer = Explorer()
    wave = np.sin(np.linspace(0, 6, 300))[None].repeat(2, 0)
    wave[1, 200:] = np.nan
    explorer.set_points([Picture("line", 7 + 3 * wave), Picture("line", np.full((2, 300), np.nan))])
    lines = explorer.lines
    values = np.frombuffer(lines["values"], "uint8").reshape(2, lines["channels"], lines["points"])
    assert (lines["channels"], lines["points"]) == (2, 128)
    assert values[0, 0].min() == 0 and values[0, 0].max() == 254
    assert (values[0, 1, 100:] == 255).all() and (values[0, 1, :80] < 255).all() and (values[1] == 255).all()


def test_texts_are_cut_to_a_snippet():
    explorer = Explorer()
    explorer.set_points([Picture("text", "word  \n" * 500), Picture("text", "</script>")])
    assert len(explorer.snippets[0]) <= 280 and "\n" not in explorer.snippets[0]
    assert "</script>" not in explorer.to_html().split('type="application/json"')[1].split("</script>")[0]


@pytest.mark.parametrize("call, words", [
    (lambda e: e.add_frame(0, torch.zeros(5, 2)), "one position per point: 12, not 5"),
    (lambda e: Explorer().add_frame(0, torch.zeros(0, 2)), "call set_points first"),
    (lambda e: e.set_points(pictures(MAX_POINTS + 1)), "at most 3000 points, not 3001"),
    (lambda e: e.set_points(pictures(3), {"digit": ([1, 2], None)}), "'digit' has 2 values for 3 points"),
])
def test_bad_input_is_one_clear_line(explorer, call, words):
    with pytest.raises(ValueError, match=words) as error:
        call(explorer)
    assert "\n" not in str(error.value)


def test_positions_that_are_not_finite_or_collapsed_are_drawn(explorer):
    explorer.add_frame(0, torch.full((12, 2), torch.nan))
    explorer.add_frame(1, torch.ones(12, 2))
    assert (positions(explorer.frames[0]) == 0).all() and (positions(explorer.frames[1]) == 0).all()


def test_frames_may_come_from_a_thread(explorer):
    failed = []

    def work():
        try:
            for step in range(5):
                explorer.add_frame(step, clusters(seed=step))
        except BaseException as error:  # kept, because a thread's error is lost
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert not failed and explorer.steps == [0, 1, 2, 3, 4]


def test_the_exported_page_carries_everything(explorer, tmp_path):
    explorer.add_frame(7, clusters(), neighbours=np.zeros((12, 3)))
    page = explorer.save_html(tmp_path / "map.html").read_text()
    assert "http:" not in page and "https:" not in page and "import(" not in page and "src=" not in page
    assert explorer.summary in page and '"step": 7' in page
