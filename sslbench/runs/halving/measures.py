"""How good an embedding is where nobody has labels: its effective rank, alignment and uniformity, and whether
augmentation leaves neighbours what they are. None of them is proof."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ...data import Data
from ...field import decode
from ...machine.hardware import Hardware
from ...machine.torch_settings import own_settings
from ...pretexts import Pretext
from ...training import evaluate

NEAREST, SAMPLES = 5, 256
MEASURES = ("rankme", "alignment + uniformity", "agreement of neighbours")
HIGHER = {"rankme": True, "alignment + uniformity": False, "agreement of neighbours": True}


def agreement(a: Tensor, b: Tensor, nearest: int = NEAREST) -> float:
    """Which share of the `nearest` neighbours of a sample is the same in two views of all samples, a and b
    [n, D]; nearest / (n - 1) by chance, 1 at best."""
    near = []
    for z in (a, b):
        z = F.normalize(z.float(), dim=1)
        near.append((z @ z.T).fill_diagonal_(-2).topk(min(nearest, len(z) - 1), 1).indices)
    return (near[0].unsqueeze(2) == near[1].unsqueeze(1)).any(2).float().mean().item()


@own_settings()
@torch.no_grad()
def measured(task: Pretext, data: Data, scores: dict[str, float], hardware: Hardware) -> dict[str, float]:
    """The three measures that there are of a network. scores: of its last evaluation."""
    found = {"rankme": scores["rankme"]} if "rankme" in scores else {}
    if {"alignment", "uniformity"} <= scores.keys():
        found["alignment + uniformity"] = scores["alignment"] + scores["uniformity"]
    points = evaluate.points(data)
    batch = decode(data.fields, points.rows, points.index[:SAMPLES], hardware.device)
    views = evaluate.two_views(task, data, batch, hardware, hardware.generator(0))
    if views is not None and len(views[0]) > NEAREST + 1:
        found["agreement of neighbours"] = agreement(*views)
    return found


def mean_ranks(every: list[dict[str, float]]) -> list[float]:
    """The mean place of each by all measures that all of them have: 1 is best by each."""
    names = [name for name in MEASURES if all(name in one for one in every)]
    places = {name: sorted((one[name] for one in every), reverse=HIGHER[name]) for name in names}
    return [sum(1 + places[name].index(one[name]) for name in names) / max(1, len(names)) for one in every]
