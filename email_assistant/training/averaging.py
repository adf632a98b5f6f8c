"""Exponential moving average of the trained weights, which varies less than the weights of any single step."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch


class MovingAverage:
    """Exponential moving average of weights over optimizer steps (Polyak and Juditsky 1992, doi:10.1137/0330046).

    Each step counts `decay` times as much as the one after it. The initial weights are not part of the average: it is
    bias-corrected as Adam's moments are (Kingma and Ba 2014, arXiv:1412.6980).

    Attributes:
        values: The averages by name, in the weights' shapes; zeros before the first step.
    """

    def __init__(self, weights: Mapping[str, torch.Tensor], decay: float) -> None:
        """Start with no steps.

        Args:
            weights: The trained weights by name; they are read, and replaced by `applied`, in place.
            decay: The decay, in [0, 1); with 0 the average is the last step's weights.
        """
        self._weights, self._decay = weights, decay
        self.values = {name: torch.zeros_like(weight, requires_grad=False) for name, weight in weights.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Add the weights after a step; steps are counted from 1."""
        share = (1 - self._decay) / (1 - self._decay**step)
        for name, weight in self._weights.items():
            self.values[name].lerp_(weight, share)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Replace the weights by their averages inside the block, and restore them after it."""
        latest = {name: weight.detach().clone() for name, weight in self._weights.items()}
        copy_values_(self._weights, self.values)
        try:
            yield
        finally:
            copy_values_(self._weights, latest)


@torch.no_grad()
def copy_values_(weights: Mapping[str, torch.Tensor], values: Mapping[str, torch.Tensor]) -> None:
    """Copy values into the weights of the same names, in place."""
    for name, weight in weights.items():
        weight.copy_(values[name])
