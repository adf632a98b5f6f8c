"""Processes that train one adapter together, a GPU each: `accelerate launch run.py stage=train`.

Data parallelism: every process holds the whole base and computes the gradients of its part of a step's mails. The
first one leads: it alone reads archives, writes artifacts, logs, and steps the optimizer; the others do what it says.
Only an adapter's gradients and weights go from process to process, over the loopback interface or the GPUs' own links.

With launch/fsdp.yaml the base is spread over them (fully sharded data parallelism, Zhao et al. 2023, arXiv:2304.11277):
each holds a part of every decoder layer, and a layer is put together while it computes.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from email_assistant.errors import ConfigurationError
from email_assistant.privacy import guard

if TYPE_CHECKING:
    import torch

    from email_assistant.language_model.encoding import TokenizedExample

# An archive may be read and summarized for days before the others are needed.
PATIENCE = timedelta(days=30)


@dataclass(frozen=True)
class DistributedContext:
    """The processes of one training, as one of them sees them.

    Attributes:
        rank: Of this process; 0 leads.
        count: Of all.
        shards: Whether the base is spread over them.
    """

    rank: int = 0
    count: int = 1
    shards: bool = False

    @property
    def follows(self) -> bool:
        """Whether this process does what another one says."""
        return self.rank > 0

    def tell(self, message: Mapping[str, Any] | None) -> None:
        """Say something, as JSON, to all that follow; None: that there is nothing more to do."""
        if self.count > 1:
            import torch
            from torch import distributed

            text = torch.tensor(list(json.dumps(message).encode()), dtype=torch.uint8)
            distributed.broadcast(torch.tensor([len(text)]), 0)
            distributed.broadcast(text, 0)

    def hear(self) -> dict[str, Any] | None:
        """What the leading process says next."""
        import torch
        from torch import distributed

        length = torch.zeros(1, dtype=torch.long)
        distributed.broadcast(length, 0)
        text = torch.zeros(int(length), dtype=torch.uint8)
        distributed.broadcast(text, 0)
        heard: dict[str, Any] | None = json.loads(bytes(text.tolist()))
        return heard

    def part(self, examples: "Sequence[TokenizedExample]") -> "list[TokenizedExample]":
        """This process's part of the examples: about as many ids as each of the others'; it may be empty."""
        if self.count == 1:
            return list(examples)
        parts: list[list[TokenizedExample]] = [[] for _ in range(self.count)]
        sizes = [0] * self.count
        for example in sorted(examples, key=lambda example: -len(example.ids)):
            least = sizes.index(min(sizes))
            parts[least].append(example)
            sizes[least] += len(example.ids)
        return parts[self.rank]

    def most(self, number: int) -> int:
        """The largest of all processes' numbers."""
        import torch
        from torch import distributed

        numbers = torch.tensor([number])
        distributed.all_reduce(numbers, distributed.ReduceOp.MAX)
        return int(numbers)

    def shard(self, model: Any, device: "torch.device") -> None:
        """Spread the frozen weights of every decoder layer over the processes, and put all the rest on the device.

        Args:
            model: With an adapter, in the processor's memory.
            device: Of this process.
        """
        from torch import distributed
        from torch.distributed.device_mesh import DeviceMesh
        from torch.distributed.fsdp import fully_shard

        # A group of its own, since torch keeps a mesh to the end and with it what shutdown has to end.
        mesh = DeviceMesh.from_group(distributed.new_group(), device.type)
        for layer in model.get_base_model().base_model.layers:
            # The adapter's weights are whole everywhere, as without sharding.
            fully_shard(
                layer, mesh=mesh, ignored_params={weight for weight in layer.parameters() if weight.requires_grad}
            )
        for weight in (*model.parameters(), *model.buffers()):
            if weight.device.type != device.type:
                weight.data = weight.data.to(device)

    def hand_out(self, tensors: "Sequence[torch.Tensor]") -> None:
        """Give all the tensors of the leading process, in place."""
        self._all(tensors, "broadcast")

    def add_up(self, tensors: "Sequence[torch.Tensor]") -> None:
        """Sum every tensor over all processes, in place in the leading one; what the others hold is undefined."""
        self._all(tensors, "reduce")

    def _all(self, tensors: "Sequence[torch.Tensor]", how: str) -> None:
        """One call for all tensors of a kind, since each call costs as much as a megabyte."""
        if self.count == 1:
            return
        import torch
        from torch import distributed

        flat = torch.cat([tensor.detach().flatten() for tensor in tensors])
        if how == "reduce":
            distributed.reduce(flat, 0)
        else:
            distributed.broadcast(flat, 0)
        pieces = torch.split(flat, [tensor.numel() for tensor in tensors])
        with torch.no_grad():
            for tensor, piece in zip(tensors, pieces, strict=True):
                tensor.copy_(piece.view_as(tensor))


SINGLE_PROCESS = DistributedContext()


def count() -> int:
    """How many processes the launcher has started, as it says in the environment."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def shards() -> bool:
    """Whether the launcher was told to spread the base over the processes."""
    return count() > 1 and os.environ.get("ACCELERATE_USE_FSDP") == "true"


def init() -> DistributedContext:
    """Wait for the other processes of the launcher; alone where there is none.

    Raises:
        ConfigurationError: when they are to meet on another machine.
    """
    if count() == 1:
        return SINGLE_PROCESS
    host = os.environ.get("MASTER_ADDR", "")
    if not guard.is_loopback(host):
        raise ConfigurationError(f"MASTER_ADDR = {host}: processes that train together are of this machine alone")
    # gloo would listen on the first address of the network.
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    os.environ.setdefault("NCCL_SOCKET_IFNAME", "lo")
    import torch

    # Its functions keep the group that there is when they are defined, as a default: there must be none yet, for
    # shutdown to end it.
    import torch.distributed.nn.functional
    from torch import distributed

    if not distributed.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        distributed.init_process_group(backend, timeout=PATIENCE)
    return DistributedContext(distributed.get_rank(), distributed.get_world_size(), shards())


def shutdown(peers: DistributedContext) -> None:
    """End the meeting, as all processes do when they are done."""
    if peers.count > 1:
        # With its last reference its threads end. One that still had a tensor of the last message to free would abort
        # the process if the interpreter had ended before.
        from torch import distributed

        distributed.destroy_process_group()
