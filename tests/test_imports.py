"""Imports go one way, heavy libraries have one door each, and `import sslbench` is light."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from import_graph import faults, graph, importers

PACKAGE = Path(__file__).resolve().parents[1] / "sslbench"
DOORS = {"ipywidgets": "workbench/widgets.py", "torch.distributed": "machine/hardware.py",
         "matplotlib": "plots/__init__.py",
         "argparse": "commands/flags.py", "anywidget": "maps/explorer.py"}
HEAVY = ("torch", "torchvision", "sklearn", "umap", "numba", "matplotlib", "pandas", "scipy", "ipywidgets",
         "lightly")


@pytest.fixture
def tree(tmp_path):
    """Write a small package from {path: source} and return its folder."""
    def write(files: dict[str, str]) -> Path:
        for name, source in {"__init__.py": "", **files}.items():
            path = tmp_path / "toy" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        return tmp_path / "toy"
    return write


def test_imports_go_one_way():
    assert faults(PACKAGE) == []


def test_the_graph_is_the_real_one():
    edges = graph(PACKAGE)
    assert {"catalog", "data", "field"} <= edges["data.image.wild_digits"] | edges["data"]
    assert ("pretexts" in edges["pretexts.views.simclr"]
            and "machine.hardware" in edges["pretexts.views.simclr"])


def test_an_arrow_that_points_up_is_found(tree):
    assert faults(tree({"field.py": "", "data/__init__.py": "from ..field import Field"})) == []
    assert faults(tree({"field.py": "from .data import Data"}))[0] == "field must not import data"


def test_an_arrow_inside_a_function_is_found(tree):
    package = tree({"training.py": "", "recipe.py": "def run():\n    import toy.training"})
    assert faults(package) == ["recipe must not import training"]


def test_data_and_backbones_do_not_know_each_other(tree):
    package = tree({"data/__init__.py": "", "backbones/__init__.py": "",
                    "data/mine.py": "from ..backbones import Backbone"})
    assert faults(package) == ["data.mine must not import backbones"]


def test_what_looks_at_results_sees_only_fields_and_pictures(tree):
    package = tree({"plots.py": "from .data import Picture", "data/__init__.py": "", "data/mine.py": "",
                    "field.py": ""})
    assert faults(package) == []
    assert faults(tree({"plots.py": "from .data.mine import Mine"})) == ["plots must not import data.mine"]


def test_a_cycle_is_found(tree):
    package = tree({"data/__init__.py": "from .a import x", "data/a.py": "from . import b",
                    "data/b.py": "from .a import x"})
    assert [line.split(":")[0] for line in faults(package)] == ["cycle"]


def test_a_file_in_no_layer_is_found(tree):
    assert faults(tree({"helpers.py": ""}))[0].startswith("helpers is in no layer")


@pytest.mark.slow
@pytest.mark.parametrize("library, door", DOORS.items())
def test_each_of_these_libraries_has_one_door(library, door):
    assert importers(PACKAGE, library) == {door}


@pytest.mark.parametrize("source", ["import torch.distributed as dist", "from torch import distributed",
                                    "import torch\ntorch.distributed.barrier()",
                                    "def f():\n    from torch.distributed import barrier"])
def test_every_way_to_import_is_seen(tree, source):
    assert (importers(tree({"x.py": source, "y.py": "import torch\ntorch.nn.Linear"}),
                      "torch.distributed") == {"x.py"})


def imported_by(code: str) -> subprocess.CompletedProcess:
    show = f"; import sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    command = [sys.executable, "-X", "importtime", "-c", code + show]
    return subprocess.run(command, cwd=PACKAGE.parent, check=True, timeout=60, capture_output=True, text=True)


def test_importing_sslbench_is_light_and_takes_less_than_a_second():
    # the machine may stumble once, a slow import is always slow
    runs = [imported_by("import sslbench") for _ in range(3)]
    assert [done.stdout.split() for done in runs] == [[]] * 3
    assert min(int(re.search(r"\|\s*(\d+) \| sslbench$", done.stderr, re.M)[1]) for done in runs) < 1_000_000


def test_a_heavy_import_would_be_seen():
    assert imported_by("import sslbench, numpy, sklearn").stdout.split() != []
