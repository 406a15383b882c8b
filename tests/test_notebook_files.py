"""The notebooks in the repository show their pictures everywhere: executed, small, and without dead
widgets."""

import ast
import base64
import importlib.util
import io
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from PIL import Image, ImageChops

REPOSITORY = Path(__file__).resolve().parents[1]
NOTEBOOKS = [*sorted((REPOSITORY / "notebooks").glob("*.ipynb")), REPOSITORY / "benchmarks/record.ipynb"]
VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET = """
import sys

import ipywidgets as widgets
from IPython.display import Markdown, display
display(Markdown("kept"))
print("\\r 50 of 100 steps", file=sys.stderr)
view = {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}
display({"text/plain": "a bench", "image/png": "aGVsbG8=", **view}, raw=True)
widgets.Button(description="dead without a kernel")
"""


def faults(path: Path) -> list[str]:
    """What keeps a notebook from being shown well on the web, or makes it too heavy for the repository."""
    notebook = nbformat.read(str(path), as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    outputs = [output for cell in code for output in cell.outputs]
    found = {
        "is over 1 MB": path.stat().st_size > 1_000_000,
        "holds widget state": "widgets" in notebook.metadata,
        "holds widget views": any(VIEW in output.get("data", {}) for output in outputs),
        "asks for a kernel that others do not have": notebook.metadata.get("kernelspec",
            {}).get("name") != "python3",
        "was not run from top to bottom": [cell.execution_count
                                           for cell in code] != list(range(1, len(code) + 1)),
        "shows an error": any(output.output_type == "error" for output in outputs),
        "prints warnings or other text on stderr": any(output.get("name") == "stderr" for output in outputs),
    }
    return [fault for fault, there in found.items() if there]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_ready_to_be_read(path):
    assert faults(path) == []


def missing(code: str) -> list[str]:
    """What code names in modules of sslbench that is not there."""
    tree, modules = ast.parse(code), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sslbench":
            names = {}
            exec(f"from {node.module} import {', '.join(name.name for name in node.names)}", names)
            modules |= {name.asname or name.name: names[name.name] for name in node.names}
    return [f"{node.value.id}.{node.attr}" for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            and isinstance(module := modules.get(node.value.id), ModuleType)
            and not hasattr(module, node.attr)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_names_is_there(path):
    cells = nbformat.read(str(path), as_version=4).cells
    plain = [line for cell in cells if cell.cell_type == "code" for line in cell.source.split("\n")
             if not line.lstrip().startswith(("%", "!"))]
    assert missing("\n".join(plain)) == []


def test_a_name_that_has_moved_would_be_seen():
    assert missing("from sslbench.plots import charts\ncharts.plain, charts.PURPLE") == ["charts.PURPLE"]


def write(path: Path, code: str) -> Path:
    cells, metadata = [nbformat.v4.new_code_cell(code)], {"widgets": {"a": "state"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def execute(path: Path) -> subprocess.CompletedProcess:
    script = REPOSITORY / ".ci/execute_notebooks.py"
    return subprocess.run([sys.executable, script, path], capture_output=True, text=True, timeout=90)


@pytest.mark.slow
def test_executing_keeps_pictures_and_drops_widgets(tmp_path):
    path = write(tmp_path / "toy.ipynb", WIDGET)
    # negative control
    assert "was not run from top to bottom" in faults(path) and "holds widget state" in faults(path)
    assert execute(path).returncode == 0
    assert faults(path) == []
    outputs = nbformat.read(str(path), as_version=4).cells[0].outputs
    assert "kept" in outputs[0].data["text/markdown"] and outputs[1].data["image/png"].strip() == "aGVsbG8="


def test_pictures_are_written_smaller_and_look_the_same():
    spec = importlib.util.spec_from_file_location("execute_notebooks",
                                                  REPOSITORY / ".ci/execute_notebooks.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    before, out = Image.merge("RGB", [Image.linear_gradient("L")] * 3), io.BytesIO()
    before.save(out, "png", compress_level=0)
    large = base64.b64encode(out.getvalue()).decode()
    small = script.smaller(large)
    after = Image.open(io.BytesIO(base64.b64decode(small))).convert("RGB")
    assert (len(small) < len(large) / 4
            and max(high for _, high in ImageChops.difference(before, after).getextrema()) < 8)
    assert script.smaller("aGVsbG8=") == "aGVsbG8="  # no picture


@pytest.mark.slow
def test_a_notebook_that_raises_is_not_written_back(tmp_path):
    path = write(tmp_path / "wrong.ipynb", "1 / 0")
    before = path.read_text()
    done = execute(path)
    assert done.returncode and "ZeroDivisionError" in done.stderr and path.read_text() == before


@pytest.mark.slow
def test_a_notebook_that_grew_too_large_is_one_clear_line(tmp_path):
    path = write(tmp_path / "large.ipynb", "print('x' * 1_100_000)")
    done = execute(path)
    assert done.returncode and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith("the limit is 1 MB; show less or smaller pictures")
