"""What arrays of samples are, images, series or symbols, and which axis holds the channels; said wherever it
had to be decided."""

import numpy as np

KINDS = ("image", "series", "symbols")
# the place of the channels
LAYOUTS = {"nchw": ("image", 1), "nhwc": ("image", -1), "nct": ("series", 1), "ntc": ("series", -1)}
COLORS = (1, 3, 4)
SOME = 2**21  # numbers that are looked at
# whole numbers below this are symbols; larger ones when neighbours have nothing to do with one another
SYMBOLS = 256
MOST_SYMBOLS = 2**17


def understood(pieces: list[np.ndarray], kind: str | None) -> tuple[str, list[np.ndarray], list[str]]:
    """The kind, views of the pieces with axes [n, C, H, W], [n, C, T] or [n, T], and what was decided, in
    words.

    kind: what somebody asked for: one of KINDS, or one of LAYOUTS where the place of the channels is asked
    for, too.
    """
    notes: list[str] = []
    x = pieces[0]
    asked, at = LAYOUTS.get(kind or "", (kind, None))
    if x.ndim not in (2, 3, 4):
        what = {1: "one long series in a file is cut into windows by the source 'series'",
                5: "videos are not read yet"}.get(x.ndim, "one sample is no array of one to three axes")
        raise ValueError(f"x has the shape {shown(x)}; images are [n, C, H, W], series [n, C, T], symbols "
                         f"[n, T]; {what}")
    if 0 in x.shape[1:]:
        raise ValueError(f"x of shape {shown(x)} holds no numbers")
    chosen = asked or kind_of(pieces, notes)
    fits = {"image": (3, 4), "series": (2, 3), "symbols": (2,)}[chosen]
    if x.ndim not in fits or (at and x.ndim < max(fits)):
        raise ValueError(f"x of shape {shown(x)} does not fit kind {kind or chosen!r}; see the shapes in "
                         "help(arrays)")
    if chosen == "symbols":
        if x.dtype.kind == "f":
            raise ValueError(f"symbols must be whole numbers [n, T], not {x.dtype} {shown(x)}")
        return chosen, pieces, notes
    if x.ndim == max(fits):
        at = (at or (channels_of_images if chosen == "image" else channels_of_series)(x, notes,
            asked is not None))
        pieces = [np.moveaxis(p, at, 1) for p in pieces]
    else:
        pieces = [p[:, None] for p in pieces]  # one channel
    return chosen, without_transparency(pieces, notes) if chosen == "image" else pieces, notes


def shown(x: np.ndarray) -> str:
    return "[" + ", ".join(map(str, x.shape)) + "]"


def kind_of(pieces: list[np.ndarray], notes: list[str]) -> str:
    """The kind that the shape and the numbers suggest."""
    x = pieces[0]
    if x.ndim == 4:
        return "image"
    if x.ndim == 3:
        image = x.dtype in (np.uint8, np.bool_) or x.shape[1] == x.shape[2] or min(x.shape[1:]) > 64
        notes.append(f"{shown(x)} read as {'grey images' if image else 'series'} "
                     f"(kind={'series' if image else 'image'!r} for the other)")
        return "image" if image else "series"
    if x.dtype.kind == "f":
        return "series"
    symbols = are_symbols(pieces)
    notes.append(f"whole numbers {shown(x)} read as {'symbols' if symbols else 'series'} "
                 f"(kind={'series' if symbols else 'symbols'!r} for the other)")
    return "symbols" if symbols else "series"


def are_symbols(pieces: list[np.ndarray]) -> bool:
    """Whole numbers [n, T]: symbols are never below -1; of a large range, neighbours differ as much as any
    two."""
    some = np.ma.concatenate([few(p) for p in pieces])
    there = some.compressed()
    if not there.size or there.min() < -1 or there.max() >= MOST_SYMBOLS:
        return False
    if there.max() < SYMBOLS:
        return True
    steps = np.diff(some.astype(np.float64), axis=1)
    # twice the variance where neighbours are independent
    return bool(np.ma.mean(steps**2) > there.astype(np.float64).var())


def few(x: np.ndarray) -> np.ndarray:
    """Some samples, evenly taken."""
    most = max(1, SOME // max(1, x[:1].size))
    return x[:: -(-len(x) // most) if len(x) > most else 1]


def colors_last(C: int, H: int, W: int) -> bool:
    """Whether a picture of these three axes has its channels last."""
    if C in COLORS or W in COLORS:
        return C not in COLORS
    return C == H != W or (H != W and C != W and W < C)


def channels_of_images(x: np.ndarray, notes: list[str], asked: bool = True) -> int:
    """1 or -1, and what was decided: of colours the axis of 1, 3 or 4, else the one that differs from two
    equal ones, else the smaller."""
    C, H, W = x.shape[1:]
    last = colors_last(C, H, W)
    if C in COLORS or W in COLORS:
        return -1 if last else 1
    notes.append(f"{shown(x)} read as {W if last else C} bands of {C if last else H} x {H if last else W} "
                 "pixels "
                 f"(kind={'nchw' if last else 'nhwc'!r} for channels {'first' if last else 'last'})")
    return -1 if last else 1


def steps_first(C: int, T: int) -> bool:
    """Whether a series of these two axes has its steps first and its channels last."""
    return T < C


def channels_of_series(x: np.ndarray, notes: list[str], asked: bool) -> int:
    """1 or -1: the smaller axis; there are fewer channels than steps."""
    C, T = x.shape[1:]
    last = steps_first(C, T)
    if not asked and notes:
        notes.pop()  # one phrase says both
    other = (f"kind={'nct' if last else 'ntc'!r} for channels {'first' if last else 'last'}"
             + ", 'image' for pictures" * (not asked))
    notes.append(f"{shown(x)} read as series of {min(C, T)} channel{'s' * (min(C, T) != 1)} and {max(C, T)} "
                 f"steps ({other})")
    return -1 if last else 1


def without_transparency(pieces: list[np.ndarray], notes: list[str]) -> list[np.ndarray]:
    """Four channels [n, 4, H, W]: a last one that is nearly everywhere empty or full is transparency, which
    is no colour."""
    if pieces[0].shape[1] != 4:
        return pieces
    some = np.concatenate([few(p) for p in pieces])
    full = 255 if some.dtype.kind in "iu" else 1
    clear = np.isin(some[:, 3], (0, full)).mean() > 0.5 and some[:, 3].max() == full
    notes.append("of four channels the last is "
                 + ("taken for transparency and left out" if clear else "kept as a fourth band"))
    return [p[:, :3] for p in pieces] if clear else pieces
