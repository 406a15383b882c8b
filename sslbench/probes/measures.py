"""How right answers are: plain functions (answers, y, drawn) -> scores [b], on the CPU in float64.

drawn [n, b]: how often each sample counts, a column for each draw of a bootstrap; None: every sample once,
and b is 1. NaN where a draw has nothing to judge.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def once_each(n: int, drawn: Tensor | None) -> Tensor:
    """[n, b] float64."""
    return torch.ones(n, 1, dtype=torch.float64) if drawn is None else drawn.double()


def sums(group: Tensor, values: Tensor, groups: int) -> Tensor:
    """[groups, b], the values [n, b] of each group [n] added up."""
    return torch.zeros(groups, values.shape[1], dtype=values.dtype).index_add_(0, group, values)


def mean(values: Tensor, y: Tensor | None = None, drawn: Tensor | None = None) -> Tensor:
    """The mean of what each sample scores [n], such as the precision of what it retrieves."""
    drawn = once_each(len(values), drawn)
    return (values.double() @ drawn) / drawn.sum(0)


def accuracy(votes: Tensor, y: Tensor, drawn: Tensor | None = None) -> Tensor:
    """The share of samples whose class y [n] has most votes [n, classes]."""
    return mean(votes.argmax(1) == y, y, drawn)


def counts(votes: Tensor, y: Tensor, drawn: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Of every class [classes, b]: samples that are of it and were said to be, that are of it, that were said
    to be."""
    said, drawn = votes.argmax(1), once_each(len(y), drawn)
    classes = int(max(y.max(), said.max())) + 1
    right = sums(y, drawn * (said == y).double().unsqueeze(1), classes)
    return right, sums(y, drawn, classes), sums(said, drawn, classes)


def confusion(votes: Tensor, y: Tensor, most: int) -> Tensor | None:
    """[classes, classes] int64: samples by their class (rows) and by what was said (columns); None of more
    than `most` classes."""
    said, classes = votes.argmax(1), max(int(y.max()) + 1, votes.shape[1])
    return None if classes > most else (y * classes + said).bincount(minlength=classes**2).view(classes, -1)


def balanced_accuracy(votes: Tensor, y: Tensor, drawn: Tensor | None = None) -> Tensor:
    """The mean over the classes of the share of their samples that is told rightly (recall)."""
    right, there, _ = counts(votes, y, drawn)
    return (right / there).nanmean(0)


def macro_f1(votes: Tensor, y: Tensor, drawn: Tensor | None = None) -> Tensor:
    """The mean over the classes that occur or are said of F1, 2 right / (occur + said)."""
    right, there, said = counts(votes, y, drawn)
    return (2 * right / (there + said)).nanmean(0)


def area_under_roc(values: Tensor, positive: Tensor, drawn: Tensor | None = None) -> Tensor:
    """How often a positive sample has a higher value [n] than another one, ties by half (Hanley and McNeil
    1982); positive [n] bool."""
    values, order = values.double().sort()
    positive, drawn = positive[order], once_each(len(values), drawn)[order]
    ends = values.unique_consecutive(return_inverse=True, return_counts=True)
    last = ends[2].cumsum(0)[ends[1]][positive]  # where the values that equal a positive one end, and begin
    first = last - ends[2][ends[1]][positive]
    below = F.pad(drawn.cumsum(0), (0, 0, 1, 0))  # [n + 1, b], of all samples
    weight = drawn[positive]
    of_positive = weight.sum(0)
    # of two positive samples, or one with itself, either is as often the higher one
    above = (weight * (below[first] + below[last])).sum(0) / 2 - of_positive.square() / 2
    return above / (of_positive * (below[-1] - of_positive))


def equal_error_rate(values: Tensor, positive: Tensor, drawn: Tensor | None = None) -> Tensor:
    """Where as large a share of positive samples lies below a threshold as of the others above it: between
    the two thresholds that come nearest."""
    drawn = once_each(len(values), drawn)
    levels, level = (-values.double()).unique(return_inverse=True)  # the highest first
    found = (sums(level, drawn * kind.double().unsqueeze(1), len(levels)) for kind in (positive, ~positive))
    right, wrong = (F.pad(here.cumsum(0), (0, 0, 1, 0)) for here in found)
    wrong, gap = wrong / wrong[-1], 1 - right / right[-1] - wrong / wrong[-1]  # falls from 1 to -1
    after = (gap <= 0).double().argmax(0).clamp(min=1).unsqueeze(0)
    a, b, low, high = (x.gather(0, i).squeeze(0) for x in (gap, wrong) for i in (after - 1, after))
    rate = low + torch.where(a != b, a / (a - b), 0.0) * (high - low)
    return torch.where(gap[-1].isfinite(), rate, torch.nan)


