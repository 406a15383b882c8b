"""Run notebooks from top to bottom and keep their outputs: `python .ci/execute_notebooks.py notebooks
[one.ipynb ...]`.

Widget state and widget views are dropped: they are dead without a kernel and break the display of the
notebook on the web. The picture that a widget leaves beside its view stays. Progress bars are dropped,
pictures are written smaller.
"""

import base64
import io
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

VIEW = "application/vnd.jupyter.widget-view+json"
LIMIT = 1_000_000  # bytes


def without_widgets(notebook):
    """The notebook without widget state, widget views and whatever changes from one run to the next (in
    place)."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(VIEW, None)
        if "outputs" in cell:
            # a view was all it had
            cell.outputs = [output for output in cell.outputs if output.get("data", True)
                            # a progress bar
                            and not (output.get("name") == "stderr" and output.text.startswith("\r"))]
    return notebook


def with_small_pictures(notebook):
    """The notebook with its PNG pictures in 256 colours (in place): a quarter of the bytes, to the eye the
    same."""
    for output in [output for cell in notebook.cells for output in cell.get("outputs", [])]:
        if "image/png" in output.get("data", {}):
            output.data["image/png"] = smaller(output.data["image/png"])
    return notebook


def smaller(picture: str) -> str:
    """A PNG in base64 with 256 colours; what is no picture, or would not get smaller, stays as it is."""
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    except UnidentifiedImageError:
        return picture
    out = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(out, "png", optimize=True)
    return min(picture, base64.b64encode(out.getvalue()).decode(), key=len)


def execute(path: Path) -> float:
    """Run one notebook in its own folder and write it back; the seconds it took."""
    started = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3", record_timing=False, resources={
        "metadata": {"path": str(path.parent)}}).execute()
    text = nbformat.writes(with_small_pictures(without_widgets(notebook)))
    size = len(text.encode())
    if size > LIMIT:
        raise SystemExit(f"{path} is {size / 1e6:.1f} MB with its outputs, the limit is 1 MB; show less or "
                         "smaller pictures")
    path.write_text(text + "\n", encoding="utf-8")
    return time.perf_counter() - started


def main(arguments: list[str]) -> None:
    for path in (Path(argument) for argument in arguments):
        for notebook in sorted(path.glob("*.ipynb")) if path.is_dir() else [path]:
            print(f"{notebook}  {execute(notebook):.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
