"""Generation by this project's decoder and by transformers, which must both keep the same promises."""

from collections.abc import Iterator

import pytest
import torch
from conftest import model_settings
from decoder_rows import check_rows

from email_assistant.errors import OutOfMemoryError
from email_assistant.language_model import generation
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.continuous_batch import ContinuousBatch, shared_prefix_length
from email_assistant.language_model.decoding import Completion, GeneratedToken, SamplingParams, completion_seed
from email_assistant.language_model.generation import generate, generate_tokens
from email_assistant.language_model.loading import LanguageModel, load_base
from email_assistant.language_model.streaming import stream

SHORT = ["Ask Bo", "Ask Al for a rope of twelve feet", "Hi", "Tell everyone that the lamp is lit", "No"]
pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture(scope="module", params=["tiny_model", "tiny_gemma"])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return load_base(model_settings(request.getfixturevalue(request.param)))


@pytest.fixture(scope="module")
def prompts(model: LanguageModel) -> list[list[int]]:
    return [model.encoder.prompt(text) for text in SHORT]


def complete(
    model: LanguageModel,
    prompts: list[list[int]],
    params: SamplingParams,
    batch_size: int,
    seeds: list[int] | None = None,
) -> list[Completion]:
    completions: dict[int, Completion] = {}
    seeds = seeds or [completion_seed(3, prompt) for prompt in prompts]
    generate(model, prompts, params, seeds, batch_size, completions.__setitem__)
    return [completions[index] for index in range(len(prompts))]


def complete_one_by_one(
    model: LanguageModel, prompts: list[list[int]], params: SamplingParams, seeds: list[int]
) -> list[Completion]:
    return [complete(model, [prompt], params, 1, [seed])[0] for prompt, seed in zip(prompts, seeds, strict=True)]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(("penalty", "ngram_size"), [(1.0, 0), (1.3, 0), (1.0, 2)])
def test_a_batch_equals_one_by_one(
    model: LanguageModel, prompts: list[list[int]], temperature: float, penalty: float, ngram_size: int
) -> None:
    params = SamplingParams(20, temperature, 0.9, penalty, ngram_size)
    seeds = [completion_seed(3, prompt) for prompt in prompts]
    expected = complete_one_by_one(model, prompts, params, seeds)
    assert complete(model, prompts, params, 2) == expected
    assert complete(model, prompts, params, 8) == expected


@pytest.mark.parametrize("batch_size", [2, 3, 7, 50])
def test_candidates_of_a_prompt_differ_and_do_not_depend_on_the_batch(
    model: LanguageModel, prompts: list[list[int]], batch_size: int
) -> None:
    rows = [prompt for prompt in prompts for _ in range(4)]
    seeds = [completion_seed(3, prompt, candidate) for prompt in prompts for candidate in range(4)]
    params = SamplingParams(20, 1.0, 0.9, no_repeat_ngram_size=2)
    completions = complete(model, rows, params, batch_size, seeds)
    assert completions == complete_one_by_one(model, rows, params, seeds)
    assert len({completion.text for completion in completions}) > len(prompts)


@torch.inference_mode()
@pytest.mark.parametrize("batch_size", [2, 50])
def test_a_prompt_is_prefilled_once_for_all_its_candidates(
    model: LanguageModel, prompts: list[list[int]], batch_size: int, backend: str
) -> None:
    if backend != "decoder":
        pytest.skip("of the decoder only")
    prefilled: list[int] = []

    class Recording(CachedDecoder):
        def prefill(self, prompts: list[list[int]]) -> torch.Tensor:  # type: ignore[override]
            prefilled.append(len(prompts))
            return super().prefill(prompts)

    decoder = Recording.from_model(model.model)
    assert decoder is not None
    prefilled.clear()
    rows = [prompt for prompt in prompts for _ in range(4)]
    batch = ContinuousBatch(decoder, rows, SamplingParams(20, 1.0), list(range(len(rows))), [], batch_size)
    tokens = list(batch.run())
    assert len(tokens) == 20 * len(rows)
    # In a small batch the last row of a prompt can be gone before the next one joins.
    assert sum(prefilled) == len(prompts) if batch_size == 50 else len(prompts) <= sum(prefilled) < len(rows)


@torch.inference_mode()
@pytest.mark.parametrize("prefix_length", [0, 5])
def test_rows_that_are_added_forked_and_evicted_have_the_models_own_logits(
    model: LanguageModel, prefix_length: int, backend: str
) -> None:
    if backend != "decoder":
        pytest.skip("of the decoder only")

    def check(logits: torch.Tensor, sequences: list[list[int]]) -> None:
        expected = [model.model(input_ids=torch.tensor([row])).logits[0, -1] for row in sequences]
        assert torch.allclose(logits, torch.stack(expected), rtol=1e-3, atol=1e-3)

    decoder = CachedDecoder.from_model(model.model)
    assert decoder is not None
    check_rows(decoder, check, prefix_length, rounds=80, most_rows=9)


