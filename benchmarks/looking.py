"""What looking costs: the share of a bench run's wall-clock that evaluation, maps and drawing take; UMAP of
10,000 points.

    python benchmarks/looking.py [--small] [--rounds 5]

A bench run is the default recipe on the bench with all that it paints, from the first step to the last; the
same steps without evaluation and without a bench take turns with it. "evaluation" is the time between steps;
"drawing and maps" what the steps took longer because painting shares the cores. UMAP: seconds of the first
map of a process, which imports and compiles it, and of a large one after it; how often that said how far it
is, and the longest time for which another thread (Stop, say) did not get its turn.
"""

import contextlib
import statistics
import threading
import time
from itertools import pairwise

import torch
from common import arguments, publish, quiet, taking_turns

from sslbench import Recipe, Workbench, train
from sslbench.maps import projection
from sslbench.training.loop import Step


def plain(recipe: Recipe) -> float:
    """Seconds from the end of the first step to the end of the last, nothing else done."""
    with contextlib.closing(train(recipe, evaluations=1, test=False)) as events:
        seconds = [event.seconds for event in events if isinstance(event, Step)]
    return seconds[-1] - seconds[0]


def on_the_bench(recipe: Recipe) -> tuple[float, float]:
    """(wall-clock, seconds inside steps) of the same steps on a bench that is shown."""
    bench = Workbench(recipe, record=False)
    bench._repr_mimebundle_()  # shown, as in a notebook: it paints from now on
    bench._controller.panel.train.click()  # which also turns to the curves
    until(lambda: bench.run is not None and bench.run.step >= 1, bench)
    began = time.perf_counter()
    until(lambda: bench.run.step >= recipe.steps, bench)
    wall, steps = time.perf_counter() - began, bench.run.steps
    bench.close()
    return wall, steps[-1].seconds - steps[0].seconds


def until(reached, bench: Workbench) -> None:
    while not reached():
        if bench.state in ("failed", "ready"):
            raise RuntimeError("the bench does not train; python -m sslbench train says why")
        time.sleep(0.01)


def bench_rows(recipe: Recipe, rounds: int) -> list[dict]:
    seen = []

    def bench() -> float:
        seen.append(on_the_bench(recipe))
        return seen[-1][0]

    bare = taking_turns({"plain loop": lambda: plain(recipe), "bench": bench}, rounds)["plain loop"]
    shares = {"evaluation": [(wall - steps) / wall for wall, steps in seen],
              "drawing and maps": [(steps - alone) / wall for (wall, steps), alone in zip(seen, bare)],
              "both": [(wall - alone) / wall for (wall, _), alone in zip(seen, bare)]}
    rows = [{"what": f"bench run of {recipe.steps} steps, s",
             "figure": f"{statistics.median(wall for wall, _ in seen):.1f}", "goal": ""},
            {"what": "the same steps alone, s", "figure": f"{statistics.median(bare):.1f}", "goal": ""}]
    return rows + [{"what": f"share of {name}", "figure": f"{100 * statistics.median(values):.1f} %",
                    "goal": "<= 10 %" if name == "both" else ""} for name, values in shares.items()]


def umap_rows(points: int) -> list[dict]:
    z, _ = cluster(points)
    few, said, ticks, over = min(1000, points), [], [], threading.Event()

    def tick():
        while not over.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.005)

    clock = threading.Thread(target=tick)
    clock.start()
    began = time.perf_counter()
    projection.umap_map(z[:few])
    first, ready = time.perf_counter() - began, time.perf_counter()
    projection.umap_map(z, progress=lambda share, words: said.append(time.perf_counter()))
    done = time.perf_counter()
    over.set()
    clock.join()
    silent = max(b - a for a, b in pairwise([ready, *said, done]))
    blocked = max(b - a for a, b in pairwise(ticks))
    return [{"what": f"first UMAP of a process, {few} points, s", "figure": f"{first:.1f}", "goal": ""},
            {"what": f"UMAP of {points} points after it, s", "figure": f"{done - ready:.1f}", "goal": ""},
            {"what": "times it said how far it is", "figure": str(len(said)), "goal": ""},
            {"what": "longest silence, which is how long cancelling it can take, s",
             "figure": f"{silent:.2f}", "goal": ""},
            {"what": "longest time another thread waited for its turn, s", "figure": f"{blocked:.2f}",
             "goal": "<= 0.5"}]


def cluster(points: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings [n, 128] in ten blobs."""
    g = torch.Generator().manual_seed(0)
    label = torch.randint(10, (points,), generator=g)
    return torch.randn(10, 128, generator=g)[label] + 0.5 * torch.randn(points, 128, generator=g), label


def main() -> None:
    options = arguments(__doc__, rounds=5)
    quiet()
    recipe = Recipe(steps=4, batch_size=16) if options.small else Recipe()
    rows = (bench_rows(recipe, 1 if options.small else options.rounds)
            + umap_rows(300 if options.small else 10_000))
    publish("looking", rows, options)


if __name__ == "__main__":
    main()
