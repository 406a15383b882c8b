"""The explorer in a real browser, as the exported page: every gesture is answered there, and no request is
made."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sslbench.data import Picture
from sslbench.maps.explorer import Explorer

pytestmark = pytest.mark.browser
LEFT, RIGHT = range(30), range(30, 60)
STILL = "() => document.querySelector('.sslb-explorer').dataset.moving === 'false'"
# how many of the enlarged thumbnail's pixels differ from its first one
PIXELS = """() => { const node = document.querySelector('.sslb-card .sslb-thumb');
    const data = new Uint32Array(
        node.getContext('2d').getImageData(0, 0, node.width, node.height).data.buffer);
    return data.filter(v => v !== data[0]).length; }"""
COLOUR = """([x, y]) => {
    const node = document.querySelector('canvas.sslb-map'), ratio = node.width / node.clientWidth;
    return [...node.getContext('2d').getImageData(x * ratio, y * ratio, 1, 1).data].slice(0, 3); }"""


def painted(page):
    """What has been asked for is drawn: the page's own request for a frame came before this one."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def two_groups(spread=1.0, n=60, seed=0):
    """Rows 0..29 to the left, the others to the right."""
    generator = torch.Generator().manual_seed(seed)
    xy = spread * torch.randn(n, 2, generator=generator)
    xy[:, 0] += torch.where(torch.arange(n) < n // 2, -6, 6)
    return xy


def picture(kind, i):
    if kind == "image":
        pixels = np.zeros((16, 16, 3), dtype="uint8")
        pixels[:, : 1 + i % 15] = (40 + 3 * i % 200, 200, 90)
        return Picture("image", pixels)
    return (Picture("line", np.sin(np.linspace(0, 6 + i, 90))[None])
            if kind == "line" else Picture("text", f"snippet {i}"))


def export(folder, kind="image", n=60, frames=3, **more):
    explorer = Explorer()
    columns = {"side": (np.arange(n) // (n // 2), ["left", "right"]), "size": (np.linspace(0, 1, n), None)}
    explorer.set_points([picture(kind, i) for i in range(n)], columns)
    for k in range(frames):
        last = k == frames - 1
        xy = two_groups(n=n) if last else torch.randn(n, 2, generator=torch.Generator().manual_seed(k))
        explorer.add_frame(100 * k, xy, **(more if last else {}))
    page = explorer.to_html().replace("widget.initialize(", "Object.assign(globalThis, { model, widget "
                                                            "});\nwidget.initialize(")
    path = folder / "explorer.html"
    path.write_text(page)
    return path


@pytest.fixture
def opened(browser, tmp_path):
    """Open an exported page; what a test needs of it."""
    context = browser.new_context(viewport={"width": 960, "height": 700})

    def open_(scheme="light", **what):
        page = context.new_page()
        page.emulate_media(color_scheme=scheme)
        requests, problems = [], []
        page.on("request", lambda asked: requests.append(asked.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(export(tmp_path, **what).as_uri())
        root = page.locator(".sslb-explorer")
        page.wait_for_function(STILL)
        painted(page)
        box = page.locator("canvas.sslb-overlay").bounding_box()
        pages.append(SimpleNamespace(page=page, root=root, requests=requests, problems=problems, x=box["x"],
                                     y=box["y"]))
        return pages[-1]

    pages = []
    yield open_
    problems = [problem for shown in pages for problem in shown.problems]
    context.close()
    assert not problems


def data(shown, name):
    return shown.root.get_attribute(f"data-{name}")


def model(shown, name):
    return shown.page.evaluate(f"() => model.get({name!r})")


def first_point(shown):
    return [int(v) for v in data(shown, "first-point").split(",")]


def hover_first(shown):
    x, y = first_point(shown)
    shown.page.mouse.move(shown.x + x + 2, shown.y + y)
    shown.page.mouse.move(shown.x + x, shown.y + y)


def lasso(shown, corners):
    shown.page.mouse.move(shown.x + corners[0][0], shown.y + corners[0][1])
    shown.page.mouse.down()
    for x, y in corners[1:]:
        shown.page.mouse.move(shown.x + x, shown.y + y, steps=4)
    shown.page.mouse.up()


def gallery(shown):
    return [int(item.get_attribute("data-row")) for item in shown.page.locator(".sslb-item").all()]


def go_to(shown, index):
    shown.page.locator(".sslb-slider").fill(str(index))
    painted(shown.page)  # it has begun to move
    shown.page.wait_for_function(STILL)


def test_hover_shows_a_thumbnail_that_is_not_blank(opened):
    shown = opened()
    card = shown.page.locator(".sslb-card")
    assert not card.is_visible()
    hover_first(shown)
    assert data(shown, "hover") == "0"
    assert card.is_visible() and shown.page.evaluate(PIXELS) > 100
    assert card.inner_text().split() == ["side", "left", "size", "0", "row", "0"]
    shown.page.mouse.move(5, 5)
    assert not card.is_visible() and data(shown, "hover") == ""


def test_a_blank_picture_would_be_seen(opened, monkeypatch):
    blank = Picture("image", np.full((16, 16, 3), 7, dtype="uint8"))
    monkeypatch.setattr("test_explorer_page.picture", lambda kind, i: blank)
    shown = opened()
    hover_first(shown)
    assert shown.page.evaluate(PIXELS) == 0


@pytest.mark.parametrize("kind", ["line", "text"])
def test_series_show_a_sparkline_and_texts_a_snippet(opened, kind):
    shown = opened(kind=kind)
    hover_first(shown)
    if kind == "line":
        assert shown.page.evaluate(PIXELS) > 100
    else:
        assert shown.page.locator(".sslb-card .sslb-snippet").inner_text() == "snippet 0"
    lasso(shown, [(2, 2), (280, 2), (280, 418), (2, 418)])
    assert gallery(shown) == list(LEFT)
    if kind == "text":
        assert shown.page.locator(".sslb-item").nth(7).inner_text() == "snippet 7"


def test_lasso_opens_a_gallery_and_sets_selected(opened):
    shown = opened()
    lasso(shown, [(2, 2), (280, 2), (280, 418), (2, 418)])
    assert model(shown, "selected") == gallery(shown) == list(LEFT)
    assert data(shown, "selected") == "30" and "30 chosen" in shown.page.locator(".sslb-chosen").inner_text()
    assert shown.page.locator(".sslb-shares").get_attribute("title") == "left: 30"
    lasso(shown, [(280, 2), (558, 2), (558, 418), (280, 418)])
    assert model(shown, "selected") == list(RIGHT)
    shown.page.locator(".sslb-clear").click()
    assert model(shown, "selected") == [] and gallery(shown) == []


def test_click_shows_the_nearest_on_the_map_or_in_the_embedding(opened):
    shown = opened()
    hover_first(shown)
    shown.page.mouse.click(shown.x + first_point(shown)[0], shown.y + first_point(shown)[1])
    assert model(shown, "selected") == [0]
    near = (two_groups() - two_groups()[0]).norm(dim=1).argsort()[:9].tolist()
    assert gallery(shown) == near and "on the map" in shown.page.locator(".sslb-chosen").inner_text()
    given = np.tile(np.arange(50, 58), (60, 1))
    shown = opened(neighbours=given)
    shown.page.mouse.click(shown.x + first_point(shown)[0], shown.y + first_point(shown)[1])
    assert (gallery(shown) == [0, *range(50, 58)]
            and "in the embedding" in shown.page.locator(".sslb-chosen").inner_text())


def test_the_slider_moves_the_points_through_training(opened):
    shown = opened()
    before, at = first_point(shown), data(shown, "step")
    go_to(shown, 0)
    assert (at, data(shown, "step"), data(shown, "frame"), model(shown, "frame")) == ("200", "0", "0", 0)
    assert "step 0" in shown.page.locator(".sslb-step").inner_text()
    assert "Step 0:" in shown.page.locator(".sslb-summary").inner_text()
    moved = first_point(shown)
    assert moved != before
    go_to(shown, 2)
    assert first_point(shown) == before and model(shown, "frame") == -1  # the end follows the newest


def test_the_play_button_goes_to_the_end_and_stops(opened):
    shown = opened()
    shown.page.locator(".sslb-play").click()
    assert data(shown, "frame") == "0"
    shown.page.wait_for_function("() => document.querySelector('.sslb-explorer').dataset.frame === '2'")


def new_frame(shown):
    """What the page gets when Python adds a frame: the first one again, at step 300."""
    shown.page.evaluate("() => model.set('latest', {...model.get('frames')[0], index: 3, step: 300})")


def test_a_new_frame_is_followed_only_from_the_end(opened):
    shown = opened()
    new_frame(shown)
    assert (data(shown, "step"), data(shown, "frames")) == ("300", "4")
    shown = opened()
    go_to(shown, 1)
    new_frame(shown)
    assert (data(shown, "step"), data(shown, "frames")) == ("100", "4")


def test_a_frame_from_before_is_put_in_its_place_and_the_one_shown_stays(opened):
    shown = opened()
    go_to(shown, 1)
    assert data(shown, "step") == "100"
    shown.page.evaluate("""() => { const [first] = model.get('frames');
        model.set('frame', 2); model.set('latest', {...first, index: 1, count: 4, step: 50}); }""")
    assert (data(shown, "step"), data(shown, "frames"), data(shown, "frame")) == ("100", "4", "2")
    go_to(shown, 1)
    assert data(shown, "step") == "50"


def test_a_map_that_asks_for_it_plays_once_as_soon_as_it_is_in_sight(opened):
    shown = opened()
    assert data(shown, "frame") == "2"
    shown.page.evaluate("() => model.set('play', 1)")
    shown.page.wait_for_function("() => document.querySelector('.sslb-explorer').dataset.frame === '0'")
    shown.page.wait_for_function("() => document.querySelector('.sslb-explorer').dataset.frame === '2'")
    shown.page.evaluate("() => model.set('play', 1)")
    shown.page.wait_for_timeout(300)
    assert data(shown, "frame") == "2"  # once


def test_on_a_narrow_page_the_whole_map_is_there_and_the_pointer_finds_its_points(opened):
    shown = opened()
    shown.page.set_viewport_size({"width": 390, "height": 800})
    shown.page.wait_for_function(
        "() => document.querySelector('.sslb-overlay').getBoundingClientRect().right <= 390")
    box, (x, y) = shown.page.locator("canvas.sslb-overlay").bounding_box(), first_point(shown)
    scale = box["width"] / 560
    assert 0.4 < scale < 0.8 and box["x"] >= 0
    shown.page.mouse.move(box["x"] + x * scale + 2, box["y"] + y * scale)
    shown.page.mouse.move(box["x"] + x * scale, box["y"] + y * scale)
    shown.page.wait_for_function("() => document.querySelector('.sslb-explorer').dataset.hover === '0'")


def test_new_points_replace_the_old_ones(opened):
    shown = opened()
    shown.page.evaluate("() => { model.set('frames', []); model.set('count', 0); model.set('columns', []); }")
    painted(shown.page)
    assert data(shown, "points") == "0" and shown.page.locator(".sslb-hint").is_visible()


def test_colour_by_changes_the_colours(opened):
    shown = opened(kind="text")  # dots, so that the middle of a point has its colour
    x, y = first_point(shown)
    before = shown.page.evaluate(COLOUR, [x, y])
    assert before == [0, 114, 178]  # the first of Okabe and Ito
    shown.page.locator("select.sslb-color-by").select_option("size")
    painted(shown.page)
    assert shown.page.evaluate(COLOUR, [x, y]) == [0, 34, 78]  # the low end of cividis
    assert data(shown, "color-by") == model(shown, "color_by") == "size"
    legend = shown.page.locator(".sslb-legend")
    assert legend.locator(".sslb-chip").count() == 0 and legend.inner_text().split() == ["0", "1"]


def test_a_class_in_the_legend_can_be_chosen(opened):
    shown = opened()
    shown.page.locator(".sslb-chip", has_text="right").click()
    assert model(shown, "selected") == list(RIGHT)


def test_the_wheel_zooms_and_a_double_click_resets(opened):
    shown = opened(n=1000)
    assert data(shown, "thumbnails") == "false"
    hover_first(shown)
    for _ in range(8):
        shown.page.mouse.wheel(0, -150)
    shown.page.wait_for_function("() => document.querySelector('.sslb-explorer').dataset.zoom > 5")
    painted(shown.page)
    assert data(shown, "thumbnails") == "true"
    shown.page.mouse.dblclick(shown.x + 3, shown.y + 415)
    shown.page.wait_for_function("() => document.querySelector('.sslb-explorer').dataset.zoom === '1.00'")


AGAIN = """widget => {
    const [old] = document.querySelectorAll('.sslb-explorer'), el = document.createElement('div');
    document.body.append(el);
    widget.render({ model, el });
    old.remove(); }"""


def test_a_view_drawn_anew_keeps_the_place_and_new_points_start_with_the_whole_map(opened):
    shown = opened()
    shown.page.locator(".sslb-zoom button").first.click()
    shown.page.evaluate("() => { (" + AGAIN + ")(widget); }")
    painted(shown.page)
    assert data(shown, "zoom") == "1.60" and shown.root.count() == 1
    shown.page.evaluate("() => model.set('count', model.get('count'))")
    painted(shown.page)
    assert data(shown, "zoom") == "1.00"


def test_scrolling_the_page_past_the_map_does_not_zoom_it(opened):
    shown = opened()
    shown.page.mouse.move(shown.x + 100, shown.y + 100)
    shown.page.evaluate("() => document.querySelector('.sslb-overlay').dispatchEvent(new "
                        "PointerEvent('pointerleave'))")
    shown.page.mouse.wheel(0, -300)
    assert data(shown, "zoom") == "1.00"


def test_the_keyboard_reaches_points_chooses_and_clears(opened):
    shown = opened()
    shown.page.locator("canvas.sslb-overlay").focus()
    seen = []
    for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowUp"):
        shown.page.keyboard.press(key)
        seen.append(data(shown, "hover"))
    assert len(set(seen)) == 4 and int(seen[-1]) in LEFT
    shown.page.keyboard.press("Enter")
    assert model(shown, "selected") == [int(seen[-1])]
    shown.page.keyboard.press("Escape")
    assert model(shown, "selected") == [] and data(shown, "hover") == ""


def test_a_screen_reader_hears_the_summary_and_the_keys(opened):
    label = opened().page.locator("canvas.sslb-overlay").get_attribute("aria-label")
    assert "of the 10 nearest points on the map have the same side" in label and "Arrow keys" in label


def test_dark_and_light_follow_the_page(opened):
    paper = [opened(scheme).root.evaluate("e => getComputedStyle(e).backgroundColor")
             for scheme in ("light", "dark")]
    assert paper == ["rgb(255, 255, 255)", "rgb(22, 24, 28)"]


def test_the_page_requests_nothing_but_itself(opened):
    shown = opened()
    hover_first(shown)
    lasso(shown, [(2, 2), (558, 2), (558, 418), (2, 418)])
    go_to(shown, 0)
    assert len(shown.requests) == 1 and shown.requests[0].startswith("file://")
    with shown.page.expect_request("**/x.png"):
        shown.page.evaluate("() => { new Image().src = 'http://127.0.0.1:9/x.png'; }")
    assert len(shown.requests) == 2  # a request would have been noticed


HOVER = """() => {
    const root = document.querySelector('.sslb-explorer'), took = [];
    const overlay = root.querySelector('.sslb-overlay');
    for (let k = 0; k < 40; k++) {
        const event = new PointerEvent('pointermove', {clientX: 0, clientY: 0});
        Object.defineProperties(event, {offsetX: {value: 60 + 11 * k}, offsetY: {value: 200 + k}});
        const start = performance.now();
        overlay.dispatchEvent(event);
        if (root.dataset.hover) took.push(performance.now() - start);
    }
    return took; }"""
FRAMES = """async () => { let frames = 0; const start = performance.now();
    while (performance.now() - start < 650) { await new Promise(requestAnimationFrame); frames++; }
    return frames; }"""


@pytest.mark.alone
def test_three_thousand_points_answer_in_50_ms_and_glide(opened):
    shown, slowest, frames = opened(n=3000), [], []
    for index in (0, 2, 0):  # the machine may stumble once, a slow page is always slow
        times = shown.page.evaluate(HOVER)
        assert len(times) > 5
        slowest.append(max(times))
        shown.page.locator(".sslb-slider").fill(str(index))
        frames.append(shown.page.evaluate(FRAMES))
        shown.page.wait_for_function(STILL)
    print(f"hover: {min(slowest):.1f} ms at most; glide: {max(frames) / 0.65:.0f} frames per second")
    assert min(slowest) < 50 and max(frames) > 8
