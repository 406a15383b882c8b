"""Events to the logger that somebody uses already: TensorBoard, Weights & Biases, MLflow, or a CSV file.

A logger is made before anything is trained, so that a missing package is one line then. What fails while
training is said once, and the training goes on.
"""

import csv
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from ..catalog import nearest
from ..messages import in_words
from ..notes import note
from ..recipe import Recipe
from ..training.loop import Evaluation, Event, Step


class Logger(Protocol):
    """What a logger does."""

    def numbers(self, step: int, values: dict[str, float]) -> None:
        """Name -> value after so many steps; a name such as "validation/linear"."""

    def close(self) -> None: ...


def settings(recipe: Recipe) -> dict[str, Any]:
    """The recipe as flat plain values."""
    given = asdict(recipe)
    return {**{k: v for k, v in given.items() if k != "hyperparameters"}, **recipe.hyperparameters}


class TensorBoard:
    def __init__(self, recipe: Recipe, folder: Path):
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder))
        self.writer.add_text("recipe", f"```\n{recipe.as_python()}\n```", 0)

    def numbers(self, step, values):
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def close(self):
        self.writer.close()


class Csv:
    """events.csv: step, name, value."""

    def __init__(self, recipe: Recipe, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.file = open(folder / "events.csv", "w", newline="", encoding="utf-8")
        self.rows = csv.writer(self.file)
        self.rows.writerow(["step", "name", "value"])

    def numbers(self, step, values):
        self.rows.writerows([step, name, value] for name, value in values.items())

    def close(self):
        self.file.close()


class WandB:
    def __init__(self, recipe: Recipe, folder: Path):
        import wandb

        folder.mkdir(parents=True, exist_ok=True)
        self.run = wandb.init(project="sslbench", dir=str(folder), config=settings(recipe))

    def numbers(self, step, values):
        self.run.log(values, step=step)

    def close(self):
        self.run.finish()


class MLflow:
    def __init__(self, recipe: Recipe, folder: Path):
        import mlflow

        self.mlflow = mlflow
        mlflow.set_experiment("sslbench")
        mlflow.start_run()
        mlflow.log_params(settings(recipe))

    def numbers(self, step, values):
        self.mlflow.log_metrics({name.replace(":", " "): value for name, value in values.items()}, step=step)

    def close(self):
        self.mlflow.end_run()


LOGGERS: dict[str, tuple[Callable[[Recipe, Path], Logger], str]] = {  # name -> logger, package to install
    "tensorboard": (TensorBoard, "tensorboard"), "csv": (Csv, ""), "wandb": (WandB, "wandb"), "mlflow":
    (MLflow, "mlflow")
}


def logged(events: Iterator[Event], name: str, recipe: Recipe,
           folder: str | Path | None = None) -> Iterator[Event]:
    """The same events, written to a logger on the way; "" for none. folder: of the run; what a logger writes
    lies in its sub-folder named like the logger and the time, or in a temporary folder that is said where the
    run has none. ValueError in one line for an unknown name or a missing package, at once."""
    if not name:
        return events
    if name not in LOGGERS:
        raise ValueError(nearest("logger", name, LOGGERS))
    check(name)
    return written(events, name, recipe, folder)


def check(name: str) -> None:
    """ValueError in one line when its package is not installed."""
    package = LOGGERS[name][1]
    try:
        if package:
            __import__(package)
    except ImportError as error:
        raise ValueError(
            f"the logger {name} needs a package ({in_words(error)}): pip install {package}") from None


def written(events: Iterator[Event], name: str, recipe: Recipe, folder: str | Path | None) -> Iterator[Event]:
    logger, failed = None, ""
    try:
        for event in events:
            if not failed:
                try:
                    # after the first event: the run's folder is there
                    logger = logger or opened(name, recipe, folder)
                    if values := numbers_of(event):
                        logger.numbers(event.step, values)
                except Exception as error:  # whatever a logger raises, the training goes on
                    failed = in_words(error)
                    note(f"{name} failed at step {event.step} ({failed}); the training goes on without it")
            yield event
    finally:
        if logger:
            try:
                logger.close()
            except Exception as error:
                note(f"{name} could not be closed ({in_words(error)})")


def opened(name: str, recipe: Recipe, folder: str | Path | None) -> Logger:
    if folder is None:
        place = Path(tempfile.mkdtemp(prefix="sslbench-"), name)
        note(f"{name} writes into {place}: the run has no folder")
    else:
        place = Path(folder, name, time.strftime("%Y%m%d-%H%M%S"))  # an earlier run's log stays what it is
    return LOGGERS[name][0](recipe, place)


def numbers_of(event: Event) -> dict[str, float]:
    """What an event says in numbers."""
    if isinstance(event, Step):
        return {f"train/{name}": value for name, value in event.scalars.items()}
    if not isinstance(event, Evaluation):
        return {}
    baselines = {
        f"{event.split}/{name}/{what}": v for what, of in event.baselines.items() for name, v in of.items()
    }
    return {f"{event.split}/{name}": value for name, value in event.scores.items()} | baselines
