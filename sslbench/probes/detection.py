"""Detection: boxes around objects, told by one layer of weights on each frozen token: what is there, and how
far its four sides are (Tian et al. 2019, arXiv:1904.01355, without their towers)."""

from . import Probe, Tensor, torch
from .dense import Dense, some
from .regression import STRENGTHS, apply, best_weights

QUICK_STRENGTH = 1e-2  # of the penalty where no validation is given
RIGHT, SAME = 0.5, 0.5  # overlap from which on a box is right, and from which on two are one
MOST = 20  # boxes said of one picture
LEAST = 0.05  # confidence of a box that is said


class Detection(Probe):
    """Boxes around objects by one layer of weights on each frozen token: average precision at an overlap of
    0.5, the mean over classes."""

    title, reads, factors, while_training = "detection", ("boxes",), False, False
    paper = "https://arxiv.org/abs/1904.01355"

    def answers(self, train, test, validation=None, check=lambda: None):
        """[n, MOST, 3] float32: the confidence of each box that is said, its class, and 1 where it is right;
        confidence -1 for none."""
        weights = fitted(train, validation, check)
        if weights is None:
            return None
        answers = torch.full((len(test.z), MOST, 3), -1.0)
        for i, (boxes, y) in enumerate(zip(said(test, *weights, check), test.y.cpu())):
            if len(boxes):
                answers[i, :len(boxes)] = torch.cat([boxes[:, 4:], right(boxes, y[y[:, 4] >= 0])[:, None]], 1)
        return answers

    def judge(self, answers, y, drawn=None):
        return average_precision(answers, y[..., 4].long(), drawn)

    def measure(self, reads):
        return "AP at IoU 0.5"


def fitted(train: Dense, validation: Dense | None, check=lambda: None) -> tuple[Tensor, Tensor] | None:
    """Weights of a token: [D + 1, 1 + classes] for what is there (0: nothing), [D + 1, 4] for the logarithms
    of the distances to the sides; None where training has no box, or boxes everywhere."""
    parts = []
    for split in (train, validation):
        if split is not None:
            kinds, sides = assigned(split)
            rows = some(torch.ones_like(kinds.flatten(), dtype=torch.bool))
            parts += [split.z.flatten(0, 1)[rows], kinds.flatten()[rows], sides.flatten(0, 1)[rows]]
    z, kinds, sides = parts[:3]
    inside = kinds > 0
    if inside.all() or not inside.any():
        return None
    what = best_weights(z, kinds, *parts[3:5], check=check,
                        strengths=STRENGTHS if validation is not None else (QUICK_STRENGTH,))
    return what, ridge(z[inside], sides[inside])


def assigned(split: Dense) -> tuple[Tensor, Tensor]:
    """What each token is to say, kinds [n, N] (0: it lies in no box, else 1 + the class) and the logarithms
    of the distances [n, N, 4] in pixels to the sides of its box: of several, the smallest."""
    x, y = split.centres.T  # [N]
    left, top, right, bottom, kind = split.y.unbind(2)  # [n, k]
    sides = torch.stack([x - left[..., None], y - top[..., None], right[..., None] - x,
                         bottom[..., None] - y], -1)  # [n, k, N, 4]
    inside = (sides.amin(-1) > 0) & (kind >= 0)[..., None]
    area = ((right - left) * (bottom - top))[..., None].masked_fill(~inside, torch.inf)
    smallest, which = area.min(1)  # [n, N]
    kinds = torch.where(smallest.isfinite(), 1 + kind.gather(1, which).long(), 0)
    own = sides.gather(1, which[:, None, :, None].expand(-1, 1, -1, 4))[:, 0]
    return kinds, own.clamp(min=0.5).log()


def ridge(z: Tensor, y: Tensor, strength: float = 1e-2) -> Tensor:
    """Weights [D + 1, k] of ridge regression of y [n, k]; the last row is the bias."""
    mean, middle = y.mean(0), z.mean(0)
    gram = (z - middle).T @ (z - middle) / len(z)
    gram.diagonal().add_(strength)
    weights = torch.linalg.solve(gram, (z - middle).T @ (y - mean) / len(z))
    return torch.cat([weights, (mean - middle @ weights)[None]])


def said(split: Dense, what: Tensor, where: Tensor, check=lambda: None) -> list[Tensor]:
    """Boxes of each picture, on the CPU [m, 6]: four sides in pixels, confidence, class; the most confident
    first. Boxes of one class that are the same become one, their mean by confidence (Gidaris and Komodakis
    2015)."""
    from torchvision.ops import batched_nms, box_iou

    (height, width), found, x = split.size, [], split.centres
    bounds = torch.tensor([width, height, width, height], device=x.device)
    for z in split.z:
        check()
        odds, kind = apply(z, what).softmax(1)[:, 1:].max(1)
        sides = apply(z, where).clamp(max=8).exp()
        boxes = torch.cat([x - sides[:, :2], x + sides[:, 2:]], 1).clamp(min=0).minimum(bounds)
        sure = odds > LEAST
        boxes, odds, kind = boxes[sure], odds[sure], kind[sure]
        kept = batched_nms(boxes, odds, kind, SAME)[:MOST]
        votes = (box_iou(boxes[kept], boxes) > SAME) * (kind[kept, None] == kind) * odds  # [m, all]
        merged = (votes @ boxes) / votes.sum(1, keepdim=True)
        found.append(torch.cat([merged, odds[kept, None], kind[kept, None].float()], 1).cpu())
    return found


def right(boxes: Tensor, y: Tensor) -> Tensor:
    """[m], 1 for each box [m, 6] that overlaps one of y [k, 5] of its class by half or more which no more
    confident one has taken."""
    from torchvision.ops import box_iou

    overlaps = box_iou(boxes[:, :4], y[:, :4]) * (boxes[:, 5:] == y[:, 4])  # [m, k]
    taken, hits = torch.zeros(len(y), dtype=torch.bool), torch.zeros(len(boxes))
    for i, row in enumerate(overlaps if len(y) else ()):
        best = row.argmax()  # as VOC does: the second to say the same box is wrong
        if row[best] >= RIGHT and not taken[best]:
            taken[best], hits[i] = True, 1.0
    return hits


def average_precision(answers: Tensor, there: Tensor, drawn: Tensor | None = None) -> Tensor:
    """[b], the mean over classes of the area under precision by recall, where precision is the highest at
    that recall or beyond (Everingham et al. 2010, all points).

    answers [n, m, 3]: confidence (-1: none), class, 1 where right; there [n, k]: the classes of the boxes, -1
    for none; drawn [n, b]."""
    drawn = torch.ones(len(answers), 1, dtype=torch.float64) if drawn is None else drawn.double()
    areas = []
    for kind in there[there >= 0].unique():
        positives = (there == kind).double().sum(1) @ drawn  # [b]
        pictures, places = ((answers[..., 0] >= 0) & (answers[..., 1] == kind)).nonzero(as_tuple=True)
        confidence, _, hit = answers[pictures, places].unbind(1)
        order = confidence.argsort(descending=True, stable=True)
        weight = drawn[pictures[order]]  # [m, b]
        hits = (weight * hit[order, None]).cumsum(0)
        precision = hits / weight.cumsum(0).clamp(min=1e-12)
        highest = precision.flip(0).cummax(0).values.flip(0)
        areas.append((highest * weight * hit[order, None]).sum(0) / positives)
    return torch.stack(areas).nanmean(0) if areas else torch.full((drawn.shape[1],), torch.nan).double()
