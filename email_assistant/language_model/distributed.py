"""The processes that train one adapter, as `accelerate launch run.py stage=train` starts them. Does not need torch.

Data parallelism: every process holds the whole base model and computes the gradients of its share of each step's mails.
Rank 0 leads: only it reads archives, writes artifacts, logs, and runs the optimizer. The others, the workers, execute
its commands (`collectives.broadcast_command`). Only an adapter's weights and gradients are exchanged.

With launch/fsdp.yaml the base is sharded over the processes too (fully sharded data parallelism, Zhao et al. 2023,
arXiv:2304.11277): each holds a part of every decoder layer, and a layer is gathered while it computes.
"""

import os
from dataclasses import dataclass

from email_assistant.errors import ConfigurationError


@dataclass(frozen=True)
class DistributedContext:
    """One process's view of the processes that train together.

    Attributes:
        rank: Index of this process; 0 leads.
        world_size: Number of processes.
        sharded: Whether the base is sharded over the processes.
        local_rank: Index of this process's GPU.
    """

    rank: int = 0
    world_size: int = 1
    sharded: bool = False
    local_rank: int = 0

    @property
    def is_worker(self) -> bool:
        """Whether this process executes the commands of another."""
        return self.rank > 0


SINGLE_PROCESS = DistributedContext()


def from_environment() -> DistributedContext:
    """The context that the launcher set in the environment; `SINGLE_PROCESS` without a launcher.

    Raises:
        ConfigurationError: when a variable of the launcher has a value that none sets.
    """
    world_size = _number("WORLD_SIZE", default=1, least=1)
    if world_size == 1:
        return SINGLE_PROCESS
    return DistributedContext(
        rank=_number("RANK", default=0, least=0),
        world_size=world_size,
        sharded=os.environ.get("ACCELERATE_USE_FSDP") == "true",
        local_rank=_number("LOCAL_RANK", default=0, least=0),
    )


def _number(name: str, default: int, least: int) -> int:
    """The number of an environment variable; the default if it is missing or empty."""
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or int(value) < least:
        raise ConfigurationError(
            f"the environment variable {name} = {value}: not a number that a launcher sets; unset it, or start the "
            "processes with `accelerate launch`"
        )
    return int(value)