def test_out_of_memory_halves_the_batch_and_changes_nothing(
    model: LanguageModel, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    params = SamplingParams(20, 1.0, 0.9)
    expected = complete(model, prompts, params, 8)
    batch_sizes = list[int]()

    def limited(*given: object) -> Iterator[GeneratedToken]:
        batch_size = given[-1]
        assert isinstance(batch_size, int)
        batch_sizes.append(batch_size)
        for number, token in enumerate(generate_tokens(*given)):  # type: ignore[arg-type]
            yield token
            if batch_size > fitting and (number == 30 or fitting == 0):
                raise torch.OutOfMemoryError("CUDA out of memory")

    fitting = 1
    monkeypatch.setattr(generation, "generate_tokens", limited)
    assert complete(model, prompts, params, 8) == expected
    # Of five prompts half are two.
    assert batch_sizes[:2] == [8, 2] and batch_sizes == sorted(batch_sizes, reverse=True)
    fitting = 0
    with pytest.raises(OutOfMemoryError, match=r"model\.quantization=nf4"):
        complete(model, prompts, params, 2)


def test_a_common_prefix_changes_nothing(model: LanguageModel) -> None:
    prompts = [model.encoder.prompt(f"Write an email to the harbour master of Port Amber. {text}") for text in SHORT]
    assert shared_prefix_length(prompts) > 32 and shared_prefix_length(prompts[:1]) == 0
    params, seeds = SamplingParams(20, 0.8, 0.9), list(range(len(prompts)))
    assert complete(model, prompts, params, 8, seeds) == complete_one_by_one(model, prompts, params, seeds)


def test_greedy_decoding_equals_transformers(model: LanguageModel, prompts: list[list[int]]) -> None:
    for prompt, completion in zip(prompts, complete(model, prompts, SamplingParams(20), 8), strict=True):
        expected = model.model.generate(
            torch.tensor([prompt]), max_new_tokens=20, do_sample=False, attention_mask=torch.ones(1, len(prompt))
        )
        assert model.encoder.decode(expected[0, len(prompt) :].tolist()).strip() == completion.text


@pytest.mark.parametrize("size", [2, 3])
def test_no_ngram_is_repeated(model: LanguageModel, prompts: list[list[int]], size: int) -> None:
    def num_repeated(params: SamplingParams) -> int:
        rows: dict[int, list[int]] = {}
        for row, token, _, _ in generate_tokens(model, prompts, params, [3] * len(prompts), 2):
            rows.setdefault(row, []).append(token)
        ngrams = [[tuple(ids[start : start + size]) for start in range(len(ids) - size + 1)] for ids in rows.values()]
        return sum(len(row) - len(set(row)) for row in ngrams)

    assert num_repeated(SamplingParams(60)) > 0
    assert num_repeated(SamplingParams(60, no_repeat_ngram_size=size)) == 0


@pytest.mark.parametrize("params", [SamplingParams(20, 1.0, 1e-6), SamplingParams(20, 1.0, min_p=0.999999)])
def test_a_nucleus_of_one_token_is_greedy_decoding(
    model: LanguageModel, prompts: list[list[int]], params: SamplingParams
) -> None:
    assert complete(model, prompts, params, 8) == complete(model, prompts, SamplingParams(20), 8)


def test_seeds_and_temperature_matter(model: LanguageModel, prompts: list[list[int]]) -> None:
    texts = {complete(model, prompts[:1], SamplingParams(20, 1.0), 1, [seed])[0].text for seed in (1, 2, 3)}
    assert len(texts) == 3


def test_generation_stops_at_the_end_of_the_turn(
    model: LanguageModel, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, token, *_), *_ = generate_tokens(model, prompts[:1], SamplingParams(1), [0], 1)
    cut = complete(model, prompts[:1], SamplingParams(5), 1)[0]
    assert (cut.num_tokens, cut.finish_reason) == (5, "length")
    monkeypatch.setattr(model.encoder, "stop_ids", frozenset([token]))
    assert complete(model, prompts[:1], SamplingParams(5), 1) == [Completion("", 1, "stop")]


def test_a_stream_is_the_completion(model: LanguageModel, prompts: list[list[int]]) -> None:
    params = SamplingParams(20, 0.9, 0.9)
    pieces = list(stream(model, prompts[1], params, completion_seed(3, prompts[1])))
    assert "".join(pieces) == complete(model, prompts[1:2], params, 1)[0].text
    assert len(pieces) > 1


def test_a_completion_has_the_mean_log_probability_of_its_tokens(
    model: LanguageModel, prompts: list[list[int]]
) -> None:
    params = SamplingParams(12, temperature=0.7, no_repeat_ngram_size=3)
    tokens: dict[int, list[int]] = {}
    for row, token, _, _ in generate_tokens(model, prompts, params, [5] * len(prompts), 2):
        tokens.setdefault(row, []).append(token)
    for row, completion in enumerate(complete(model, prompts, params, 2, [5] * len(prompts))):
        ids = [*prompts[row], *tokens[row]]
        with torch.inference_mode():
            logits = model.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, len(prompts[row]) - 1 : -1]
        expected = torch.log_softmax(logits, dim=-1).gather(1, torch.tensor(tokens[row])[:, None]).mean()
        assert completion.log_probability == pytest.approx(float(expected), rel=1e-3)