def macro_auc(votes: Tensor, y: Tensor, drawn: Tensor | None = None) -> Tensor:
    """The mean area under the ROC curve of each class against the rest, by its probability (softmax of the
    logits [n, classes]); 0.5 for a class that the logits do not know, as for every answer that ignores the
    sample."""
    classes = int(y.max()) + 1
    logits = F.pad(votes.double(), (0, max(0, classes - votes.shape[1])), value=-torch.inf)
    odds = logits.log_softmax(1)
    areas = [area_under_roc(odds[:, i], y == i, drawn) for i in y.unique().tolist()]
    return torch.stack(areas).nanmean(0)


def mean_auc(logits: Tensor, y: Tensor, drawn: Tensor | None = None) -> Tensor:
    """The mean area under the ROC curve of k answers at once, y [n, k] of 0 and 1; 0.5 where none varies."""
    # an answer that is always the same cannot be told
    varied = [i for i in range(y.shape[1]) if 0 < y[:, i].double().mean() < 1]
    areas = [area_under_roc(logits[:, i], y[:, i] > 0, drawn) for i in varied]
    width = 1 if drawn is None else drawn.shape[1]
    return torch.stack(areas).nanmean(0) if areas else torch.full((width,), 0.5, dtype=torch.float64)


def right_answers(logits: Tensor, y: Tensor, drawn: Tensor | None = None) -> Tensor:
    """Accuracy of classes y [n]; the mean area under the ROC curve of answers y [n, k]."""
    return (accuracy if y.ndim == 1 else mean_auc)(logits, y, drawn)


def determination(guess: Tensor, y: Tensor, drawn: Tensor | None = None) -> Tensor:
    """R^2 of guesses of a quantity y [n]: 1 - squared error / squared distance from the mean of y; 0 where y
    does not vary."""
    guess, y, drawn = guess.double(), y.double(), once_each(len(y), drawn)
    middle = (y @ drawn) / drawn.sum(0)
    spread = (drawn * (y.unsqueeze(1) - middle).square()).sum(0)
    return torch.where(spread > 0, 1 - (guess - y).square() @ drawn / spread.clamp(min=1e-300), 0.0)


def entropy(sizes: Tensor) -> Tensor:
    """Of groups of these sizes [groups, b], in nats [b]."""
    share = sizes / sizes.sum(0)
    return -torch.special.xlogy(share, share).sum(0)


def groups(a: Tensor, b: Tensor, drawn: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Sizes of the groups of a [n], of those of b [n], and of what is in one group of each."""
    drawn = once_each(len(a), drawn)
    both = torch.stack([a, b]).unique(dim=1, return_inverse=True)[1]
    return tuple(sums(x, drawn, int(x.max()) + 1) for x in (a, b, both))


def mutual_information(a: Tensor, b: Tensor, drawn: Tensor | None = None) -> Tensor:
    """Normalised mutual information of two ways to group samples, a [n] and b [n]: 2 I(a, b) / (H(a) + H(b)),
    from 0 to 1."""
    of_a, of_b, both = map(entropy, groups(a, b, drawn))
    return torch.where(of_a + of_b > 0, 2 * (of_a + of_b - both) / (of_a + of_b), 1.0)


def rand_index(a: Tensor, b: Tensor, drawn: Tensor | None = None) -> Tensor:
    """Adjusted Rand index of two ways to group samples: the share of pairs that are together in both, set so
    that chance is 0 and the same groups are 1 (Hubert and Arabie 1985)."""
    of_a, of_b, both = ((sizes * (sizes - 1) / 2).sum(0) for sizes in groups(a, b, drawn))
    n = once_each(len(a), drawn).sum(0)
    expected, most = of_a * of_b / (n * (n - 1) / 2), (of_a + of_b) / 2
    return torch.where(most > expected, (both - expected) / (most - expected), 1.0)
