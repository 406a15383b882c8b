"""The record attempt: 90 % kNN-10 on CIFAR-10 without labels, in the least wall-clock on one GPU.

    python benchmarks/record.py [--compile reduce-overhead] [--small-views 4] [--optimiser muon] ...
    python benchmarks/record.py --small        wild digits, a tiny network and a few steps, on the CPU

kNN-10 is the vote of the 10 nearest by cosine, weighted, of frozen embeddings: 50,000 training images vote on
the 10,000 test images. Training sees the images of the training set only; labels are read by the vote alone.
`seconds` is the wall-clock of everything but evaluation (data onto the device, compilation, every step),
`total` is that with evaluation; imports, the GPU's own start and the download are in neither. The run stops
at the target, which is looked for on the test images, several times and at settings of your choice: confirm a
record with other seeds. The learning rate falls to 0 over --steps, so the last one scores best.

What makes it fast: images stay on the device as bytes and whole batches are augmented there, convolutions run
in bfloat16 and channels last, the network is a ResNet of nine layers, and --compile (default, reduce-overhead
for CUDA graphs, max-autotune) compiles forward and backward. The loop is the engine's own Training.step,
which asks the device for nothing (in float16 its loss scaler does); only the optimiser and the schedule may
be exchanged. Every lever is a flag; record.ipynb turns them one at a time.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial

import torch
from common import arguments, publish, quiet
from record_parts import ManyViews, ResNet9, Whole

from sslbench import Data, Recipe, adopt
from sslbench.machine.hardware import Hardware
from sslbench.probes.knn import vote
from sslbench.training import evaluate
from sslbench.training.batches import placed
from sslbench.training.step import Training, make_optimiser, rate_at

LAYOUTS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
AUGMENT = {"batch": True, "image": False}
SMALL = {"data": "wild_digits", "steps": 6, "batch_size": 64, "width": 4, "evaluations": 2, "voters": 1000}


@dataclass(frozen=True)
class Levers:
    """All that an attempt can turn."""

    data: str = "cifar10"  # or wild_digits
    network: str = "resnet9"  # or a backbone of sslbench: resnet18, small_cnn
    width: int = 64  # channels of resnet9's first layer
    views: int = 2  # of each image, at full size
    small_views: int = 0  # multi-crop: small windows beside them
    small_size: int = 16  # pixels along the side of a window
    augment: str = "batch"  # the whole batch at once, on the device; or "image", one after the other
    precision: str = "auto"  # bfloat16 where the hardware multiplies it; float32, float16
    layout: str = "channels_last"  # of resnet9; or contiguous
    compile: str = ""  # on a GPU: default, reduce-overhead (with CUDA graphs), max-autotune
    optimiser: str = "adamw"  # or muon, sgd
    schedule: str = "cosine"  # after a short warm-up; or one_cycle
    steps: int = 2000
    batch_size: int = 1024
    lr: float = 2e-3
    weight_decay: float = 0.05
    temperature: float = 0.2
    evaluations: int = 10
    voters: int = 50_000  # at most so many training images vote, on at most so many test images
    target: float = 0.90
    seed: int = 0

    def recipe(self) -> Recipe:
        """The run that these levers describe."""
        if self.network == "resnet9":
            def resnet9() -> ResNet9:
                return ResNet9(self.width, layout=choose(self.layout, LAYOUTS, "layout"))
            adopt(resnet9, resizable=True)
        settings = {"data.source": self.data, "data.together": choose(self.augment, AUGMENT, "augment"),
                    "pretext.views": self.views,
                    "pretext.small_views": self.small_views, "pretext.small_size": self.small_size,
                    "pretext.temperature": self.temperature}
        return Recipe(Whole.name, ManyViews.name, self.network, steps=self.steps, batch_size=self.batch_size,
                      lr=self.lr,
                      weight_decay=self.weight_decay, seed=self.seed, hyperparameters=settings)


def choose(name: str, known: dict, what: str):
    if name not in known:
        raise ValueError(f"{what} must be one of {', '.join(known)}, not {name!r}")
    return known[name]


def one_cycle(step: int, steps: int) -> float:
    """Share of the peak learning rate: linear up over three tenths, linear down to 0 (Smith and Topin
    2017)."""
    up = max(1, 3 * steps // 10)
    return (step + 1) / up if step < up else (steps - step) / (steps - up + 1)


SCHEDULES = {"cosine": rate_at, "one_cycle": one_cycle}


def engines(name: str, run: Training, levers: Levers) -> torch.optim.Optimizer:
    return make_optimiser(run.task, replace(run.recipe, optimiser=name, lr=levers.lr,
                                            weight_decay=levers.weight_decay),
                          run.hardware.device, run.hardware.dtype)


def sgd(run: Training, levers: Levers) -> torch.optim.Optimizer:
    return torch.optim.SGD(run.task.parameters(), lr=levers.lr, momentum=0.9, nesterov=True,
                           weight_decay=levers.weight_decay)


OPTIMISERS = {**{name: partial(engines, name) for name in ("adamw", "muon")}, "sgd": sgd}


def ready(levers: Levers, hardware: Hardware) -> Training:
    """The engine's training with the levers turned: data on the device, nothing compiled before the first
    step."""
    cuda = hardware.device.type == "cuda"
    if cuda:
        torch.backends.cudnn.benchmark = True  # sizes never change
    run = Training(levers.recipe(), hardware)
    if levers.layout == "contiguous":
        run.task.to(memory_format=torch.contiguous_format)
    run.optimiser = choose(levers.optimiser, OPTIMISERS, "optimiser")(run, levers)
    run.rate = choose(levers.schedule, SCHEDULES, "schedule")
    if levers.compile and cuda:
        run.wrapped = torch.compile(run.wrapped, mode=levers.compile, dynamic=False)
    run.task.train()
    return run


def step(run: Training, number: int, levers: Levers) -> torch.Tensor:
    """One step; its loss stays on the device, so that nobody waits for it."""
    if run.wrapped is not run.task:
        torch.compiler.cudagraph_mark_step_begin()  # what the last step returned may be overwritten
    return run.step(number % levers.steps)["loss"]


def voters(run: Training, most: int) -> list[evaluate.Split]:
    """Training and test images as bytes, once for all evaluations: on the device where they fit beside the
    network."""
    device, splits = run.hardware.device, []
    for name in ("train", "test"):
        split = evaluate.read(run.data, name, most)
        rows = run.rows if name == "train" else placed(split.rows, run.hardware)[0]
        index = split.index.to(next(iter(rows.values())).device)  # rows are picked where they lie
        splits.append(evaluate.Split(rows, {"label": next(iter(split.labels.values())).to(device)}, index))
    return splits


def knn_10(run: Training, splits: list[evaluate.Split]) -> float:
    """The score of the record: all training images vote on all test images."""
    z, z_test = (evaluate.embed(run.task, run.data, split, run.hardware) for split in splits)
    return vote(z, splits[0].labels["label"], z_test, splits[1].labels["label"], k=10)


def attempt(levers: Levers) -> Iterator[dict]:
    """Train until the target or the last step. A row before training and at every evaluation: step, loss,
    kNN-10 (0 to 1), seconds, total. What the caller does between two rows is counted as evaluation.

    Raises FloatingPointError when the loss stops being a number."""
    Data.find(levers.data)().load("test")  # downloads what is missing, before the clock runs
    if levers.compile:
        torch.compiler.reset()  # what earlier attempts compiled would count as recompilation
    hardware, loss = Hardware(precision=levers.precision), math.nan
    began, evaluating = clock(), 0.0
    run = ready(levers, hardware)
    paused = clock()
    splits = voters(run, levers.voters)
    evaluating += clock() - paused
    every = max(1, levers.steps // levers.evaluations)
    for done in range(levers.steps + 1):
        if done:
            loss = step(run, done - 1, levers)
        if done % every and done != levers.steps:
            continue
        paused = clock()
        seconds, value = paused - began - evaluating, float(loss)
        if done and not math.isfinite(value):
            raise FloatingPointError(f"the loss became {value} at step {done}; try a smaller --lr (it was "
                                     f"{levers.lr:g})")
        score = knn_10(run, splits)
        yield {"step": done, "loss": value, "kNN-10": score, "seconds": seconds, "total": clock() - began}
        if score >= levers.target:
            return
        evaluating += clock() - paused


def paces(contestants: dict[str, Levers], rounds: int = 5, least: float = 1.0) -> dict[str, list[float]]:
    """Samples per second of training with each setting, once per round; all take turns of at least `least`
    seconds."""
    # every contestant compiles its own; too many of one function would silently run uncompiled
    torch.compiler.reset()
    runs = {name: ready(levers, Hardware(precision=levers.precision)) for name, levers in contestants.items()}
    figures, numbers = {name: [] for name in contestants}, dict.fromkeys(contestants, 0)
    for i in range(rounds + 1):  # the first warms up
        for name, levers in contestants.items():
            began, first = clock(), numbers[name]
            while numbers[name] < first + 2 or (i and time.perf_counter() - began < least):
                step(runs[name], numbers[name], levers)
                numbers[name] += 1
            figures[name] += [(numbers[name] - first) * levers.batch_size / (clock() - began)] if i else []
    return figures


def clock() -> float:
    """Seconds, once the device has done all that was asked of it."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def main() -> None:
    options = arguments(__doc__, **asdict(Levers()))
    levers = Levers(**{name: getattr(options, name) for name in asdict(Levers())})
    levers = replace(levers, **SMALL) if options.small else levers
    quiet()
    if levers.compile and not torch.cuda.is_available():
        print("--compile is for a GPU; left out here")
        levers = replace(levers, compile="")
    for row in attempt(levers):
        print(f"step {row['step']} of {levers.steps}: loss {row['loss']:.3f}, kNN-10 "
              f"{100 * row['kNN-10']:.2f} %, "
              f"{row['seconds']:.1f} s of training, {row['total']:.1f} s in all", flush=True)
    reached = "reached" if row["kNN-10"] >= levers.target else "not reached"
    named = ("data", "network", "width", "views", "small_views", "batch_size", "optimiser", "schedule",
             "seed")
    publish("record", [{**{name.replace("_", " "): getattr(levers, name) for name in named},
                        "compiled": levers.compile or "no",
                        "steps": row["step"], "kNN-10, %": round(100 * row["kNN-10"], 2),
                        "seconds": round(row["seconds"], 1),
                        "total": round(row["total"], 1), "target": f"{100 * levers.target:g} % {reached}"}],
                        options)


if __name__ == "__main__":
    main()
