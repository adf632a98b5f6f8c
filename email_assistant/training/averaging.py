"""The average of a training's last weights, which is steadier than the weights of any one step."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch


class MovingAverage:
    """The exponential moving average of weights over optimizer steps (Polyak and Juditsky 1992, doi:10.1137/0330046).

    The mean of the weights after all steps so far, of which one counts `decay` times as much as the one after it. The
    weights before the first step are no part of it, as with Adam's moments (Kingma and Ba 2014, arXiv:1412.6980).

    Attributes:
        values: The averages by name, of the weights' shapes; zeros before the first step.
    """

    def __init__(self, weights: Mapping[str, torch.Tensor], decay: float) -> None:
        """Begin with no step.

        Args:
            weights: That are trained, by name, in place.
            decay: From 0, where the last step alone counts, to less than 1.
        """
        self._weights, self._decay = weights, decay
        self.values = {name: torch.zeros_like(weight, requires_grad=False) for name, weight in weights.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights as they are after a step, counted from 1."""
        share = (1 - self._decay) / (1 - self._decay**step)
        for name, weight in self._weights.items():
            self.values[name].lerp_(weight, share)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """For as long as it lasts, the averages stand in the weights' place."""
        latest = {name: weight.detach().clone() for name, weight in self._weights.items()}
        copy_values_(self._weights, self.values)
        try:
            yield
        finally:
            copy_values_(self._weights, latest)


@torch.no_grad()
def copy_values_(weights: Mapping[str, torch.Tensor], values: Mapping[str, torch.Tensor]) -> None:
    """Give weights, in place, the values that have their names."""
    for name, weight in weights.items():
        weight.copy_(values[name])
