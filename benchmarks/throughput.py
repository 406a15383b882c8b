"""Examples per second of the whole training loop, beside lightly's own loop and the bare step of the same
model.

    python benchmarks/throughput.py [--small] [--rounds 5] [--only simclr]

whole loop   train(): row order, augmentation, forward, backward, optimiser, events; no evaluation in between
bare step    forward, backward, optimiser of the same network on inputs that never change, at the same
             precision: the limit
lightly      the loop of lightly's examples: their transform on PIL images, a DataLoader with one worker per
             core, their heads and loss around the same backbone, SGD. At its defaults (float32, a thread per
             core for the network), and at the precision that sslbench chose, with one thread where that is
             faster, since the workers need cores too. In a process of its own, so that it gains nothing from
             how sslbench sets up the one it trains in.

lightly has no rotation task and no masked modelling for these backbones: there it is its transform and
DataLoader in front of the same network. All take turns; a round measures each once.
"""

import contextlib
import itertools
import statistics
import time
from collections.abc import Callable, Iterator

import torch
from common import another_process, arguments, publish, quiet, ratio, taking_turns
from lightly_loop import lightly_steps

from sslbench import Recipe, train
from sslbench.machine.hardware import Hardware, threads
from sslbench.training.loop import GPU_READS_EVERY, Step
from sslbench.training.step import Training

TASKS, BACKBONES = ("simclr", "byol", "masked", "rotation"), {"small_cnn": 256, "resnet18": 128,
                                                              "transformer": 256}
SECONDS = 2.5  # that one turn takes at least


def whole_loop(recipe: Recipe, hardware: Hardware) -> Iterator[None]:
    """One item per step of the loop."""
    with contextlib.closing(train(recipe, training=Training(recipe, hardware), evaluations=1,
                                  test=False)) as events:
        yield from (None for event in events if isinstance(event, Step))


def bare_step(recipe: Recipe, hardware: Hardware) -> Iterator[None]:
    """Only what cannot be left out, on inputs that stay the same; memory is kept as in the loop."""
    run = Training(recipe, hardware)
    with torch.no_grad():
        inputs = run.task.inputs(run.batch(0), run.generator(0))
    run.task.train()
    with hardware.memory_kept():
        for i in itertools.count():
            with hardware.autocast():
                loss = run.task(inputs)["loss"]
            loss.backward()
            run.optimiser.step()
            run.optimiser.zero_grad(set_to_none=True)
            run.task.after_step(0.0)
            # as often as the loop: reading at every step would make this slower than it on a GPU
            if i % GPU_READS_EVERY == 0:
                loss.item()
            yield


def pace(steps: Iterator[None], batch_size: int, least: float) -> float:
    """Examples per second of the next steps, for at least `least` seconds."""
    done, began = 0, time.perf_counter()
    while done < 2 or time.perf_counter() - began < least:
        next(steps)
        done += 1
    return done * batch_size / (time.perf_counter() - began)


def lightly_pace(recipe: Recipe, precision: str, least: float, one_thread: bool = False) -> float:
    """A turn of lightly's loop. Its workers are started anew, so that they prepare nothing while the others
    are measured."""
    hardware = Hardware(precision=precision)
    torch.set_num_threads(1 if one_thread else threads())
    with contextlib.closing(lightly_steps(recipe, hardware)) as steps:
        for _ in range(2):
            next(steps)
        return pace(steps, recipe.batch_size, least)


def contestants(recipe: Recipe, least: float, elsewhere: Callable):
    """name -> a turn: examples per second."""
    hardware = Hardware()
    lasting = {"whole loop": whole_loop(recipe, hardware), "bare step": bare_step(recipe, hardware)}
    for steps in lasting.values():
        for _ in range(4):
            next(steps)
    turns = {name: (lambda steps=steps: pace(steps, recipe.batch_size, least))
             for name, steps in lasting.items()}
    turns["lightly, defaults"] = lambda: elsewhere(lightly_pace, recipe, "float32", least)
    one_thread = max((False, True), key=lambda one: elsewhere(lightly_pace, recipe, "auto", least, one))
    turns["lightly, same precision"] = lambda: elsewhere(lightly_pace, recipe, "auto", least, one_thread)
    return turns


def row(recipe: Recipe, rounds: int, least: float) -> dict:
    with another_process() as elsewhere:
        figures = taking_turns(contestants(recipe, least, elsewhere), rounds)
    medians = {name: round(statistics.median(values)) for name, values in figures.items()}
    ours = figures["whole loop"]
    beside = {f"ours / {name}": f"{ratio(ours, values):.2f}"
              for name, values in figures.items() if name != "whole loop"}
    return {"task": recipe.pretext, "backbone": recipe.backbone, "batch": recipe.batch_size, **medians,
            **beside}


def main() -> None:
    options = arguments(__doc__, rounds=5, only="")
    quiet()
    least, rounds = (0.0, 1) if options.small else (SECONDS, options.rounds)
    for backbone, batch in BACKBONES.items():
        for task in TASKS:
            if (options.only in f"{task} {backbone}"
                and (not options.small or (task, backbone) == ("simclr", "small_cnn"))):
                recipe = Recipe("wild_digits", task, backbone, steps=10**6,
                                batch_size=32 if options.small else batch)
                # at once: all take an hour
                publish("throughput", [row(recipe, rounds, least)], options, same=("task", "backbone"))


if __name__ == "__main__":
    main()
