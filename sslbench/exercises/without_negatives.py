"""Checks of the notebook 06_without_negatives: a slow copy, and features that do not repeat each other."""

from .check import Check, normal


def correlation(a, b, correction=0):
    a, b = ((z - z.mean(0)) / z.std(0, correction=correction) for z in (a, b))
    return a.T @ b / len(a)


def off_diagonal(c):
    return c.square().sum() - c.diagonal().square().sum()


check_moving_average = Check(
    lambda teacher, student, momentum: momentum * teacher + (1 - momentum) * student,
    lambda: [(normal(4, 3), normal(4, 3, seed=1), 0.9), (normal(7), normal(7, seed=2), 0.996)],
    {"the momentum is what the teacher keeps of itself": lambda t, s, m: m * s + (1 - m) * t,
     "that adds the whole student; the shares must sum to 1": lambda t, s, m: m * t + s,
     "that is the mean of both; the momentum says the shares": lambda t, s, m: (t + s) / 2},
    "a teacher that is always a little behind")

check_redundancy = Check(
    lambda a, b: off_diagonal(correlation(a, b)),
    lambda: [(normal(32, 6), normal(32, 6) + normal(32, 6, seed=1)),
             (3 * normal(9, 4) + 1, normal(9, 4, seed=2))],
    {"the diagonal belongs to the other term: a feature should agree with itself":
        lambda a, b: correlation(a, b).square().sum(),
     "torch divides by n - 1 unless it is told not to: std(0, correction=0)":
        lambda a, b: off_diagonal(correlation(a, b, 1)),
     "leave the diagonal out, and take std(0, correction=0)":
        lambda a, b: correlation(a, b, 1).square().sum(),
     "each feature must have mean 0 and deviation 1 over the batch first":
        lambda a, b: off_diagonal(a.T @ b / len(a)),
     "divide by the number of samples, or it grows with the batch":
        lambda a, b: off_diagonal(correlation(a, b) * len(a)),
     "that is the mean; the paper takes the sum":
        lambda a, b: off_diagonal(correlation(a, b)) / (a.shape[1] * (a.shape[1] - 1)),
     "square them, or positive and negative ones cancel":
        lambda a, b: correlation(a, b).sum() - correlation(a, b).diagonal().sum()},
    "no two features may say the same")
