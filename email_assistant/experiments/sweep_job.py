"""What a run knows of the sweep that it is a job of."""

import json
import os
from dataclasses import asdict, dataclass

# Workers on this or another machine inherit it.
ENVIRONMENT = "EMAIL_ASSISTANT_SWEEP"


@dataclass(frozen=True)
class SweepJob:
    """What a job is told.

    Attributes:
        parent: The id of the sweep's run in the store.
        call: Of this call of the sweep, which may be a later one of the same.
        varied: The keys whose values differ between jobs.
    """

    parent: str
    call: str
    varied: tuple[str, ...]

    def announce(self) -> None:
        """Tell it to the jobs that this process starts."""
        os.environ[ENVIRONMENT] = json.dumps(asdict(self))


def current() -> SweepJob | None:
    """The sweep that this process runs a job of; None where it runs a job of its own."""
    told = os.environ.get(ENVIRONMENT)
    if not told:
        return None
    values = json.loads(told)
    return SweepJob(values["parent"], values["call"], tuple(values["varied"]))


def over() -> None:
    """What this process starts from now on is no job of a sweep."""
    os.environ.pop(ENVIRONMENT, None)
