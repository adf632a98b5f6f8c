"""Examples to batches: what one optimizer step sees, and what goes through the model at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from email_assistant.language_model.encoding import Encoded


@dataclass(frozen=True)
class Batch:
    """Right-padded rows. Under a causal mask padding on the right needs no attention mask.

    Attributes:
        ids: (rows, longest) token ids.
        supervised: (rows, longest) bool; true where an id is to be predicted.
    """

    ids: torch.Tensor
    supervised: torch.Tensor

    @property
    def supervised_tokens(self) -> int:
        """How many ids are to be predicted."""
        return int(self.supervised.sum())


def order_of_epoch(count: int, seed: int, epoch: int) -> list[int]:
    """A permutation that depends on the seed and the epoch alone, so that a resumed run finds its place."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return [int(index) for index in torch.randperm(count, generator=generator)]


def steps_of_epoch(count: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The examples of each optimizer step of an epoch; the last step may have fewer."""
    order = order_of_epoch(count, seed, epoch)
    return [order[start : start + batch_size] for start in range(0, count, batch_size)]


def micro_batches(examples: Sequence[Encoded], token_budget: int) -> list[list[Encoded]]:
    """The examples of a step in groups of like length, each at most `token_budget` ids with padding.

    An example longer than the budget goes alone.
    """
    groups: list[list[Encoded]] = []
    for example in sorted(examples, key=lambda example: -len(example.ids)):
        longest = len(groups[-1][0].ids) if groups else 0
        if groups and longest * (len(groups[-1]) + 1) <= token_budget:
            groups[-1].append(example)
        else:
            groups.append([example])
    return groups


def collate(examples: Sequence[Encoded], pad_id: int, device: torch.device) -> Batch:
    """One Batch of the examples on a device."""
    longest = max(len(example.ids) for example in examples)
    ids = torch.full((len(examples), longest), pad_id)
    supervised = torch.zeros((len(examples), longest), dtype=torch.bool)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        supervised[row, example.prompt_length : len(example.ids)] = True
    return Batch(ids.to(device), supervised.to(device))
