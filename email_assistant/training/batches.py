"""From examples to batches: what one optimizer step sees, and what passes through the model at once."""

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
        loss_mask: (tokens,) bool; true where an id is a target, never at the first id of a sequence.
        lengths: Number of ids of each sequence, without the common prefix.
        prefix_length: Number of ids at the front that all sequences start with and that are stored once. It and the
            lengths add up to the number of tokens.
    """

    ids: torch.Tensor
    loss_mask: torch.Tensor
    lengths: list[int]
    prefix_length: int = 0

    @property
    def num_target_tokens(self) -> int:
        """Number of ids that are to be predicted."""
        return int(self.loss_mask.sum())

    @property
    def per_mail_weights(self) -> torch.Tensor:
        """(target tokens,): weights that add up to one for each sequence."""
        counts = torch.stack([mask.sum() for mask in torch.split(self.loss_mask[self.prefix_length :], self.lengths)])
        return (1 / counts).repeat_interleave(counts)

    @property
    def position_ids(self) -> torch.Tensor:
        """(tokens,): index of each id in its sequence. Only for batches without a common prefix."""
        return torch.cat([torch.arange(length, device=self.ids.device) for length in self.lengths])

    @property
    def row_mask(self) -> torch.Tensor:
        """(sequences, longest) bool: true where a right-padded row has an id.

        Only for batches without a common prefix. Indexing padded rows by it gives tokens in the order of `ids`. Under a
        causal mask, padding on the right needs no attention mask.
        """
        lengths = torch.tensor(self.lengths, device=self.ids.device)
        return torch.arange(max(self.lengths), device=self.ids.device) < lengths[:, None]


def epoch_permutation(count: int, seed: int, epoch: int) -> list[int]:
    """The order of an epoch's examples; it depends only on seed and epoch, so that a resumed run can recompute it."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return [int(index) for index in torch.randperm(count, generator=generator)]


def epoch_batches(count: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The indices of the examples of each optimizer step of an epoch; the last step may have fewer."""
    order = epoch_permutation(count, seed, epoch)
    return [order[start : start + batch_size] for start in range(0, count, batch_size)]


def group_by_length(lengths: Sequence[int], max_tokens: int, padded: bool = False) -> list[list[int]]:
    """Group sequences of similar length, longest first, so that each group has at most `max_tokens` ids.

    Args:
        lengths: Number of ids of each sequence.
        max_tokens: A sequence that is longer gets a group of its own.
        padded: Whether the padding of shorter rows counts too.

    Returns:
        The indices of each group's sequences.
    """
    groups: list[list[int]] = []
    size = 0
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if groups:
            size = lengths[groups[-1][0]] * (len(groups[-1]) + 1) if padded else size + lengths[index]
        if groups and size <= max_tokens:
            groups[-1].append(index)
        else:
            groups.append([index])
            size = lengths[index]
    return groups


def micro_batches(
    examples: Sequence[TokenizedExample], max_tokens: int, padded: bool = False
) -> list[list[TokenizedExample]]:
    """The examples of a step grouped by `group_by_length`."""
    groups = group_by_length([len(example.ids) for example in examples], max_tokens, padded)
    return [[examples[index] for index in group] for group in groups]


def local_shard(examples: Sequence[TokenizedExample], rank: int, world_size: int) -> list[TokenizedExample]:
    """The share of one of several processes, about as many ids as each other's; it may be empty."""
    shards: list[list[TokenizedExample]] = [[] for _ in range(world_size)]
    sizes = [0] * world_size
    for example in sorted(examples, key=lambda example: -len(example.ids)):
        smallest = sizes.index(min(sizes))
        shards[smallest].append(example)
        sizes[smallest] += len(example.ids)
    return shards[rank]


def collate(examples: Sequence[TokenizedExample], device: torch.device, share_prefix: bool = False) -> Batch:
    """One batch of the examples; with `share_prefix`, the ids that all prompts start with are stored once."""
    prefix = _common_prefix_length(examples) if share_prefix and len(examples) > 1 else 0
    ids = examples[0].ids[:prefix] + [token for example in examples for token in example.ids[prefix:]]
    masks = [torch.arange(prefix, len(example.ids)) >= example.prompt_length for example in examples]
    loss_mask = torch.cat([torch.zeros(prefix, dtype=torch.bool), *masks])
    lengths = [len(example.ids) - prefix for example in examples]
    return Batch(torch.tensor(ids).to(device), loss_mask.to(device), lengths, prefix)


def _common_prefix_length(examples: Sequence[TokenizedExample]) -> int:
    """Number of ids that all prompts start with, without their last ids, from which the mails' first are predicted."""
    shortest = min(example.prompt_length for example in examples)
    columns = zip(*(example.ids[: shortest - 1] for example in examples), strict=True)
    return sum(1 for _ in itertools.takewhile(lambda column: len(set(column)) == 1, columns))
