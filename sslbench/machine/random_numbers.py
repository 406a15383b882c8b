"""Random numbers of a network's own, for as long as it is built: torch's process-wide generators stay with
whoever uses them."""

from functools import cache

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode, _pop_mode, _push_mode

# whose layers draw where `_draws` says so, and nowhere else
KNOWN = "torch.nn.", "torchvision.models.resnet.", f"{__package__.split('.')[0]}."


class Drawing(TorchDispatchMode):
    """Inside, in this thread alone, every random function of torch that is given no generator draws from one
    that starts at `seed`: the numbers that it would draw after torch.manual_seed(seed). Neither what other
    threads draw nor their seeds matter, and theirs stay as they are. It sees every operator, so it is for
    building a network, not for its steps.

    What remains the process's own: a torch.manual_seed inside, NumPy's and Python's random numbers, and
    CUDA's fused dropout."""

    def __init__(self, seed: int):
        super().__init__()
        self.seed, self.generators = seed, {}

    @classmethod
    def _should_skip_dynamo(cls):
        return False  # to be skipped by torch's compiler is to import it, for seconds

    def __enter__(self):
        # nothing else: torch's own also sets flags of the whole process, which two threads would leave set
        _push_mode(self)
        return self

    def __exit__(self, *_):
        _pop_mode()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags or kwargs.get("generator") is not None:
            return func(*args, **kwargs)
        device = device_of(args, kwargs)
        drawing = None if device.type == "meta" else with_generator(func)  # meta: no numbers
        if drawing is None:
            return func(*args, **kwargs)
        return drawing(*args, **{**kwargs, "generator": self.generator(device)})

    def generator(self, device: torch.device) -> torch.Generator:
        """The one of this device, which starts when something is drawn there."""
        if device not in self.generators:
            self.generators[device] = torch.Generator(device).manual_seed(self.seed)
        return self.generators[device]


def device_of(args: tuple, kwargs: dict) -> torch.device:
    """Where the numbers will lie."""
    given = kwargs.get("device") or next((x.device for x in args if isinstance(x, torch.Tensor)), "cpu")
    return torch.device(given)


@cache
def with_generator(func):
    """The form of this operator that takes a generator: itself, or another of the same name with the same
    arguments; None where there is none."""
    names = arguments(func)
    if "generator" in names:
        return func
    others = (getattr(func.overloadpacket, overload) for overload in func.overloadpacket.overloads())
    return next((other for other in others if sorted(arguments(other)) == sorted([*names, "generator"])),
                None)


def arguments(func) -> list[str]:
    return [argument.name for argument in func._schema.arguments]


def draws(network: nn.Module) -> bool:
    """Whether a step of this network may draw random numbers of torch's own: it holds a layer that does, or
    one that nobody here knows. (What is listed here draws from the step's generator alone.)"""
    return any(not f"{type(layer).__module__}.".startswith(KNOWN) or _draws(layer)
               for layer in network.modules())


def _draws(layer: nn.Module) -> bool:
    if isinstance(layer, nn.modules.dropout._DropoutNd):
        return layer.p > 0
    if isinstance(layer, (nn.MultiheadAttention, nn.RNNBase)):
        return layer.dropout > 0
    return isinstance(layer, (nn.RReLU, nn.FractionalMaxPool2d, nn.FractionalMaxPool3d))
