"""Samples of whatever form as one plain array of numbers: unequal series end in masked numbers, grey pictures
get colours."""

import numpy as np

from .items import Taken, array_of


def filled(found: Taken) -> np.ndarray:
    """One array [n, ...]: the array itself, or unequal series with masked ends."""
    if isinstance(found.x, list):
        return padded(grey_as_color([plain(a) for a in found.x]), found)
    return plain(array_of(found.x))


def plain(x: np.ndarray) -> np.ndarray:
    """x itself, Python's own numbers as floats; ValueError when it does not hold real numbers."""
    if x.dtype.kind == "c":
        raise ValueError("x is complex; give real and imaginary part as two channels: numpy.stack([x.real, "
                         "x.imag], 1)")
    if x.dtype.kind == "O":
        try:
            return x.astype(np.float64)  # None becomes NaN
        except (TypeError, ValueError) as error:
            reason = str(error).splitlines()[0][:80]
            raise ValueError(f"x holds Python objects that are no numbers ({reason})") from None
    if x.dtype.kind not in "fiub":
        remedy = {"V": "give numpy.lib.recfunctions.structured_to_unstructured(x)",
                  "M": "give x.astype('int64')"}
        raise ValueError(f"x holds {str(x.dtype)[:60]}, and numbers are read; "
                         + remedy.get(x.dtype.kind, "texts in a file are read by the source 'text'"))
    return x


def grey_as_color(rows: list[np.ndarray]) -> list[np.ndarray]:
    """Grey pictures [H, W] among coloured ones [H, W, 3] get three equal channels."""
    if {r.ndim for r in rows} == {2, 3} and all(r.shape[-1] == 3 for r in rows if r.ndim == 3):
        return [np.repeat(r[..., None], 3, -1) if r.ndim == 2 else r for r in rows]
    return rows


def padded(rows: list[np.ndarray], found: Taken) -> np.ndarray:
    """Series [T], [C, T] or [T, C] of unequal lengths as [n, T] or [n, C, T], masked at their ends."""
    dtype = np.result_type(*(r.dtype for r in rows))
    if len({r.shape for r in rows}) == 1:
        return np.stack(rows).astype(dtype, copy=False)
    kinds = {r.ndim for r in rows}
    if kinds == {2} and len({r.shape[0] for r in rows}) > 1 and len({r.shape[1] for r in rows}) == 1:
        rows = [r.T for r in rows]
    if kinds not in ({1}, {2}) or len({r.shape[:-1] for r in rows}) > 1:
        shapes = sorted({str(list(r.shape)) for r in rows})
        raise ValueError(f"the samples differ in shape ({', '.join(shapes[:3])}); give pictures a transform "
                         "that makes them alike, such as a resize")
    lengths = [r.shape[-1] for r in rows]
    out = np.ma.masked_all((len(rows), *rows[0].shape[:-1], max(lengths)), dtype)
    for i, row in enumerate(rows):
        out[i, ..., :row.shape[-1]] = row
    found.notes.append(f"{min(lengths)} to {max(lengths)} steps; what the shorter ones lack counts as absent")
    return out
