"""Decoding at fixed places: the model's own logits, with nothing in a step that Python has to read."""

import dataclasses
import gc
import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import lora, model_settings
from decoder_rows import check_rows
from pretended_gpu import GPU, module_to_gpu, pretended_gpu, to_cpu, to_gpu
from static_on_cpu import OnCpu, PretendedGraphs, adapted
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from email_assistant.language_model import generation, static_decoder
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoder import Decoder, causal_attention
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.generation import generate
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_base
from email_assistant.language_model.static_decoder import (
    StaticDecoder,
    Step,
    batch_decoder,
    dense_bytes,
    padded_tokens,
    power_of_two,
    record,
)


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The shapes of the steps that are recorded."""
    graphs = PretendedGraphs()
    monkeypatch.setattr(static_decoder, "record", graphs.record)
    return graphs.shapes


def check_against(
    decoder: CachedDecoder, expected: Callable[[list[int]], torch.Tensor], prefix_length: int, tolerance: float
) -> None:
    """Add, fork, continue and remove rows at random, and compare all logits with those of whole sequences."""

    def check(logits: torch.Tensor, sequences: list[list[int]]) -> None:
        wanted = torch.stack([expected(row) for row in sequences])
        assert float((to_cpu(logits) - wanted).norm()) <= tolerance * float(wanted.norm())

    check_rows(decoder, check, prefix_length, rounds=25, most_rows=7)


@torch.inference_mode()
@pytest.mark.parametrize(
    ("dtype", "quantization", "prefix_length", "tolerance"),
    [("float32", "none", 5, 1e-4), ("float32", "nf4", 0, 1e-4), ("bfloat16", "none", 5, 0.05)],
)
def test_rows_that_are_added_forked_and_evicted_have_the_models_own_logits(
    either_model: Path,
    dtype: str,
    quantization: str,
    prefix_length: int,
    tolerance: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Room has to be made again and again.
    monkeypatch.setattr(static_decoder, "TOKEN_STEP", 8)
    model = adapted(either_model, dtype, quantization)
    decoder = OnCpu.from_model(model.model)
    assert decoder is not None

    def expected(row: list[int]) -> torch.Tensor:
        logits: torch.Tensor = model.model(input_ids=torch.tensor([row])).logits[0, -1]
        return logits.float()

    check_against(decoder, expected, prefix_length, tolerance)


@torch.inference_mode()
def test_a_step_on_a_gpu_needs_nothing_of_the_cpu_and_is_recorded_once_a_shape(
    either_model: Path, recorded: list[tuple[int, int]]
) -> None:
    model = adapted(either_model)
    logits = {}

    def expected(row: list[int]) -> torch.Tensor:
        if tuple(row) not in logits:
            reference: torch.Tensor = adapted(either_model).model(input_ids=torch.tensor([row])).logits[0, -1]
            logits[tuple(row)] = reference
        return logits[tuple(row)]

    rows = [[1, 2, 3, 4, 5], [1, 2, 9], [1, 2, 3, 4, 5, 6, 7]]
    for row in rows:
        for end in range(3, len(row) + 1):
            expected(row[:end])
    with pretended_gpu():
        module_to_gpu(model.model)
        decoder = StaticDecoder.from_model(model.model)
        assert decoder is not None
        # The comparison with the model's own logits, in which one step is recorded.
        assert len(recorded) == 1
        decoder.prefill_prefix([1, 2])
        found = decoder.prefill([row[2:3] for row in rows])
        assert found.device == GPU
        steps = [[to_cpu(found[index]) for index in range(3)]]
        for tokens in ([4, 8, 4], [5, 8, 5], [0, 0, 6]):
            steps.append([to_cpu(each) for each in decoder.step(tokens)])
    # Three rows are computed as four.
    assert len(recorded) == 2 and recorded[-1][0] == 4
    assert torch.allclose(steps[2][0], expected(rows[0]), atol=1e-3)
    assert torch.allclose(steps[0][1], expected(rows[1]), atol=1e-3)
    assert torch.allclose(steps[3][2], expected(rows[2][:6]), atol=1e-3)


class Operations(TorchDispatchMode):
    """Counts what is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += not func.is_view
        return func(*args, **(kwargs or {}))


def operations_of(call: Callable[[], None]) -> int:
    with Operations() as counted:
        call()
    return counted.count


@torch.inference_mode()
def test_many_rows_are_copied_in_as_many_operations_as_one(either_model: Path) -> None:
    decoder = OnCpu.from_model(adapted(either_model).model)
    assert decoder is not None
    decoder.prefill([[1, 2, 3], [4, 5]])
    forks = [operations_of(lambda sources=sources: decoder.fork(*sources)) for sources in ([0], [0, 1, 1, 0, 0])]
    decoder.step(list(range(8)))
    copies = [
        operations_of(lambda pairs=pairs: decoder.copy_rows(pairs)) for pairs in ([(0, 2)], [(0, 3), (1, 4), (1, 5)])
    ]
    # Two of each layer, and the rows' indices; for forks, also the room for more rows.
    assert copies[0] == copies[1] <= 2 * len(decoder._layers) + 3
    assert forks[1] <= forks[0] + 3 * len(decoder._layers)
    assert operations_of(lambda: decoder.copy_rows([])) == 0


