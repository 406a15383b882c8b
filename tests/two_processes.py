"""What one of several processes finds: two_processes.py RANK WORLD PORT FOLDER. Gradients and buffers of
every pretext task from half a batch each, beside those of the whole batch in one process, batch normalisation
in evaluation mode."""

import os
import sys
from functools import partial

import torch
import torch.distributed as dist
from toys import PseudoLabels, build, shapes_for, source

from sslbench.machine import hardware
from sslbench.machine.hardware import Hardware
from sslbench.pretexts import Pretext
from sslbench.pretexts.fits import incompatible
from sslbench.training.batches import EveryBatch

BATCH = 8
DATA = ("image", "padded series", "padded text", "image and text", "labelled image")
CASES = [names for pretext in Pretext.all() for names in shapes_for(pretext, DATA)]
CASES += [(pretext, "transformer", data) for pretext, backbone, data in CASES if backbone != "transformer"
          and not incompatible(source(data), Pretext.find(pretext), "transformer")
          and data in ("image", "padded series")]


def shard(value, rank: int, world: int):
    """This process's rows of everything in the inputs of a task."""
    if torch.is_tensor(value):
        return value.chunk(world)[rank]
    if isinstance(value, dict):
        return {name: shard(x, rank, world) for name, x in value.items()}
    return type(value)(shard(x, rank, world) for x in value)


def double(value):
    if torch.is_tensor(value):
        return value.double() if value.is_floating_point() else value
    return ({k: double(x) for k, x in value.items()}
            if isinstance(value, dict) else type(value)(double(x) for x in value))


def inputs_of(task, where=None):
    """The inputs of the first rows; before, the task looks at all rows, or at this process's share of
    them."""
    rows, _ = task.data.loaded("train")
    with torch.no_grad(), alike.seeded(2):
        task.before_epoch([double(batch) for batch in EveryBatch(task.data, rows, where or alike)])
    batch = {name: task.data.fields[name].decode(x[:BATCH]) for name, x in rows.items()}
    return double(task.inputs(double(batch), torch.Generator().manual_seed(1)))


def one_step(task, forward, inputs) -> dict[str, torch.Tensor]:
    """Gradients, then weights and buffers after a step: of the task, teacher included."""
    task.zero_grad()
    forward(inputs)["loss"].backward()
    found = {f"gradient of {name}": p.grad.clone()
             for name, p in task.named_parameters() if p.grad is not None}
    with torch.no_grad():
        for p in task.parameters():
            if p.grad is not None:
                p -= 0.1 * p.grad
    task.after_step(0.3)
    return found | {f"state {name}": x.clone() for name, x in task.state_dict().items()}


def difference(a: dict, b: dict) -> str:
    """The worst difference between two steps, in words; "" when there is none to speak of."""
    if a.keys() != b.keys():
        return f"only one has {sorted(a.keys() ^ b.keys())[:3]}"
    size = {name: x.abs().max().item() for name, x in b.items()}
    worst = {name: (a[name] - x).abs().max().item() / (size[name] + 1e-3) for name, x in b.items()}
    # a wrong gradient makes what stands in the state after it wrong too: the cause is what is said
    gradients = {name: x for name, x in worst.items() if name.startswith("gradient of") and x >= 1e-7}
    name = max(gradients or worst, key=(gradients or worst).get)
    return "" if worst[name] < 1e-7 else f"{name} differs by {worst[name]:.1e}"


class PlainGather:
    """all_gather as it comes: the right value, but no gradient to what the other processes sent. `needed`:
    somebody wanted one."""

    needed = False

    @classmethod
    def apply(cls, x):
        cls.needed |= x.requires_grad
        parts = [torch.empty_like(x) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, x.detach().contiguous())
        parts[dist.get_rank()] = x
        return torch.cat(parts)


class OwnLabels(PseudoLabels, listed=False):
    """Every process sorts by what it has seen itself."""

    def before_epoch(self, batches):
        z = torch.cat([self.embed(batch) for batch in batches])
        self.mean.copy_(z.mean(0))
        self.centers.copy_(torch.randn(2, len(z)).to(z) @ (z - self.mean))


def built(names):
    return build(*names[:2], source(names[2])).double().eval()


def compare(names, rank: int, world: int, whole: dict) -> str:
    task = built(names)
    here = one_step(task, where.wrap(task), shard(inputs_of(task, where), rank, world))
    others = [None] * world
    dist.all_gather_object(others, here)
    return (difference(here, whole)
            or next((f"between ranks, {d}" for d in map(partial(difference, here), others) if d), ""))


if __name__ == "__main__":
    # losses ask for float32; in this process all is in double precision
    torch.Tensor.float = torch.Tensor.double
    rank, world, port, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    alike = Hardware("cpu", "float32")  # one process
    own = {"pseudo-labels": (PseudoLabels, "small_cnn", "image"),
           "own labels": (OwnLabels, "small_cnn", "image")}
    tasks = [*map(built, CASES), built(own["pseudo-labels"])]
    # before there is a process group
    *alone, sorted_alone = [one_step(task, task, inputs_of(task)) for task in tasks]
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(world), LOCAL_WORLD_SIZE=str(world), MASTER_PORT=port,
                      MASTER_ADDR="127.0.0.1")
    where, results = Hardware("cpu", "float32"), {}
    for names, whole in zip(CASES, alone):
        results["-".join(names)] = compare(names, rank, world, whole)
    results |= {name: compare(names, rank, world, sorted_alone) for name, names in own.items()}
    hardware._Gather = PlainGather
    for names, whole in zip(CASES, alone):
        if names[2] == "image":
            PlainGather.needed = False
            found = compare(names, rank, world, whole)
            results |= {f"plain {names[0]}": found} if PlainGather.needed else {}
    torch.save(results, f"{folder}/{rank}.pt")
    where.close()
