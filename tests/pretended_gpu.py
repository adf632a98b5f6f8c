"""A pretended GPU: tensors that say they are on CUDA and refuse to meet those of the CPU, where they are computed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map_only

GPU = torch.device("cuda", 0)
# Functions that wait for the GPU, because their result, or its size, is needed on the CPU.
WAITING = {"item", "tolist", "nonzero", "__bool__", "__int__", "__float__", "__index__", "_local_scalar_dense", "cpu"}


class GpuTensor(torch.Tensor):
    """A tensor on a pretended GPU."""

    on_cpu: torch.Tensor
    pretended: torch.device
    waits = 0

    @staticmethod
    def __new__(cls, on_cpu: torch.Tensor, device: torch.device = GPU) -> "GpuTensor":
        made = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            *(cls, on_cpu.shape),
            strides=on_cpu.stride(),
            storage_offset=on_cpu.storage_offset(),
            dtype=on_cpu.dtype,
            requires_grad=False,
        )
        made.on_cpu, made.pretended = on_cpu, device
        return made  # type: ignore[no-any-return]

    def __init__(self, on_cpu: torch.Tensor, device: torch.device = GPU) -> None: ...

    def __repr__(self, **ignored: Any) -> str:
        return f"GpuTensor({tuple(self.shape)}, {self.dtype}, {self.pretended})"

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given, name = kwargs or {}, getattr(func, "__name__", "")
        if func == torch.Tensor.device.__get__:  # type: ignore[attr-defined]
            return args[0].pretended
        if func == torch.Tensor.is_cuda.__get__:  # type: ignore[attr-defined]
            return True
        if func == torch.Tensor.is_cpu.__get__:  # type: ignore[attr-defined]
            return False
        if name in ("numpy", "__array__"):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        if name in WAITING:
            GpuTensor.waits += 1
            if name == "tolist":
                return args[0].detach().on_cpu.tolist()
        return super().__torch_function__(func, types, args, given)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        # Autograd's formulas give the device that these tensors really are on.
        kwargs.pop("device", None)
        inputs = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        devices = {leaf.pretended for leaf in inputs if isinstance(leaf, GpuTensor)}
        moves = func in (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
        if not moves and (len(devices) > 1 or any(not isinstance(leaf, GpuTensor) and leaf.dim() for leaf in inputs)):
            raise RuntimeError(f"Expected all tensors to be on the same device: {func}")
        plain_args, plain_kwargs = tree_map_only(GpuTensor, lambda tensor: tensor.on_cpu, (args, kwargs))
        found = func(*plain_args, **plain_kwargs)
        if func is torch.ops.aten.copy_.default:
            return args[0]
        device = next(iter(devices))
        wrapped = tree_map_only(torch.Tensor, lambda tensor: GpuTensor(tensor, device), found)
        return return_and_correct_aliasing(func, args, kwargs, wrapped)


class _MovesToGpu(TorchFunctionMode):
    """Makes the tensors that are made on CUDA, or moved to it, GpuTensors."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name == "cpu":
            GpuTensor.waits += isinstance(args[0], GpuTensor)
            return to_cpu(args[0])
        if name == "cuda":
            return to_gpu(args[0])
        if name == "to":
            return self._to(*args, **given)
        if torch.device(given.get("device") or "meta").type not in ("cpu", "cuda"):
            return func(*args, **given)
        device = torch.device(given.pop("device"))
        # Of the methods only new_zeros and the like take a device.
        plain = [to_cpu(each) if isinstance(each, GpuTensor) else each for each in args]
        made = func(*plain, **given, device="cpu")
        return to_gpu(made, device) if device.type == "cuda" else made

    @staticmethod
    def _to(tensor: torch.Tensor, *wanted: Any, **named: Any) -> torch.Tensor:
        wanted = (*wanted, named.get("device"), named.get("dtype"), named.get("other"))
        for each in wanted:
            if isinstance(each, torch.Tensor):
                wanted = (*wanted, each.device, each.dtype)
        for each in wanted:
            if isinstance(each, str | torch.device) and torch.device(each).type != "meta":
                tensor = to_gpu(tensor, torch.device(each)) if torch.device(each).type == "cuda" else to_cpu(tensor)
        for each in wanted:
            tensor = tensor.type(each) if isinstance(each, torch.dtype) else tensor
        return tensor


class _Move(torch.autograd.Function):
    """A move whose gradient moves back."""

    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor, device: torch.device | None) -> torch.Tensor:
        ctx.source = tensor.pretended if isinstance(tensor, GpuTensor) else None
        plain = tensor.on_cpu if isinstance(tensor, GpuTensor) else tensor
        return plain.clone() if device is None else GpuTensor(plain.detach().clone(), device)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return _Move.apply(gradients[0], ctx.source), None  # type: ignore[no-untyped-call]


def to_gpu(tensor: torch.Tensor, device: torch.device = GPU) -> torch.Tensor:
    """A copy on a pretended GPU, or the tensor itself if it is there."""
    device = torch.device("cuda", device.index or 0)
    if isinstance(tensor, GpuTensor) and tensor.pretended == device:
        return tensor
    return _Move.apply(tensor, device)  # type: ignore[no-any-return,no-untyped-call]


def to_cpu(tensor: torch.Tensor) -> torch.Tensor:
    """A copy on the CPU, or the tensor itself if it is there."""
    return _Move.apply(tensor, None) if isinstance(tensor, GpuTensor) else tensor  # type: ignore[no-any-return,no-untyped-call]


def module_to_gpu(module: nn.Module, device: torch.device = GPU) -> None:
    """Move the weights of a module and of those in it, in place; a weight that two of them share stays shared."""
    moved: dict[int, Any] = {}
    for owner in module.modules():
        for name, weight in owner._parameters.items():
            if weight is not None and id(weight) not in moved:
                tensor = GpuTensor(to_cpu(weight).detach().clone(), device)
                moved[id(weight)] = nn.Parameter(tensor, requires_grad=weight.requires_grad)
            owner._parameters[name] = None if weight is None else moved[id(weight)]
        for name, buffer in owner._buffers.items():
            owner._buffers[name] = None if buffer is None else GpuTensor(to_cpu(buffer).detach().clone(), device)


@contextmanager
def pretended_gpu() -> Iterator[None]:
    """Inside the block `device='cuda'` means the pretended GPU."""
    with _MovesToGpu():
        yield


def waits_of(work: Callable[[], object]) -> int:
    """How often some work waits for the pretended GPU."""
    before = GpuTensor.waits
    work()
    return GpuTensor.waits - before
