"""Where the arithmetic happens: one CPU, one GPU, or many processes started by torchrun. Nothing else
knows."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ..messages import quoted
from .allocator import freed_memory_kept
from .torch_settings import own_settings

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "bfloat16", "float16", "float32")


class Hardware:
    """Device, precision, threads and processes of one run.

    device: "auto", "cpu", "cuda", "mps";  precision: "auto", "bfloat16", "float16", "float32". Auto takes
    bfloat16 where the hardware multiplies it, float16 (with a loss scaler) on older GPUs, else float32.
    """

    def __init__(self, device: str = "auto", precision: str = "auto"):
        self.rank, self.world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        known(device, DEVICES, "device")
        known(precision, PRECISIONS, "precision")
        kind = _best_device() if device == "auto" else device
        if kind == "cuda" and not torch.cuda.is_available():
            raise ValueError("there is no CUDA GPU here; choose the device cpu or auto")
        if kind == "mps" and not torch.backends.mps.is_available():
            raise ValueError("there is no Apple GPU here; choose the device cpu or auto")
        self.device = torch.device(kind, int(os.environ.get("LOCAL_RANK", 0)) if kind == "cuda" else None)
        if kind == "cuda":
            torch.cuda.set_device(self.device)
        if kind == "cpu":
            # torch counts the host's cores; who set fewer keeps them
            torch.set_num_threads(min(threads(), torch.get_num_threads()))
        self.threads = torch.get_num_threads() if kind == "cpu" else 0
        if self.world > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if kind == "cuda" else "gloo")
        self.dtype = _best_dtype(kind) if precision == "auto" else getattr(torch, precision)
        self.scaler = torch.amp.GradScaler(kind, enabled=self.dtype is torch.float16)

    def own_settings(self) -> AbstractContextManager:
        """Inside, torch is set as this run began, whatever a notebook changes between two events."""
        return own_settings(self.threads)

    def autocast(self):
        """Matrix products in the run's precision; losses ask for float32 themselves."""
        return torch.autocast(self.device.type, self.dtype if self.dtype is not torch.float32 else None,
                              enabled=self.dtype is not torch.float32)

    def generator(self, seed: int) -> torch.Generator:
        return torch.Generator(self.device).manual_seed(seed)

    @contextmanager
    def seeded(self, seed: int) -> Iterator[None]:
        """Inside, torch's own generators of the CPU and of this device start from `seed`; afterwards they go
        on where they were. They are the whole process's: what another thread draws or seeds meanwhile moves
        these numbers, and its own. Only a step of a network that draws by itself (dropout in an adopted one)
        needs it.  torch.manual_seed goes through all kinds of device and writes down where it was called
        from, for 0.3 ms."""
        device = None if self.device.type == "cpu" else getattr(torch, self.device.type)
        before, before_on_device = torch.get_rng_state(), device and device.get_rng_state()
        try:
            torch.default_generator.manual_seed(seed)
            if device:
                device.manual_seed(seed)
            yield
        finally:
            torch.set_rng_state(before)
            if device:
                device.set_rng_state(before_on_device)

    def place(self, module: nn.Module) -> nn.Module:
        """The module on the device, images channels-last: convolutions are faster that way on CPUs and
        GPUs."""
        module.to(self.device)
        if any(isinstance(m, nn.Conv2d) for m in module.modules()):
            for m in module.modules():
                if isinstance(m, nn.Conv2d):
                    m.to(memory_format=torch.channels_last)
        return module

    def wrap(self, module: nn.Module) -> nn.Module:
        """The same module, whose gradients agree across processes."""
        if self.world == 1:
            return module
        if self.device.type == "cuda":
            module = nn.SyncBatchNorm.convert_sync_batchnorm(module)
        return nn.parallel.DistributedDataParallel(module, find_unused_parameters=True)

    def fits(self, nbytes: int) -> bool:
        """Whether the samples may live on the device beside the network: in half of the GPU's memory that is
        free now."""
        return self.device.type != "cuda" or nbytes <= torch.cuda.mem_get_info(self.device)[0] // 2

    def pinned(self, x: Tensor) -> Tensor:
        """x where a GPU can fetch it while the CPU goes on; x itself where there is none, or where x is on it
        already."""
        if self.device.type != "cuda" or x.device.type != "cpu":
            return x
        with torch.cuda.device(self.device):  # a thread starts on the first GPU
            return x.pin_memory()

    def memory_kept(self) -> AbstractContextManager:
        """Inside, a step leaves its freed memory to the next one: on a CPU, unless a limit (ulimit) counts
        every address."""
        return freed_memory_kept() if self.device.type == "cpu" and not _own_limits() else nullcontext()

    def share(self, rows: Tensor) -> Tensor:
        """This process's contiguous part of the rows of a batch, a multiple of the processes, so that what
        `gather` joins is in the order of one process: a queue that takes it in is the same."""
        return rows.chunk(self.world)[self.rank]

    def close(self) -> None:
        if self.world > 1 and dist.is_initialized():
            dist.barrier()
            dist.destroy_process_group()


