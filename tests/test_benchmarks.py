"""Every benchmark runs once in its smallest form, so that it cannot rot. What it measures there means
nothing."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sslbench.catalog import Table

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
# parts, and what records the bench's first run
NOT_MEASURED = {"common", "results", "reckon", "lightly_loop", "record_parts", "record_bench",
                "record_lessons"}
NAMES = sorted(path.stem for path in BENCHMARKS.glob("*.py") if path.stem not in NOT_MEASURED)
IN_A_BROWSER = {"start"}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name",
    [pytest.param(n, marks=[pytest.mark.browser] if n in IN_A_BROWSER else []) for n in NAMES])
def test_it_runs_in_its_smallest_form(name, tmp_path):
    before = (BENCHMARKS / "README.md").read_bytes()
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), "--small", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == 0, done.stderr[-3000:]
    (written,) = json.loads((tmp_path / f"{name}.json").read_text())
    assert written["machine"]["torch"] and written["rows"] and all(row for row in written["rows"])
    first = next(iter(written["rows"][0]))
    assert first in done.stdout  # the table is printed
    assert (BENCHMARKS / "README.md").read_bytes() == before  # figures of the smallest form are not published


@pytest.mark.parametrize("name", NAMES)
def test_its_table_has_a_place_in_the_readme(name):
    text = (BENCHMARKS / "README.md").read_text()
    assert f"<!-- {name} -->" in text and f"<!-- /{name} -->" in text and f"benchmarks/{name}.py" in text


def test_what_is_reckoned_follows_from_what_was_measured(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import reckon

    text = (BENCHMARKS / "README.md").read_text()
    rows = json.loads((BENCHMARKS / "growth.json").read_text())[0]["rows"]
    assert reckon.words(rows) in text and str(Table(reckon.reckoned(rows)).markdown()) in text
    slower = [{**row, "samples per second": row["samples per second"] / 2} for row in rows]
    hours = [[row["hours for an epoch"] for row in reckon.reckoned(some)] for some in (rows, slower)]
    assert all(abs(b - 2 * a) <= 1 for a, b in zip(*hours))


def test_figures_of_another_processor_stay_beside_the_new_ones(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import common

    (tmp_path / "README.md").write_text("before <!-- pace --> <!-- /pace --> after")
    monkeypatch.setattr(common, "HERE", tmp_path)
    options = argparse.Namespace(small=False, out=None)

    def measure(processor: str, torch: str, task: str, pace: int) -> tuple[list[dict], str]:
        about = {"date": "today", "processor": processor, "cores": "2", "memory": "1 GiB",
                 "precision": "float32", "python": "3",
                 "torch": torch}
        monkeypatch.setattr(common, "machine", lambda: about)
        return common.publish("pace", [{"task": task, "pace": pace}], options,
                              same=("task",)), (tmp_path / "README.md").read_text()

    measure("old", "1", "a", 11)
    rows, _ = measure("new", "1", "a", 22)
    assert rows == [{"task": "a", "pace": 22}]
    rows, text = measure("new", "1", "b", 33)  # another row of the same machine
    assert rows == [{"task": "a", "pace": 22}, {"task": "b", "pace": 33}]
    places = [text.index(part) for part in ("| a | 22 |", "| b | 33 |", "<details><summary>On old, "
                                                                        "today</summary>", "| a | 11 |")]
    assert places == sorted(places)
    assert text.startswith("before") and text.endswith("after")
    rows, text = measure("new", "2", "b", 44)  # other versions have a table of their own
    assert rows == [{"task": "b", "pace": 44}] and "| b | 33 |" not in text
    assert all(row in text for row in ("| a | 22 |", "| a | 11 |")) and text.count("<details>") == 2
    rows, text = measure("new", "2", "a", 55)
    assert "| a | 22 |" not in text and "| a | 11 |" in text and text.count("<details>") == 1
