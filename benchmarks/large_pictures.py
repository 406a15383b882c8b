"""A folder of large photographs that is decoded while it trains: the whole loop beside the bare step.

    python benchmarks/large_pictures.py [--small] [--rounds 5] [--only simclr]

2,000 JPEGs of 640 x 480 pixels are made in a temporary folder; `images` reads them at 224 pixels and keeps
none of them in memory (data.memory 0), so each is decoded anew in every epoch, by threads, while earlier
steps compute.

whole loop   train(), as in throughput.py: reading, decoding, scaling, augmentation, the step
bare step    the same network's forward, backward and optimiser on inputs that never change: the limit
decoded      pictures a second that one core reads, decodes and scales, when it does nothing else
"""

import io
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from common import arguments, publish, quiet, ratio, taking_turns
from PIL import Image
from throughput import bare_step, pace, whole_loop

from sslbench import Recipe
from sslbench.data.image.decoding import square
from sslbench.data.image.to_square import Form
from sslbench.machine.hardware import Hardware

TASKS, BACKBONE, BATCH, SIZE = ("simclr", "rotation"), "resnet18", 32, 224
SECONDS = 10  # that one turn takes at least: a step takes one to four
PHOTOGRAPHS, DRAWN, SHAPE = 2000, 100, (480, 640)
SCALES = {64: 0.5, 16: 0.25, 4: 0.15, 1: 0.1}  # pixels of a blot -> its share of the brightness


def photographs(folder: Path, n: int) -> list[Path]:
    """n JPEGs of blots of all sizes, about 70 kB each, as a photograph of that size has; DRAWN of them
    differ."""
    generator, drawn = np.random.default_rng(0), []
    for _ in range(min(n, DRAWN)):
        blots, file = sum(share * blown_up(generator, scale) for scale, share in SCALES.items()), io.BytesIO()
        Image.fromarray(blots.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
        drawn.append(file.getvalue())
    for i in range(n):
        (folder / f"kind{i % 4}").mkdir(exist_ok=True)
        (folder / f"kind{i % 4}" / f"{i}.jpg").write_bytes(drawn[i % DRAWN])
    return sorted(folder.glob("*/*.jpg"))


def blown_up(generator: np.random.Generator, scale: int) -> np.ndarray:
    """Random colours for squares of so many pixels, blurred into each other: [480, 640, 3]."""
    H, W = SHAPE
    colours = generator.integers(0, 256, (H // scale + 1, W // scale + 1, 3), np.uint8)
    return np.asarray(Image.fromarray(colours).resize((W, H), Image.Resampling.BICUBIC), np.float32)


def decoding_rate(files: list[Path]) -> float:
    """Pictures per second of this thread's own time."""
    began = time.thread_time()
    for file in files:
        square(file, Form(SIZE))
    return len(files) / (time.thread_time() - began)


def row(recipe: Recipe, files: list[Path], rounds: int, least: float) -> dict:
    hardware = Hardware()
    lasting = {"whole loop": whole_loop(recipe, hardware), "bare step": bare_step(recipe, hardware)}
    for steps in lasting.values():
        for _ in range(2):  # nothing is read ahead of the first step
            next(steps)
    turns = {name: (lambda steps=steps: pace(steps, recipe.batch_size, least))
             for name, steps in lasting.items()}
    figures = taking_turns(turns, rounds)
    medians = {name: round(statistics.median(values), 1) for name, values in figures.items()}
    return {"task": recipe.pretext, "backbone": recipe.backbone, "pixels": SIZE, "batch": recipe.batch_size,
            **medians, "ours / bare step": f"{ratio(figures['whole loop'], figures['bare step']):.2f}",
            "decoded, per core": round(decoding_rate(files[:100]))}


def main() -> None:
    options = arguments(__doc__, rounds=5, only="")
    quiet()
    least, rounds, n = (0.0, 1, 40) if options.small else (SECONDS, options.rounds, PHOTOGRAPHS)
    with tempfile.TemporaryDirectory() as folder:
        files = photographs(Path(folder), n)
        for task in TASKS[:1] if options.small else TASKS:
            if options.only in task:
                given = {"data.folder": folder, "data.size": SIZE, "data.memory": 0.0}
                recipe = Recipe("images", task, BACKBONE, steps=10**6,
                                batch_size=4 if options.small else BATCH, hyperparameters=given)
                publish("large_pictures", [row(recipe, files, rounds, least)], options,
                        same=("task", "backbone"))


if __name__ == "__main__":
    main()