def in_float32(x: Tensor):
    """Inside autocast: a context in which matrix products of x keep their precision, as whole-batch losses
    need."""
    return torch.autocast(x.device.type, enabled=False)


class _Gather(torch.autograd.Function):
    """all_gather whose gradient is summed over processes: with DDP's mean this is the gradient of one
    process."""

    @staticmethod
    def forward(ctx, x):
        parts = [torch.empty_like(x) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, x.contiguous())
        ctx.rows = len(x)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, grad):
        grad = grad.contiguous()
        dist.all_reduce(grad)
        return grad[dist.get_rank() * ctx.rows:][: ctx.rows]


def gather(x: Tensor) -> Tensor:
    """[B, ...] here -> [G, ...] of all processes everywhere, gradients included. Alone: x itself."""
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return x
    return _Gather.apply(x)


def world() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which process this is; rows of a gathered batch start at rank * B."""
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def known(value: str, choices: tuple[str, ...], what: str) -> None:
    if value not in choices:
        raise ValueError(f"{what} must be one of {', '.join(choices)}, not {quoted(value)}")


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _best_dtype(kind: str) -> torch.dtype:
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return (torch.bfloat16 if kind == "cpu" and (cpu_has("avx512_bf16") or cpu_has("amx_bf16"))
            else torch.float32)


@cache
def cpu_has(feature: str) -> bool:
    """Whether the processor has it, by Linux's name; False where that cannot be known."""
    try:
        return feature in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def threads() -> int:
    """Of this process: what OMP_NUM_THREADS says, else its share of the CPUs."""
    shared = 1 if "OMP_NUM_THREADS" in os.environ else int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    return max(1, cpu_limit() // shared)


def cpu_limit() -> int:
    """Whole CPUs this process may use: OMP_NUM_THREADS where it is set, else the container's limit (cgroup 2
    or 1) and the affinity mask; not the host's count."""
    if os.environ.get("OMP_NUM_THREADS", "").isdigit():
        return max(1, int(os.environ["OMP_NUM_THREADS"]))
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for quota, period in (_cgroup("cpu.max", "").split()[:2] or ("max", "1"),
                          (_cgroup("cpu/cpu.cfs_quota_us", "-1"),
                           _cgroup("cpu/cpu.cfs_period_us", "100000"))):
        if quota.isdigit() and int(quota) > 0:
            cpus = min(cpus, max(1, int(quota) // int(period)))
    return cpus


def memory_limit() -> int:
    """Bytes this process may use: its own limit (ulimit), or its share of the container's or the machine's
    memory."""
    limits = [int(v) for v in (_cgroup("memory.max", ""), _cgroup("memory/memory.limit_in_bytes", ""))
              if v.isdigit()]
    return min([min([_physical(), *limits]) // int(os.environ.get("LOCAL_WORLD_SIZE", 1)), *_own_limits()])


def _physical() -> int:
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:  # Windows; it comes with Jupyter
        import psutil
    except ImportError:
        return 1 << 62
    return psutil.virtual_memory().total


def _own_limits() -> list[int]:
    try:
        import resource
    except ImportError:  # Windows
        return []
    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS)]
    return [limit for limit in limits if limit != resource.RLIM_INFINITY]


def _cgroup(name: str, default: str) -> str:
    try:
        return Path("/sys/fs/cgroup", name).read_text().strip() or default
    except OSError:
        return default
