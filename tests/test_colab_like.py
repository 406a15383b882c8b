"""With Colab's old packages (ipywidgets 7.7, ipykernel 6.17) the bench answers clicks, and trains in a
cell."""

import re
import sys

import colab_env
import pytest
from kernel import Kernel

pytestmark = pytest.mark.slow
VERSIONS = ("import IPython, ipykernel, ipywidgets; print(IPython.__version__, ipykernel.__version__, "
            "ipywidgets.__version__)")
BENCH = """
import torch
from sslbench import Workbench, arrays
tiny = arrays(torch.rand(96, 16, 16), torch.arange(96) % 2)
bench = Workbench(data=tiny, pretext="autoencoder", backbone="mlp", steps=STEPS, batch_size=16,
                  record=False, recorded=False)
bench
"""


@pytest.fixture
def kernel(tmp_path):
    with Kernel(colab_env.python(), cwd=tmp_path) as kernel:
        yield kernel


def open_bench(kernel: Kernel, steps: int) -> None:
    kernel.run(BENCH.replace("STEPS", str(steps)), seconds=180)


def seen(kernel: Kernel) -> tuple[str, int]:
    """State and step as the page shows them."""
    state, step = re.search(r"data-state='(\w+)' data-step='(\d+)'",
                            kernel.state("sslb-status")["value"]).groups()
    return state, int(step)


def test_the_kernel_has_colabs_versions_and_our_torch(kernel):
    import torch

    assert kernel.run(VERSIONS).split() == ["7.34.0", "6.17.1", "7.7.1"]
    assert kernel.run("import torch; print(torch.__version__)").strip() == torch.__version__


def test_this_environment_has_not_colabs_versions():
    """Negative control: the versions above come from the other environment."""
    with Kernel(sys.executable) as kernel:
        assert "7.7.1" not in kernel.run(VERSIONS)


def test_clicks_train_pause_resume_and_stop(kernel):
    open_bench(kernel, steps=100_000)
    assert seen(kernel) == ("ready", 0)
    with pytest.raises(TimeoutError):  # negative control: nothing moves without a click
        kernel.wait(lambda: seen(kernel) != ("ready", 0), seconds=1)
    kernel.click("sslb-train")
    kernel.wait(lambda: seen(kernel)[1] > 3, seconds=180)
    assert seen(kernel)[0] == "running" and kernel.state("sslb-train")["disabled"]
    kernel.click("sslb-pause")
    kernel.wait(lambda: seen(kernel)[0] == "paused")
    held = int(kernel.run("print(bench.run.step)"))
    kernel.click("sslb-pause")
    kernel.wait(lambda: seen(kernel)[0] == "running" and seen(kernel)[1] > held)
    kernel.click("sslb-stop")
    kernel.wait(lambda: seen(kernel)[0] == "stopped")
    assert int(kernel.run("print(bench.run.step)")) == seen(kernel)[1] > held
    assert kernel.state("sslb-error")["value"] == ""


def test_the_pretext_menu_changes_the_recipe(kernel):
    open_bench(kernel, steps=10)
    labels = kernel.state("sslb-pretext")["_options_labels"]
    kernel.set("sslb-pretext", index=next(i for i, label in enumerate(labels) if label.startswith("simclr")))
    assert "simclr" in kernel.run("print(bench.recipe.pretext)")


def test_training_in_a_cell_shows_its_steps_and_returns_the_run(kernel):
    open_bench(kernel, steps=8)
    before = kernel.updates
    assert (kernel.run("run = bench.train(); print(run.step, bench.state)", seconds=180).split() == ["8",
        "done"])
    assert seen(kernel) == ("done", 8) and kernel.updates > before


def test_where_threads_are_not_shown_the_bench_says_so_and_the_click_itself_trains(kernel):
    # so it knows Colab
    kernel.run("import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')")
    open_bench(kernel, steps=8)
    assert "bench.train()" in kernel.state("sslb-note")["value"]
    kernel.click("sslb-train")
    kernel.wait(lambda: seen(kernel) == ("done", 8), seconds=180)
    assert "sslbench-train" not in kernel.run("import threading; print([thread.name for thread in "
                                              "threading.enumerate()])")


def test_a_cell_that_raises_is_an_error(kernel):
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        kernel.run("1 / 0")
