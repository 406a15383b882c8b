"""What Pretext.show() returned as rows of samples, and where each of them goes in a figure."""

import numpy as np

from ..data import Data, Picture
from ..data import picture_of as picture_of_field
from ..shown import Matrix, Row, Says, Shown, as_shown
from .pictures import CAPTION, GAP, TITLE, Strip, draw_matrix, draw_row, line_ranges, still
from .texts import draw_texts, text_height

MATRIX = 300  # width kept for a matrix
COLUMNS = {"image": 8, "line": 5, "sound": 5}  # samples beside each other
BESIDE_MATRIX = {"image": 5, "line": 3, "sound": 3}


def strips_of(shown: Shown, data: Data) -> list[Strip]:
    """Rows become pictures, words the captions of the row above them; matrices are left out."""
    strips = []
    for item in shown:
        if isinstance(item, Row):
            strips += [Strip(item.title if i == 0 else f"{item.title}: {name}", still(pictures), item.role)
                       for i, (name, pictures) in enumerate(pictures_of(item.batch, data).items())]
        elif isinstance(item, Says):
            if not strips or strips[-1].says:
                strips.append(Strip("", []))
            strips[-1].says, strips[-1].right = item.words, item.right
            strips[-1].agree = item.judged == "agree"
    return strips


def pictures_of(batch: dict, data: Data) -> dict[str, list[Picture]]:
    """One list of pictures for each field of a batch; the data's own way for its main field."""
    main = (data.probe_on or tuple(data.fields))[0]
    samples = [{name: x[i] for name, x in batch.items()} for i in range(len(next(iter(batch.values()))))]
    return {name: [data.picture(s)
        if name == main else picture_of_field(data.fields[name], s[name], data.spell) for s in samples]
            for name in sorted(batch, key=lambda name: name != main)}


def matrix_of(shown: Shown) -> tuple[str, np.ndarray] | None:
    return next(((item.title, item.values.float().numpy()) for item in shown if isinstance(item, Matrix)),
                None)


class Layout:
    """Where everything goes, in pixels, so that the figure's height is known before it is made."""

    def __init__(self, shown: Shown, data: Data, width: int):
        shown = as_shown(shown)
        self.rows, self.matrix = strips_of(shown, data), matrix_of(shown)
        self.width = width - (MATRIX + 20 if self.matrix else 0)
        self.columns = BESIDE_MATRIX if self.matrix else COLUMNS
        self.texts = [row for row in self.rows if row.kind in ("text", "words")]
        self.drawn = [row for row in self.rows if row.kind in COLUMNS]
        self.text_height = text_height(self.texts, self.width) if self.texts else 0
        self.height = int(max(sum(map(self.height_of, self.drawn)) + self.text_height,
                              MATRIX - 20 if self.matrix else 0, 60)) + 16

    def tile(self, kind: str) -> tuple[float, float]:
        """Width and height of one picture."""
        side = (self.width - 20) / self.columns[kind] - GAP
        return (side, side) if kind == "image" else (side, 0.5 * side)

    def height_of(self, row: Strip) -> float:
        return TITLE + self.tile(row.kind)[1] + (CAPTION if row.says else GAP)

    def draw(self, made, box):
        top = self.height - 8  # from the lower edge of the figure
        ranges = line_ranges(self.drawn)
        for row in self.drawn:
            height = self.height_of(row)
            draw_row(box(made, 10, top - height, self.width - 20, height), row, self.columns[row.kind],
                     self.tile(row.kind), ranges)
            top -= height
        if self.texts:
            draw_texts(box(made, 10, top - self.text_height, self.width - 20, self.text_height), self.texts)
        if self.matrix:
            images = [row.pictures for row in self.drawn if row.kind == "image"][:2]
            side = MATRIX - 50
            draw_matrix(box(made, self.width + 46, self.height - side - 34, side, side), *self.matrix, images)
