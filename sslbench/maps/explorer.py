"""The embedding explorer: a map of up to 3,000 samples that can be hovered, lassoed and moved through
training time.

    explorer = Explorer()
    explorer.set_points(pictures, {"digit": (labels, names), "size": (sizes, None)})
    explorer.add_frame(0, xy)              # [n, 2]; aligned to the frame before
    explorer.selected                      # rows chosen with the lasso
    explorer.save_html("map.html")         # one file that asks no network for anything

Everything a person does is answered in the browser by explorer.js, so it works while the kernel is busy.
"""

import base64
import bisect
import html
import io
import json
import math
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from ..data import drawable
from .page import PAGE, SHIM
from .projection import agreement, align, drawn_in

MAX_POINTS = 3000
SCRIPT, STYLE = Path(__file__).with_name("explorer.js"), Path(__file__).with_name("explorer.css")
HINT = "The map appears here when it is ready."
TILE = 32  # pixels of a thumbnail's side, when there are many
LINE_POINTS, LINE_CHANNELS, ABSENT = 128, 4, 255  # a series as bytes 0..254
SNIPPET = 280  # characters


class Explorer(anywidget.AnyWidget):
    """The map as a widget. It starts empty; `set_points` says what the points are, `add_frame` where they
    lie.

    selected: rows chosen in the browser (or set here).  frame: number of the frame shown, -1 follows the
    newest.
    color_by: name of the column that colours the points.
    """

    _esm, _css = SCRIPT, STYLE
    kind = traitlets.Unicode("").tag(sync=True)  # what a point is: image, line, text
    count = traitlets.Int(0).tag(sync=True)
    tile = traitlets.Int(TILE).tag(sync=True)
    sprite = traitlets.Bytes(b"").tag(sync=True)  # all thumbnails, row by row, in one PNG or JPEG
    lines = traitlets.Dict().tag(sync=True)  # {"values": uint8 [n, channels, points], "channels", "points"}
    snippets = traitlets.List().tag(sync=True)
    columns = traitlets.List().tag(sync=True)  # {"name", "names" or None, "values": float32 [n]}
    color_by = traitlets.Unicode("").tag(sync=True)
    # {"step", "note", "xy": int16 [n, 2], "neighbours": uint16 [n, k], "summary"}
    frames = traitlets.List().tag(sync=True)
    latest = traitlets.Dict().tag(sync=True)  # the newest of them and its index: all that a new frame sends
    frame = traitlets.Int(-1).tag(sync=True)
    selected = traitlets.List(trait=traitlets.Int()).tag(sync=True)
    # play through the frames once, as soon as the map is in sight; another number: once more
    play = traitlets.Int(0).tag(sync=True)
    # {"model", "called"}: the widget that it is displayed in, which it puts back when a page is loaded again
    home = traitlets.Dict().tag(sync=True)
    dark = traitlets.Bool(False).tag(sync=True)  # the page says so: its paper is dark

    _aligned = ()  # the frames as they were aligned

    def set_points(self, pictures, labels=None):
        """What the points are: one Picture each, and columns to colour by, name -> (values [n], class names
        or None).

        Values below 0 of a column with class names mean unknown. Forgets all frames. ValueError for more than
        3,000 points.
        """
        columns = [_column(name, values, names, len(pictures))
                   for name, (values, names) in (labels or {}).items()]
        if len(pictures) > MAX_POINTS:
            raise ValueError(f"the explorer shows at most {MAX_POINTS} points, not {len(pictures)}; pass a "
                             "sample of them")
        pictures = [drawable(p, LINE_POINTS) for p in pictures]
        kind = pictures[0].kind if pictures else ""
        values = [p.value for p in pictures]
        with self.hold_sync():
            self.clear()
            self.kind = kind
            self.count = len(pictures)
            self.tile, self.sprite = _sprite(values) if kind == "image" else (TILE, b"")
            self.lines = _lines(values) if kind == "line" else {}
            self.snippets = ([" ".join(text[:4 * SNIPPET].split())[:SNIPPET] for text in values]
                             if kind == "text" else [])
            self.columns = columns
            if self.color_by not in [c["name"] for c in columns]:
                self.color_by = columns[0]["name"] if columns else ""

    def add_frame(self, step: int, xy, neighbours=None, note: str = ""):
        """Where the points lie at a training step: xy [n, 2] from any projection, turned onto the frame
        before.

        neighbours: rows [n, k] of the nearest points in the embedding itself; without it a click shows those
        in the map.
        note: beside the step ("UMAP"). Frames may come in any order; a frame shown stays the one shown. Sends
        this frame only.
        """
        if not self.count or len(xy) != self.count:
            raise ValueError(f"a frame needs one position per point: {self.count}, not {len(xy)}; call "
                             "set_points first")
        index = bisect.bisect(self.steps, step)
        beside = self._aligned[max(0, index - 1): index + 1]  # the frame before, else the one after
        xy = align(drawn_in(xy), beside[0] if beside else None)
        near = b"" if neighbours is None else np.asarray(neighbours, "<u2").tobytes()
        frame = {"step": int(step), "note": note, "xy": _int16(xy), "neighbours": near}
        frame["summary"] = self._describe(step, note, xy)
        self._aligned = (*self._aligned[:index], xy, *self._aligned[index:])
        # in place, so it is not sent again as a whole; a page that opens later reads it
        self.frames.insert(index, frame)
        latest = {"index": index, "count": len(self.frames), **frame}
        if self.frame < index:
            self.latest = latest
            return
        with self.hold_sync():  # together: the frame that is shown has another place now
            self.latest, self.frame = latest, self.frame + 1

    def clear(self):
        """Forget all frames and the selection; the points stay."""
        self._aligned = ()
        with self.hold_sync():
            self.frames, self.latest, self.frame, self.selected = [], {}, -1, []

    @property
    def steps(self) -> list[int]:
        """The training step of each frame."""
        return [frame["step"] for frame in self.frames]

    @property
    def step(self) -> int | None:
        """The training step of the frame that is shown."""
        return self.frames[min(self.frame, len(self.frames) - 1)]["step"] if self.frames else None

    def look_at(self, step: int, follow: bool = False):
        """Show the frame of this step, and go on showing it while others come. follow: it is the newest, and
        newer ones are followed."""
        if step in self.steps:
            self.frame = -1 if follow else self.steps.index(step)

    @property
    def summary(self) -> str:
        """One sentence about the frame shown."""
        return self.frames[min(self.frame, len(self.frames) - 1)]["summary"] if self.frames else HINT

    def _describe(self, step, note, xy) -> str:
        when = f"Step {step}{f', {note}' if note else ''}: "
        named = next((c for c in self.columns if c["names"]), None)
        if named is None:
            return f"{when}a map of {self.count} points without class labels."
        same, chance = agreement(xy, np.frombuffer(named["values"], "<f4").copy(), k=10)
        if math.isnan(same):
            return f"{when}a map of {self.count} points."
        what = f"of the 10 nearest points on the map have the same {named['name']}"
        return f"{when}{same:.0%} {what} ({chance:.0%} by chance)."

    def to_html(self, title: str = "Embedding explorer") -> str:
        """The explorer with all it shows as one page that works without a kernel and without a network."""
        shown = [name for name, trait in self.traits(sync=True).items() if trait.this_class is Explorer]
        state = json.dumps({name: getattr(self, name) for name in shown}, default=_as_base64).replace("<",
            "\\u003c")
        script = SCRIPT.read_text(encoding="utf-8").replace("export default", "const explorer =")
        style, words = STYLE.read_text(encoding="utf-8"), html.escape(self.summary)
        return PAGE.format(title=html.escape(title), style=style, summary=words, script=script, state=state,
                           shim=SHIM)

    def save_html(self, path) -> Path:
        """Write `to_html()` to a file."""
        path = Path(path)
        path.write_text(self.to_html(path.stem), encoding="utf-8")
        return path


