"""Training as lightly's examples and tutorials do it, around a backbone of sslbench: what a user would
otherwise run."""

import copy
import math
from collections.abc import Callable, Iterator

import torch
from lightly.loss import NegativeCosineSimilarity, NTXentLoss
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead, SimCLRProjectionHead
from lightly.models.utils import deactivate_requires_grad, update_momentum
from lightly.transforms import (
    BYOLTransform,
    BYOLView1Transform,
    BYOLView2Transform,
    MAETransform,
    SimCLRTransform,
)
from lightly.utils.scheduler import cosine_schedule
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.transforms.functional import rotate, to_pil_image

from sslbench.machine.hardware import Hardware, cpu_limit
from sslbench.recipe import Recipe

LR, BATCH = 0.06, 256  # of its tutorials


class Images(Dataset):
    """The training images as PIL images, which is what lightly's transforms are used with; no labels."""

    def __init__(self, data, transform):
        rows, _ = data.loaded("train")
        ((self.name, pixels),) = rows.items()
        self.images, self.transform = [to_pil_image(x) for x in pixels], transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.transform(self.images[i])


def transform_of(task: str, size: int, normalize: dict):
    """lightly's transform with the settings of its examples for small images; digits are never mirrored."""
    if task == "simclr":
        return SimCLRTransform(input_size=size, gaussian_blur=0.0, hf_prob=0.0, normalize=normalize)
    if task == "byol":
        settings = {"input_size": size, "gaussian_blur": 0.0, "hf_prob": 0.0, "normalize": normalize}
        return BYOLTransform(BYOLView1Transform(**settings), BYOLView2Transform(**settings))
    if task == "masked":
        return MAETransform(input_size=size, normalize=normalize)
    to_tensor = transforms.Compose([transforms.ToTensor(), transforms.Normalize(**normalize)])

    def turned(image):
        quarter = int(torch.randint(4, ()))
        return to_tensor(rotate(image, 90 * quarter)), quarter

    return turned


class SimCLR(nn.Module):
    def __init__(self, embed, dim):
        super().__init__()
        self.embed, self.head, self.criterion = embed, SimCLRProjectionHead(dim, dim,
            128), NTXentLoss(temperature=0.5)

    def loss(self, batch):
        a, b = (self.head(self.embed(view)) for view in batch[:2])
        return self.criterion(a, b)


class BYOL(nn.Module):
    def __init__(self, embed, dim):
        super().__init__()
        self.embed, self.head = embed, BYOLProjectionHead(dim, 2 * dim, 128)
        self.predictor, self.criterion = BYOLPredictionHead(128, 2 * dim, 128), NegativeCosineSimilarity()
        self.slow_embed, self.slow_head = copy.deepcopy(self.embed), copy.deepcopy(self.head)
        deactivate_requires_grad(self.slow_embed)
        deactivate_requires_grad(self.slow_head)

    def loss(self, batch):
        momentum = cosine_schedule(0, 10, 0.996, 1)
        update_momentum(self.embed, self.slow_embed, m=momentum)
        update_momentum(self.head, self.slow_head, m=momentum)
        guesses = [self.predictor(self.head(self.embed(view))) for view in batch[:2]]
        with torch.no_grad():
            targets = [self.slow_head(self.slow_embed(view)) for view in batch[:2]]
        return 0.5 * (self.criterion(guesses[0], targets[1]) + self.criterion(guesses[1], targets[0]))


class Embed(nn.Module):
    """Images [B, C, H, W] -> embeddings [B, D] by a backbone of sslbench."""

    def __init__(self, backbone, name):
        super().__init__()
        self.backbone, self.name = backbone, name

    def forward(self, x):
        return self.backbone.pool(self.backbone({self.name: x}))


class Own(nn.Module):
    """The task's own network behind lightly's data loading, where lightly has no such task."""

    def __init__(self, task, name, generator):
        super().__init__()
        self.task, self.name, self.generator = task, name, generator

    def loss(self, batch):
        return self.task(self.task.inputs({self.name: batch[0]}, self.generator))["loss"]


class Rotation(nn.Module):
    def __init__(self, embed, dim):
        super().__init__()
        self.embed, self.head = embed, nn.Linear(dim, 4)

    def loss(self, batch):
        return nn.functional.cross_entropy(self.head(self.embed(batch[0])), batch[1])


def lightly_model(recipe: Recipe, hardware: Hardware):
    """The images, and the model around a new backbone; `model.loss(batch)`."""
    data, task = recipe.build()
    ((name, field),) = data.fields.items()
    dim, embed = task.backbone.dim, Embed(task.backbone, name)
    mean, deviation = field.offset / 255, 1 / (255 * field.scale)  # the same numbers as field.decode
    normalize = {"mean": [mean] * field.channels, "std": [deviation] * field.channels}
    images = Images(data, transform_of(recipe.pretext, field.size[0], normalize))
    model = {"simclr": lambda: SimCLR(embed, dim), "byol": lambda: BYOL(embed, dim),
             "rotation": lambda: Rotation(embed, dim),
             "masked": lambda: Own(task, name, hardware.generator(recipe.seed))}[recipe.pretext]()
    return images, model.to(hardware.device), task, data


def lightly_steps(recipe: Recipe, hardware: Hardware, model=None,
                  progress: Callable[[], float] = lambda: 0.0) -> Iterator[None]:
    """Epoch after epoch; one item per step. Close it to end the workers.

    progress: the share of the training that is over, for the fall of the learning rate."""
    images, model = model or lightly_model(recipe, hardware)[:2]
    loader = DataLoader(images, batch_size=recipe.batch_size, shuffle=True, drop_last=True,
                        num_workers=cpu_limit())
    # of its tutorials, with a cosine
    optimiser = torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9, weight_decay=5e-4)
    model.train()
    while True:
        for batch in loader:
            batch = [part.to(hardware.device) for part in batch]
            with hardware.autocast():
                loss = model.loss(batch)
            loss.backward()
            optimiser.param_groups[0]["lr"] = LR * (1 + math.cos(math.pi * min(1.0, progress()))) / 2
            optimiser.step()
            optimiser.zero_grad()
            yield
