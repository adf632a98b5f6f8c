"""Examples to batches: what one optimizer step sees, and what goes through the model at once."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from email_assistant.language_model.encoding import TokenizedExample


@dataclass(frozen=True)
class Batch:
    """Sequences one after another, without padding.

    Attributes:
        ids: (tokens,) token ids.
        supervised: (tokens,) bool; true where an id is to be predicted, never at a sequence's first.
        lengths: Of the sequences, without what they share.
        shared: So many ids at the front stand once for what every sequence begins with; they and the
            lengths add up to the number of tokens.
    """

    ids: torch.Tensor
    supervised: torch.Tensor
    lengths: list[int]
    shared: int = 0

    @property
    def num_target_tokens(self) -> int:
        """How many ids are to be predicted."""
        return int(self.supervised.sum())

    @property
    def per_mail_weights(self) -> torch.Tensor:
        """(supervised tokens,): weights by which those of each sequence add up to one."""
        counts = torch.stack([part.sum() for part in torch.split(self.supervised[self.shared :], self.lengths)])
        return (1 / counts).repeat_interleave(counts)

    @property
    def positions(self) -> torch.Tensor:
        """(tokens,): each id's place in its sequence; for batches that share nothing."""
        return torch.cat([torch.arange(length, device=self.ids.device) for length in self.lengths])

    @property
    def rows(self) -> torch.Tensor:
        """(sequences, longest) bool: true where a right-padded row has an id; for batches that share nothing.

        Picking by it from padded rows gives tokens in the order of `ids`; under a causal mask padding on
        the right needs no attention mask.
        """
        lengths = torch.tensor(self.lengths, device=self.ids.device)
        return torch.arange(max(self.lengths), device=self.ids.device) < lengths[:, None]


def epoch_permutation(count: int, seed: int, epoch: int) -> list[int]:
    """A permutation that depends on the seed and the epoch alone, so that a resumed run finds its place."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return [int(index) for index in torch.randperm(count, generator=generator)]


def epoch_batches(count: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The examples of each optimizer step of an epoch; the last step may have fewer."""
    order = epoch_permutation(count, seed, epoch)
    return [order[start : start + batch_size] for start in range(0, count, batch_size)]


def micro_batches(
    examples: Sequence[TokenizedExample], token_budget: int, padded: bool = False
) -> list[list[TokenizedExample]]:
    """The examples of a step in groups of like length, each of at most `token_budget` ids.

    Args:
        examples: Of one optimizer step.
        token_budget: An example longer than it goes alone.
        padded: Whether the ids that fill up shorter rows count too.
    """
    groups: list[list[TokenizedExample]] = []
    size = 0
    for example in sorted(examples, key=lambda example: -len(example.ids)):
        if groups:
            size = len(groups[-1][0].ids) * (len(groups[-1]) + 1) if padded else size + len(example.ids)
        if groups and size <= token_budget:
            groups[-1].append(example)
        else:
            groups.append([example])
            size = len(example.ids)
    return groups


def collate(examples: Sequence[TokenizedExample], device: torch.device, share: bool = False) -> Batch:
    """One Batch of the examples on a device, what all of them begin with standing once where `share` is true."""
    shared = _common_beginning(examples) if share and len(examples) > 1 else 0
    ids = examples[0].ids[:shared] + [token for example in examples for token in example.ids[shared:]]
    places = [torch.arange(shared, len(example.ids)) >= example.prompt_length for example in examples]
    supervised = torch.cat([torch.zeros(shared, dtype=torch.bool), *places])
    lengths = [len(example.ids) - shared for example in examples]
    return Batch(torch.tensor(ids).to(device), supervised.to(device), lengths, shared)


def _common_beginning(examples: Sequence[TokenizedExample]) -> int:
    """How many ids all prompts begin with; one of each prompt is left, for the first of the mail to follow."""
    shortest = min(example.prompt_length for example in examples)
    columns = zip(*(example.ids[: shortest - 1] for example in examples), strict=True)
    return sum(1 for _ in itertools.takewhile(lambda column: len(set(column)) == 1, columns))
