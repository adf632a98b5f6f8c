"""Collective operations of the processes that train together, over the loopback interface or the GPUs' own links."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import torch

# Some of its functions bind the default process group when they are defined. Imported before `init`, they bind none,
# and `shutdown` can destroy the group.
import torch.distributed.nn.functional
from torch import distributed
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard

from email_assistant.errors import ConfigurationError
from email_assistant.language_model.distributed import DistributedContext, from_environment
from email_assistant.privacy import guard

# Reading and summarizing an archive may take days, in which the workers wait.
TIMEOUT = timedelta(days=30)


def init() -> DistributedContext:
    """Wait for the launcher's other processes and connect to them.

    Returns:
        This process's context; with a single process, nothing is connected.

    Raises:
        ConfigurationError: when the launcher names another machine to connect to.
    """
    context = from_environment()
    if context.world_size == 1:
        return context
    host = os.environ.get("MASTER_ADDR", "")
    if not guard.is_loopback(host):
        raise ConfigurationError(
            f"MASTER_ADDR = {host}: all processes of a training must run on this machine; use 127.0.0.1"
        )
    # By default gloo listens on the first network address.
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
    os.environ.setdefault("NCCL_SOCKET_IFNAME", loopback)
    if not distributed.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        distributed.init_process_group(backend, timeout=TIMEOUT)
    return context


def shutdown(context: DistributedContext) -> None:
    """Disconnect; every process calls this at its end.

    Destroying the group ends its threads. A thread that still had a message's tensor to free after the interpreter
    ended would abort the process.
    """
    if context.world_size > 1:
        distributed.destroy_process_group()


def broadcast_command(context: DistributedContext, command: Mapping[str, Any] | None) -> None:
    """Send a command, as JSON, to all workers; None: there are no more commands."""
    if context.world_size > 1:
        text = torch.tensor(list(json.dumps(command).encode()), dtype=torch.uint8)
        distributed.broadcast(torch.tensor([len(text)]), 0)
        distributed.broadcast(text, 0)


def receive_command() -> dict[str, Any] | None:
    """Wait for the next command of rank 0."""
    length = torch.zeros(1, dtype=torch.long)
    distributed.broadcast(length, 0)
    text = torch.zeros(int(length), dtype=torch.uint8)
    distributed.broadcast(text, 0)
    command: dict[str, Any] | None = json.loads(bytes(text.tolist()))
    return command


def all_reduce_max(context: DistributedContext, number: int) -> int:
    """The largest of all processes' numbers."""
    if context.world_size == 1:
        return number
    numbers = torch.tensor([number])
    distributed.all_reduce(numbers, distributed.ReduceOp.MAX)
    return int(numbers)


def broadcast_(context: DistributedContext, tensors: Sequence[torch.Tensor]) -> None:
    """Copy rank 0's tensors to all processes, in place."""
    if context.world_size > 1:
        flat = _flattened(tensors)
        distributed.broadcast(flat, 0)
        _copy_back(flat, tensors)


def reduce_sum_(context: DistributedContext, tensors: Sequence[torch.Tensor]) -> None:
    """Sum each tensor over all processes, in place on rank 0; the values on workers are undefined afterwards."""
    if context.world_size > 1:
        flat = _flattened(tensors)
        distributed.reduce(flat, 0)
        _copy_back(flat, tensors)


def _flattened(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """All values in one tensor: a call per tensor would cost as much as a megabyte."""
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


@torch.no_grad()
def _copy_back(flat: torch.Tensor, tensors: Sequence[torch.Tensor]) -> None:
    pieces = torch.split(flat, [tensor.numel() for tensor in tensors])
    for tensor, piece in zip(tensors, pieces, strict=True):
        tensor.copy_(piece.view_as(tensor))


def shard_model(model: Any, device: torch.device) -> None:
    """Shard the frozen weights of every decoder layer over the processes, and move everything else to the device.

    Args:
        model: A model with an adapter, in CPU memory. The adapter stays whole in every process.
        device: The device of this process.
    """
    # A group of its own: torch keeps every mesh until the process ends, and a kept mesh keeps its group.
    mesh = DeviceMesh.from_group(distributed.new_group(), device.type)
    transformer = model.get_base_model().base_model
    for layer in transformer.layers:
        trained = {weight for weight in layer.parameters() if weight.requires_grad}
        # Freed after every forward pass: torch would keep layers that run first whole, and so the base in validation.
        fully_shard(layer, mesh=mesh, ignored_params=trained, reshard_after_forward=True)
    # A common root, which shards nothing itself, gathers a layer while the one before it computes.
    fully_shard(transformer, mesh=mesh, ignored_params=set(transformer.parameters()), reshard_after_forward=True)
    for weight in (*model.parameters(), *model.buffers()):
        if weight.device.type != device.type:
            weight.data = weight.data.to(device)
