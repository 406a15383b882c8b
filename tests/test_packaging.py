"""What is installed, and how: few dependencies, lower bounds, the same list for pip, conda and Binder."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
EIGHT = ["jupyterlab", "ipywidgets", "torch", "torchvision", "matplotlib", "umap-learn", "scikit-learn",
         "nbval"]
BROKEN = {"ipykernel": "!=7.0.*"}


def upper_bounds(lines: list[str]) -> list[str]:
    """The requirements that keep a newer release out, known-broken ones aside."""
    found = []
    for requirement in map(Requirement, lines):
        bounds = {str(bound) for bound in requirement.specifier} - {BROKEN.get(requirement.name)}
        found += [str(requirement) for bound in bounds if not bound.startswith(">=")]
    return found


def conda_names() -> list[str]:
    lines = yaml.safe_load((REPOSITORY / "environment.yml").read_text())["dependencies"]
    return [re.split(r"[<>=!]", line)[0].replace("pytorch", "torch")
            for line in lines if isinstance(line, str)]


def test_users_get_lower_bounds_only():
    extras = PROJECT["optional-dependencies"]
    assert upper_bounds(PROJECT["dependencies"] + extras["lab"]) == []
    # the release whose losses ours are compared with
    assert upper_bounds(extras["test"]) == ["lightly<1.7,>=1.6"]


def test_an_upper_bound_would_be_found():
    assert upper_bounds(["numpy<3", "ipykernel!=7.0.*", "torch>=2.6"]) == ["numpy<3"]


def test_core_dependencies_are_few_and_hold_nothing_of_jupyter():
    names = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert (len(names) <= 8 and not names & {"jupyterlab", "ipywidgets", "anywidget", "umap-learn", "pandas",
                                             "lightly"})


@pytest.mark.parametrize("name", EIGHT)
def test_pip_and_conda_both_bring_the_eight_packages(name):
    lines = (PROJECT["dependencies"]
             + [line for extra in PROJECT["optional-dependencies"].values() for line in extra])
    assert name in {Requirement(line).name for line in lines}
    assert name in conda_names()


def test_conda_and_pip_ask_for_the_same_packages():
    wanted = {Requirement(line).name
              for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["lab"]}
    assert wanted <= set(conda_names())


def test_python_3_11_is_enough_and_less_is_refused():
    assert PROJECT["requires-python"] == ">=3.11"


@pytest.mark.slow
def test_the_wheel_holds_the_explorer_and_the_recorded_runs(tmp_path):
    source = tmp_path / "source"  # a copy: setuptools leaves its build folder beside pyproject.toml
    shutil.copytree(REPOSITORY / "sslbench", source / "sslbench",
                    ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "notebooks/LICENSE"):
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, source / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-q"]
    pip += ["--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path]
    subprocess.run([*pip, source], check=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("sslbench/")}
    ours = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "sslbench").rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}
    assert ours <= packed and "sslbench/maps/explorer.js" in packed


def make(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    # of the make that runs us
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(["make", *arguments], capture_output=True, text=True, timeout=60, cwd=cwd, env=env)


@pytest.fixture
def bare(tmp_path):
    """A folder in which nothing was installed yet."""
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).write_text((REPOSITORY / name).read_text())
    return tmp_path


def test_a_python_that_is_too_old_is_one_clear_line(bare):
    old = bare / "old"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = make("lab", f"PYTHON={old}", cwd=bare)
    assert done.returncode and done.stdout.count("\n") == 1
    assert "needs Python 3.11 or newer, this is Python 3.9.2" in done.stdout


def test_a_python_that_is_not_there_is_one_clear_line(bare):
    done = make("test", "PYTHON=python9", cwd=bare)
    assert done.returncode and done.stdout.count("\n") == 1 and "'python9' was not found" in done.stdout


def test_a_second_call_installs_nothing(bare):
    """The stamps of a finished install are younger than pyproject.toml; touching that asks for a new
    install."""
    (bare / ".venv/bin").mkdir(parents=True)
    for name in ("bin/python", ".lab", ".test"):
        (bare / ".venv" / name).touch()
    assert ("pip" not in make("-n", "lab", cwd=bare).stdout
            and "pip" not in make("-n", "check", cwd=bare).stdout)
    (bare / "pyproject.toml").touch()
    assert "pip" in make("-n", "lab", cwd=bare).stdout


@pytest.mark.parametrize("given, small", [([], False), (["CPU=1"], True)], ids=["plain", "CPU=1"])
def test_make_lab_takes_the_small_builds_of_both_when_asked(bare, given, small):
    """The commands that it would run; the index of these builds cannot be reached everywhere."""
    lines = [line for line in make("-n", "lab", *given, cwd=bare).stdout.splitlines() if "-m pip" in line]
    assert lines[-1].endswith("install -e '.[lab]'") and len(lines) == 1 + small
    if small:
        assert ("'torch>=" in lines[0] and "'torchvision>=" in lines[0]
                and lines[0].endswith("--index-url https://download.pytorch.org/whl/cpu"))
