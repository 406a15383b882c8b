"""Which task suits this data: all that fit, under one time budget, by successive halving; every one of them
an ordinary run in a folder of its own."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from ... import arguments
from ...catalog import plain
from ...data import Data
from ...machine.hardware import cpu_limit
from ...messages import quoted
from ...recipe import Recipe
from ...storage import run_folder, tensor_files
from ..launching import importable
from ..run import load_run
from .candidates import candidates
from .one_round import Job, Reached, played
from .plan import planned
from .result import Tournament
from .rounds import START, Rounds, turns
from .standing import named, ranked

LIST = "tournament.json"  # what was asked for, and the rounds that are over
WANTED = "the name of a data source, or a Recipe on the data"


def tournament(data: str | Recipe, minutes: float = 10, *, folder: str | Path | None = None, tasks=None,
               backbones=None, seed: int | None = None, workers: int | None = None,
               progress: Callable[[str], None] | None = print) -> Tournament:
    """Train every task that fits the data, each with up to two backbones, and let the better half of every
    round go on, until the minutes are over: which task suits this data? Where they are too few for all, the
    field is narrower, and a line says who is left out.

    data: the name of a source, or a Recipe on it, whose settings of the data and of training are kept.
    Ranked by the leading probe on validation; without labels by effective rank, alignment and uniformity, and
    agreement of neighbours under augmentation. Only the winner is tested, once.  folder: of the runs,
    runs/tournament-DATA; called again, it goes on where it was.  tasks, backbones: only these.  workers: runs
    side by side, by joblib's processes (as many as there are cores), or by what joblib.parallel_config names:
    dask, ray.  progress: is told lines about each round, None: nothing. ValueError in one line for what
    cannot be.

        found = tournament("waves", minutes=0.3, tasks=["masked"], backbones=["mlp"], workers=1)
        found.best, found.report
    """
    arguments.one_of(data, (str, Recipe), "data", WANTED)
    base = Recipe(data=data) if isinstance(data, str) else data
    base = base if seed is None else replace(base, seed=seed)
    tasks = None if tasks is None else arguments.names(tasks, "tasks", "masked")
    backbones = None if backbones is None else arguments.names(backbones, "backbones", "small_cnn")
    say, minutes = told(progress), plain(minutes)
    if not isinstance(minutes, (int, float)) or isinstance(minutes, bool) or not 0 < minutes < float("inf"):
        raise ValueError(f"minutes must be a number above 0, not {quoted(minutes)}")
    source, start = timed_reading(base.check())
    entrants = candidates(base, source, tasks, backbones)
    at_once = side_by_side(workers, entrants)
    folder = (Path("runs", f"tournament-{base.data.replace(':', '-')}") if folder is None
              else arguments.path(folder)).absolute()
    asked = {"base": asdict(base), "minutes": minutes, "tasks": tasks, "backbones": backbones,
             "entrants": [asdict(one) for one in entrants], "workers": at_once}
    kept = begun(folder, asked, start)
    entrants, plan, left_out = planned(entrants, base.pretext, minutes, kept["workers"], kept["start"])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, kept)
    if left_out:
        say(left_out)
    return held(folder, kept, entrants, plan, at_once, say)


def timed_reading(recipe: Recipe) -> tuple[Data, float]:
    """The data, and the seconds of a run before it trains: every process reads the data anew."""
    source, began = recipe.make_data(), time.perf_counter()
    source.loaded("train")
    return source, START + time.perf_counter() - began


def told(progress) -> Callable[[str], None]:
    """What is told the lines: the function itself, for True print, for False and None nothing. What is
    printed is seen at once, also in a file."""
    if progress is print or progress is True:
        return partial(print, flush=True)
    if progress is None or progress is False:
        return lambda line: None
    if not callable(progress):
        raise ValueError("progress must be what is told a line per round, such as print, or None for none, "
                         f"not {quoted(progress)}")
    return progress


def held(folder: Path, kept: dict, entrants: list[Recipe], plan: Rounds, workers: int,
         say: Callable[[str], None]) -> Tournament:
    """Play the rounds that are not over, then test the winner. What is over is kept after each round."""
    began, places = time.perf_counter(), [folder / name_of(one) for one in entrants]
    reached = {str(place): Reached(one, str(place)) for one, place in zip(entrants, places)}
    reached |= {one.folder: one for one in map(Reached.of, kept["reached"])}
    for i in range(kept["rounds"], len(plan.sizes)):
        going = [one for one in ranked(reached.values()) if not one.failed][:plan.sizes[i]]
        say(f"round {i + 1} of {len(plan.sizes)}: {len(going)} runs, {plan.seconds[i]:.0f} s of training "
            f"each, about {in_all(plan, i, len(going), workers):.0f} s in all")
        jobs = [job_of(one, plan, i, workers) for one in going]
        for one in side_by_side_played(jobs, workers):
            reached[one.folder] = replace(one, rounds=i + 1 if not one.failed else i)
        kept |= {"rounds": i + 1, "reached": [one.plain() for one in reached.values()],
                 "seconds": kept["seconds"] + time.perf_counter() - began}
        began = time.perf_counter()
        write(folder, kept)
        say(f"round {i + 1} is over after {kept['seconds']:.0f} s: {leader(reached)}")
    found = Tournament(folder, list(reached.values()), kept["seconds"])
    winner = found.standing[0]
    if not winner.failed:
        end = played(replace(job_of(winner, plan, len(plan.sizes) - 1, 1), test=True))
        if end.failed:
            say(f"the winner could not be tested: {end.failed}")
        winner.step, winner.seconds = max(end.step, winner.step), max(end.seconds, winner.seconds)
        run = load_run(winner.folder)
        found.test = run.final.scores if run.final and run.final.split == "test" else {}
    return found


def in_all(plan: Rounds, i: int, runs: int, workers: int) -> float:
    """Seconds of a round."""
    return (plan.start + plan.seconds[i]) * turns([runs], workers)[0]


def leader(reached: dict[str, Reached]) -> str:
    """Who is ahead now, in words."""
    first = ranked(reached.values())[0]
    if first.failed:
        return "none of them came to an end"
    score = "" if first.score is None else f", {first.key} {first.score:.3f} on validation"
    return f"{named(first)} is ahead{score}"


def job_of(one: Reached, plan: Rounds, i: int, workers: int) -> Job:
    return Job(one.recipe, one.folder, plan.units[-1], plan.units[i], plan.start + plan.seconds[i],
               plan.seconds[0], max(1, cpu_limit() // workers) if workers > 1 else 0)


def side_by_side_played(jobs: list[Job], workers: int) -> list[Reached]:
    """The jobs through joblib: its own processes, or the backend that joblib.parallel_config names."""
    from joblib import Parallel, delayed

    return Parallel(n_jobs=workers)(delayed(played)(job) for job in jobs)


def side_by_side(workers: int | None, entrants: list[Recipe]) -> int:
    """How many runs at once. ValueError where other processes cannot see what they are to train."""
    from joblib import effective_n_jobs
    from joblib.parallel import get_active_backend

    if workers is None:
        backend, jobs = get_active_backend()
        chosen = jobs != 1 or type(backend).__name__ != "LokyBackend"
        workers = effective_n_jobs(jobs if jobs != 1 or not chosen else -1) if chosen else cpu_limit()
    workers = min(arguments.whole(workers, "workers", 1), len(entrants))
    for one in entrants:
        for _, cls in one.classes():
            if workers > 1 and not importable(cls):
                raise ValueError(f"{cls.name} is defined in this Python process, and other processes cannot "
                                 "see it; put it into a file of sslbench/, or give workers=1")
    return workers


def name_of(one: Recipe) -> str:
    """Of its folder: the task and the backbone."""
    return f"{one.pretext}-{one.backbone}".replace(":", "-")


def begun(folder: Path, asked: dict, start: float) -> dict:
    """What is kept in the folder of this tournament, or a new list; nothing is written.
    FileExistsError in one line where another one is kept there."""
    path = folder / LIST
    if path.is_file():
        try:
            kept = json.loads(run_folder.text(path))
            same = all(kept["asked"][name] == json.loads(json.dumps(value))
                       for name, value in asked.items() if name != "workers")
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError(
                f"{path} is damaged; the runs beside it are whole: compare their folders") from None
        if not same:
            raise FileExistsError(f"{folder} holds another tournament; choose another folder, or ask for the "
                                  "same data, minutes, tasks and backbones to go on with it")
        return {"start": start, **kept}
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds other files; choose another folder for the tournament")
    return {"asked": asked, "workers": asked["workers"], "start": start, "rounds": 0, "reached": [],
            "seconds": 0.0}


def write(folder: Path, kept: dict) -> None:
    tensor_files.write_bytes(folder / LIST, json.dumps(kept).encode())
