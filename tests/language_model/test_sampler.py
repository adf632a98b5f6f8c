import pytest
import torch

from email_assistant.language_model.decoding import SamplingParams
from email_assistant.language_model.sampler import TOP_K_FIRST, Sampler

ROWS = 400


def frequencies(params: SamplingParams, probabilities: list[float]) -> list[float]:
    """How often each token is sampled by 400 rows with seeds of their own."""
    logits = torch.tensor(probabilities).log().expand(ROWS, -1).clone()
    tokens = Sampler(params, range(ROWS)).sample(logits, range(ROWS))
    return (torch.tensor(tokens).bincount(minlength=len(probabilities)) / ROWS).tolist()  # type: ignore[no-any-return]


def test_tokens_are_sampled_by_their_probability() -> None:
    assert frequencies(SamplingParams(1, 1.0), [0.5, 0.3, 0.2]) == pytest.approx([0.5, 0.3, 0.2], abs=0.06)


def test_temperature_sharpens() -> None:
    # Squared and normalized: 0.25, 0.09 and 0.04 of 0.38.
    expected = [0.25 / 0.38, 0.09 / 0.38, 0.04 / 0.38]
    assert frequencies(SamplingParams(1, 0.5), [0.5, 0.3, 0.2]) == pytest.approx(expected, abs=0.06)


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    assert frequencies(SamplingParams(1, 1.0, 0.7), [0.2, 0.5, 0.3]) == pytest.approx([0, 0.625, 0.375], abs=0.06)


def test_min_p_drops_tokens_far_below_the_most_likely() -> None:
    # 0.3 of 0.5 is 0.15.
    expected = [0.5 / 0.86, 0.2 / 0.86, 0.16 / 0.86, 0]
    found = frequencies(SamplingParams(1, 1.0, min_p=0.3), [0.5, 0.2, 0.16, 0.14])
    assert found == pytest.approx(expected, abs=0.06)


def test_a_nucleus_larger_than_what_is_sorted_first_is_sampled_whole() -> None:
    count = 4 * TOP_K_FIRST
    found = frequencies(SamplingParams(1, 1.0), [1 / count] * count)
    assert sum(share > 0 for share in found) > TOP_K_FIRST
    # With min_p the nucleus ends within what is sorted first, though top_p is not reached there.
    found = frequencies(SamplingParams(1, 1.0, min_p=0.3), [0.5, 0.2, 0.16] + [0.00014] * 1000)
    assert sum(found[:3]) == pytest.approx(1)


def test_the_penalty_lowers_logits_of_generated_tokens_of_the_row_only() -> None:
    sampler = Sampler(SamplingParams(9, repetition_penalty=2.0), [0, 0])
    assert sampler.sample(torch.tensor([[3.0, 2.0, -1.0]]), [0]) == [0]
    # 3 becomes 1.5 in the first row; the second has generated nothing.
    assert sampler.sample(torch.tensor([[3.0, 2.0, -1.0], [3.0, 2.0, -1.0]]), [0, 1]) == [1, 0]
    # A negative logit is multiplied.
    assert sampler.sample(torch.tensor([[-1.0, -9.0, -1.5]]), [0]) == [2]


def test_a_bigram_is_not_repeated() -> None:
    sampler = Sampler(SamplingParams(9, no_repeat_ngram_size=2), [0])
    logits = torch.tensor([[3.0, 2.0, 1.0]])
    # 0 0 is generated once; then 0 1; 1 0; and after 0 only 2 is left.
    assert [sampler.sample(logits.clone(), [0])[0] for _ in range(5)] == [0, 0, 1, 0, 2]


def test_samples_depend_on_the_seed_of_the_row_and_not_on_the_order_of_rows() -> None:
    logits = torch.zeros(2, 50)
    first = Sampler(SamplingParams(1, 1.0), [7, 8]).sample(logits.clone(), [0, 1])
    assert Sampler(SamplingParams(1, 1.0), [8, 7]).sample(logits.clone(), [1, 0]) == first
    assert Sampler(SamplingParams(1, 1.0), [7, 8]).sample(logits.clone(), [1, 0]) == first[::-1]
