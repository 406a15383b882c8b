"""Values of the losses on inputs in closed form (float64), computed with the authors' or the best-known
implementations:
lightly 1.6, pytorch-metric-learning, and the formulas of the MAE and RankMe papers."""

import torch
from torch import Tensor

NT_XENT = {0.5: 1.3839072140789, 0.1: 0.2372933240704}  # by temperature, on A and B
VICREG = 9.4266508369539  # weights 25, 25, 1
VICREG_INVARIANCE = 0.1374681962974
VICREG_VARIANCE_OF_A = 0.2595754148561
VICREG_COVARIANCE_OF_A = 0.4070873487176
NEGATIVE_COSINE, BYOL = -0.8944829054314, 0.2110341891372
MAE_RAW = 1.0536421769234  # patch 4, raw pixels
# of unit vectors: temperature 0.1 and the queue Q; temperature 0.07
MOCO, CLIP = 0.4215449721922, 0.1109430706975
BARLOW_TWINS = 0.1186592355993  # weight of redundancy 0.005
SWAV = 1.5543477404323  # unit vectors as scores: epsilon 0.05, temperature 0.1
DINO = 0.3039476702911, 0.3059832865771  # of a first and a second step: temperatures 0.1 and 0.04, centre 0.9
RANKME_OF_A = 4.1162429990576
# by t: alignment + the mean of both uniformities
ALIGNMENT_AND_UNIFORMITY = {1.0: -1.5707425645461, 2.0: -2.7731589632123}


def grid(n: int, d: int, a: float, b: float, c: float) -> Tensor:
    """[n, d] of sin(a i + b j + c i j)."""
    i, j = torch.arange(n, dtype=torch.float64)[:, None], torch.arange(d, dtype=torch.float64)
    return torch.sin(a * i + b * j + c * i * j)


A = grid(8, 6, 0.7, 1.3, 0.11)
B = A + 0.5 * grid(8, 6, 1.9, 0.4, 0.23)
Q = grid(5, 6, 0.31, 0.77, 0.4)
IMAGES = grid(2, 192, 0.3, 0.05, 0.02).view(2, 3, 8, 8)
PREDICTIONS = grid(2, 192, 0.2, 0.03, 0.01).view(2, 4, 48)
HIDDEN = torch.tensor([[1, 0, 1, 1], [0, 1, 1, 0]], dtype=torch.bool)