def completions(model: LanguageModel, params: SamplingParams, batch_size: int) -> list[Completion]:
    prompts = [model.encoder.prompt(text) for text in ("Ask Bo", "Ask Al for a rope", "Hi", "Hi", "No")]
    found: dict[int, Completion] = {}
    generate(model, prompts, params, [3, 4, 5, 6, 7], batch_size, found.__setitem__)
    return [found[index] for index in range(len(prompts))]


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_completions_are_those_of_the_decoder_of_processors(
    either_model: Path, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, params = adapted(either_model), SamplingParams(20, 1.0, 0.9, no_repeat_ngram_size=3)
    expected = completions(model, params, 64)
    monkeypatch.setattr(generation, "batch_decoder", lambda model: OnCpu.from_model(model.model))
    assert completions(model, params, batch_size) == expected


@torch.inference_mode()
def test_a_step_that_cannot_be_recorded_is_run_as_it_is(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def refused(step: Step, *inputs: torch.Tensor) -> Step:
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nCompile with ...")

    monkeypatch.setattr(static_decoder, "record", refused)
    decoder = OnCpu.from_model(adapted(tiny_model).model)
    assert decoder is not None
    assert [message.endswith("when stream is capturing") for message in caplog.messages] == [True]
    monkeypatch.setattr(static_decoder, "record", lambda step, *inputs: pytest.fail("tried again"))
    assert decoder.prefill([[1, 2]]).shape == decoder.step([3]).shape
    # Its dense weights are freed right after their use, not some time later.
    used = weakref.ref(decoder)
    gc.disable()
    del decoder
    gc.enable()
    assert used() is None


def test_weights_are_made_dense_only_where_they_fit(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = adapted(tiny_model)
    assert type(batch_decoder(model)) is CachedDecoder
    with pretended_gpu():
        module_to_gpu(model.model)
        on_gpu = dataclasses.replace(model, device=GPU)
        decoder = Decoder.from_model(model.model, for_training=True, device_type="cuda")
        assert decoder is not None
        needed = dense_bytes(decoder)
        # Dense weights in float32, without embeddings and norms.
        assert needed == 4 * sum(
            weight.numel() for name, weight in model.model.named_parameters() if "base_layer" in name
        )
        for free, expected in ((needed, type(None)), (needed + static_decoder.SPARE_BYTES, StaticDecoder)):
            monkeypatch.setattr(static_decoder, "available_memory", lambda device, free=free: free)
            with torch.inference_mode():
                assert type(batch_decoder(on_gpu)) is expected
                assert batch_decoder(dataclasses.replace(on_gpu, dense_to_write=False)) is None


def test_the_configuration_decides_whether_weights_are_made_dense(tiny_model: Path) -> None:
    for chosen in (True, False):
        settings = dataclasses.replace(model_settings(tiny_model), dense_to_write=chosen)
        assert add_adapter(load_base(settings), lora(alpha=4), seed=1).dense_to_write == chosen


def test_powers_of_two() -> None:
    assert [power_of_two(number) for number in (1, 2, 3, 4, 5, 33, 64)] == [1, 2, 4, 4, 8, 64, 64]


def test_rows_have_room_for_a_multiple_of_tokens() -> None:
    step = static_decoder.TOKEN_STEP
    assert [padded_tokens(number) for number in (1, step, step + 1)] == [step, step, 2 * step]


class PretendedStreams:
    """The streams of a GPU, and the recording of a graph that fails at its end, as torch's does: in its own stream."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.current: Any = "main"
        self.made, self.synchronized_in = list[Any](), list[Any]()
        answers = {
            "Stream": self.make,
            "current_stream": lambda: self,
            "set_stream": lambda stream: setattr(self, "current", "main" if stream is self else stream),
            "synchronize": lambda: self.synchronized_in.append(self.current),
            "stream": self.stream,
            "graph": self.graph,
            "CUDAGraph": object,
        }
        for name, answer in answers.items():
            monkeypatch.setattr(torch.cuda, name, answer)
        static_decoder._side_stream.cache_clear()

    def make(self) -> "PretendedStreams":
        self.made.append(self)
        return self

    def wait_stream(self, other: Any) -> None: ...

    @contextmanager
    def stream(self, stream: Any) -> Iterator[None]:
        before, self.current = self.current, stream
        yield
        self.current = before

    @contextmanager
    def graph(self, graph: Any) -> Iterator[None]:
        self.current = "recording"
        yield
        raise RuntimeError("CUDA error: operation failed due to a previous error during capture")


def test_a_recording_that_fails_leaves_the_stream_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = PretendedStreams(monkeypatch)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="during capture"):
            record(lambda ids, positions: ids + positions, torch.zeros(2), torch.zeros(2))
        assert streams.current == "main" and streams.synchronized_in.pop() == "main"
    assert len(streams.made) == 1
    static_decoder._side_stream.cache_clear()


@torch.inference_mode()
@pytest.mark.parametrize(("tokens", "window"), [(3, None), (3, 4), (7, 4), (7, None)])
def test_grouped_heads_are_repeated_where_a_gpu_needs_a_mask(
    tokens: int, window: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    query, key, value = torch.randn(4, tokens, 8), torch.randn(2, 7, 8), torch.randn(2, 7, 8)
    expected = causal_attention(query, key, value, 0.3, window)
    compute, given = functional.scaled_dot_product_attention, list[tuple[bool, bool]]()

    def watched(*inputs: torch.Tensor, **settings: Any) -> torch.Tensor:
        given.append((settings["attn_mask"] is not None, settings["enable_gqa"]))
        return compute(*inputs, **settings)

    monkeypatch.setattr(functional, "scaled_dot_product_attention", watched)
    with pretended_gpu():
        found = to_cpu(causal_attention(to_gpu(query), to_gpu(key), to_gpu(value), 0.3, window))
    assert torch.allclose(found, expected, atol=1e-5)
    masked = tokens == 3 or window is not None
    assert given == [(masked, not masked)]
