"""Samples per second on a GPU, and the share of the time it is busy: SimCLR with ResNet-18 at 32 pixels and
with ViT-S/16 at 224.

    python benchmarks/gpu.py [--small] [--rounds 5] [--only vit]

whole loop   train(): row order, augmentation, forward, backward, optimiser, events; no evaluation in between
bare step    forward, backward, optimiser of the same network on inputs that never change: the limit
busy         whole loop / bare step: the share of the loop's time that the network itself would need
utilisation  what the driver reports during the whole loop, per cent (torch.cuda.utilization(), where pynvml
             is installed); it counts the time in which any kernel runs, so it is high long before the GPU is
             full

Pixels are random: only their number matters here. ViT-S/16 is our `transformer` with width 384 and depth 12
on patches of 16 pixels (heads of 32 numbers and no class token, both unlike the paper's). Memory is the most
that tensors held on the GPU during the first steps of the whole loop and the evaluation before them. Without
a GPU there is nothing to measure; --small then runs the same lines at tiny sizes on the CPU.
"""

import contextlib
import statistics
import time
from collections.abc import Iterator
from typing import Annotated

import torch
from common import arguments, publish, quiet, ratio, taking_turns
from throughput import SECONDS, bare_step, pace, whole_loop

from sslbench import Data, Field, Hyperparameter, Recipe
from sslbench.data.image.augment import color, geometry
from sslbench.machine.hardware import Hardware

LOOK_EVERY = 0.2  # seconds between two looks at the driver's utilisation


class Noise(Data):
    """Random pixels as uint8 [n, 3, size, size], with the augmentations of photographs."""

    def __init__(self, *, n: Annotated[int, Hyperparameter("images", 16, 10**6)] = 4096,
                 size: Annotated[int, Hyperparameter("width and height in pixels", 16, 512)] = 32,
                 patch: Annotated[int, Hyperparameter("side of a patch in pixels", 1, 64)] = 4):
        self.n, self.fields = n, {"image": Field((size, size), (patch, patch), 3, scale=1 / 74, offset=127.5)}

    def load(self, split):
        n = self.n if split == "train" else max(16, self.n // 16)
        return {"image": torch.randint(256, (n, 3, *self.fields["image"].size), dtype=torch.uint8)}, {}

    def augment(self, batch, generator):
        return {"image": color(geometry(batch["image"], generator, crop=0.2, flip=True), generator, 0.5)}


def recipes(small: bool) -> dict[str, Recipe]:
    """name -> what is trained."""
    def noise(n: int, size: int, patch: int, backbone: str, batch: int, **given) -> Recipe:
        settings = {"data.n": n, "data.size": size, "data.patch": patch,
                    **{f"backbone.{name}": value for name, value in given.items()}}
        return Recipe("noise", "simclr", backbone, steps=10**6, batch_size=batch, hyperparameters=settings)

    if small:
        return {"resnet18, 32 px": noise(32, 32, 4, "resnet18", 4),
                "vit, 32 px": noise(32, 32, 16, "transformer", 4, width=32, depth=1)}
    return {**{f"resnet18, 32 px, batch {batch}": noise(50_000, 32, 4, "resnet18", batch)
               for batch in (256, 1024)},
            **{f"vit-s/16, 224 px, batch {batch}": noise(8_192, 224, 16, "transformer", batch, width=384,
                                                         depth=12) for batch in (64, 256)}}


def watched(steps: Iterator[None], seen: list[float]) -> Iterator[None]:
    """The same steps; the driver's utilisation in per cent is added to `seen` now and then."""
    last = time.perf_counter()
    for _ in steps:
        yield
        if torch.cuda.is_available() and time.perf_counter() - last >= LOOK_EVERY:
            # pynvml is not there, or the driver does not say: its errors have classes of their own
            with contextlib.suppress(Exception):
                seen.append(torch.cuda.utilization())
            last = time.perf_counter()


def row(name: str, recipe: Recipe, rounds: int, least: float) -> dict:
    hardware, seen = Hardware(), []
    cuda = hardware.device.type == "cuda"
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    lasting, memory = {}, ""
    for kind, begin in (("whole loop", whole_loop), ("bare step", bare_step)):
        lasting[kind] = begin(recipe, hardware)
        for _ in range(2):
            next(lasting[kind])
        if cuda and kind == "whole loop":  # alone so far: the other contestant's tensors are not counted
            memory = round(torch.cuda.max_memory_allocated() / 2**20)

    def wait() -> None:
        if cuda:
            torch.cuda.synchronize()

    def turn(kind: str) -> float:
        steps = watched(lasting[kind], seen) if kind == "whole loop" else lasting[kind]
        wait()  # what the other one left in the queue is not counted here
        began = time.perf_counter()
        queued = pace(steps, recipe.batch_size, least)  # the loop runs up to eight steps ahead of the GPU
        asked = time.perf_counter() - began
        wait()
        return queued * asked / (time.perf_counter() - began)

    figures = taking_turns({kind: lambda kind=kind: turn(kind) for kind in lasting}, rounds)
    medians = {f"{kind}, samples/s": round(statistics.median(values)) for kind, values in figures.items()}
    return {"network": name, "device": hardware.device.type, **medians,
            "busy": f"{ratio(figures['whole loop'], figures['bare step']):.2f}",
            "utilisation, %": round(statistics.mean(seen)) if seen else "",
            "memory, MB": memory}


def main() -> None:
    options = arguments(__doc__, rounds=5, only="")
    if not torch.cuda.is_available():
        print("there is no GPU here" + ("; the same lines run on the CPU" if options.small else ""))
        if not options.small:
            return
    quiet()
    rows, rounds = [], 1 if options.small else options.rounds
    for name, recipe in recipes(options.small).items():
        if options.only in name:
            rows.append(row(name, recipe, rounds, 0.0 if options.small else SECONDS))
    publish("gpu", rows, options, same=("network",))


if __name__ == "__main__":
    main()
