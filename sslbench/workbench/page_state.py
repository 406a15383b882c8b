"""All that is painted, frozen at one moment. No widgets."""

from dataclasses import dataclass, replace

from ..runs.run import Run
from ..training.batches import BatchDoesNotFit
from ..training.pausing import ENDED
from .run_list import RunList
from .session import Session
from .shown_run import Look, ShownRun, one_line


@dataclass(frozen=True)
class State:
    """name: ready, running, pausing, paused, stopping, stopped, done or failed; doing: the same in words.
    title: the run that they are about."""

    name: str = "ready"
    step: int = 0
    share: float = 0.0
    title: str = ""
    doing: str = ""
    run: Run | None = None  # that these words are about
    shown: ShownRun | None = None  # what the tabs show
    look: Look | None = None  # pictures of the task drawn by hand, or of an untrained network
    recipe: object = None  # for the code tab; None while it cannot be built
    # newest first: the run, its name, whether it was recorded earlier
    runs: tuple[tuple[Run, str, bool], ...] = ()
    folders: tuple = ()  # of recorded runs that can be added
    note: str = ""
    error: str = ""
    batch_size: int = 0  # that would fit, where the chosen one does not
    estimate: str = ""
    reading: str = ""  # what was read of the chosen data
    in_a_cell: bool = False

    @property
    def live(self) -> bool:
        return self.name in ("running", "pausing", "paused", "stopping")

    @property
    def ended(self) -> bool:
        return self.name in ENDED


def with_runs(state: State, run_list: RunList, data: str) -> State:
    """The runs of a bench, and the one that is shown beside the choice of `data`."""
    runs = tuple((e.run, name, e.recorded) for e, name in run_list.named())
    return replace(state, runs=runs, folders=run_list.folders, shown=run_list.shown(data))


def with_session(state: State, session: Session, stopping: bool, answered: bool) -> State:
    """What the training that was started last is doing. answered: something was chosen since, so what went
    wrong in it has been read."""
    now = session.player.state
    name = ("stopping" if stopping and now in ("running", "paused")
            else "pausing" if session.player.pausing else now)
    title = next((name for run, name, _ in state.runs if run is session.run), "")
    return replace(state, name=name, step=session.run.step, share=session.share, title=title,
                   doing=session.words(name), run=session.run,
                   **wrong(None if state.error or answered else session.player.error, state))


def wrong(error: BaseException | None, state: State) -> dict:
    """What an error says, and the batch size that it asks for."""
    if error is None:
        return {"error": state.error, "batch_size": state.batch_size}
    return {"error": one_line(error), "batch_size": error.fits if isinstance(error, BatchDoesNotFit) else 0}
