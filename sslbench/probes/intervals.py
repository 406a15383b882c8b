"""How far a score may lie from that of very many samples: the bootstrap (Efron 1979). Plain functions."""

from collections.abc import Callable

import torch
from torch import Tensor

REPLICAS = 500
FEWEST = 200  # replicas where there are very many answers: the ends of an interval need so many
WORK = 2e8  # answers judged for one interval
PART = 2**21  # samples of draws that are judged at once
WIDE = 2**26  # numbers of their answers, so that it can be ended in between


def interval(judge: Callable[[Tensor, Tensor, Tensor | None], Tensor], answers: Tensor, y: Tensor,
             level: float = 0.95, replicas: int | None = None,
             of: Tensor | None = None, check: Callable[[], None] = lambda: None) -> tuple[float, float]:
    """The interval of a score over test samples, (low, high): samples are drawn anew with replacement, each
    draw is judged, and of the scores the middle `level` is taken, moved so that their mean is the score (what
    is drawn twice makes some measures higher). The same answers always have the same interval.

    judge: (answers, y, drawn [n, b]) -> [b], as in probes.measures; answers [n] or [n, k]; y [n] or [n, k].
    of: the two samples [n, 2] of each answer about a pair, which counts as often as both are drawn.
    replicas: draws; 500, fewer where there are very many answers. (nan, nan) where no draw can be judged.
    Where every sample is right it has no width, which does not mean certain.  check: called between draws;
    what it raises ends it.

        low, high = interval(measures.accuracy, votes, y)
    """
    n, score = len(y), judge(answers, y, None)
    replicas = replicas or int(min(REPLICAS, max(FEWEST, WORK / max(answers.numel(), 1))))
    generator, parts = torch.Generator().manual_seed(0), []
    at_once = min(PART // max(len(answers), 1), WIDE // max(answers.numel(), 1))
    for part in torch.arange(replicas).split(max(1, at_once)):
        check()
        drawn = draws(n if of is None else int(of.max()) + 1, len(part), generator)
        parts.append(judge(answers, y, drawn if of is None else drawn[of[:, 0]] * drawn[of[:, 1]]))
    scores = torch.cat(parts)
    scores = scores[scores.isfinite()]
    if not len(scores):
        return float("nan"), float("nan")
    ends = torch.quantile(scores, torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64))
    low, high = (ends + score - scores.mean()).tolist()
    return low, high


def draws(n: int, replicas: int, generator: torch.Generator) -> Tensor:
    """How often each of n samples is drawn in each of the replicas, [n, replicas] float64."""
    drawn = torch.randint(n, (n, replicas), generator=generator)
    return torch.zeros(n, replicas, dtype=torch.float64).scatter_add_(
        0, drawn, torch.ones(n, replicas, dtype=torch.float64))
