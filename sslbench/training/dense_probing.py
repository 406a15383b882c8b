"""Dense probes of pictures whose source knows what is where in them: they read tokens in place of
embeddings."""

import torch
from torch import Tensor

from .. import probes
from ..data import Data
from ..machine.hardware import Hardware
from ..machine.torch_settings import own_settings
from ..pretexts import Pretext, evaluating
from ..probes.dense import Dense, standardised
from .probing import Beside, Check, ask
from .some_rows import Split, batches, read, visible

# pictures read at most: their tokens take a hundred times the memory of their embeddings
PICTURES = {"train": 400, "validation": 200, "test": 400}
KINDS = {"mask": "masks", "boxes": "boxes"}  # a target of the source -> the kind of label that it is


class Places:
    """What a source knows to be where in its pictures, read once for all networks. Empty where it knows
    nothing, or where a probe sees more than one field. `splits`: the pictures that are read.  `targets`: kind
    of label -> split -> masks [n, H, W] or boxes [n, k, 5]."""

    def __init__(self, data: Data, hardware: Hardware):
        self.data, self.hardware, self.targets = data, hardware, {}
        self.field = data.fields[visible(data)[0]]
        if len(visible(data)) != 1 or self.field.rank != 2 or self.field.vocab:
            return
        if not KINDS.keys() & data.targets("test").keys():
            return
        self.splits = {name: read(data, name, most) for name, most in PICTURES.items()}
        for name, kind in KINDS.items():
            known = {part: data.targets(part).get(name) for part in self.splits}
            if all(x is not None for x in known.values()):
                self.targets[kind] = {part: numbers_of(known[part][split.numbers])
                                      for part, split in self.splits.items()}

    def __len__(self):
        return len(self.targets)

    def scores(self, task: Pretext | None, beside: Beside | None = None, check: Check = lambda: None
               ) -> dict[str, float]:
        """One score for each dense probe: of a network's tokens, or of raw pixels where there is none."""
        scores: dict[str, float] = {}
        if not self.targets:
            return scores
        tokens = [self.tokens(task, split, check) for split in self.splits.values()]
        grid = self.field.grid if task is None else task.backbone.grid(visible(self.data)[0])
        if tokens[0].shape[1] != grid[0] * grid[1]:
            return scores  # tokens that lie nowhere
        tokens = standardised(*tokens)
        for kind, known in self.targets.items():
            train, validation, test = (Dense(z, tuple(grid), self.field.size, y.to(z.device))
                                       for z, y in zip(tokens, known.values()))
            for each in probes.reading(kind):
                ask(each, [train, test, validation], probes.key_of(each), scores, beside, check)
        return scores

    def chance(self) -> dict[str, float]:
        """The scores of answers that ignore the picture."""
        return {probes.key_of(each): each.chance(known["train"], known["test"])
                for kind, known in self.targets.items() for each in probes.reading(kind)}

    def judged(self) -> dict[str, int]:
        """Score -> how many test pictures it is read from."""
        return {probes.key_of(each): len(known["test"])
                for kind, known in self.targets.items() for each in probes.reading(kind)}

    @own_settings()
    @torch.no_grad()
    def tokens(self, task: Pretext | None, split: Split, check: Check) -> Tensor:
        """[n, N, D] float32, on the run's device."""
        if task is None:
            return torch.cat([self.field.patchify(x) for batch in self.batches(split)
                              for x in batch.values()])
        parts = []
        with evaluating(task), self.hardware.autocast():
            for batch in self.batches(split):
                check()
                parts.append(task.encode(batch).float())
        return torch.cat(parts)

    def batches(self, split: Split):
        return batches(self.data, split, self.hardware.device)



def numbers_of(target: Tensor) -> Tensor:
    """Masks [n, H, W] as int64, boxes [n, k, 5] as float32."""
    return target.float() if target.is_floating_point() else target.long()
