"""Binder accepts the repository, builds it without CUDA, and the bench fits into its memory."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
INSTALL = 'pip install --no-cache-dir -r "binder/requirements.txt"'
LIMIT = 2_000_000_000  # bytes; Binder restarts a kernel above it


def repo2docker(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."], cwd=folder,
                          timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_repo2docker_accepts_the_repository():
    done = repo2docker(REPOSITORY)
    assert done.returncode == 0, done.stdout[-2000:]
    assert INSTALL in done.stdout and "binder/start" in done.stdout and "binder/postBuild" in done.stdout
    assert re.search(r"python.?=?3\.11|environment\.py-3\.11", done.stdout)


def test_repo2docker_would_refuse_a_python_it_does_not_know(tmp_path):
    (tmp_path / "binder").mkdir()
    (tmp_path / "binder/requirements.txt").write_text("")
    (tmp_path / "binder/runtime.txt").write_text("python-2.1\n")
    assert repo2docker(tmp_path).returncode != 0


def test_torch_and_torchvision_are_a_matched_pair_without_cuda():
    lines = (REPOSITORY / "binder/requirements.txt").read_text()
    pins = dict(re.findall(r"^(torch|torchvision)==([\d.]+)\+cpu$", lines, re.M))
    assert set(pins) == {"torch", "torchvision"}
    torch_minor, vision_minor = (int(pins[name].split(".")[1]) for name in ("torch", "torchvision"))
    assert vision_minor == torch_minor + 15  # 2.6 goes with 0.21, and so on


def test_start_hands_over_to_what_binder_runs():
    path = REPOSITORY / "binder/start"
    assert path.read_text().rstrip().endswith('exec "$@"') and path.stat().st_mode & 0o111
    done = subprocess.run([path, "sh", "-c", "echo $OMP_NUM_THREADS"], capture_output=True, text=True,
                          timeout=10)
    assert done.stdout.strip() == "2"


@pytest.mark.alone
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, which tells a process's peak memory")
def test_the_bench_notebook_stays_below_binders_memory_limit(tmp_path):
    from nbclient import NotebookClient

    notebook = nbformat.read(REPOSITORY / "notebooks/00_bench.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("print(open('/proc/self/status').read())"))
    NotebookClient(notebook, timeout=500, kernel_name="python3",
                   resources={"metadata": {"path": str(tmp_path)}}).execute()
    peak = 1024 * int(re.search(r"VmHWM:\s+(\d+)", notebook.cells[-1].outputs[0]["text"])[1])  # bytes
    server = 250_000_000  # JupyterLab counts too
    assert 100_000_000 < peak < LIMIT - server
