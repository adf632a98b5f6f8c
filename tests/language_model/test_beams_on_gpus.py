"""Beam search by the decoder of GPUs: what the decoder of processors finds, in the memory that there is."""

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import lora, model_settings
from peft import PeftModel
from pretended_gpu import GPU, GpuTensor, module_to_gpu, pretended_gpu
from static_on_cpu import OnCpu, PretendedGraphs, adapted
from transformers import AutoModelForCausalLM

from email_assistant.language_model import batch_memory, generation, static_decoder
from email_assistant.language_model.batch_memory import RowMemory, fitting_rows
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.generation import generate, generate_likeliest
from email_assistant.language_model.loading import LanguageModel, attach_lora
from email_assistant.language_model.meta_model import architecture, key_value_width
from email_assistant.language_model.static_batch import _mean_log_probability
from email_assistant.language_model.static_decoder import StaticDecoder, dense_bytes
from email_assistant.training.memory_estimate import AllocationTracker

TEXTS = ["Ask Bo", "Ask Al for a rope of twelve feet", "Hi", "Tell everyone that the lamp is lit", "No"]
WIDTH, PARAMS = 3, SamplingParams(15, no_repeat_ngram_size=2)


@pytest.fixture(autouse=True)
def graphs(monkeypatch: pytest.MonkeyPatch) -> PretendedGraphs:
    """What is recorded instead of graphs; room has to be made again and again."""
    made = PretendedGraphs()
    monkeypatch.setattr(static_decoder, "record", made.record)
    monkeypatch.setattr(static_decoder, "TOKEN_STEP", 8)
    return made


def search(model: LanguageModel, batch_size: int = 50) -> list[list[Completion]]:
    found: dict[int, list[Completion]] = {}
    prompts = [model.encoder.prompt(text) for text in TEXTS]
    generate_likeliest(model, prompts, PARAMS, WIDTH, batch_size, found.__setitem__)
    return [found[index] for index in range(len(prompts))]


