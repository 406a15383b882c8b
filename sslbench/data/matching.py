"""Pairs of samples of which one asks whether they belong together: two pictures of one person, or of two."""

import torch
from torch import Generator, Tensor

MOST = 3000  # pairs of each kind
OF_ONE = 20  # samples of one person that are paired with each other: nobody is most of the score


def pairs_of(who: Tensor, most: int = MOST, seed: int = 0) -> Tensor:
    """[p, 3]: row, other row, and 1 where both are of the same one; as many pairs of strangers as of the
    same, `most` of each at most, in a mixed order that is always the same. who: [n] whose each sample is,
    below 0 nobody's."""
    generator = Generator().manual_seed(seed)
    rows = (who >= 0).nonzero().flatten()
    order = rows[torch.randperm(len(rows), generator=generator)]
    sorted_rows = order[who[order].argsort(stable=True)]
    people = sorted_rows.split(who[rows].unique(return_counts=True)[1].tolist())
    same = torch.cat([torch.zeros(0, 2, dtype=torch.long),
                      *(torch.combinations(own[:OF_ONE], 2) for own in people)])
    same = same[torch.randperm(len(same), generator=generator)[:most]]
    if not len(same) or len(who[rows].unique()) < 2:
        return torch.zeros(0, 3, dtype=torch.long)
    first, second = (order[torch.randint(len(order), (20 * len(same),), generator=generator)] for _ in "ab")
    strangers = torch.stack([first, second], 1)[who[first] != who[second]].unique(dim=0)
    strangers = strangers[torch.randperm(len(strangers), generator=generator)[:len(same)]]
    same = same[: len(strangers)]
    pairs = torch.cat([torch.cat([same, torch.ones_like(same[:, :1])], 1),
                       torch.cat([strangers, torch.zeros_like(strangers[:, :1])], 1)])
    return pairs[torch.randperm(len(pairs), generator=generator)]
