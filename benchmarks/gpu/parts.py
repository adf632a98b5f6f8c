"""What is measured, in order of worth, and how long each part may take in a run of eight minutes."""

import importlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.gpu.session import Session

USUAL_MINUTES = 8.0


@dataclass(frozen=True)
class Part:
    """One kind of measurement.

    Attributes:
        name: Its name in the results.
        seconds: The longest that it may take in a run of `USUAL_MINUTES`; it is scaled for longer and shorter runs.
        module: Its module, which is imported only where it runs.
        alone: Whether it has a process of its own, in which the peers of the kit can be imported.
    """

    name: str
    seconds: float
    module: str
    alone: bool = False

    def load(self) -> Callable[["Session"], None]:
        """The function that measures it."""
        measure: Callable[[Session], None] = importlib.import_module(self.module).measure
        return measure


PARTS = (
    Part("machine", 60, "benchmarks.gpu.machine"),
    Part("losses", 100, "benchmarks.gpu.losses"),
    Part("training", 130, "benchmarks.gpu.training"),
    Part("memory", 60, "benchmarks.gpu.memory"),
    Part("writing", 130, "benchmarks.gpu.writing"),
    Part("loading", 60, "benchmarks.gpu.loading"),
    Part("pipeline", 120, "benchmarks.gpu.pipeline"),
    Part("resumption", 40, "benchmarks.gpu.resumption"),
    Part("out of memory", 50, "benchmarks.gpu.out_of_memory"),
    Part("profile", 30, "benchmarks.gpu.profile"),
    Part("peers", 120, "benchmarks.gpu.peers", alone=True),
)
BY_NAME = {part.name: part for part in PARTS}


def first_batch(names: Sequence[str]) -> list[str]:
    """The first of these parts that one process can measure after one another."""
    if BY_NAME[names[0]].alone:
        return [names[0]]
    return list(itertools.takewhile(lambda name: not BY_NAME[name].alone, names))