def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the decoder of GPUs find beams on the processor."""
    monkeypatch.setattr(generation, "batch_decoder", lambda model: OnCpu.from_model(model.model))


@pytest.mark.parametrize("batch_size", [1, 7, 50])
def test_it_finds_what_the_decoder_of_processors_finds(
    either_model: Path, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = adapted(either_model)
    expected = search(model)
    as_on_a_gpu(monkeypatch)
    assert search(model, batch_size) == expected


def test_it_finds_in_4_bit_what_transformers_finds_there(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = adapted(tiny_model, quantization="nf4")
    with monkeypatch.context() as patch:
        patch.setattr(generation, "beam_search", lambda *given: pytest.fail("transformers should have searched"))
        expected = search(model)
    as_on_a_gpu(monkeypatch)
    assert search(model) == expected


def test_in_bfloat16_the_log_probabilities_are_those_of_the_model(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, found = adapted(tiny_model, "bfloat16"), list[tuple[Any, float]]()
    as_on_a_gpu(monkeypatch)
    completion = generation._completion

    def recorded(model: LanguageModel, ids: Any, score: float) -> Completion:
        found.append((ids, score))
        return completion(model, ids, score)

    monkeypatch.setattr(generation, "_completion", recorded)
    prompt = model.encoder.prompt(TEXTS[1])
    generate_likeliest(model, [prompt], PARAMS, WIDTH, WIDTH, lambda index, completions: None)
    assert len(found) == WIDTH
    exact = adapted(tiny_model)
    for ids, score in found:
        with torch.inference_mode():
            logits = exact.model(input_ids=torch.tensor([[*prompt, *ids]]), use_cache=False).logits[0]
        expected = torch.log_softmax(logits[len(prompt) - 1 : -1], dim=-1)[range(len(ids)), list(ids)].mean()
        assert score == pytest.approx(float(expected), abs=0.02)


def test_on_a_gpu_a_token_of_all_beams_is_waited_for_twice(
    tiny_model: Path, graphs: PretendedGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = adapted(tiny_model)
    expected = search(model)
    monkeypatch.setattr(generation, "fitting_rows", lambda *given: 50)
    monkeypatch.setattr(static_decoder, "available_memory", lambda device: 2**40)
    with pretended_gpu():
        module_to_gpu(model.model)
        on_gpu = dataclasses.replace(model, device=GPU)
        with torch.inference_mode():
            decoder = StaticDecoder.from_model(model.model)
        monkeypatch.setattr(generation, "batch_decoder", lambda model: decoder)
        before, steps = GpuTensor.waits, graphs.replays
        assert search(on_gpu) == expected
        # For the numbers of the likeliest tokens, and for their log-probabilities; once more for the prompts' tokens.
        assert GpuTensor.waits - before == 2 * (graphs.replays - steps + 1)


def test_memory_that_runs_out_halves_the_beams(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = adapted(tiny_model)
    expected = search(model)
    as_on_a_gpu(monkeypatch)
    reserve = OnCpu._reserve

    def limited(decoder: StaticDecoder, rows: int, tokens: int) -> None:
        if rows > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        reserve(decoder, rows, tokens)

    monkeypatch.setattr(OnCpu, "_reserve", limited)
    caplog.set_level(logging.INFO)
    assert search(model) == expected
    assert [message.rpartition("with ")[2] for message in caplog.messages] == ["2 mails at a time", "1 mails at a time"]


def memory_of(model: LanguageModel, is_static: bool, prompt_tokens: int, new_tokens: int, beams: int = 1) -> RowMemory:
    is_adapted = isinstance(model.model, PeftModel)
    return RowMemory(model.model.config, model.dtype.itemsize, prompt_tokens, new_tokens, is_static, is_adapted, beams)


@pytest.mark.parametrize(
    ("is_static", "by_beams", "least"),
    # Each search begins with a single row.
    [(True, True, 0.4), (True, False, 0.6), (False, True, 0.6), (False, False, 0.6)],
)
def test_rows_need_no_more_memory_than_is_planned_for_them(
    tiny_model: Path, is_static: bool, by_beams: bool, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (static_decoder, batch_memory):
        monkeypatch.setattr(module, "TOKEN_STEP", 32)
    model = adapted(tiny_model)
    rows, prompt_tokens, new_tokens = 16, 20, 12
    decoder = OnCpu.from_model(model.model) if is_static else None
    monkeypatch.setattr(generation, "batch_decoder", lambda model: decoder)
    # No token ends a text.
    monkeypatch.setattr(model.encoder, "stop_ids", frozenset({model.encoder.pad_id}))
    prompts = [[1 + (index * 7 + place) % 90 for place in range(prompt_tokens)] for index in range(rows)]
    params = SamplingParams(new_tokens)
    with AllocationTracker() as tracker:
        if by_beams:
            generate_likeliest(model, prompts[: rows // 4], params, 4, rows, lambda index, found: None)
        else:
            generate(model, prompts, params, [None] * rows, rows, lambda index, found: None)
    planned = memory_of(model, is_static, prompt_tokens, new_tokens, 4 if by_beams else 1).needed(rows)
    assert least * planned < tracker.peak < planned


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("is_static", [False, True])
@pytest.mark.parametrize("is_adapted", [False, True])
def test_long_prompts_need_no_more_memory_than_is_planned_for_them(
    tiny_model: Path, dtype: torch.dtype, is_static: bool, is_adapted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In layers as wide inside as those of Llama."""
    monkeypatch.setattr(static_decoder, "TOKEN_STEP", 256)
    config = architecture(model_settings(tiny_model))
    config.hidden_size, config.intermediate_size, config.head_dim = 256, 896, 32
    config.num_attention_heads, config.num_hidden_layers = 8, 4
    wide = AutoModelForCausalLM.from_config(config, dtype=dtype).requires_grad_(False)
    module = (attach_lora(wide, lora(alpha=4)) if is_adapted else wide).eval()
    model = dataclasses.replace(adapted(tiny_model), model=module, dtype=dtype)
    decoder = OnCpu.from_model(module) if is_static else None
    monkeypatch.setattr(generation, "batch_decoder", lambda model: decoder)
    # Of two lengths, so that one is padded.
    prompts = [[1 + (index * 7 + place) % 90 for place in range(250 - index % 2)] for index in range(8)]
    with AllocationTracker() as tracker:
        generate(model, prompts, SamplingParams(4), [None] * 8, 8, lambda index, found: None)
    planned = memory_of(model, is_static, 250, 4).needed(8)
    assert 0.75 * planned < tracker.peak < planned


