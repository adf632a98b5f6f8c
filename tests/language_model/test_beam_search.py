"""Beam search finds what transformers' own finds, by this project's decoder and by transformers."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from conftest import model_settings

from email_assistant.errors import DataError, ModelError, OutOfMemoryError
from email_assistant.language_model import generation
from email_assistant.language_model.beam_search import Search
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.generation import generate, generate_likeliest
from email_assistant.language_model.loading import LanguageModel, load_base

ASKED = ["Ask Bo", "Ask Al for a rope of twelve feet", "Hi", "Tell everyone that the lamp is lit", "No"]
WIDTH = 3
pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture(scope="module", params=["tiny_model", "tiny_gemma"])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return load_base(model_settings(request.getfixturevalue(request.param)))


@pytest.fixture(scope="module")
def prompts(model: LanguageModel) -> list[list[int]]:
    return [model.encoder.prompt(text) for text in ASKED]


def search(
    model: LanguageModel, prompts: list[list[int]], params: SamplingParams, width: int = WIDTH, batch_size: int = 9
) -> list[list[Completion]]:
    found: dict[int, list[Completion]] = {}
    generate_likeliest(model, prompts, params, width, batch_size, found.__setitem__)
    return [found[index] for index in range(len(prompts))]


def log_probabilities(model: LanguageModel, prompt: list[int], tokens: Sequence[int]) -> list[float]:
    with torch.inference_mode():
        logits = model.model(input_ids=torch.tensor([[*prompt, *tokens]]), use_cache=False).logits[0].float()
    following = torch.log_softmax(logits[len(prompt) - 1 : -1], dim=-1)
    return following[range(len(tokens)), list(tokens)].tolist()


@pytest.fixture
def ids_of(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The token ids of all hypotheses, in the order in which they are found."""
    seen: list[tuple[int, ...]] = []
    completion = generation._completion

    def recorded(model: LanguageModel, ids: Any, log_probability: float) -> Completion:
        seen.append(ids)
        return completion(model, ids, log_probability)

    monkeypatch.setattr(generation, "_completion", recorded)
    return seen


