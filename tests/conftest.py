"""What every test may count on. Run by `make test`; see the Makefile for the parts."""

import gc
import os
import sys
import time

import pytest
from browser import browser, lab, page  # noqa: F401  fixtures
from no_skips import pytest_sessionfinish  # noqa: F401  hook


@pytest.fixture(autouse=True)
def seeded():
    """The same random numbers in every run, whatever the order of the tests."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(autouse=True)
def same_environment():
    """Variables of the process are as before after each test: libraries set some for good (dask those of the
    allocator), and what later tests measure depends on them."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(autouse=True)
def names_of_its_own():
    """What a family made by a name in one test, timm:NAME, stands in no list of the next."""
    catalog = sys.modules.get("sslbench.catalog")
    kinds = catalog.Listed.__subclasses__() if catalog else ()
    before = {kind: set(kind.catalogue) for kind in kinds}
    yield
    for kind in before:
        for name in [name for name in kind.catalogue if ":" in name and name not in before[kind]]:
            del kind.catalogue[name]


@pytest.fixture(autouse=True)
def nothing_trains_on():
    """A training that a test leaves open changes what the next tests measure, so it fails here, where it
    began. A bench's thread has time to end."""
    yield
    allocator = sys.modules.get("sslbench.machine.allocator")
    if not allocator or not allocator._kept.users:
        return
    gc.collect()  # an exception may hold the generator in a circle
    patience = time.monotonic() + 30
    while allocator._kept.users and time.monotonic() < patience:
        time.sleep(0.05)
    assert not allocator._kept.users, "this test leaves a training open: close its generator"


@pytest.hookimpl(tryfirst=True)  # before -m reads the markers
def pytest_collection_modifyitems(config, items):
    """Mark what drives a browser, and let it come last: Playwright's event loop stays in the thread to the
    end. The full product of the catalogue is left out unless somebody asks for it."""
    if "full" not in config.option.markexpr:
        items[:] = [item for item in items if not item.get_closest_marker("full")]
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.timeout(660))  # nbval's own limit for a cell, 600 s, comes first
        if {"lab", "page"} & set(getattr(item, "fixturenames", ())):  # notebook cells have no fixtures
            item.add_marker("browser")
    # first the files that take longest, so that no worker is left alone with one of them at the end
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, item.path.suffix != ".ipynb",
                                 item.path not in slow))
