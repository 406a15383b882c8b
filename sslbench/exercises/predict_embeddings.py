"""Checks of the notebook 07_predict_embeddings: what is to be predicted, and where it counts."""


from .check import Check, normal

EPSILON = 1e-4


def standardised(z, over=(0,), correction=0):
    return (z - z.mean(over, keepdim=True)) / (z.var(over, keepdim=True, correction=correction)
                                               + EPSILON).sqrt()


def some_hidden(*shape, seed=0):
    hidden = normal(*shape, seed=seed) > 0.3
    hidden[:, 0] = True
    return hidden


check_target = Check(
    standardised,
    lambda: [(2 * normal(16, 5, 4) + normal(1, 5, 4, seed=1),), (normal(9, 3, 6, seed=2).square(),)],
    {"each place has a mean of its own: take it over the samples alone, dim 0":
        lambda z: standardised(z, (0, 1)),
     "that is a layer norm, over the numbers of one description; the batch has to be compared":
        lambda z: standardised(z, (2,)),
     "torch divides by n - 1 unless it is told not to: var(0, correction=0)":
        lambda z: standardised(z, correction=1),
     "the deviation is missing: a number that hardly varies should count as much as others":
        lambda z: z - z.mean(0),
     "divide by the deviation, which is the square root of the variance":
        lambda z: (z - z.mean(0)) / (z.var(0, correction=0) + EPSILON)},
    "what the place alone tells is gone")

check_where_hidden = Check(
    lambda error, hidden: (error * hidden).sum() / hidden.sum(),
    lambda: [(normal(6, 9).abs(), some_hidden(6, 9)), (normal(4, 12, seed=1).abs(),
                                                       some_hidden(4, 12, seed=1))],
    {"only hidden parts count; what was seen can be copied": lambda error, hidden: error.mean(),
     "the other way round: hidden parts count":
        lambda error, hidden: (error * ~hidden).sum() / (~hidden).sum(),
     "divide by the number of hidden parts, not of all": lambda error, hidden: (error * hidden).mean(),
     "a sum grows with the number of parts; take the mean": lambda error, hidden: (error * hidden).sum()},
    "the mean over what was not seen")