@pytest.mark.parametrize("size", [0, 2])
@pytest.mark.parametrize("width", [2, 5])
def test_it_finds_what_transformers_finds(
    model: LanguageModel, prompts: list[list[int]], size: int, width: int, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    if backend != "decoder":
        pytest.skip("compares both")
    params = SamplingParams(12, no_repeat_ngram_size=size)
    found = search(model, prompts, params, width)
    monkeypatch.setattr(CachedDecoder, "from_model", lambda model: None)
    expected = [search(model, [prompt], params, width)[0] for prompt in prompts]
    assert [[each.text for each in completions] for completions in found] == [
        [each.text for each in completions] for completions in expected
    ]
    for completions, others in zip(found, expected, strict=True):
        scores = [each.log_probability for each in completions]
        assert scores == pytest.approx([each.log_probability for each in others], abs=1e-4)


def test_the_best_comes_first_with_its_log_probability(
    model: LanguageModel, prompts: list[list[int]], ids_of: list[tuple[int, ...]]
) -> None:
    found = search(model, prompts[1:2], SamplingParams(10))[0]
    scores = [each.log_probability for each in found]
    assert len(found) == WIDTH and len(set(ids_of)) == WIDTH
    assert scores == sorted(scores, key=lambda score: -(score or 0))
    for completion, tokens in zip(found, ids_of, strict=True):
        expected = log_probabilities(model, prompts[1], tokens)
        assert completion.log_probability == pytest.approx(sum(expected) / len(expected), abs=1e-4)
        assert completion.num_tokens == len(tokens)


def test_it_finds_more_likely_texts_than_greedy_decoding(model: LanguageModel, prompts: list[list[int]]) -> None:
    params, greedy = SamplingParams(12), dict[int, Completion]()
    generate(model, prompts, params, [None] * len(prompts), 8, greedy.__setitem__)
    found = search(model, prompts, params, 8)
    sums = [
        ((likeliest[0].log_probability or 0), greedy[index].log_probability or 0)
        for index, likeliest in enumerate(found)
    ]
    assert all(by_beams >= alone - 1e-4 for by_beams, alone in sums)
    assert any(by_beams > alone + 1e-3 for by_beams, alone in sums)


def test_one_beam_is_greedy(model: LanguageModel, prompts: list[list[int]], backend: str) -> None:
    if backend != "decoder":
        pytest.skip("a single beam is written by sampling's code there")
    params, greedy = SamplingParams(12, no_repeat_ngram_size=3), dict[int, Completion]()
    generate(model, prompts, params, [None] * len(prompts), 8, greedy.__setitem__)
    texts = [completions[0].text for completions in search(model, prompts, params, width=1)]
    assert texts == [greedy[index].text for index in range(len(prompts))]


@pytest.mark.parametrize("batch_size", [1, 7, 50])
def test_the_batch_does_not_matter(model: LanguageModel, prompts: list[list[int]], batch_size: int) -> None:
    params = SamplingParams(15, no_repeat_ngram_size=2)
    expected = [search(model, [prompt], params)[0] for prompt in prompts]
    assert search(model, prompts, params, batch_size=batch_size) == expected


def test_no_ngram_is_repeated(model: LanguageModel, prompts: list[list[int]], ids_of: list[tuple[int, ...]]) -> None:
    def has_repetition(tokens: tuple[int, ...]) -> bool:
        pairs = list(itertools.pairwise(tokens))
        return len(set(pairs)) < len(pairs)

    search(model, prompts, SamplingParams(40))
    assert any(map(has_repetition, ids_of))
    ids_of.clear()
    search(model, prompts, SamplingParams(40, no_repeat_ngram_size=2))
    assert not any(map(has_repetition, ids_of))


def test_a_model_without_probabilities_is_named(model: LanguageModel, backend: str) -> None:
    if backend != "decoder":
        pytest.skip("transformers returns some token")
    search = Search(0, 2, 5)
    with pytest.raises(ModelError, match=r"model\.dtype=float32"):
        search.advance([], [0])


def test_stop_tokens_end_a_text_and_others_fill_up(model: LanguageModel, prompts: list[list[int]]) -> None:
    for completions in search(model, prompts, SamplingParams(3)):
        assert len(completions) == WIDTH
        assert all(each.is_complete or each.num_tokens == 3 for each in completions)


def test_the_head_gets_contiguous_states(
    model: LanguageModel, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    if backend != "transformers":
        pytest.skip("of models that transformers runs")
    original, is_contiguous = torch.nn.functional.linear, []
    head: Any = model.model.get_output_embeddings()

    def watched(states: torch.Tensor, weight: torch.Tensor, *given: Any) -> torch.Tensor:
        if weight is head.weight:
            is_contiguous.append(states.is_contiguous())
        return original(states, weight, *given)

    monkeypatch.setattr(torch.nn.functional, "linear", watched)
    search(model, prompts, SamplingParams(3))
    generate(model, prompts, SamplingParams(3), [None] * len(prompts), 9, lambda *_: None)
    assert len(is_contiguous) > 4
    assert all(is_contiguous)
    assert not head._forward_pre_hooks


def test_out_of_memory_halves_the_batch(
    model: LanguageModel, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    name = "beam_search" if backend == "decoder" else "beam_search_by_transformers"
    original: Callable[..., None] = getattr(generation, name)
    params = SamplingParams(8)
    expected = search(model, prompts, params)
    batch_sizes, fitting = [], WIDTH

    def limited(*given: Any) -> None:
        batch_sizes.append(given[-2])
        if given[-2] > fitting:
            raise torch.OutOfMemoryError("CUDA out of memory")
        original(*given)

    monkeypatch.setattr(generation, name, limited)
    assert search(model, prompts, params, batch_size=50) == expected
    assert batch_sizes == [50, 7, 3]
    fitting = 0
    with pytest.raises(OutOfMemoryError, match=r"model\.quantization=nf4"):
        search(model, prompts, params)


def test_a_prompt_that_fills_the_window_is_refused(model: LanguageModel, backend: str) -> None:
    if backend != "transformers" or model.window is None:
        pytest.skip("of models with a window that transformers runs")
    with pytest.raises(DataError, match="context window"):
        search(model, [[5] * model.window], SamplingParams(3))
