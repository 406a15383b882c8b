"""The house stays one in which a file is found: few files on a floor, short ones, and lists that name what is
there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "sslbench"
FILES = sorted(PACKAGE.rglob("*.py"))


def too_long(source: str, most: int = 40) -> list[str]:
    """Names of the functions that have more lines than that."""
    functions = [node for node in ast.walk(ast.parse(source))
                 if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [f.name for f in functions if f.end_lineno - f.lineno + 1 > most]


def places(text: str) -> set[str]:
    """The files and folders that a text names, up to what stands for a name of one's own."""
    return {path.partition("<")[0]
            for path in re.findall(r"`((?:sslbench|tests|benchmarks|notebooks)/[^`]*)`", text)}


def test_few_files_lie_flat_in_the_package():
    assert len(list(PACKAGE.glob("*.py"))) <= 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_and_its_functions_are_read_in_one_sitting(path):
    source = path.read_text()
    assert len(source.splitlines()) <= 250 and too_long(source) == []


def test_a_long_function_would_be_seen():
    assert (too_long("def f():\n" + "    x = 1\n" * 40) == ["f"]
            and too_long("def f():\n" + "    x = 1\n" * 39) == [])


def test_files_that_contributing_names_exist():
    named = places((ROOT / "CONTRIBUTING.md").read_text())
    assert len(named) > 20 and [path for path in named if not (ROOT / path).exists()] == []


def test_a_file_that_is_gone_would_be_seen():
    assert (places("see `sslbench/gone.py` and `sslbench/pretexts/<group>/<name>.py`") == {"sslbench/gone.py",
        "sslbench/pretexts/"})


def test_every_room_stands_in_the_readme():
    text = (ROOT / "README.md").read_text()
    layout = text[text.index("```\nsslbench/"):]
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert {room for room in rooms if f"\n  {room}/ " not in layout} == set()
    flat = {path.name for path in PACKAGE.glob("*.py")}
    assert {name for name in flat if name not in layout} == set()


def test_the_catalogue_of_the_readme_is_the_real_one(monkeypatch):
    """`python benchmarks/results.py --table` writes it."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from results import catalog_text

    text = (ROOT / "README.md").read_text()
    start, end = "<!-- catalog -->\n", "\n<!-- /catalog -->"
    assert text[text.index(start) + len(start): text.index(end)].strip() == catalog_text().strip()
