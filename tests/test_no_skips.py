"""Under continuous integration a skipped test fails the run, unless only a GPU was missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
GPU = (
    "import pytest\ndef test_gpu():\n    pytest.skip('needs a GPU: none here')\ndef test_fine():\n    pass\n"
)
OTHER = (
    "import pytest\ndef test_other():\n    pytest.skip('needs SSLBENCH_DATA')\ndef test_fine():\n    pass\n"
)
MODULE = "import pytest\npytest.importorskip('a_package_that_is_nowhere')\n"


def run(folder: Path, source: str, no_skips: str, *options: str) -> subprocess.CompletedProcess:
    (folder / "test_it.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    env = (os.environ | {"SSLBENCH_NO_SKIPS": no_skips, "PYTHONPATH": str(TESTS),
                         "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no_skips", *options, "."], cwd=folder,
                          env=env,
                          capture_output=True, text=True, timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n1")], ids=["alone", "xdist"])
def test_a_skip_fails_the_run_and_is_named(tmp_path, options):
    done = run(tmp_path, OTHER, "1", *options)
    assert (done.returncode == 1
            and "NOT ALLOWED TO SKIP test_it.py::test_other: needs SSLBENCH_DATA" in done.stdout)


def test_a_skipped_module_fails_the_run(tmp_path):
    done = run(tmp_path, MODULE + GPU, "1")
    assert done.returncode == 1 and "a_package_that_is_nowhere" in done.stdout


def test_a_missing_gpu_is_no_failure(tmp_path):
    assert run(tmp_path, GPU, "1").returncode == 0


def test_elsewhere_a_skip_is_no_failure(tmp_path):
    assert run(tmp_path, OTHER, "0").returncode == 0
