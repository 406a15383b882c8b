"""Checks of the notebook 08_what_was_learned: classes that count alike, and how sure an accuracy is."""

from .check import Check, torch


def recalls(said, y):
    return torch.stack([(said[y == k] == k).double().mean() for k in y.unique()])


def answers(n: int, classes: int, seed: int):
    """(said, y), both [n] int64: every class is there, the first much more often than the others."""
    chance = torch.Generator().manual_seed(seed)
    y = torch.cat([torch.arange(classes), torch.randint(0, classes, (n,), generator=chance) % classes,
                   torch.zeros(2 * n, dtype=torch.long)])
    said = torch.where(torch.rand(len(y), generator=chance) < 0.6, y,
                       torch.randint(0, classes, (len(y),), generator=chance))
    return said, y


def share(right, power: float = 0.5, spread=lambda p: p * (1 - p)):
    """(spread of the share of the true ones / their number) to this power."""
    return (spread(right.double().mean()) / len(right)) ** power


check_balanced_accuracy = Check(
    lambda said, y: recalls(said, y).mean(),
    lambda: [answers(20, 3, 0), answers(50, 5, 1)],
    {"that is the accuracy: a class with many samples counts for more":
        lambda said, y: (said == y).double().mean(),
     "that divides by how often a class was said; divide by how often it was there":
        lambda said, y: torch.stack([(y[said == k] == k).double().mean() for k in y.unique()]).mean(),
     "that is the sum over the classes; take the mean": lambda said, y: recalls(said, y).sum(),
     "that is the weakest class alone; take the mean of all": lambda said, y: recalls(said, y).min()},
    "every class counts alike, however rare")

check_standard_error = Check(
    lambda right: share(right),
    lambda: [(torch.arange(10) < 7,), (torch.arange(400) % 5 != 0,)],
    {"that is the variance; take the square root": lambda right: share(right, 1.0),
     "that is how much single answers vary; a mean of n varies less, by the square root of n":
        lambda right: share(right) * len(right) ** 0.5,
     "p (1 - p), not p alone": lambda right: share(right, spread=lambda p: p),
     "divide by n before the square root is taken": lambda right: share(right) / len(right) ** 0.5},
    "four times the samples halve it")