def _column(name, values, names, n) -> dict:
    """One label or factor of all points, as the page reads it; few different whole numbers count as
    classes."""
    values = np.asarray(values, dtype="float64").reshape(-1)
    if len(values) != n:
        raise ValueError(f"the column {name!r} has {len(values)} values for {n} points")
    known = values[np.isfinite(values)]
    if (names is None and len(np.unique(known)) <= 12 and (known == known.round()).all()
        and (known >= 0).all()):
        names = range(int(known.max(initial=-1)) + 1)
    if names is not None:
        values = np.where(np.isfinite(values) & (values < len(names)), values, -1)
    return {"name": name, "names": names and [str(v) for v in names],
            "values": values.astype("<f4").tobytes()}


def _sprite(images) -> tuple[int, bytes]:
    """Thumbnails [H, W, 3] -> side of one in pixels, all of them in one picture."""
    from PIL import Image

    images = [np.asarray(x, dtype="uint8") for x in images]
    tile = max(16, min(max(images[0].shape[:2]), TILE if len(images) > 1000 else 2 * TILE))
    wide = math.ceil(math.sqrt(len(images)))  # near a square: browsers limit each side
    sheet = Image.new("RGB", (wide * tile, math.ceil(len(images) / wide) * tile))
    for i, pixels in enumerate(images):
        thumb = Image.fromarray(pixels).convert("RGB")
        scale = tile / max(thumb.size)
        size = [max(1, round(side * scale)) for side in thumb.size]
        thumb = (thumb if size == list(thumb.size)
                 else thumb.resize(size, Image.BOX if scale < 1 else Image.NEAREST))
        sheet.paste(thumb, (i % wide * tile + (tile - size[0]) // 2,
                            i // wide * tile + (tile - size[1]) // 2))
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=88, subsampling=0)
    return tile, file.getvalue()


def _lines(series) -> dict:
    """Series [C, T], NaN where absent -> bytes [n, channels, points], each sample scaled to its own range."""
    channels = min(len(series[0]), LINE_CHANNELS)
    points = min(max(np.shape(x)[-1] for x in series), LINE_POINTS)
    values = np.full((len(series), channels, points), ABSENT, dtype="uint8")
    for row, x in zip(values, series):
        x = np.asarray(x, dtype="float64")[:channels,
                                           np.linspace(0, np.shape(x)[-1] - 1, points).round().astype(int)]
        seen = np.isfinite(x)
        low, high = (x[seen].min(), x[seen].max()) if seen.any() else (0, 0)
        row[seen] = np.rint((x[seen] - low) / (high - low or 1) * (ABSENT - 1))
    return {"values": values.tobytes(), "channels": channels, "points": points}


def _int16(xy) -> bytes:
    """Positions [n, 2] with the farthest coordinate at 32767: 12 kB for 3,000 points, finer than any
    screen."""
    xy = np.asarray(xy)
    return np.rint(xy / (np.abs(xy).max(initial=0) or 1) * 32767).astype("<i2").tobytes()


def _as_base64(value: bytes) -> dict:
    return {"base64": base64.b64encode(value).decode()}
