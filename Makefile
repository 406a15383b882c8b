# make lab      install into .venv and open the bench in JupyterLab
# make test     everything: unit and contract tests, notebooks, two processes, browser
# make check    the daily part of it, under 3 minutes
# make contracts-full  every pretext task on every backbone and all data: the contract tests that `make test` samples
# make lint     ruff
# make notebooks  run the notebooks again and keep their outputs (NOTEBOOKS="notebooks/01_two_views.ipynb" for one)
# make docs     the API as pages of HTML, in docs/
# make clean    remove what the others made
# PYTHON=python3.12 make lab    with another Python
# make lab CPU=1    with the small builds of torch and torchvision, without CUDA: 0.3 instead of 5 GB

PYTHON ?= python3
PIP := .venv/bin/python -m pip --disable-pip-version-check
PYTEST := .venv/bin/python -m pytest
NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=600
NOTEBOOKS ?= notebooks benchmarks/record.ipynb
TORCH := $(if $(CPU),'torch>=2.6' 'torchvision>=0.21' --index-url https://download.pytorch.org/whl/cpu)
LAB_ARGS ?= $(if $(filter 0,$(shell id -u)),--allow-root)  # JupyterLab refuses root without it

.PHONY: help lab test check contracts-full lint notebooks docs clean
.DEFAULT_GOAL := help

help:
	@sed -n '/^#/!q; s/^# //p' Makefile

lab: .venv/.lab
	.venv/bin/python -m jupyterlab $(LAB_ARGS) --LabApp.default_url=/lab/tree/notebooks/00_bench.ipynb

# First what may share the machine, one core for each worker; then, alone, what measures time or memory or drives a browser.
# The second part runs also when the first one failed.
test: .venv/.test
	@OMP_NUM_THREADS=1 $(PYTEST) -n2 -m "not alone and not browser" $(NBVAL) tests notebooks benchmarks/record.ipynb; first=$$?; \
	$(PYTEST) -m "alone or browser" tests && exit $$first

check: .venv/.test
	OMP_NUM_THREADS=1 $(PYTEST) -n2 -m "not slow and not alone and not browser" tests

contracts-full: .venv/.test
	OMP_NUM_THREADS=1 $(PYTEST) -n2 -m full tests

lint: .venv/.test
	.venv/bin/python -m ruff check .

notebooks: .venv/.test
	.venv/bin/python .ci/execute_notebooks.py $(NOTEBOOKS)

docs: .venv/.test
	.venv/bin/python .ci/write_docs.py docs

clean:
	rm -rf .venv .venv-colab build dist docs .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is younger than pyproject.toml once an install went through, so a second call installs nothing.
.venv/.lab: pyproject.toml | .venv/bin/python
	$(if $(CPU),$(PIP) install $(TORCH))
	$(PIP) install -e '.[lab]'
	@touch $@

.venv/.test: pyproject.toml | .venv/bin/python
	$(if $(CPU),$(PIP) install $(TORCH))
	$(PIP) install -e '.[lab,test]'
	@touch .venv/.lab $@

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "sslbench needs Python 3.11 or newer; '$(PYTHON)' was not found: PYTHON=path/to/python make ..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "sslbench needs Python 3.11 or newer, this is $$($(PYTHON) -V 2>&1): PYTHON=path/to/newer/python make ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv --clear .venv
