"""Epochs, micro-batches and batches."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.training.batches import collate, epoch_batches, epoch_permutation, local_shard, micro_batches


@given(st.integers(1, 50), st.integers(1, 9), st.integers(0, 5))
def test_an_epoch_sees_every_example_once(count: int, batch_size: int, epoch: int) -> None:
    steps = epoch_batches(count, batch_size, 3, epoch)
    assert sorted(index for step in steps for index in step) == list(range(count))
    assert all(len(step) == batch_size for step in steps[:-1])


def test_epochs_differ_and_repeat() -> None:
    assert epoch_permutation(20, 1, 0) != epoch_permutation(20, 1, 1)
    assert epoch_permutation(20, 1, 0) == epoch_permutation(20, 1, 0)
    assert epoch_permutation(20, 1, 0) != epoch_permutation(20, 2, 0)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=20), st.integers(1, 200))
def test_micro_batches_keep_the_budget_and_lose_nothing(lengths: list[int], budget: int) -> None:
    given_examples = [TokenizedExample(list(range(length)), 0) for length in lengths]
    for padded in (False, True):
        groups = micro_batches(given_examples, budget, padded)
        assert sorted(len(example.ids) for group in groups for example in group) == sorted(lengths)
        for group in groups:
            sizes = [len(example.ids) for example in group]
            assert len(group) == 1 or (len(group) * max(sizes) if padded else sum(sizes)) <= budget


def test_prompts_that_are_alike_keep_an_id_of_their_own() -> None:
    same = [TokenizedExample([1, 2, 3, 4], 3), TokenizedExample([1, 2, 3, 5, 6], 3)]
    batch = collate(same, torch.device("cpu"), share_prefix=True)
    assert (batch.prefix_length, batch.ids.tolist(), batch.lengths) == (2, [1, 2, 3, 4, 3, 5, 6], [2, 3])
    assert batch.loss_mask.tolist() == [False, False, False, True, False, True, True]
    assert collate(same[:1], torch.device("cpu"), share_prefix=True).prefix_length == 0


def test_shards_are_complete_and_of_similar_size() -> None:
    examples = [TokenizedExample(list(range(length)), 1) for length in (90, 10, 50, 40, 30, 20, 60)]
    shards = [local_shard(examples, rank, 3) for rank in range(3)]
    assert sorted(len(example.ids) for shard in shards for example in shard) == [10, 20, 30, 40, 50, 60, 90]
    assert [sum(len(example.ids) for example in shard) for shard in shards] == [110, 100, 90]
    assert [len(local_shard(examples[:2], rank, 3)) for rank in range(3)] == [1, 1, 0]