@torch.inference_mode()
def test_scoring_what_transformers_found_needs_no_more_memory_than_is_planned(tiny_model: Path) -> None:
    config = architecture(model_settings(tiny_model))
    config.vocab_size = 20_000
    wide = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()
    model = dataclasses.replace(adapted(tiny_model), model=wide, dtype=torch.bfloat16)
    prompt, text = list(range(1, 21)), list(range(30, 230))
    with AllocationTracker() as tracker:
        _mean_log_probability(model, prompt, text)
    planned = memory_of(model, False, len(prompt), len(text), beams=2).working(2)
    assert 0.6 * planned < tracker.peak < planned


def test_the_most_rows_that_fit_are_found(tiny_model: Path) -> None:
    model = adapted(tiny_model)
    for is_static in (True, False):
        memory = memory_of(model, is_static, 20, 100)
        for rows in (1, 2, 16):
            assert memory.largest_batch(memory.needed(rows), 64) == rows
            assert memory.largest_batch(memory.needed(rows) - 1, 64) == max(1, rows - 1)
        assert memory.largest_batch(0, 64) == 1
        assert memory.largest_batch(10**12, 48) == 48
    # A prompt is read once for all of its beams.
    alone, beams = (memory_of(model, True, 100, 100, beams) for beams in (1, 4))
    assert alone.cache(16) == beams.cache(16) and alone.working(16) > beams.working(16) > beams.working(8)
    # The cache grows with the tokens, and a power of two of rows is made room for.
    per_token = (model.model.config.num_hidden_layers + 1) * 2 * key_value_width(model.model.config) * 4
    longer, shorter = (memory_of(model, True, 20, new).needed(9) for new in (500, 244))
    assert longer - shorter >= 16 * 256 * per_token


def test_a_gpu_gets_no_more_rows_than_fit(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = adapted(tiny_model)
    assert fitting_rows(model, 20, 100, 64) == 64
    with pretended_gpu():
        module_to_gpu(model.model)
        on_gpu = dataclasses.replace(model, device=GPU)
        decoder = static_decoder.Decoder.from_model(model.model, for_training=True, device_type="cuda")
        assert decoder is not None
        for is_static, dense in ((True, dense_bytes(decoder)), (False, 0)):
            # Enough for eight, and for the dense copy.
            eight = memory_of(model, is_static, 20, 100).needed(8) / batch_memory.MEMORY_SHARE
            monkeypatch.setattr(static_decoder, "SPARE_BYTES", 0)
            monkeypatch.setattr(batch_memory, "available_memory", lambda device, free=eight + dense + 1: int(free))
            chosen = dataclasses.replace(on_gpu, dense_to_write=is_static)
            assert fitting_rows(chosen, 20, 100, 64) == 8
            assert fitting_rows(chosen, 20, 100, 4) == 4


@pytest.mark.parametrize(("fitting", "expected"), [(7, 7), (2, WIDTH), (15, 64)])
def test_beams_start_with_as_many_rows_as_fit(
    tiny_model: Path,
    fitting: int,
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model, given = adapted(tiny_model), list[Any]()
    monkeypatch.setattr(generation, "fitting_rows", lambda *asked: given.append(asked) or fitting)
    original: Callable[..., None] = generation.beam_search
    sizes = []

    def watched(*arguments: Any) -> None:
        sizes.append(arguments[-2])
        original(*arguments)

    monkeypatch.setattr(generation, "beam_search", watched)
    caplog.set_level(logging.INFO)
    search(model, 64)
    assert sizes == [expected]
    # All beams of all prompts; with the longest prompt.
    longest = max(len(model.encoder.prompt(text)) for text in TEXTS)
    assert given == [(model, longest, PARAMS.max_new_tokens, len(TEXTS) * WIDTH, WIDTH)]
    assert [message.split()[1] for message in caplog.messages] == ([] if fitting == 15 else [str(expected // WIDTH)])
